"""Rows for screens that look at more than one register; bounded and indexed."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, IntegerField, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from emergencies.queries import aftermath, records
from emergencies.queries import board as events
from incidents import queries as incidents
from lostfound.queries import item as items
from propdesk.core import duty, signers
from propdesk.core.models import (
    Delivery,
    Membership,
    Property,
    Shift,
    SweepRun,
    Task,
    User,
)
from propdesk.core.roles import Role

INBOX_PAGE = 30
CAP = 1000
MENDS = 6
SOON = timedelta(hours=2)
"""即将到期: what the board counts as due soon (the list's 2小时内到期)."""
UNREAD = (Delivery.State.PENDING, Delivery.State.SENT)


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


def _count(rows: "QuerySet[Any]") -> Subquery:
    """A scalar count that reads at most ``CAP`` rows: the frame of a full house stays cheap."""
    return _Count(rows.order_by().values("pk")[:CAP])


def _to_sign(user: User, prop: Property) -> Any:
    """Reports and records of events that wait for his signature."""
    return _count(signers.turns(user, prop)) + _count(records.turns(user, prop))


def shell_counts(user: User, prop: Property, now: datetime) -> dict[str, Any]:
    """All numbers of the frame in one statement: open, overdue, things, to sign, unread, duty, sweep."""
    row = Property.objects.filter(pk=prop.pk).values(**_shell_values(user, prop, now)).first()
    return dict(row or {})


def _shell_values(user: User, prop: Property, now: datetime) -> dict[str, Any]:
    visible = incidents.visible_to(user, prop).filter(status__in=incidents.OPEN)
    things = items.pressing(user, prop)
    unread = Delivery.objects.filter(
        recipient=user, property=prop, channel="inbox", state__in=UNREAD
    )
    shift = Shift.objects.filter(
        property=prop,
        role=Role.DUTY_MANAGER,
        cancelled_at=None,
        starts_at__lte=now,
        ends_at__gt=now,
    ).order_by("starts_at")
    sweep = SweepRun.objects.filter(name="incidents.flag_due", finished_at__isnull=False).order_by(
        "-finished_at"
    )
    return {
        "open": _count(visible),
        "overdue": _count(visible.filter(next_due_at__lt=now)),
        "things": _count(items.open_items(user, prop)),
        "things_overdue": _count(things.filter(next_due_at__lt=now)),
        "events": _count(events.open_events(user, prop)),
        "event_calls": _count(events.waiting_calls(user, prop)),
        "sign": _to_sign(user, prop),
        "unread": _count(unread),
        "duty_name": Subquery(shift.values("user__name")[:1]),
        "duty_label": Subquery(shift.values("label")[:1]),
        "duty_from": Subquery(shift.values("starts_at")[:1]),
        "duty_to": Subquery(shift.values("ends_at")[:1]),
        "swept_at": Subquery(sweep.values("finished_at")[:1]),
    }


def board_counts(user: User, prop: Property, now: datetime) -> dict[str, Any]:
    """The figures of the board in one statement, each at most ``CAP``, with the first of each kind.

    The lists of the board are cut short; what it counts never is. The numbers of the frame come
    along: the board always stands in it.
    """
    visible = incidents.visible_to(user, prop).filter(status__in=incidents.OPEN)
    things = items.pressing(user, prop)
    overdue = visible.filter(next_due_at__lt=now)
    soon = visible.filter(next_due_at__gte=now, next_due_at__lt=now + SOON)
    due = {"longest": overdue, "nearest": soon}
    row = (
        Property.objects.filter(pk=prop.pk)
        .values(
            **_shell_values(user, prop, now),
            soon=_count(soon),
            things_soon=_count(things.filter(next_due_at__gte=now, next_due_at__lt=now + SOON)),
            running=_count(_running(user, prop, now)),
            tasks=_count(_tasks(user, prop)),
            mends=_mends(user, prop),
            **{
                name: Subquery(rows.order_by("next_due_at").values("next_due_at")[:1])
                for name, rows in due.items()
            },
        )
        .first()
    )
    return dict(row or {})


def _mends(user: User, prop: Property) -> ArraySubquery:
    """What reviews of events left this user to mend, the next day first."""
    fields = {"text": "text", "due": "due_on", "number": "event__case__number"}
    row = JSONObject(**fields, restricted="event__case__restricted")
    return ArraySubquery(aftermath.my_actions(user, prop).values(row=row)[:MENDS])


def urgent_complaints(user: User, prop: Property, now: datetime, limit: int) -> list[Any]:
    """Open complaints overdue or due within two hours, most urgent first.

    Of ``limit`` rows half are kept for what is due soon: it can still be held, so a long list of
    what is late already must not push it off the page.
    """
    visible = incidents.visible_to(user, prop).filter(status__in=incidents.OPEN)
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


def _running(user: User, prop: Property, now: datetime) -> "QuerySet[Any]":
    return incidents.visible_to(user, prop).filter(
        Q(next_due_at__gte=now + SOON) | Q(next_due_at=None), status__in=incidents.OPEN
    )


def running_complaints(user: User, prop: Property, now: datetime, limit: int) -> list[Any]:
    """Open complaints that are not urgent, by the time they are due."""
    rows = incidents.listed(_running(user, prop, now))
    return list(rows.order_by("next_due_at", "pk")[:limit])


def _tasks(user: User, prop: Property) -> "QuerySet[Task]":
    roles = duty.task_roles(user, prop)
    return Task.objects.filter(property=prop, role__in=roles, done_at=None)


def open_tasks(user: User, prop: Property, limit: int) -> list[Task]:
    """Tasks of the user's roles, oldest first."""
    return list(_tasks(user, prop).select_related("case").order_by("created_at")[:limit])


def inbox(user: User, prop: Property, before: int | None) -> list[Delivery]:
    """Notices of this person, newest first, one more than a page."""
    rows = Delivery.objects.filter(
        recipient=user, property=prop, channel=Delivery.Channel.INBOX
    ).exclude(state=Delivery.State.MERGED)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("notice__case")
    return list(rows.order_by("-pk")[: INBOX_PAGE + 1])


def delivery(user: User, prop: Property, pk: int) -> Delivery | None:
    """One notice of this person."""
    return (
        Delivery.objects.filter(recipient=user, property=prop, pk=pk)
        .select_related("notice__case")
        .first()
    )
