"""What managers count about events and drills in a period (ADR 0035).

A drill is never counted as an event, a voided one as neither. A restricted event is counted for its
readers alone: for nobody else is it in any list, count or search (decision 33).
"""

from datetime import date, datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When
from django.utils import timezone

from emergencies.models import Event
from emergencies.queries.events import visible_to
from propdesk.core.models import Property, User
from propdesk.core.periods import Period

S = Event.Status
RESTRICTED = "restricted"


def events(user: User, prop: Property, period: Period) -> "QuerySet[Any]":
    """Real events that began in the period; the ``sort`` of a restricted one does not say its kind."""
    rows = visible_to(user, prop).exclude(status=S.VOIDED).filter(is_drill=False)
    sort = Case(
        When(case__restricted=True, then=Value(RESTRICTED)),
        default=F("kind"),
        output_field=CharField(),
    )
    rows = rows.filter(period.within("case__opened_at")).annotate(sort=sort)
    return rows.order_by("-case__opened_at", "-pk")


def by_sort(rows: "QuerySet[Any]") -> dict[str, int]:
    """How many of each kind, the restricted ones together."""
    groups = rows.order_by().values("sort").annotate(n=Count("pk"))
    return {row["sort"]: row["n"] for row in groups}


def held(user: User, prop: Property, period: Period) -> "QuerySet[Event]":
    """Drills of the period that were run to the end and recorded."""
    rows = visible_to(user, prop).filter(is_drill=True, status=S.ARCHIVED)
    return rows.filter(period.within("case__opened_at")).order_by("-case__opened_at", "-pk")


def drill_days(prop: Property, period: Period) -> dict[str, tuple[date | None, date | None]]:
    """By kind: the day of the last recorded drill before the period, and of the first in it.

    Only days are told, as on the page of drills, whoever may read the drill itself. One statement.
    """
    rows = Event.objects.filter(case__property=prop, is_drill=True, status=S.ARCHIVED)
    days = rows.values_list("kind").annotate(
        before=Max("reported_at", filter=Q(reported_at__lt=period.start)),
        inside=Min("reported_at", filter=period.within("reported_at")),
    )
    return {kind: (_day(last), _day(first)) for kind, last, first in days}


def _day(at: datetime | None) -> date | None:
    return timezone.localdate(at) if at else None
