"""A stretch of whole days of the house, as figures are counted over it. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from propdesk.core.clock_text import midnight

LONGEST: Final = timedelta(days=366)
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of ``first`` to the end of ``last``; at most 366 days (ValueError)."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not timedelta() <= self.last - self.first < LONGEST:
            raise ValueError("a period ends after it begins and within 366 days")

    @classmethod
    def month_of(cls, day: date) -> "Period":
        """The whole month ``day`` lies in."""
        last = monthrange(day.year, day.month)[1]
        return cls(day.replace(day=1), day.replace(day=last))

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> "Period | None":
        """From ``first`` and ``last`` of an address or a queued paper; None when they are no period."""
        try:
            first = date.fromisoformat(str(params.get("first", "")))
            last = date.fromisoformat(str(params.get("last", "")))
            return cls(first, last) if _in_reach(first, last) else None
        except ValueError:
            return None

    @property
    def start(self) -> datetime:
        """The first moment."""
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1))

    def within(self, field: str) -> Q:
        """The condition that ``field``, a moment, lies in it."""
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})

    def params(self) -> dict[str, str]:
        """As the address and a queued paper hold it."""
        return {"first": self.first.isoformat(), "last": self.last.isoformat()}


def _in_reach(*days: date) -> bool:
    return all(FIRST_YEAR <= day.year < LAST_YEAR for day in days)
