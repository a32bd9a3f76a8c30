"""What the board shows: counts in one statement, and the first rows of each list."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, JSONObject
from django.utils import timezone

from emergencies import playbooks
from emergencies.queries import aftermath, drills, seals
from incidents import queries as incidents
from lostfound.queries import item as items
from propdesk.core import duty, notices
from propdesk.core.models import AuditEntry, Property, Task, User
from propdesk.desk.handover.models import OPEN, Handover
from propdesk.desk.queries import count, shell_values

SOON = timedelta(hours=2)
"""即将到期: what the board counts as due soon (the list's 2小时内到期)."""
EXPIRES_WITHIN = timedelta(days=7)
MOST = 6
"""Rows of each short list in the column of the day."""
RECENT = 200
DRILLS = tuple(code for code, book in playbooks.PLAYBOOKS.items() if book.drill)
"""Kinds of events that are rehearsed."""


def stamp(user: User, prop: Property, now: datetime) -> str:
    """What a board drawn now is known by: another stamp says that something happened since.

    One statement.
    """
    row = Property.objects.filter(pk=prop.pk).values(**_happened(user, prop)).first()
    return _stamp(row or {}, now)


def _happened(user: User, prop: Property) -> dict[str, ArraySubquery]:
    """The newest acts on cases of the house, and his unread notices.

    Not the last act alone: of two at once the one begun first may be the one kept last.
    """
    acts = AuditEntry.objects.filter(property=prop)
    unread = notices.unread(user).filter(property=prop)
    return {
        "acts": ArraySubquery(acts.order_by("-pk").values("pk")[:RECENT]),
        "waiting": ArraySubquery(unread.order_by("-pk").values("pk")[:RECENT]),
    }


def _stamp(row: Mapping[str, Any], now: datetime) -> str:
    """Things become late by themselves, so each minute has a stamp of its own."""
    parts = (f"{now:%H%M}", row.get("acts"), row.get("waiting"))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def counts(user: User, prop: Property, now: datetime, limit: int) -> dict[str, Any]:
    """The figures of the board in one statement, each at most ``CAP``, with the first of each kind.

    The lists of the board are cut short; what it counts never is. The numbers of the frame come
    along: the board always stands in it.
    """
    visible, listed = incidents.open_to(user, prop), incidents.unsettled(user, prop)
    things = items.pressing(user, prop)
    soon = Q(next_due_at__gte=now, next_due_at__lt=now + SOON)
    due = {"longest": listed.filter(next_due_at__lt=now), "nearest": listed.filter(soon)}
    row = (
        Property.objects.filter(pk=prop.pk)
        .values(
            **shell_values(user, prop, now),
            soon=count(visible.filter(soon)),
            things_soon=count(things.filter(soon)),
            running=count(_running(visible, now)),
            tasks=count(_tasks(user, prop)),
            task_rows=_task_rows(user, prop, limit),
            mends=_mends(user, prop),
            expired=count(items.kept(user, prop).filter(status__in=items.GROUPS["disposal"])),
            expiring=_expiring(user, prop, now),
            seals=count(seals.seen(user, prop)),
            sealed=_seal_rows(user, prop),
            next_shift=_next_shift(prop, now),
            handovers=_handovers(prop),
            **{f"drill_{kind}": drills.newest(prop, kind) for kind in DRILLS},
            **_happened(user, prop),
            **{
                name: Subquery(rows.order_by("next_due_at").values("next_due_at")[:1])
                for name, rows in due.items()
            },
        )
        .first()
    )
    found = dict(row or {})
    return found | {
        "stamp": _stamp(found, now),
        "drills": {kind: found.get(f"drill_{kind}") for kind in DRILLS},
    }


def _mends(user: User, prop: Property) -> ArraySubquery:
    """What reviews of events left this user to mend, the next day first."""
    fields = {"text": "text", "due": "due_on", "number": "event__case__number"}
    row = JSONObject(**fields, restricted="event__case__restricted")
    return ArraySubquery(aftermath.my_actions(user, prop).values(row=row)[:MOST])


def _expiring(user: User, prop: Property, now: datetime) -> ArraySubquery:
    """Found things whose term ends within a week, the next day first."""
    until = timezone.localdate(now) + EXPIRES_WITHIN
    rows = items.pressing(user, prop).filter(
        Q(kept_until=None) | Q(kept_until__lte=until),
        expires_on__lte=until,
        next_due_at__lt=now + EXPIRES_WITHIN + timedelta(days=2),
    )
    fields = {"number": "case__number", "category": "category"}
    row = JSONObject(**fields, day=Greatest("expires_on", "kept_until"))
    return ArraySubquery(rows.order_by("next_due_at", "pk").values(row=row)[:MOST])


def _seal_rows(user: User, prop: Property) -> ArraySubquery:
    fields = {"place": "place__label", "number": "event__case__number", "since": "sealed_at"}
    row = JSONObject(**fields, restricted="event__case__restricted")
    return ArraySubquery(seals.seen(user, prop).order_by("sealed_at", "pk").values(row=row)[:MOST])


def _next_shift(prop: Property, now: datetime) -> ArraySubquery:
    """Who takes over as 值班经理 next, and when; none without a roster."""
    rows = duty.coming(prop, now)
    row = JSONObject(name="user__name", label="label", at="starts_at")
    return ArraySubquery(rows.order_by("starts_at", "pk").values(row=row)[:1])


def _handovers(prop: Property) -> ArraySubquery:
    """The hand-over that is being made; a house has one at most."""
    fields = {"number": "case__number", "status": "status", "name": "outgoing__name"}
    row = JSONObject(**fields, ends="ends_at", outgoing="outgoing_id", instead_of="on_behalf_of_id")
    return ArraySubquery(Handover.objects.filter(property=prop, status__in=OPEN).values(row=row))


def urgent_complaints(user: User, prop: Property, now: datetime, limit: int) -> list[Any]:
    """Open complaints overdue or due within two hours, most urgent first.

    Of ``limit`` rows half are kept for what is due soon: it can still be held, so a long list of
    what is late already must not push it off the page.
    """
    visible = incidents.unsettled(user, prop)
    late = incidents.listed(visible.filter(next_due_at__lt=now))
    soon = incidents.listed(visible.filter(next_due_at__gte=now, next_due_at__lt=now + SOON))
    coming = list(soon.order_by("next_due_at", "pk")[:limit])
    overdue = list(late.order_by("next_due_at", "pk")[: limit - min(len(coming), limit // 2)])
    return overdue + coming[: limit - len(overdue)]


def urgent_things(user: User, prop: Property, now: datetime, limit: int) -> list[Any]:
    """Found things whose next step is late or due within two hours, most urgent first."""
    rows = items.pressing(user, prop).filter(next_due_at__lt=now + SOON)
    rows = items.listed(rows).annotate(is_blind=Exists(items.counting(user, prop)))
    return list(rows.order_by("next_due_at", "pk")[:limit])


def _running(rows: "QuerySet[Any]", now: datetime) -> "QuerySet[Any]":
    later = Q(next_due_at__gte=now + SOON) | Q(next_due_at=None)
    return rows.filter(later)


def running_complaints(user: User, prop: Property, now: datetime, limit: int) -> list[Any]:
    """Open complaints that are not urgent, by the time they are due."""
    rows = incidents.listed(_running(incidents.unsettled(user, prop), now))
    return list(rows.order_by("next_due_at", "pk")[:limit])


def _tasks(user: User, prop: Property) -> "QuerySet[Task]":
    roles = duty.task_roles(user, prop)
    return Task.objects.filter(property=prop, role__in=roles, done_at=None)


def _task_rows(user: User, prop: Property, limit: int) -> ArraySubquery:
    """Tasks of the user's roles, oldest first."""
    fields = {"text": "text", "role": "role", "since": "created_at"}
    row = JSONObject(**fields, number="case__number", kind="case__kind")
    return ArraySubquery(_tasks(user, prop).order_by("created_at", "pk").values(row=row)[:limit])
