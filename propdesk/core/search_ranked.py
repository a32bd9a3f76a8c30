"""Hits of one person over several registers, the best field first and the newest first in each.

Each field is gone through span by span, the newest first, until the page is full (``search_spans``):
so what is common costs no more than what is rare, and every answer is ranked. Search rows alone are
read until a row hits: they hold the kind and the moment of their case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import takewhile
from math import floor
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.db.models import (
    BooleanField,
    IntegerField,
    JSONField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.db.models.expressions import RawSQL

from propdesk.core.models import Case, Property, SearchText
from propdesk.core.search import DETAILED, Arm, Query
from propdesk.core.search_spans import Span, spans
from propdesk.core.search_terms import Rank, Reach

OWN = 2000
"""Up to so many cases that are open to somebody are looked through by key; for more, hits are asked."""
RARE = 200
"""Up to so many hits of a narrow query are ranked at once."""
NEAR, SELDOM = 2, 25
"""With more hits than these in the newest spans, of blocks below the size of this place, it is not rare."""
RECENT = 200
"""The first span reaches back to the row that comes after so many."""
LARGE = frozenset({Case.Kind.COMPLAINT, Case.Kind.FOUND})
"""Registers that hold most cases of a house: who searches both need not say which of them."""
ROW = SearchText._meta.db_table  # noqa: SLF001 -- Django's model API
NOTHING = "SELECT 0::bigint AS pk, 0 AS rank, now() AS at, '' AS kind WHERE FALSE"


@dataclass(frozen=True, slots=True)
class Key:
    """Where the last page ended: the field, and the last case of it."""

    rank: Rank
    opened_at: datetime
    pk: int

    @classmethod
    def of(cls, text: str) -> Key | None:
        """From the address; None for anything malformed, which gives the first page."""
        try:
            rank, moment, pk = text.split("~")
            key = cls(Rank(int(rank)), datetime.fromisoformat(moment), int(pk))
        except ValueError:
            return None
        return key if key.opened_at.tzinfo and 0 < key.pk < 2**62 else None

    def __str__(self) -> str:
        return f"{self.rank:d}~{self.opened_at.isoformat()}~{self.pk}"


@dataclass(frozen=True, slots=True)
class Look:
    """Kinds that are asked for in one index, by the name of their marks in a step."""

    marks: str
    kinds: Sequence[str]
    hidden: bool = False
    """Whether he may not read their details: of these the open words alone are asked."""


@dataclass(frozen=True, slots=True)
class Search:
    """What one person looks for in one house, and where he may; at least one word and one arm.

    ``wide`` arms are asked for hits, the others hold the keys of all their cases.
    """

    prop: Property
    query: Query
    wide: Sequence[Arm]
    few: Sequence[tuple[Arm, list[int]]] = ()
    newest: datetime | None = None
    recent: datetime | None = None
    oldest: datetime | None = None

    @classmethod
    def of(cls, prop: Property, query: Query, arms: Sequence[Arm], when: Q | None = None) -> Search:
        """Reads in one statement how far back ``when`` goes, and what is open where that is little."""
        rows = SearchText.objects.filter(when or Q(), property=prop)
        back = rows.order_by("-opened_at", "-pk").values("opened_at")
        asked: dict[str, Any] = {
            "newest": Subquery(back[:1]),
            "recent": Subquery(back[RECENT : RECENT + 1]),
            "oldest": Subquery(rows.order_by("opened_at", "pk").values("opened_at")[:1]),
        }
        for n, arm in enumerate(arms):
            if arm.own is not None:
                asked[f"own{n}"] = ArraySubquery(arm.own[: OWN + 1])
        read: dict[str, Any] = dict(
            Property.objects.filter(pk=prop.pk).values(**asked).first() or {}
        )
        wide, few = [], []
        for n, arm in enumerate(arms):
            keys = read.get(f"own{n}") or []
            if arm.own is None or len(keys) > OWN:
                wide.append(arm)
            else:
                few.append((arm, keys))
        newest, recent, oldest = (read.get(name) for name in ("newest", "recent", "oldest"))
        return cls(prop, query, wide, few, newest, recent or oldest, oldest)

    def page(self, key: Key | None, most: int) -> RawSQL:
        """Expression: [[key, field, opened at, kind], …] after ``key`` in order."""
        found = [self._few(arm, keys, key, most) for arm, keys in self.few if keys]
        if self.wide and self.newest is not None:
            found.append(self._wide(self.newest, key, most))
        parts = [part for part in found if part is not None] or [(NOTHING, [])]
        union = " UNION ".join(f"({sql})" for sql, _params in parts)
        statement = f"""
            SELECT coalesce(
              jsonb_agg(jsonb_build_array(pk, rank, at, kind) ORDER BY rank, at DESC, pk DESC), '[]')
            FROM (SELECT * FROM ({union}) seen ORDER BY rank, at DESC, pk DESC LIMIT %s) page"""  # noqa: S608 -- parts compiled by Django, values as parameters
        params = [value for _sql, values in parts for value in values]
        return RawSQL(statement, [*params, most], output_field=JSONField())  # noqa: S611 -- the same

    def _few(self, arm: Arm, keys: list[int], key: Key | None, most: int) -> Part | None:
        """Hits among his own cases: each of them is read."""
        rows = SearchText.objects.filter(arm.within, property=self.prop, kind__in=arm.kinds)
        rows = (
            rows.filter(pk__in=keys)
            .filter(self.query.stands(arm.reach))
            .annotate(rank=_rank(self.query, arm.reach))
        )
        hits = _compiled(rows.order_by().values_list("pk", "rank", "opened_at", "kind"))
        if hits is None:
            return None
        after, later = _later(key)
        sql = f"SELECT * FROM ({hits[0]}) hit (pk, rank, at, kind) WHERE {later} {ORDER}"  # noqa: S608 -- compiled by Django
        return sql, [*hits[1], *after, most]

    def _wide(self, newest: datetime, key: Key | None, most: int) -> Part | None:
        """Hits in the steps of their field and span, until the page is full and no further."""
        may = _compiled(self._may())
        walks = [self._walk(steps) for steps in self._steps(newest, key) if steps]
        found = [walk for walk in walks if walk is not None]
        rare = self._rare(newest) if self.query.is_narrow else None
        if not found or may is None:
            return None
        union = " UNION ALL ".join(sql for sql, _params in found)
        params = [value for _sql, values in found for value in values]
        told = ""
        if rare is not None:
            told = f"WITH {rare[0]}"
            union = f"""
                (SELECT * FROM rare WHERE {IS_RARE} ORDER BY rank, at DESC, pk DESC)
                UNION ALL SELECT * FROM ({union}) walked WHERE NOT {IS_RARE}"""  # noqa: S608 -- our own names
            params = [*rare[1], *params]
        after, later = _later(key)
        # Not EXISTS: of that the planner makes a join, and some joins lose the order of the steps.
        sql = f"{told} SELECT * FROM ({union}) hit WHERE {later} AND ({may[0]}) LIMIT %s"  # noqa: S608 -- our own names
        return sql, [*params, *after, *may[1], most]

    def _rare(self, newest: datetime) -> Part | None:
        """Tables ``few`` and ``rare``: hits of the newest days, and all of them where those are ``SELDOM``.

        What is narrow seldom hits much, and is sought once, not by field. Of the days further back the
        index is asked without marks: their lists are longer than those of words.
        """
        back = spans(newest, self.oldest or newest, self.recent, self._marked())
        near = list(takewhile(lambda span: span.place < NEAR, back))
        steps: list[Step] = [(Rank.WORDS, [], [], span) for span in near]
        few = self._walk(steps, by_field=False) if steps else (NOTHING, [])
        rank = _rank(self.query, _reach(self.wide))
        older = self._hits(before=near[-1].first if near else floor(newest.timestamp()) + 1)
        far = _compiled(older.annotate(rank=rank).values_list("pk", "rank", "opened_at", "kind"))
        if few is None or far is None:
            return None
        tables = f"""
            few (pk, rank, at, kind) AS MATERIALIZED ({few[0]} LIMIT {SELDOM + 1}),
            rare (pk, rank, at, kind) AS MATERIALIZED (
                SELECT * FROM few
                UNION ALL SELECT * FROM ({far[0]}) far WHERE {FEW} <= {SELDOM} LIMIT {RARE + 1})"""  # noqa: S608 -- compiled by Django
        return tables, [*few[1], *far[1]]

    def _steps(self, newest: datetime, key: Key | None) -> tuple[list[Step], list[Step]]:
        """What is looked for one after the other: in fields of terms, and in words."""
        better: list[str] = []
        found: tuple[list[Step], list[Step]] = ([], [])
        for rank in Rank:
            terms = self.query.terms(rank, _reach(self.wide))
            if (terms or rank == Rank.WORDS) and (key is None or rank >= key.rank):
                back = spans(newest, self.oldest or newest, self.recent, self._marked())
                if key is not None and rank == key.rank:
                    back = spans(key.opened_at, self.oldest or newest)
                steps = ((rank, terms, list(better), span) for span in back)
                found[rank == Rank.WORDS].extend(steps)
            better += terms
        return found

    def _walk(self, steps: list[Step], *, by_field: bool = True) -> Part | None:
        """Hits of these steps, one after the other; ``by_field`` the newest first in each."""
        rows = self._hits(named=steps[0][0] != Rank.WORDS)
        rank, asked = "step.rank", ["pk", "opened_at", "kind"]
        if not by_field:
            rank, asked = "hit.rank", [*asked, "rank"]
            rows = rows.annotate(rank=_rank(self.query, _reach(self.wide)))
        hits = _compiled(rows.values_list(*asked))
        if hits is None:
            return None
        marked = [look.kinds for look in self._looks()]
        marks = ", ".join(["%s::text[]"] * len(marked))
        listed = ", ".join(
            [f"(%s::int, %s::varchar[], %s::varchar[], {marks}, %s::int8, %s::int8)"] * len(steps)
        )
        params = [
            value
            for rank, terms, better, span in steps
            for value in (
                int(rank),
                terms,
                better,
                *(span.marks(self.prop.pk, kinds) for kinds in marked),
                span.first,
                span.last,
            )
        ]
        of_looks = ", ".join(look.marks for look in self._looks())
        names, order = (
            ("pk, at, kind", "ORDER BY at DESC, pk DESC")
            if by_field
            else ("pk, at, kind, rank", "OFFSET 0")
        )
        sql = f"""
            SELECT hit.pk, {rank} AS rank, hit.at, hit.kind
            FROM (VALUES {listed}) step (rank, terms, better, {of_looks}, first, last)
            CROSS JOIN LATERAL (SELECT * FROM ({hits[0]}) hit ({names}) {order}) hit"""  # noqa: S608 -- compiled by Django
        return sql, [*params, *hits[1]]

    def _looks(self) -> list[Look]:
        """What is asked for in which index: words of things whose details are closed to him by themselves."""
        kinds = _kinds(self.wide)
        if _reach(self.wide) >= Reach.DETAILS or DETAILED not in kinds:
            # Hardly a row is told apart by its kind where he reads the large registers.
            return [Look("marks", [""] if _are_most(kinds) else kinds)]
        others = [kind for kind in kinds if kind != DETAILED]
        looks = [Look("marks", others)] if others else []
        return [*looks, Look("hidden", [DETAILED], hidden=True)]

    def _marked(self) -> int:
        """Marks of a block in a step."""
        return sum(len(look.kinds) for look in self._looks())

    def _hits(self, *, named: bool = False, before: int | None = None) -> QuerySet[Any, Any]:
        """What the words hit in a step by what the row itself holds: no case is read for it.

        With ``before`` in no step, but in all that is older.
        """
        kinds, reach, looks = _kinds(self.wide), _reach(self.wide), self._looks()
        rows = SearchText.objects.filter(self.query.stands(reach))
        if not _are_most(kinds):
            rows = rows.filter(kind__in=kinds)
        # As numbers, of which no index of moments knows: it would be read instead of the words.
        at = f"extract(epoch FROM {ROW}.opened_at)"
        if before is not None:
            ways = [way for look in looks for way in self._ways(look, far=True)]
            older = _said(f"{at} < {before}")
            return rows.filter(reduce(or_, ways), older, property=self.prop).order_by()
        if named and len(self.query.words) == 1:
            # It is one of the terms of the step, whatever may be read of the row beside them.
            also = _in_step(" || ".join(f"step.{look.marks}" for look in looks))
        elif len(looks) == 1:
            also = _in_step(f"step.{looks[0].marks}") & reduce(or_, self._ways(looks[0]))
        else:
            # One flat list: of nested ones the planner may ask the index for the days alone.
            parts = ((look.marks, way) for look in looks for way in self._ways(look))
            also = reduce(or_, (_in_step(f"step.{marks}") & way for marks, way in parts))
        if named:
            also &= Q(terms__overlap=RawSQL("step.terms", []))
        inside = f"{at} >= step.first AND {at} < step.last AND NOT {ROW}.terms && step.better"
        return rows.filter(also, _said(inside)).order_by()

    def _ways(self, look: Look, *, far: bool = False) -> list[Q]:
        """Conditions for the index of ``look``; ``far`` where no mark of a day tells its kinds."""
        marks = [f"#{kind}" for kind in look.kinds if kind] if far and not look.hidden else []
        return self.query.ways(_reach(self.wide), marks, hidden=look.hidden)

    def _may(self) -> QuerySet[Any, Any]:
        """The row of ``hit``, if it is of this house and he may read it, and by such words."""
        reach = _reach(self.wide)
        rights = (
            Q(kind__in=arm.kinds)
            & arm.where
            & arm.within
            & (self.query.stands(arm.reach) if arm.reach != reach else Q())
            for arm in self.wide
        )
        rows = SearchText.objects.filter(reduce(or_, rights), property=self.prop)
        return rows.filter(pk=RawSQL("hit.pk", [])).order_by().values(yes=Value(True))


Part = tuple[str, Sequence[Any]]
"""SQL and its values."""
Step = tuple[Rank, list[str], list[str], Span]
"""Field, its terms, those of better fields, and days."""
FEW = "(SELECT count(*) FROM few)"
IS_RARE = f"({FEW} <= {SELDOM} AND (SELECT count(*) FROM rare) <= {RARE})"  # noqa: S608 -- our own names
ORDER = "ORDER BY rank, at DESC, pk DESC LIMIT %s"


def _in_step(marks: str) -> Q:
    """Condition on the days of a row; to ask for the house as well would offer another index."""
    return _said(f"core_search_marks({ROW}.property_id, {ROW}.kind, {ROW}.opened_at) && ({marks})")


def _said(sql: str) -> Q:
    return Q(RawSQL(sql, [], output_field=BooleanField()))  # noqa: S611 -- our own names


def _kinds(arms: Iterable[Arm]) -> list[str]:
    return sorted({str(kind) for arm in arms for kind in arm.kinds})


def _are_most(kinds: Iterable[str]) -> bool:
    """Whether hardly a row is told apart by its kind."""
    return set(kinds) >= LARGE


def _reach(arms: Iterable[Arm]) -> Reach:
    return max(arm.reach for arm in arms)


def _rank(query: Query, reach: Reach) -> Choice:
    """Expression on a search row: the best field one of the words hits."""
    asked = [(rank, query.terms(rank, reach)) for rank in Rank]
    whens = [When(terms__overlap=terms, then=Value(int(rank))) for rank, terms in asked if terms]
    return Choice(*whens, default=Value(int(Rank.WORDS)), output_field=IntegerField())


def _later(key: Key | None) -> tuple[list[Any], str]:
    if key is None:
        return [], "TRUE"
    order = "(rank, -extract(epoch FROM at), -pk) > (%s, -extract(epoch FROM %s::timestamptz), -%s)"
    return [int(key.rank), key.opened_at, key.pk], order


def _compiled(rows: QuerySet[Any, Any]) -> Part | None:
    """SQL and values; None for what nothing can match."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, params
