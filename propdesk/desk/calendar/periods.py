"""Months, weeks and days as the address of the calendar names them. Pure arithmetic."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

FIRST, LAST = date(2000, 1, 1), date(2098, 12, 31)
"""Days the calendar opens, as the roster does."""
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
STEPS = {
    "month": relativedelta(months=1),
    "week": relativedelta(weeks=1),
    "day": relativedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A month, a week from Monday or a day: ``first`` up to ``last``, both inclusive."""

    kind: str
    first: date

    @property
    def last(self) -> date:
        return self.first + STEPS[self.kind] - timedelta(days=1)

    @property
    def key(self) -> str:
        """How the address names it: 2026-11, 2026-W48 or 2026-11-26."""
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        if self.kind == "day":
            return self.first.isoformat()
        year, week, _day = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def before(self) -> "Period | None":
        """The one before it; None at the end of the calendar."""
        return _within(Period(self.kind, self.first - STEPS[self.kind]))

    @property
    def after(self) -> "Period | None":
        return _within(Period(self.kind, self.first + STEPS[self.kind]))

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> list[date]:
        """The days shown: a month stands in whole weeks, at most six."""
        first, last = self.first, self.last
        if self.kind == "month":
            first = monday(first)
            last = monday(last) + timedelta(days=6)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def as_kind(self, kind: str, today: date) -> "Period":
        """The period of another kind at the same place: round today where it is part of both."""
        return around(kind, today if self.holds(today) else self.first)


def around(kind: str, day: date) -> Period:
    """The month, week or day that holds ``day``; the nearest one at the ends of the calendar."""
    day = min(max(day, FIRST), LAST)
    if kind == "month":
        return Period(kind, day.replace(day=1))
    if kind == "day":
        return Period(kind, day)
    first = monday(day)
    inward = timedelta(days=7 if first < FIRST else -7)
    return _within(Period(kind, first)) or Period(kind, first + inward)


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def parse(text: str) -> Period | None:
    """What an address names; None for anything that is no month, week or day of the calendar."""
    try:
        if found := DAY.fullmatch(text):
            return _within(Period("day", date(*map(int, found.groups()))))
        if found := WEEK.fullmatch(text):
            year, week = map(int, found.groups())
            return _within(Period("week", date.fromisocalendar(year, week, 1)))
        if found := MONTH.fullmatch(text):
            year, month = map(int, found.groups())
            return _within(Period("month", date(year, month, 1)))
    except ValueError:
        return None
    return None


def _within(period: Period) -> Period | None:
    return period if period.first >= FIRST and period.last <= LAST else None
