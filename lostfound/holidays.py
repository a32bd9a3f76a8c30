"""Working days by the yearly notices of the State Council, make-up workdays (调休) included.

The facts are in `holidays.yaml`, read and checked when this module is imported: a faulty file stops
the start and never a request. No database here; dates are plain dates of the house.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

FILE: Final = Path(__file__).with_name("holidays.yaml")
LONGEST_BREAK: Final = 10  # days; the longest so far was nine, more is a slip of the keyboard
FEWEST_DAYS_OFF: Final = 11  # a year: the law gives 11 until 2024 and 13 since; fewer is half typed
SATURDAY: Final = 5
NEXT_NOTICE_FROM: Final = 25  # December: a notice also settles the days before its New Year
_DAY: Final = timedelta(days=1)


class HolidayError(ValueError):
    """The file of holidays cannot be used; the message names the file and each fault."""


class _Break(BaseModel):
    """Days off in a row, both ends included."""

    model_config = ConfigDict(extra="forbid")

    name: str
    first: date
    last: date

    def days(self) -> list[date]:
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]


class _Year(BaseModel):
    """The notice for one year."""

    model_config = ConfigDict(extra="forbid")

    year: int
    notice: str
    breaks: list[_Break]
    work: list[date]

    def days_off(self) -> list[date]:
        return [day for each in self.breaks for day in each.days()]


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the notices say: years covered, days off, and weekend days that are worked."""

    years: frozenset[int]
    off: frozenset[date]
    work: frozenset[date]


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice, of which YAML itself would keep the last one in silence."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Look at the keys of a mapping before they become a dict; merging ("<<") is left out."""
        keys = [key.value for key, _value in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise HolidayError(f"line {node.start_mark.line + 1}: {key} given twice")


def load(path: Path = FILE) -> Calendar:
    """Return the calendar in `path`; HolidayError names the file and everything wrong in it."""
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text("utf-8")
        tree = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader that is stricter
        years = TypeAdapter(list[_Year]).validate_python(tree)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, ('file', *e['loc'])))}: {e['msg']}" for e in error.errors()]
        raise HolidayError(f"{name}: {'; '.join(found)}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise HolidayError(f"{name}: {error}") from error
    faults = [*_faults_of_all(years), *(fault for year in years for fault in _faults(year))]
    if faults:
        raise HolidayError(f"{name}: {'; '.join(faults)}")
    return Calendar(
        years=frozenset(year.year for year in years),
        off=frozenset(day for year in years for day in year.days_off()),
        work=frozenset(day for year in years for day in year.work),
    )


def _faults_of_all(years: Sequence[_Year]) -> Iterator[str]:
    """Yield what is wrong with the list as a whole."""
    numbers = [year.year for year in years]
    if not numbers:
        yield "no year at all"
    if numbers != sorted(set(numbers)):
        yield f"years not in order, or given twice: {numbers}"


def _faults(year: _Year) -> Iterator[str]:
    """Yield what is wrong with one year, each sentence beginning with the year."""
    for each in year.breaks:
        if not 1 <= len(each.days()) <= LONGEST_BREAK:
            yield f"{year.year}: {each.name}: from {each.first} to {each.last} is no break"
    days = year.days_off() + year.work
    for day in sorted({day for day in days if days.count(day) > 1}):
        yield f"{year.year}: {day} stands there twice"
    for day in days:
        if day.year != year.year and not (day.year == year.year - 1 and _is_year_end(day)):
            yield f"{year.year}: {day} belongs to another year"
    for day in year.work:
        if day.weekday() < SATURDAY:
            yield f"{year.year}: {day} is no Saturday or Sunday and needs no making up"
    if len(year.days_off()) < FEWEST_DAYS_OFF:
        yield f"{year.year}: {len(year.days_off())} days off, at least {FEWEST_DAYS_OFF} expected"


def _is_year_end(day: date) -> bool:
    """Return whether the notice for the following year may decide about the day."""
    return (day.month, day.day) >= (12, NEXT_NOTICE_FROM)


_CALENDAR: Final = load()


def is_published(year: int) -> bool:
    """Return whether the notice for that year is in the file; False reads 未公布 on a screen."""
    return year in _CALENDAR.years


def is_settled(day: date) -> bool:
    """Return whether the file is all there is to know about the day.

    From 25 December on that takes the notice for the next year too, which may begin its New Year
    break, or make up for it, in the old year.
    """
    return is_published(day.year) and (not _is_year_end(day) or is_published(day.year + 1))


def is_working_day(day: date) -> bool:
    """Return whether offices work on the day; where no notice is known, whether it is Mon–Fri."""
    if day in _CALENDAR.off:
        return False
    return day in _CALENDAR.work or day.weekday() < SATURDAY


def next_working_day(day: date) -> date:
    """Return the day itself when it is a working day, else the first one after it (civil code 203)."""
    return next(filter(is_working_day, (day + n * _DAY for n in count())))
