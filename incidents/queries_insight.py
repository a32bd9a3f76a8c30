"""What managers count about complaints in a period (ADR 0035); every figure is a set of rows.

Voided complaints never count. ``user`` sees in figures what he sees in lists, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Greatest, Lead, Least, RowNumber

from incidents.models import Callback, Complaint, Promise
from incidents.queries import visible_to
from incidents.timeshare import CLOSED, WORKING, Segment, State, segments
from propdesk.core.models import Clock, Place, Property, User
from propdesk.core.periods import Period

S = Complaint.Status
O = Promise.Outcome  # noqa: E741 -- as S stands for states
Sat = Complaint.Satisfaction
History: Any = Complaint.history.model
KEPT, MOVED, LATE = "kept", "moved", "late"
NOBODY, DESK = -1, 0
"""Holders that are no row: nobody while it was closed, the owner while no department had it."""
PROMISE_LATE = "incidents.promise_late"
"""The clock before H, by the name the workflow gives it."""
REPEATS = 2
"""Complaints from one room in one period that make it a repeat room."""


def _counted(user: User, prop: Property) -> "QuerySet[Complaint]":
    return visible_to(user, prop).exclude(status=S.VOIDED)


def promises(user: User, prop: Property, period: Period, now: datetime) -> "QuerySet[Any]":
    """Promised times that fell due in the period and are decided, with their ``result``.

    ``kept`` in time, ``moved`` (the guest was told before the old time had passed), ``late``: broken,
    or open past its time. A dropped promise was taken back with its case and counts for nothing.
    """
    result = Case(
        When(outcome=O.KEPT, then=Value(KEPT)),
        When(outcome=O.MOVED, then=Value(MOVED)),
        default=Value(LATE),
        output_field=CharField(),
    )
    undecided = Q(outcome=O.OPEN, due_at__gte=now) | Q(outcome=O.DROPPED)
    rows = Promise.objects.filter(period.within("due_at")).exclude(undecided)
    rows = rows.filter(complaint__in=_counted(user, prop).order_by())
    return rows.annotate(result=result).order_by("-due_at", "-pk")


def promise_counts(rows: "QuerySet[Any]") -> list[dict[str, Any]]:
    """How many of each result, department and category: one statement, no row of a promise read."""
    groups = rows.order_by().values("result", "department", category=F("complaint__category"))
    return list(groups.annotate(n=Count("pk"), name=F("department__name")))


def received(user: User, prop: Property, period: Period) -> "QuerySet[Complaint]":
    """Complaints taken in during the period."""
    rows = _counted(user, prop).filter(period.within("case__opened_at"))
    return rows.order_by("-case__opened_at", "-pk")


def unpromised(rows: "QuerySet[Complaint]") -> "QuerySet[Complaint]":
    """Those of the complaints for which no time was promised within the limit of the house (decision 30)."""
    fired = Clock.objects.filter(case=OuterRef("pk"), rule=PROMISE_LATE, fired_at__isnull=False)
    return rows.filter(Exists(fired))


def closed(user: User, prop: Property, period: Period) -> "QuerySet[Complaint]":
    """Complaints that were closed in the period and stayed closed: their time is over and whole."""
    rows = visible_to(user, prop).filter(period.within("case__closed_at"), status=S.CLOSED)
    return rows.filter(case__is_open=False).order_by("-case__closed_at", "-pk")


def by_category(rows: "QuerySet[Complaint]") -> dict[str, int]:
    """How many of each category; "" stands for those not recorded yet."""
    groups = rows.order_by().values("category").annotate(n=Count("pk"))
    return {row["category"]: row["n"] for row in groups}


def answers(user: User, prop: Property, period: Period) -> "QuerySet[Callback]":
    """What guests said at the call-back: the last word of each round, by the time it was asked for.

    联系不上 is no answer while the guest is still being tried (C-J).
    """
    later = Callback.objects.filter(complaint=OuterRef("complaint"), cycle=OuterRef("cycle"))
    trying = Q(satisfaction=Sat.UNREACHABLE, cycle=F("complaint__cycle"))
    rows = Callback.objects.filter(period.within("asked_at"))
    rows = rows.filter(complaint__in=_counted(user, prop).order_by())
    rows = rows.exclude(trying & Q(complaint__satisfaction=""))
    return rows.filter(~Exists(later.filter(pk__gt=OuterRef("pk")))).order_by("-asked_at", "-pk")


def answer_counts(rows: "QuerySet[Callback]") -> dict[str, int]:
    """How many of each answer."""
    groups = rows.order_by().values("satisfaction").annotate(n=Count("pk"))
    return {row["satisfaction"]: row["n"] for row in groups}


def repeat_rooms(user: User, prop: Property, period: Period) -> "QuerySet[Any]":
    """Rooms with two complaints or more in the period: ``n`` of them, ``newest`` when the last was."""
    rows = received(user, prop, period).filter(place__kind=Place.Kind.ROOM).order_by()
    groups = rows.values("place").annotate(n=Count("pk")).filter(n__gte=REPEATS)
    here = rows.filter(place=OuterRef("pk"))
    count = here.values("place").annotate(n=Count("pk")).values("n")
    return (
        Place.objects.filter(pk__in=groups.values("place"))
        .annotate(
            n=Subquery(count),
            newest=Subquery(here.order_by("-case__opened_at").values("case__opened_at")[:1]),
        )
        .order_by("-newest", "-pk")
    )


# --- whose time (F3) -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """What one holder had of the time of closed complaints: key of the row, span, complaints."""

    holder: int
    time: timedelta
    cases: int


def _cut(rows: "QuerySet[Complaint]") -> "QuerySet[Any, Any]":
    """The segments of these closed complaints, as ``timeshare.segments`` cuts them, unmerged."""
    kept = History.objects.filter(case__in=rows.order_by().values("pk"))
    line: Any = {"partition_by": [F("case")], "order_by": [F("history_date"), F("history_id")]}
    begun, ended = F("case__complaint__received_at"), F("case__closed_at")
    inside = Least(Greatest(F("history_date"), begun), ended)
    works = Q(status=WORKING, department_done_at=None, department__isnull=False)
    held = Case(
        When(status=CLOSED, then=Value(NOBODY)),
        When(works, then=F("department")),
        default=Value(DESK),
        output_field=IntegerField(),
    )
    owner = Case(
        When(status=CLOSED, then=Value(NOBODY)), default=F("owner"), output_field=IntegerField()
    )
    found: QuerySet[Any, Any] = kept.annotate(at=inside, nth=Window(RowNumber(), **line)).values(
        held=held,
        kept_by=owner,
        of=F("case"),
        begins=Case(When(nth=1, then=begun), default=F("at")),
        ends=Coalesce(Window(Lead("at"), **line), ended),
    )
    return found


HOLDERS = {"department": "held", "owner": "kept_by"}
"""Whose time is told apart, and the column of the cut that names him."""


def time_shares(rows: "QuerySet[Complaint]") -> dict[str, list[Share]]:
    """The time of closed complaints by ``department`` and by ``owner``, the longest first.

    Each list sums exactly to the time between receipt and closing of all of them. One statement: the
    history is cut once for both.
    """
    # Segments are windows over the history: no aggregate of the ORM reaches over these.
    sql, params = _cut(rows).query.sql_with_params()
    found: dict[str, list[Share]] = {whose: [] for whose in HOLDERS}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE GROUPING(held) WHEN 0 THEN 'department' ELSE 'owner' END,"  # noqa: S608 -- compiled by the ORM
            " COALESCE(held, kept_by), SUM(ends - begins), COUNT(DISTINCT of)"
            f" FROM ({sql}) AS cut WHERE ends > begins"
            " GROUP BY GROUPING SETS ((held), (kept_by)) ORDER BY 3 DESC, 2",
            params,
        )
        for whose, *share in cursor.fetchall():
            found[whose].append(Share(*share))
    return found


def held_by(rows: "QuerySet[Complaint]", whose: str, holder: int) -> "QuerySet[Complaint]":
    """Those of the closed complaints in whose time this holder has a share."""
    sql, params = _cut(rows).query.sql_with_params()
    mine = RawSQL(  # noqa: S611 -- compiled by the ORM, a column of ours
        f"SELECT of FROM ({sql}) AS cut WHERE ends > begins AND {HOLDERS[whose]} = %s",  # noqa: S608
        (*params, holder),
    )
    return rows.filter(pk__in=mine)


def cut(rows: Sequence[Complaint], now: datetime) -> dict[int, list[Segment]]:
    """The segments of each complaint of a page, up to its closing or to ``now``; one statement."""
    kept = History.objects.filter(case__in=[row.pk for row in rows])
    fields = ("case", "history_date", "status", "owner", "department", "department_done_at")
    states: dict[int, list[State]] = {row.pk: [] for row in rows}
    for case, at, status, owner, department, done in kept.order_by(
        "history_date", "history_id"
    ).values_list(*fields):
        states[case].append(State(at, status, owner, department, done is not None))
    return {
        row.pk: segments(states[row.pk], row.received_at, row.case.closed_at or now) for row in rows
    }
