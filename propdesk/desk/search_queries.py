"""The search over all registers: what it looks into, in which order, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import IntegerField, Q, QuerySet, Value
from django.utils.dateparse import parse_date

from emergencies.queries import board as events
from incidents import queries as incidents
from lostfound.queries import cases
from propdesk.core import search
from propdesk.core.clock_text import midnight
from propdesk.core.models import Case, Property, Report, User
from propdesk.core.search import Arm, Query
from propdesk.core.search_terms import Rank
from propdesk.desk import reading, shell

PAGE = 30
ORDER = ("rank", "-opened_at", "-pk")
WITH = (
    "complaint__guest",
    "complaint__owner",
    "complaint__place",
    "found_item__place",
    "lost_report",
    "disposal",
    "stocktake__storage",
    "event__place",
    "event__commander",
)
"""Rows of the registers behind a hit, read along with its case."""
REGISTERS = {
    "incidents": (Case.Kind.COMPLAINT,),
    "lostfound": (Case.Kind.FOUND, Case.Kind.LOST, Case.Kind.DISPOSAL, Case.Kind.STOCKTAKE),
    "emergencies": (Case.Kind.EVENT,),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for and where; kept in the address."""

    query: Query = field(default_factory=lambda: Query(""))
    register: str = ""
    state: str = ""
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """From query parameters; what is no register, state or day narrows nothing."""
        register, state = params.get("register", ""), params.get("state", "")
        return cls(
            query=Query.of(params.get("q", "")),
            register=register if register in REGISTERS else "",
            state=state if state in {"open", "closed"} else "",
            first=_day(params.get("first", "")),
            last=_day(params.get("last", "")),
        )

    def params(self) -> dict[str, str]:
        """The filters as query parameters, what narrows nothing left out."""
        values: dict[str, Any] = {"q": self.query.typed, "register": self.register}
        values |= {"state": self.state, "first": self.first, "last": self.last}
        return {name: str(value) for name, value in values.items() if value}

    def narrow(self, rows: "QuerySet[Case]") -> "QuerySet[Case]":
        """The cases they leave; days are those of the house, both inclusive."""
        if self.state:
            rows = rows.filter(is_open=self.state == "open")
        if self.first:
            rows = rows.filter(opened_at__gte=midnight(self.first))
        if self.last:
            rows = rows.filter(opened_at__lt=midnight(self.last + timedelta(days=1)))
        return rows


def _day(text: str) -> date | None:
    """A day of the years a register can hold; else None."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 1970 <= day.year < 2200 else None


@dataclass(frozen=True, slots=True)
class Key:
    """Where the last page ended: the field, and the last case of it."""

    rank: Rank
    opened_at: datetime
    pk: int

    @classmethod
    def of(cls, text: str) -> "Key | None":
        """From the address; None for anything malformed, which gives the first page."""
        try:
            rank, moment, pk = text.split("~")
            key = cls(Rank(int(rank)), datetime.fromisoformat(moment), int(pk))
        except ValueError:
            return None
        return key if key.opened_at.tzinfo and 0 < key.pk < 2**62 else None

    def __str__(self) -> str:
        return f"{self.rank:d}~{self.opened_at.isoformat()}~{self.pk}"

    @property
    def later(self) -> Q:
        """Condition on the cases that come after it in ``ORDER``."""
        older = Q(opened_at__lt=self.opened_at) | Q(opened_at=self.opened_at, pk__lt=self.pk)
        return Q(rank__gt=self.rank) | (Q(rank=self.rank) & older)


@dataclass(frozen=True, slots=True)
class Found:
    """One page: cases with the field they were hit in (``rank``), the key of the next or "".

    ``is_ranked`` is False for words that hit too much: the newest first, whatever field was hit.
    """

    rows: list[Any]
    after: str = ""
    is_ranked: bool = True


def arms(user: User, prop: Property, filters: Filters) -> list[Arm]:
    """What each register lets this user look into, narrowed to the filters."""
    sources = {
        "incidents": incidents.search_arms,
        "lostfound": cases.search_arms,
        "emergencies": events.search_arms,
    }
    asked = [filters.register] if filters.register else list(sources)
    found = [arm for name in asked for arm in sources[name](user, prop)]
    return [replace(arm, cases=filters.narrow(arm.cases)) for arm in found]


def page_of(user: User, prop: Property, filters: Filters, after: str) -> Found:
    """Hits by field, the newest first in each, and none left out; three statements at any size.

    What hits more than ``core.search.MANY`` cases of the house is a list, the newest first.
    """
    query = filters.query
    if not query.words:
        return Found([])
    known = _known(user, prop, query)
    key = Key.of(after)
    parts = [_newest(arm, query, known, key) for arm in arms(user, prop, filters)]
    marks = parts[0].union(*parts[1:]).order_by(*ORDER) if len(parts) > 1 else parts[0]
    found = list(marks[: PAGE + 1])
    page = Found(_read({pk: rank for pk, rank, _at in found[:PAGE]}), is_ranked=known is not None)
    if len(found) <= PAGE:
        return page
    pk, rank, opened_at = found[PAGE - 1]
    return replace(page, after=str(Key(Rank(rank), opened_at, pk)))


def _known(user: User, prop: Property, query: Query) -> list[int] | None:
    """Keys of all hits of the house; None for more than are ranked. The frame's numbers come along."""
    rows = ArraySubquery(search.candidates(prop, query))
    found: list[int] = shell.read_along(user, prop, known=rows)["known"]
    return found if len(found) <= search.MANY else None


def _newest(
    arm: Arm, query: Query, known: list[int] | None, key: Key | None
) -> "QuerySet[Any, Any]":
    """(key, field, opened at) of one page and one of one arm, in order, after ``key``."""
    rank: Any = Value(int(Rank.WORDS), output_field=IntegerField())
    rows = arm.cases.filter(query.stands(arm.reach, "search__"))
    if known is not None:
        rows, rank = rows.filter(pk__in=known), search.rank_of(query, arm.reach)
    found = rows.annotate(rank=rank)
    if key is not None:
        found = found.filter(key.later)
    return found.order_by(*ORDER).values_list("pk", "rank", "opened_at")[: PAGE + 1]


def _read(ranks: dict[int, int]) -> list[Any]:
    """The cases in the order of ``ranks``, with the rows of their registers; one statement."""
    rows: QuerySet[Any] = Case.objects.filter(pk__in=list(ranks)).select_related(*WITH)
    read = {row.pk: row for row in rows.annotate(extended=incidents.extended("complaint__"))}
    for pk, rank in ranks.items():
        read[pk].rank = rank
    return [read[pk] for pk in ranks]


def of_paper(user: User, prop: Property, number: str) -> Case | None:
    """The hand-over of this number, or the case a report of this number is of, where he may read it."""
    report = (
        Report.objects.filter(case__property=prop, number=number).select_related("case").first()
    )
    return reading.case_seen(user, prop, report.case.number if report else number)
