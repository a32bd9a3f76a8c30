"""The only place where views get events; everything is bounded, indexed and keyset-paged."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from emergencies.models import Event, Involved, Reader, ReviewAction
from emergencies.permissions import SECURITY
from propdesk.core.models import Case, Property, User
from propdesk.core.roles import ALL_STAFF, DUTY, standing

S = Event.Status


def visible_to(user: User, prop: Property) -> "QuerySet[Event]":
    """Events of the property this user may read: others are 404, never 403 (decision 33).

    A restricted event is there for its named readers alone, whatever their rank: for nobody else is
    it in any list, count or search. The duty side and 保安部 read the rest; everybody else what he
    started or commands, what calls one of his roles, and what left him something to mend (复盘).
    """
    mine = standing(user, prop)
    rows = Event.objects.filter(case__property=prop, case__kind=Case.Kind.EVENT)
    if not mine.roles & ALL_STAFF:
        return rows.none()
    # Each asks for the event at hand: an IN would gather all events a role was ever called to.
    here = OuterRef("pk")
    named = Exists(Reader.objects.filter(event=here, user=user, ended_at=None))
    restricted = Q(named, case__restricted=True)
    if reads_all(user, prop):
        return rows.filter(Q(case__restricted=False) | restricted)
    called = Exists(Involved.objects.filter(event=here, role__in=mine.task_roles))
    mends = Exists(ReviewAction.objects.filter(event=here, owner=user))
    own = Q(reported_by=user) | Q(commander=user) | Q(called) | Q(mends)
    return rows.filter(Q(case__restricted=False) & own | restricted)


def called_to(user: User, prop: Property) -> "QuerySet[Any, Any]":
    """Keys of all events that may be open to somebody who does not read all: each part by its index."""
    events = Event.objects.order_by().filter(case__property=prop)
    roles = standing(user, prop).task_roles
    return (
        events.filter(reported_by=user)
        .values("pk")
        .union(
            events.filter(commander=user).values("pk"),
            Involved.objects.order_by()
            .filter(role__in=roles, event__case__property=prop)
            .values("event"),
            ReviewAction.objects.order_by().filter(owner=user).values("event"),
            Reader.objects.order_by().filter(user=user, ended_at=None).values("event"),
        )
    )


def reads_all(user: User, prop: Property) -> bool:
    """Whether every event is open to him, but for restricted ones that do not name him."""
    return bool(standing(user, prop).roles & (DUTY | SECURITY))
