"""Rows for screens that look at more than one register; bounded and indexed."""

from datetime import datetime
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery
from django.utils import timezone

from emergencies.queries import board as events
from emergencies.queries import records
from incidents import queries as incidents
from lostfound.queries import item as items
from propdesk.core import duty, notices, signers
from propdesk.core.backup import nightly
from propdesk.core.models import (
    Membership,
    Property,
    SweepRun,
    User,
)

CAP = 1000


def properties_of(user: User) -> list[Property]:
    """Properties in which the user holds a role today, by name."""
    held = Membership.objects.current(timezone.now()).filter(user=user)
    deputy = Membership.objects.current(timezone.now()).filter(
        deputies__by_user=user,
        deputies__starts_at__lte=timezone.now(),
        deputies__ends_at__gt=timezone.now(),
        deputies__revoked_at=None,
    )
    ids = held.values("property").union(deputy.values("property"))
    return list(Property.objects.filter(pk__in=ids).order_by("name"))


class _Count(Subquery):
    """How many rows a queryset yields, with its limit inside the count."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS capped)"
    output_field = IntegerField()
    empty_result_set_value = 0


def count(rows: "QuerySet[Any]") -> Subquery:
    """A scalar count that reads at most ``CAP`` rows: the frame of a full house stays cheap."""
    return _Count(rows.order_by().values("pk")[:CAP])


def _to_sign(user: User, prop: Property) -> Any:
    """Reports and records of events that wait for his signature."""
    return count(signers.turns(user, prop)) + count(records.turns(user, prop))


def shell_counts(user: User, prop: Property, now: datetime) -> dict[str, Any]:
    """All numbers of the frame in one statement: open, overdue, things, to sign, unread, duty, sweep."""
    row = Property.objects.filter(pk=prop.pk).values(**shell_values(user, prop, now)).first()
    return dict(row or {})


def shell_values(user: User, prop: Property, now: datetime) -> dict[str, Any]:
    """The numbers of the frame as expressions on a house, for whoever reads its row anyway."""
    visible = incidents.open_to(user, prop)
    things = items.pressing(user, prop)
    unread = notices.unread(user).filter(property=prop)
    shift = duty.manager_shifts(prop, at=now).order_by("starts_at")
    # By number, not by time: a clock that was set back leaves runs in the time to come.
    sweep = SweepRun.objects.filter(name="incidents.flag_due", finished_at__isnull=False)
    sweep = sweep.order_by("-id")
    # One made by a clock that was ahead is none: the next night makes another.
    backup = SweepRun.objects.filter(name=nightly.NAME, finished_at__lte=now).order_by("-id")
    return {
        "open": count(visible),
        "overdue": count(visible.filter(next_due_at__lt=now)),
        "things": count(items.kept(user, prop)),
        "things_overdue": count(things.filter(next_due_at__lt=now)),
        "events": count(events.open_events(user, prop)),
        "event_calls": count(events.waiting_calls(user, prop)),
        "sign": _to_sign(user, prop),
        "unread": count(unread),
        "duty_name": Subquery(shift.values("user__name")[:1]),
        "duty_label": Subquery(shift.values("label")[:1]),
        "duty_from": Subquery(shift.values("starts_at")[:1]),
        "duty_to": Subquery(shift.values("ends_at")[:1]),
        "swept_at": Subquery(sweep.values("finished_at")[:1]),
        "swept_since": Subquery(sweep.reverse().values("finished_at")[:1]),
        "backup_at": Subquery(backup.values("finished_at")[:1]),
        "backup_said": Subquery(backup.values("error")[:1]),
    }
