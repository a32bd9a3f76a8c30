"""Models of the desk: rows that look at every register and belong to none."""

from propdesk.desk.calendar.models import CalendarFeed
from propdesk.desk.handover.models import (
    CountItem,
    Handover,
    HandoverAlarm,
    HandoverCount,
    HandoverLine,
    PatrolCheck,
    ShiftLogEntry,
)

__all__ = [
    "CalendarFeed",
    "CountItem",
    "Handover",
    "HandoverAlarm",
    "HandoverCount",
    "HandoverLine",
    "PatrolCheck",
    "ShiftLogEntry",
]
