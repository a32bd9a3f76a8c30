"""Hits of one person over several registers: the best of what is rare, the newest of what is common.

What hits up to ``MANY`` of his cases is ranked by field; more is a list, the newest first. Both read
search rows alone until a row hits: they hold the kind and the moment of their case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Case as Choice
from django.db.models import IntegerField, JSONField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from propdesk.core.models import Case, Property, SearchText
from propdesk.core.search import Arm, Query
from propdesk.core.search_terms import Rank, Reach

MANY = 2000
"""Up to so many hits are ranked by field; more are a list, the newest first."""
SAMPLE, COMMON = 0.05, 4
"""Per cent of the pages of the table that are looked into first, and so many hits in them are common.

Of ``MANY`` hits one is expected there: four are found once in fifty times, of half as many once in
five hundred, and then what could be ranked is listed by time."""
LARGE = frozenset({Case.Kind.COMPLAINT, Case.Kind.FOUND})
"""Registers that hold most cases of a house: who searches both need not say which of them."""


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
class Search:
    """What one person looks for in one house, and where he may; at least one word and one arm."""

    prop: Property
    query: Query
    arms: Sequence[Arm]

    def best(self, key: Key | None, most: int) -> RawSQL:
        """Expression: [[key, field, opened at], …] after ``key`` in order; null for what is common.

        A sample says first whether it is: reading a long list out of the index costs more than all
        the rest, and walking through a register for what is rare even more.
        """
        sample, sampled = self._sample()
        parts, one, seen = [], [], []
        params: list[Any] = [*sampled, COMMON]
        after, later = _later(key)
        pages: list[Any] = []
        for n, arms in enumerate(self._groups()):
            hits, may = _compiled(self._hits(arms)), _compiled(self._may(arms))
            if hits is None or may is None:
                continue
            # Without a limit inside, for the planner would look for a way to stop early.
            parts.append(f"hits{n} (pk, rank, at) AS MATERIALIZED ({hits[0]})")
            one.append(f"(SELECT * FROM hits{n} LIMIT {MANY + 1})")  # noqa: S608 -- our own names
            # In order, so that his right is asked for until the page is full and no further.
            parts.append(
                f"ranked{n} AS MATERIALIZED (SELECT * FROM (SELECT * FROM hits{n} LIMIT {MANY}) h"  # noqa: S608
                f" WHERE {later} ORDER BY rank, at DESC, pk DESC)"
            )
            rights = f"EXISTS ({may[0]}) ORDER BY rank, at DESC, pk DESC LIMIT %s"
            seen.append(f"(SELECT * FROM ranked{n} hit WHERE {rights})")  # noqa: S608 -- our own names
            params += [*hits[1], *after]
            pages += [*may[1], most]
        if not parts:
            return RawSQL("SELECT '[]'::jsonb", [], output_field=JSONField())
        params += [*pages, most]
        statement = f"""
            SELECT CASE WHEN ({sample}) < %s THEN (
              WITH {", ".join(parts)}, hits AS MATERIALIZED ({" UNION ".join(one)}),
              page AS (
                SELECT * FROM ({" UNION ".join(seen)}) seen ORDER BY rank, at DESC, pk DESC LIMIT %s)
              SELECT CASE WHEN (SELECT count(*) FROM hits) <= {MANY} THEN (
                SELECT coalesce(
                  jsonb_agg(jsonb_build_array(pk, rank, at) ORDER BY rank, at DESC, pk DESC), '[]')
                FROM page) END
            ) END"""  # noqa: S608 -- parts compiled by Django, values as parameters
        return RawSQL(statement, params, output_field=JSONField())  # noqa: S611 -- the same

    def newest(self, key: Key | None, most: int) -> list[tuple[int, int, datetime]]:
        """The same in one statement for what is common: by time alone, all in the field of words."""
        parts = [self._walk(arms, key)[:most] for arms in self._groups()]
        if len(parts) == 1:
            return list(parts[0])
        return list(parts[0].union(*parts[1:]).order_by("-opened_at", "-pk")[:most])

    def _groups(self) -> list[list[Arm]]:
        """Arms that are asked together: all but those that name their cases."""
        wide = [arm for arm in self.arms if not arm.few]
        return ([wide] if wide else []) + [[arm] for arm in self.arms if arm.few]

    def _rows(self, arms: Sequence[Arm]) -> QuerySet[SearchText]:
        """What the words hit in these arms by what the row itself holds: no case is read for it."""
        kinds, rows = _kinds(arms), SearchText.objects.filter(property=self.prop)
        if not _are_most(kinds):
            rows = rows.filter(kind__in=kinds)
        return rows.filter(self.query.stands(_reach(arms)))

    def _open(self, arms: Sequence[Arm]) -> Q:
        """Which of those rows he may read, and by such words."""
        reach = _reach(arms)
        return reduce(
            or_,
            (
                Q(kind__in=arm.kinds)
                & arm.where
                & (self.query.stands(arm.reach) if arm.reach != reach else Q())
                for arm in arms
            ),
        )

    def _hits(self, arms: Sequence[Arm]) -> QuerySet[Any, Any]:
        kinds, reach = _kinds(arms), _reach(arms)
        marks = [] if _are_most(kinds) else [f"#{kind}" for kind in kinds]
        rows = self._rows(arms).filter(self.query.indexed(reach, marks))
        if any(arm.few for arm in arms):
            rows = rows.filter(self._open(arms))
        found = rows.annotate(rank=_rank(self.query, reach)).order_by()
        return found.values_list("pk", "rank", "opened_at")

    def _may(self, arms: Sequence[Arm]) -> QuerySet[Any, Any]:
        """The row of ``hit``, if he may read it."""
        rows = SearchText.objects.filter(self._open(arms), pk=RawSQL("hit.pk", []))
        return rows.order_by().values("pk")

    def _walk(self, arms: Sequence[Arm], key: Key | None) -> QuerySet[Any, Any]:
        words = Value(int(Rank.WORDS), output_field=IntegerField())
        rows = self._rows(arms).filter(self._open(arms)).annotate(rank=words)
        if key is not None and key.rank == Rank.WORDS:
            # Said twice: only the first half of it tells the index where to begin.
            older = Q(opened_at__lt=key.opened_at) | Q(pk__lt=key.pk)
            rows = rows.filter(older, opened_at__lte=key.opened_at)
        return rows.order_by("-opened_at", "-pk").values_list("pk", "rank", "opened_at")

    def _sample(self) -> tuple[str, Sequence[Any]]:
        """Statement that counts hits in a sample of the table: always the same one."""
        wide = [arm for arm in self.arms if not arm.few]
        found = _compiled(self._rows(wide or self.arms).order_by().values("pk"))
        if found is None:  # pragma: no cover -- arms have kinds, words have letters
            return "SELECT 0", []
        sql, params = found
        table = SearchText._meta.db_table  # noqa: SLF001 -- Django's model API
        part = f'FROM "{table}" TABLESAMPLE SYSTEM ({SAMPLE}) REPEATABLE (1)'
        sampled = sql.replace(f'FROM "{table}"', part, 1)
        return f"SELECT count(*) FROM ({sampled}) sampled", params  # noqa: S608 -- compiled by Django


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


def _compiled(rows: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]] | None:
    """SQL and values; None for what nothing can match."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, params
