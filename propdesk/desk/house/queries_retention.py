"""What the page of 保存期限 reads: what is due, what is kept all the same, what went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from propdesk.core.cases import url_of
from propdesk.core.models import Case, LegalHold, Property, PurgeRun, User
from propdesk.core.retention import running, terms
from propdesk.desk import reading

SHOWN = 50
RUNS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One case of a list: its number, its page, and what is said of it."""

    case: Case
    url: str
    hold: LegalHold | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The first of a list, and how many there are in all."""

    lines: list[Line]
    count: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.lines)


def _seen(user: User, prop: Property, rows: "QuerySet[Case]") -> "QuerySet[Case]":
    """What its register shows this person; a stocktake is in none and says nothing secret."""
    found = rows.filter(kind=Case.Kind.STOCKTAKE)
    for kind in Case.Kind.values:
        if kind != Case.Kind.STOCKTAKE:
            found |= rows.filter(pk__in=reading.visible(user, prop, kind).values("pk"))
    return found


def _lines(prop: Property, cases: Iterable[Case]) -> list[Line]:
    return [Line(case, url_of(prop.code, case.kind, case.number)) for case in cases]


def _listed(user: User, prop: Property, rows: "QuerySet[Case]") -> Listed:
    seen = _seen(user, prop, rows)
    return Listed(_lines(prop, seen.order_by("closed_at", "pk")[:SHOWN]), seen.count())


def due(user: User, prop: Property, now: datetime) -> Listed:
    """What the next purge would take, of what this person may read."""
    return _listed(user, prop, terms.due(prop, now))


def lasting(user: User, prop: Property, now: datetime) -> Listed:
    """Files about a death or an injury past their term, which stay."""
    return _listed(user, prop, terms.lasting(terms.expired(prop, now)))


def holds(user: User, prop: Property) -> Listed:
    """The newest holds in force."""
    held = _seen(user, prop, terms.held(Case.objects.filter(property=prop)))
    rows = LegalHold.objects.filter(case__in=held.values("pk"), lifted_at=None)
    shown = rows.select_related("case", "set_by").order_by("-set_at", "-pk")[:SHOWN]
    lines = [Line(h.case, url_of(prop.code, h.case.kind, h.case.number), h) for h in shown]
    return Listed(lines, rows.count())


def hold(user: User, prop: Property, pk: int) -> LegalHold:
    """A hold of a case this person may read, lifted or not; else 404."""
    mine = _seen(user, prop, Case.objects.filter(property=prop))
    rows = LegalHold.objects.select_related("case__property", "set_by")
    return get_object_or_404(rows, pk=pk, case__in=mine.values("pk"))


def case(user: User, prop: Property, number: str) -> Case | None:
    """The case of this number, if this person may read it."""
    rows = Case.objects.filter(property=prop, number=number.strip().upper())
    return _seen(user, prop, rows).select_related("property").first()


def readable(user: User, prop: Property) -> "QuerySet[Case]":
    """All cases of the house this person may read."""
    return _seen(user, prop, Case.objects.filter(property=prop))


def runs(prop: Property) -> list[PurgeRun]:
    """The last purges of the house."""
    return running.last_runs(prop, RUNS)
