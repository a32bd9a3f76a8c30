"""The last twelve months beside each other: each set is read once and told apart by month (ADR 0035)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries_insight as complaints
from lostfound.models import FoundItem
from propdesk.core.periods import Period
from propdesk.desk.insight.blocks import Line, percent
from propdesk.desk.insight.figures import FIGURES
from propdesk.desk.insight.kinds import rows_url
from propdesk.desk.insight.queries import Asked

MONTHS = 12
RETURNED = FoundItem.Status.RETURNED.value
Counts = dict[date, int]


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over the months, the oldest first, and over all of them."""

    key: str
    title: str
    lines: tuple[Line, ...]
    total: Line


def months(today: date) -> list[Period]:
    """The month ``today`` lies in and the eleven before it, the oldest first."""
    found = [Period.month_of(today)]
    while len(found) < MONTHS:
        found.append(Period.month_of(found[-1].first - timedelta(days=1)))
    return found[::-1]


def over(asked: Asked) -> Asked:
    """The same question about all of these months at once."""
    each = months(timezone.localdate(asked.now))
    return replace(asked, period=Period(each[0].first, each[-1].last))


def gather(asked: Asked) -> list[Trend]:
    """The figures of ``over``: four statements, a range of the index of days for each register."""
    sets = {key: FIGURES[key].rows(asked) for key in ("promises", "complaints", "found", "settled")}
    promised = _by_month(sets["promises"], "due_at", "result")
    due = _summed(promised)
    kept, late = (promised.get(result, {}) for result in (complaints.KEPT, complaints.LATE))
    received = _summed(_by_month(sets["complaints"], "case__opened_at"))
    found = _summed(_by_month(sets["found"], "case__opened_at"))
    settled = sets["settled"].filter(status=RETURNED)
    returned = _summed(_by_month(settled, "case__closed_at"))

    def rate(of: Asked, first: date | None) -> Line:
        whole, part = _of(due, first), _of(kept, first)
        size = part * 100 // whole if whole else 0
        return Line(_name(of), whole, rows_url(of, "promises"), percent(part, whole), size, "green")

    def count(counts: Counts, figure: str, tone: str = "", **narrow: str) -> _Drawn:
        return lambda of, first: Line(
            _name(of), _of(counts, first), rows_url(of, figure, **narrow), tone=tone
        )

    return [
        _trend(asked, "rate", _("承诺兑现率"), rate),
        _trend(asked, "complaints", _("受理的投诉"), count(received, "complaints")),
        _trend(
            asked,
            "late",
            _("未兑现的承诺"),
            count(late, "promises", "red", result=complaints.LATE),
        ),
        _trend(asked, "found", _("登记的失物"), count(found, "found")),
        _trend(
            asked, "returned", _("归还的失物"), count(returned, "settled", "green", status=RETURNED)
        ),
    ]


_Drawn = Callable[[Asked, date | None], Line]
"""The figure of some days: of the month that begins on that one, or of all without."""


def _trend(asked: Asked, key: str, title: str, line: _Drawn) -> Trend:
    each = months(timezone.localdate(asked.now))
    lines = tuple(line(replace(asked, period=month), month.first) for month in each)
    return Trend(key, title, lines, line(asked, None))


def _name(of: Asked) -> str:
    first = of.period.first
    return _("%(year)d年%(month)d月") % {"year": first.year, "month": first.month}


def _by_month(rows: "QuerySet[Any]", moment: str, by: str = "") -> dict[Any, Counts]:
    """How many rows in each month of the house, told apart by a column; one statement."""
    kept = ("month", by) if by else ("month",)
    groups = rows.order_by().annotate(month=TruncMonth(moment)).values(*kept)
    found: dict[Any, Counts] = {}
    for row in groups.annotate(n=Count("pk")):
        day = timezone.localdate(row["month"])
        found.setdefault(row.get(by), {})[day] = row["n"]
    return found


def _summed(found: dict[Any, Counts]) -> Counts:
    days = {day for counts in found.values() for day in counts}
    return {day: sum(counts.get(day, 0) for counts in found.values()) for day in days}


def _of(counts: Counts, first: date | None) -> int:
    return sum(counts.values()) if first is None else counts.get(first, 0)
