"""What falls on which day, as far as one person may see it: one statement, bounded by day."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Q, QuerySet, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, JSONObject, RowNumber, TruncDate

from emergencies.models import Event, Kind
from emergencies.queries import drills
from emergencies.queries import events as emergencies
from incidents import queries as incidents
from lostfound.queries import item as items
from propdesk.core import vault
from propdesk.core.clock_text import midnight
from propdesk.core.house import LONGEST_SHIFT
from propdesk.core.models import Property, Shift, User
from propdesk.core.roles import Role, may
from propdesk.desk.board.queries import DRILLS
from propdesk.desk.calendar.models import CalendarFeed
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.permissions import ACTIONS as HANDOVER

KINDS = ("shift", "night", "due", "expiry", "held", "handover")
SHIFT = {
    "until": "ends_at",
    "label": "label",
    "role": "role",
    "name": "user__name",
    "user": "user_id",
}
MOST = 2000
"""Rows of one kind, whatever the span."""


@dataclass(frozen=True, slots=True)
class Span:
    """Local days from ``first`` to ``last`` (inclusive), at most ``most`` rows of a kind on each.

    ``own``: only what is the reader's own, and nothing confidential at all (the feed).
    """

    first: date
    last: date
    most: int
    own: bool = False

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Half-open, of the house's wall clock."""
        return midnight(self.first), midnight(self.last + timedelta(days=1))


def read(user: User, prop: Property, span: Span) -> dict[str, Any]:
    """Rows by kind, each {id, at, day, all, …}: ``all`` counts what falls on its day, shown or not.

    ``drills`` holds when each kind of drill was held last. One statement.
    """
    row = (
        Property.objects.filter(pk=prop.pk)
        .values(
            shift=_shifts(user, prop, span),
            night=_nights(user, prop, span),
            due=_dues(user, prop, span),
            expiry=_expiries(user, prop, span),
            held=_held(user, prop, span),
            handover=_handovers(user, prop, span),
            **{f"last_{kind}": drills.newest(prop, kind) for kind in DRILLS},
        )
        .first()
    )
    found = dict(row or {})
    # Nothing at all is NULL and not an empty list where a role sees none of a kind.
    kinds = {kind: found.get(kind) or [] for kind in KINDS}
    return kinds | {"drills": {kind: found.get(f"last_{kind}") for kind in DRILLS}}


def _by_day(
    rows: "QuerySet[Any]",
    span: Span,
    moment: Combinable,
    fields: Mapping[str, Any],
    *,
    day: Combinable | None = None,
) -> ArraySubquery:
    """The rows in the order of ``moment``, of each local day the first ``span.most``."""
    order = ["moment", "pk"]
    ranked = rows.order_by().annotate(
        moment=moment,
        on_day=day or TruncDate(moment),
        nth=Window(RowNumber(), partition_by=[F("on_day")], order_by=order),
        of_day=Window(Count("pk"), partition_by=[F("on_day")]),
    )
    row = JSONObject(id="pk", at="moment", day="on_day", all="of_day", **fields)
    first = ranked.filter(nth__lte=span.most).order_by(*order)
    return ArraySubquery(first.values(row=row)[:MOST])


def _shifts(user: User, prop: Property, span: Span) -> ArraySubquery:
    """His own shifts in any role; on the page also who is 值班经理."""
    start, end = span.moments
    rows = _roster(user, prop, span).filter(
        starts_at__gte=start,
        starts_at__lt=end,
        # The index is by the end of a shift.
        ends_at__gt=start,
        ends_at__lt=end + LONGEST_SHIFT,
    )
    return _by_day(rows, span, F("starts_at"), SHIFT)


def _nights(user: User, prop: Property, span: Span) -> ArraySubquery:
    """What of those shifts began the day before, from midnight on; a telephone draws that itself."""
    start, end = span.moments
    last = ExpressionWrapper(F("ends_at") - timedelta(microseconds=1), DateTimeField())
    rows = _roster(user, prop, span).filter(ends_at__gt=start, ends_at__lte=end)
    rows = rows.alias(began_on=TruncDate("starts_at"), ends_on=TruncDate(last))
    rows = rows.none() if span.own else rows.filter(began_on__lt=F("ends_on"))
    return _by_day(rows, span, F("ends_at"), SHIFT, day=TruncDate(last))


def _roster(user: User, prop: Property, span: Span) -> "QuerySet[Shift]":
    mine = Q(user=user) if span.own else Q(user=user) | Q(role=Role.DUTY_MANAGER)
    return Shift.objects.filter(mine, property=prop, cancelled_at=None)


def _dues(user: User, prop: Property, span: Span) -> ArraySubquery:
    """Open complaints by the moment something is due: a promise, or its clock before one."""
    start, end = span.moments
    rows = incidents.unsettled(user, prop).filter(next_due_at__gte=start, next_due_at__lt=end)
    if span.own:
        rows = rows.filter(owner=user, case__restricted=False)
    return _by_day(rows, span, F("next_due_at"), {"number": "case__number"})


def _expiries(user: User, prop: Property, span: Span) -> ArraySubquery:
    """Found things in custody by the last day of their term (L-G)."""
    rows = items.open_items(user, prop).alias(term=Greatest("expires_on", "kept_until"))
    rows = rows.filter(term__gte=span.first, term__lte=span.last)
    if span.own:
        rows = rows.filter(pk__in=items.held_by(user))
    fields = {"number": "case__number", "category": "category"}
    return _by_day(rows, span, F("next_due_at"), fields, day=F("term"))


def _held(user: User, prop: Property, span: Span) -> ArraySubquery:
    """Drills that were begun, and not begun by mistake."""
    start, end = span.moments
    rows = emergencies.visible_to(user, prop).filter(
        # Any kind is rehearsed; named, they are the beginning of the index.
        kind__in=Kind.values,
        is_drill=True,
        reported_at__gte=start,
        reported_at__lt=end,
    )
    rows = rows.exclude(status=Event.Status.VOIDED)
    if span.own:
        rows = rows.filter(commander=user, case__restricted=False)
    return _by_day(rows, span, F("reported_at"), {"number": "case__number", "kind": "kind"})


def _handovers(user: User, prop: Property, span: Span) -> ArraySubquery:
    """Hand-overs by the end of the shift they end, for the duty side."""
    start, end = span.moments
    rows = Handover.objects.filter(property=prop, ends_at__gte=start, ends_at__lt=end)
    rows = rows.exclude(status=Handover.Status.VOIDED)
    if not may(user, "read_handover", HANDOVER, prop=prop):
        rows = rows.none()
    if span.own:
        rows = rows.filter(Q(outgoing=user) | Q(incoming=user))
    return _by_day(rows, span, F("ends_at"), {"number": "case__number", "label": "label"})


# --- the feed ------------------------------------------------------------------------------


def digest_of(token: str) -> str:
    """What the database holds of the key of a feed: 64 characters, keyed by this installation."""
    return digests_of(token)[0]


def digests_of(token: str) -> list[str]:
    """That, and what it was under secrets of before: the key of a feed to make it anew is nowhere."""
    keys = vault.keys("calendar feed")
    return [hmac.digest(key, token.encode(), "sha256").hex() for key in keys]


def live_feed(user: User, prop: Property) -> CalendarFeed | None:
    """His feed in this house that is in force."""
    return CalendarFeed.objects.filter(user=user, property=prop, ended_at=None).first()


def feed_of(token: str) -> CalendarFeed | None:
    """The feed with this key, its house and its person; None once it ended."""
    rows = CalendarFeed.objects.filter(digest__in=digests_of(token), ended_at=None)
    return rows.select_related("property__settings", "user").first()
