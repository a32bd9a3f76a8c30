"""Every change of a hand-over and of the log of shifts is one function here (ADR 0033)."""

from propdesk.desk.handover.workflow.base import NAMED, REFUSED, SHORT, ChangedError, Changes
from propdesk.desk.handover.workflow.drafting import (
    Patrolled,
    Written,
    draft,
    refresh,
    take_back,
    write,
)
from propdesk.desk.handover.workflow.logging_shift import change_count, list_count, log
from propdesk.desk.handover.workflow.minding import (
    discard,
    flag_late,
    settle_refused,
    take_over,
    void_handover,
)
from propdesk.desk.handover.workflow.signing import (
    PAPER,
    Answer,
    accept,
    offer,
    readable,
    unfinished,
)
from propdesk.desk.handover.workflow.table import MOVES

__all__ = [
    "MOVES",
    "NAMED",
    "PAPER",
    "REFUSED",
    "SHORT",
    "Answer",
    "ChangedError",
    "Changes",
    "Patrolled",
    "Written",
    "accept",
    "change_count",
    "discard",
    "draft",
    "flag_late",
    "list_count",
    "log",
    "offer",
    "readable",
    "refresh",
    "settle_refused",
    "take_back",
    "take_over",
    "unfinished",
    "void_handover",
    "write",
]
