"""Whose shift is to be handed over, and who comes next: the roster as the hand-over reads it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from propdesk.core import duty
from propdesk.core.models import Membership, Property, Shift, User
from propdesk.core.roles import Role
from propdesk.desk.handover.models import Handover

LOOK_BACK = timedelta(hours=12)
"""How long after its end a shift may still be handed over."""
NEAR = timedelta(hours=2)
"""A shift that begins this near to the end of another follows it."""
WITHOUT_ROSTER = timedelta(hours=8)
S = Handover.Status


def _shifts(prop: Property, *, at: datetime | None = None) -> "QuerySet[Shift]":
    rows = duty.manager_shifts(prop, at=at).select_related("user")
    return rows.order_by("ends_at", "starts_at", "pk")


def due(prop: Property, now: datetime, by: User) -> Shift | None:
    """The shift to be handed over: his own first, else the one that ended or ends first.

    None without a roster, nor of one before a shift that is handed over: what it left open was handed
    over with that. One statement.
    """
    settled = Handover.objects.filter(property=prop, shift__isnull=False).exclude(status=S.VOIDED)
    rows = _shifts(prop).filter(starts_at__lte=now, ends_at__gt=now - LOOK_BACK)
    younger = settled.filter(status=S.SIGNED, ends_at__gt=OuterRef("ends_at"))
    found = list(rows.exclude(pk__in=settled.values("shift")).exclude(Exists(younger))[:20])
    return next((row for row in found if row.user_id == by.pk), found[0] if found else None)


def following(prop: Property, ends_at: datetime) -> list[Shift]:
    """The shifts that take over from one that ends at ``ends_at``; none where nobody is planned."""
    return list(after(prop, ends_at)[:20])


def after(prop: Property, ends_at: datetime) -> "QuerySet[Shift]":
    """The same as a query, for whoever reads something else along with it."""
    near = {"starts_at__gte": ends_at - NEAR, "starts_at__lte": ends_at + NEAR}
    return _shifts(prop).filter(ends_at__gt=ends_at, **near)


def called(prop: Property, shifts: Iterable[Shift], at: datetime) -> list[User]:
    """Whom these shifts call: those they name, and who acts for one of them ``at`` that moment."""
    named = {row.user_id: row.user for row in shifts}
    posts = Membership.objects.current(at).filter(property=prop, role=Role.DUTY_MANAGER)
    deputies = duty.deputies_of(posts.filter(user__in=named), at) if named else []
    return [*named.values(), *(user for user in deputies if user.pk not in named)]


def until(shifts: Iterable[Shift], ends_at: datetime) -> datetime:
    """When the next shift ends; eight hours on without a roster."""
    return max((row.ends_at for row in shifts), default=ends_at + WITHOUT_ROSTER)


def on_duty(prop: Property, now: datetime) -> list[Shift]:
    """Who is on duty as 值班经理 at this moment. One statement."""
    return list(_shifts(prop, at=now)[:20])


def now_and_next(prop: Property, now: datetime) -> tuple[list[Shift], list[Shift]]:
    """Who is on duty as 值班经理 at this moment, and who comes after; two statements at most."""
    coming = duty.coming(prop, now).select_related("user")
    after = list(coming.order_by("starts_at", "pk")[:20])
    return on_duty(prop, now), [row for row in after if row.starts_at == after[0].starts_at]
