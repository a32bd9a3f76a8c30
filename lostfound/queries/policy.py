"""保管规则: all versions of a house's rule of keeping."""

from datetime import date

from lostfound.models import RetentionPolicy
from propdesk.core.models import Property

SHOWN = 100


def versions(prop: Property) -> list[RetentionPolicy]:
    """Versions of the rule, the newest first; one statement."""
    rows = RetentionPolicy.objects.filter(property=prop).select_related("by")
    return list(rows.order_by("-version")[:SHOWN])


def in_force(versions: list[RetentionPolicy], on: date) -> RetentionPolicy | None:
    """Which of them is the rule of that day, as the workflow chooses; None in a new house."""
    valid = [row for row in versions if row.valid_from <= on]
    if valid:
        return max(valid, key=lambda row: (row.valid_from, row.version))
    return min(versions, key=lambda row: (row.valid_from, row.version), default=None)
