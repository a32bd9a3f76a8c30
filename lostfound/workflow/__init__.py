"""Every change of a found thing's state. Views, commands and tasks call only these functions.

Split by noun: ``logging_in`` (L-B, L-C), ``custody`` (L-A, L-D), ``tracing`` (L-D), ``terms`` and
``valuing`` (L-G), ``keeping`` (at any time).
"""

from lostfound.workflow.base import Rule, permit
from lostfound.workflow.custody import (
    Content,
    Receipt,
    Second,
    cosign,
    count_contents,
    move,
    open_seal,
    receive,
)
from lostfound.workflow.keeping import (
    Facts,
    PoliceReceipt,
    correct,
    edited,
    hand_to_police,
    link,
    remove_attachment,
    unmask,
    void,
)
from lostfound.workflow.logging_in import Find, attach_all, hand_in, is_late, log
from lostfound.workflow.table import MOVES, OPEN
from lostfound.workflow.terms import follow_settings, policy_in_force, set_policy, statutory_of
from lostfound.workflow.tracing import (
    acknowledge,
    announce,
    decide_clue,
    report_ownerless,
    trace,
)
from lostfound.workflow.valuing import change_policy_of_item, decide_value, revalue

__all__ = [
    "MOVES",
    "OPEN",
    "Content",
    "Facts",
    "Find",
    "PoliceReceipt",
    "Receipt",
    "Rule",
    "Second",
    "acknowledge",
    "announce",
    "attach_all",
    "change_policy_of_item",
    "correct",
    "cosign",
    "count_contents",
    "decide_clue",
    "decide_value",
    "edited",
    "follow_settings",
    "hand_in",
    "hand_to_police",
    "is_late",
    "link",
    "log",
    "move",
    "open_seal",
    "permit",
    "policy_in_force",
    "receive",
    "remove_attachment",
    "report_ownerless",
    "revalue",
    "set_policy",
    "statutory_of",
    "trace",
    "unmask",
    "void",
]
