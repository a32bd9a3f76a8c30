"""The search over all registers: what it looks into, in which order, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_date

from emergencies.queries import board as events
from incidents import queries as incidents
from lostfound.queries import cases
from propdesk.core.clock_text import midnight
from propdesk.core.models import Case, Property, Report, User
from propdesk.core.search import Arm, Query
from propdesk.core.search_ranked import Key, Search
from propdesk.core.search_terms import Rank
from propdesk.desk import reading, shell

PAGE = 30
WITH = {
    Case.Kind.COMPLAINT: ("complaint__guest", "complaint__owner", "complaint__place"),
    Case.Kind.FOUND: ("found_item__place",),
    Case.Kind.LOST: ("lost_report",),
    Case.Kind.DISPOSAL: ("disposal",),
    Case.Kind.STOCKTAKE: ("stocktake__storage",),
    Case.Kind.EVENT: ("event__place", "event__commander"),
}
"""Rows of its register behind a hit, read along with its case."""
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

    def narrow(self, arm: Arm) -> Arm:
        """The search rows they leave; days are those of the house, both inclusive."""
        within = self.days()
        if self.state:
            within &= Q(case__is_open=self.state == "open")
        return replace(arm, within=within)

    def days(self) -> Q:
        """Condition on a search row: the days it was opened in."""
        days = Q()
        if self.first:
            days &= Q(opened_at__gte=midnight(self.first))
        if self.last:
            days &= Q(opened_at__lt=midnight(self.last + timedelta(days=1)))
        return days


def _day(text: str) -> date | None:
    """A day of the years a register can hold; else None."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 1970 <= day.year < 2200 else None


@dataclass(frozen=True, slots=True)
class Found:
    """One page: cases with the field they were hit in (``rank``), the key of the next or ""."""

    rows: list[Any]
    after: str = ""


def arms(user: User, prop: Property, filters: Filters) -> list[Arm]:
    """What each register lets this user look into, narrowed to the filters."""
    sources = {
        "incidents": incidents.search_arms,
        "lostfound": cases.search_arms,
        "emergencies": events.search_arms,
    }
    asked = [filters.register] if filters.register else list(sources)
    return [filters.narrow(arm) for name in asked for arm in sources[name](user, prop)]


def page_of(user: User, prop: Property, filters: Filters, after: str) -> Found:
    """Hits by field, the newest first in each, and none left out; three statements at any size."""
    found = arms(user, prop, filters)
    if not filters.query.words or not found:
        return Found([])
    asked = Search.of(prop, filters.query, found, filters.days())
    # The numbers of the frame come along.
    rows = shell.read_along(user, prop, hits=asked.page(Key.of(after), PAGE + 1))["hits"]
    kinds = {kind for _pk, _rank, _at, kind in rows[:PAGE]}
    page = Found(_read({pk: rank for pk, rank, _at, _kind in rows[:PAGE]}, kinds))
    if len(rows) <= PAGE:
        return page
    pk, rank, at, _kind = rows[PAGE - 1]
    return replace(page, after=str(Key(Rank(rank), datetime.fromisoformat(at), pk)))


def _read(ranks: dict[int, int], kinds: set[str]) -> list[Any]:
    """The cases in the order of ``ranks``, with the rows of their registers; one statement.

    Of the registers that were hit alone: to plan the joins of all costs more than the page itself.
    """
    joins = [name for kind, names in WITH.items() if kind in kinds for name in names]
    rows: QuerySet[Any] = Case.objects.filter(pk__in=list(ranks)).select_related(*joins)
    if Case.Kind.COMPLAINT in kinds:
        rows = rows.annotate(extended=incidents.extended("complaint__"))
    read = {row.pk: row for row in rows}
    for pk, rank in ranks.items():
        read[pk].rank = rank
    return [read[pk] for pk in ranks]


def of_paper(user: User, prop: Property, number: str) -> Case | None:
    """The hand-over of this number, or the case a report of this number is of, where he may read it."""
    report = (
        Report.objects.filter(case__property=prop, number=number).select_related("case").first()
    )
    return reading.case_seen(user, prop, report.case.number if report else number)
