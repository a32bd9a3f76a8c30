"""Models of the desk: rows that look at every register and belong to none."""

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
    "CountItem",
    "Handover",
    "HandoverAlarm",
    "HandoverCount",
    "HandoverLine",
    "PatrolCheck",
    "ShiftLogEntry",
]
