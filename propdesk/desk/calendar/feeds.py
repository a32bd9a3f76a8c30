"""The feed of one person: what it holds, and how RFC 5545 writes it.

A telephone keeps it, copies it to other machines and shows it on a locked screen. So it names kinds
and numbers, times and addresses, and nothing else; of confidential cases nothing at all.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.queries import drills
from propdesk.core import vault
from propdesk.core.models import Property
from propdesk.core.roles import Role, may, standing
from propdesk.desk.calendar import queries
from propdesk.desk.calendar.models import CalendarFeed
from propdesk.desk.calendar.permissions import ACTIONS
from propdesk.desk.calendar.queries import Span
from propdesk.desk.calendar.rows import Entry, all_entries, due_drills

BEFORE, AHEAD = timedelta(days=30), timedelta(days=180)
A_DAY = 20
"""Entries of one kind on one day."""
OFTEN = timedelta(hours=1)
"""How often a calendar is asked to look again."""
DRILLS_TOLD = frozenset({Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER})
"""Whom the sweep tells of a drill that is due; it stands in nobody else's feed."""


def is_open(feed: CalendarFeed) -> bool:
    """Whether its person still works here: a feed shows nothing to who left the house."""
    return may(feed.user, "read_calendar", ACTIONS, prop=feed.property)


def entries_of(feed: CalendarFeed) -> list[Entry]:
    """What is the person's own from ``BEFORE`` to ``AHEAD`` of today, in order of day. One statement."""
    prop, user, today = feed.property, feed.user, timezone.localdate()
    span = Span(today - BEFORE, today + AHEAD, A_DAY, own=True)
    found = queries.read(user, prop, span)
    entries = list(all_entries(prop, user, found))
    if standing(user, prop).roles & DRILLS_TOLD:
        due = due_drills(prop, found, drills.since(prop))
        entries += [entry for entry in due if span.first <= entry.day <= span.last]
    return sorted(entries, key=lambda entry: (entry.day, entry.key))


def etag(entries: Iterable[Entry]) -> str:
    """The same for the same entries: weak, because the time of writing stands in the feed, too."""
    facts = [(e.key, e.name, e.day, e.at, e.until, e.number, e.url) for e in entries]
    return f'W/"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"'


def written(entries: Iterable[Entry], prop: Property, base: str, now: datetime) -> bytes:
    """The calendar as bytes; ``base`` begins each address, ``now`` is when it was made."""
    from icalendar import Calendar, vDuration

    calendar = Calendar()
    calendar.add("prodid", "-//PropDesk//PropDesk calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("物业前台 %(code)s") % {"code": prop.code})
    calendar.add("x-published-ttl", vDuration(OFTEN))
    calendar.add("refresh-interval", vDuration(OFTEN), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, prop, base, now))
    return bytes(calendar.to_ical())


def _event(entry: Entry, prop: Property, base: str, now: datetime) -> Any:
    from icalendar import Event

    event = Event()
    event.add("uid", _uid(entry, prop))
    event.add("dtstamp", now.astimezone(UTC))
    event.add("summary", f"{entry.name} {entry.number}".strip())
    event.add("url", base + entry.url)
    event.add("class", "PRIVATE")
    # Only a shift takes a person's time.
    event.add("transp", "OPAQUE" if entry.until else "TRANSPARENT")
    event.add("dtstart", entry.at.astimezone(UTC) if entry.at else entry.day)
    if entry.until:
        event.add("dtend", entry.until.astimezone(UTC))
    return event


def _uid(entry: Entry, prop: Property) -> str:
    """The same for ever for the same thing, another one in every installation."""
    named = f"{prop.pk}:{entry.key}".encode()
    return hmac.digest(vault.key("calendar uid"), named, "sha256").hex()[:32] + "@propdesk"
