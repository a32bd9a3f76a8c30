"""Entries of the calendar out of what its queries read; nothing here asks the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from emergencies.models import Kind
from lostfound.models import Category
from propdesk.core.clock_text import midnight
from propdesk.core.models import Property, User
from propdesk.core.roles import Role
from propdesk.desk.board.rows import drill_days
from propdesk.desk.calendar.periods import Period
from propdesk.desk.calendar.queries import KINDS

TONES = {
    "shift": ("grey", "person-check"),
    "due": ("blue", "chat-left-text"),
    "expiry": ("orange", "hourglass-split"),
    "drill": ("violet", "people"),
    "held": ("violet", "check-circle"),
    "handover": ("green", "arrow-left-right"),
}
"""Colour and icon of each kind of entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on one day; without ``at`` it is of the whole day.

    ``name`` says what kind of thing it is and nothing else; ``label`` and ``detail`` are for the
    page alone.
    """

    kind: str
    key: str
    day: date
    name: str
    url: str
    at: datetime | None = None
    until: datetime | None = None
    number: str = ""
    label: str = ""
    detail: str = ""
    is_mine: bool = False
    is_late: bool = False

    @property
    def tone(self) -> str:
        return "red" if self.is_late else "green" if self.is_mine else TONES[self.kind][0]

    @property
    def head(self) -> str:
        """The first line on the page: of a shift its name, of anything else what it is."""
        return self.label or self.name

    @property
    def icon(self) -> str:
        return TONES[self.kind][1]


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its first entries; ``more`` is how many are left out."""

    date: date
    entries: list[Entry]
    more: int
    is_today: bool
    is_outside: bool
    """It belongs to the month before or after."""


def days(
    prop: Property, user: User, period: Period, found: Mapping[str, Any], *, most: int, since: date
) -> list[Day]:
    """Each day of ``period`` with at most ``most`` entries, those of the whole day first."""
    today = timezone.localdate()
    entries: dict[date, list[Entry]] = {day: [] for day in period.days}
    for entry in (*all_entries(prop, user, found), *due_drills(prop, found, since)):
        if entry.day in entries:
            entries[entry.day].append(entry)
    counts = _counts(found, entries)
    return [
        Day(
            day,
            sorted(there, key=_order)[:most],
            max(counts[day] - most, 0),
            is_today=day == today,
            is_outside=not period.holds(day),
        )
        for day, there in entries.items()
    ]


def _order(entry: Entry) -> tuple[bool, float, str]:
    return entry.at is not None, entry.at.timestamp() if entry.at else 0, entry.key


def _counts(found: Mapping[str, Any], entries: Mapping[date, list[Entry]]) -> dict[date, int]:
    """What falls on each day, read or not: each row says how many of its kind its day has."""
    counts = {day: sum(e.kind == "drill" for e in there) for day, there in entries.items()}
    for kind in KINDS:
        for day, number in {row["day"]: row["all"] for row in found[kind]}.items():
            counts[date.fromisoformat(day)] += number
    return counts


def all_entries(prop: Property, user: User, found: Mapping[str, Any]) -> Iterator[Entry]:
    """Everything that was read, kind by kind."""
    now = timezone.now()
    make = {
        "shift": _shift,
        "night": _night,
        "due": _due,
        "expiry": _expiry,
        "held": _drill_held,
        "handover": _handover,
    }
    for kind in KINDS:
        for row in found[kind]:
            yield make[kind](prop.code, user, row, now)


def _read(row: Mapping[str, Any], name: str = "at") -> datetime:
    moment = parse_datetime(row[name])
    if moment is None:
        raise ValueError(row[name])
    return timezone.localtime(moment)


def _shift(code: str, user: User, row: Mapping[str, Any], _now: datetime) -> Entry:
    day = date.fromisoformat(row["day"])
    return Entry(
        "shift",
        f"shift:{row['id']}",
        day,
        _("值班"),
        f"{reverse('house:shifts', args=[code])}?week={day.isoformat()}",
        at=_read(row),
        until=_read(row, "until"),
        label=row["label"],
        detail=f"{Role(row['role']).label} {row['name']}",
        is_mine=row["user"] == user.pk,
    )


def _night(code: str, user: User, row: Mapping[str, Any], now: datetime) -> Entry:
    """The rest of a shift that began the day before; its link leads to the week it was planned in."""
    entry = _shift(code, user, row, now)
    began = entry.day - timedelta(days=1)
    url = f"{reverse('house:shifts', args=[code])}?week={began.isoformat()}"
    return replace(entry, key=f"night:{row['id']}", url=url, at=midnight(entry.day))


def _due(code: str, _user: User, row: Mapping[str, Any], now: datetime) -> Entry:
    at, number = _read(row), row["number"]
    url = reverse("incidents:detail", args=[code, number])
    day = date.fromisoformat(row["day"])
    name = _("投诉到期")
    return Entry("due", f"due:{row['id']}", day, name, url, at, number=number, is_late=at < now)


def _expiry(code: str, _user: User, row: Mapping[str, Any], now: datetime) -> Entry:
    day, number = date.fromisoformat(row["day"]), row["number"]
    return Entry(
        "expiry",
        f"expiry:{row['id']}",
        day,
        _("失物保管到期"),
        reverse("lostfound:detail", args=[code, number]),
        number=number,
        detail=str(Category(row["category"]).label),
        is_late=day < timezone.localdate(now),
    )


def _drill_held(code: str, _user: User, row: Mapping[str, Any], _now: datetime) -> Entry:
    return Entry(
        "held",
        f"held:{row['id']}",
        date.fromisoformat(row["day"]),
        _("演练"),
        reverse("emergencies:detail", args=[code, row["number"]]),
        at=_read(row),
        number=row["number"],
        detail=str(Kind(row["kind"]).label),
    )


def _handover(code: str, _user: User, row: Mapping[str, Any], _now: datetime) -> Entry:
    return Entry(
        "handover",
        f"handover:{row['id']}",
        date.fromisoformat(row["day"]),
        _("交接班"),
        reverse("handover:detail", args=[code, row["number"]]),
        at=_read(row),
        number=row["number"],
        detail=row["label"],
    )


def due_drills(prop: Property, found: Mapping[str, Any], since: date) -> Iterator[Entry]:
    """The day by which each kind of drill is to be held next; ``since`` counts before the first."""
    today = timezone.localdate()
    for kind, due in drill_days(found["drills"], since):
        yield Entry(
            "drill",
            f"drill:{kind}:{due.isoformat()}",
            due,
            _("演练到期"),
            reverse("emergencies:drills", args=[prop.code]),
            detail=str(Kind(kind).label),
            is_late=due < today,
        )
