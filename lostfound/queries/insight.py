"""What managers count about found things in a period (ADR 0035). Voided ones never count."""

from django.db.models import Count, QuerySet

from lostfound.models import FoundItem
from lostfound.queries.item import ENDED, visible_to
from propdesk.core.models import Property, User
from propdesk.core.periods import Period

S = FoundItem.Status
SETTLED = tuple(status for status in ENDED if status != S.VOIDED)


def found(user: User, prop: Property, period: Period) -> "QuerySet[FoundItem]":
    """Things logged in the period."""
    rows = visible_to(user, prop).exclude(status=S.VOIDED)
    return rows.filter(period.within("case__opened_at")).order_by("-case__opened_at", "-pk")


def settled(user: User, prop: Property, period: Period) -> "QuerySet[FoundItem]":
    """Things that left the house in the period: returned, disposed of, handed to the police."""
    rows = visible_to(user, prop).filter(period.within("case__closed_at"), case__is_open=False)
    return rows.filter(status__in=SETTLED).order_by("-case__closed_at", "-pk")


def settled_counts(rows: "QuerySet[FoundItem]") -> dict[str, int]:
    """How many of each end."""
    groups = rows.order_by().values("status").annotate(n=Count("pk"))
    return {row["status"]: row["n"] for row in groups}
