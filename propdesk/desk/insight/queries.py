"""What the registers count of a period, joined; and what only the desk can count: notices."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils import timezone

from emergencies import playbooks
from emergencies.queries import drills
from emergencies.queries import events as event_queries
from emergencies.queries import insight as events
from emergencies.workflow import due_on
from incidents import queries as complaint_queries
from propdesk.core.models import Delivery, Property, User
from propdesk.core.periods import Period

State = Delivery.State
VOIDED = "voided"
"""The state of this name in every register."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about which house and days, and when: what is late depends on it."""

    user: User
    prop: Property
    period: Period
    now: datetime


class Percentile(Aggregate):
    """The value below which ``share`` (0 to 1) of the rows lie, interpolated; rows without one are left out."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, share: float) -> None:
        super().__init__(expression, share=share)


def told(asked: Asked) -> "QuerySet[Any]":
    """Notices that reached an inbox in the period, with the ``wait`` until they were confirmed.

    Not those of drills and voided cases, nor what was merged into a later one; of a restricted
    case only for who may read it.
    """
    user, prop = asked.user, asked.prop
    rows = Delivery.objects.filter(asked.period.within("created_at"), property=prop)
    rows = rows.filter(channel=Delivery.Channel.INBOX).exclude(state=State.MERGED)
    here = OuterRef("notice__case")
    seen = Q(notice__case=None) | Q(notice__case__restricted=False)
    for visible in (event_queries.visible_to(user, prop), complaint_queries.visible_to(user, prop)):
        seen |= Q(Exists(visible.filter(pk=here)))
    # Joined by key and not looked up among all that was ever voided.
    unreal = Q(notice__case__event__is_drill=True) | Q(notice__case__event__status=VOIDED)
    unreal |= Q(notice__case__complaint__status=VOIDED)
    unreal |= Q(notice__case__found_item__status=VOIDED)
    unreal |= Q(notice__case__handover__status=VOIDED)
    rows = rows.filter(seen).exclude(unreal)
    wait = ExpressionWrapper(F("acknowledged_at") - F("created_at"), DurationField())
    return rows.annotate(wait=wait).order_by("-created_at", "-pk")


@dataclass(frozen=True, slots=True)
class Waits:
    """How many notices, how many of them confirmed, and how long these took; None without one."""

    told: int
    confirmed: int
    median: timedelta | None
    ninth: timedelta | None
    """Nine of ten were confirmed within it."""


def waits(rows: "QuerySet[Any]") -> Waits:
    """The figures of ``told``: one statement."""
    found = rows.order_by().aggregate(
        told=Count("pk"),
        confirmed=Count("acknowledged_at"),
        median=Percentile("wait", 0.5),
        ninth=Percentile("wait", 0.9),
    )
    return Waits(**found)


@dataclass(frozen=True, slots=True)
class Due:
    """A drill that had to be held by a day of the period or before it, and when it was, if at all."""

    kind: str
    due_on: date
    held_on: date | None
    is_missed: bool
    """Its day is over, and it was not held."""


def drills_due(asked: Asked) -> list[Due]:
    """The drills due by the end of the period, one of each kind at most; one statement."""
    days = events.drill_days(asked.prop, asked.period)
    today = timezone.localdate(asked.now)
    found = []
    for code, book in playbooks.PLAYBOOKS.items():
        if book.drill is None:
            continue
        last, held = days.get(code, (None, None))
        on = due_on(last, drills.since(asked.prop), book.drill.every_months)
        if on <= asked.period.last:
            found.append(Due(code, on, held, held is None and on < today))
    return found
