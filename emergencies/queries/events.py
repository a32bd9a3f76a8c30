"""The only place where views get events; everything is bounded, indexed and keyset-paged."""

from django.db.models import Q, QuerySet

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
    named = Reader.objects.filter(user=user, ended_at=None).values("event_id")
    restricted = Q(case__restricted=True, pk__in=named)
    if reads_all(user, prop):
        return rows.filter(Q(case__restricted=False) | restricted)
    called = Involved.objects.filter(role__in=mine.task_roles).values("event_id")
    mends = ReviewAction.objects.filter(owner=user).values("event_id")
    own = Q(reported_by=user) | Q(commander=user) | Q(pk__in=called) | Q(pk__in=mends)
    return rows.filter(Q(case__restricted=False) & own | restricted)


def reads_all(user: User, prop: Property) -> bool:
    """Whether every event is open to him, but for restricted ones that do not name him."""
    return bool(standing(user, prop).roles & (DUTY | SECURITY))
