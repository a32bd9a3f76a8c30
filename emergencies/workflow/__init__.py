"""Every change of state of special events; views, commands and tasks only call these."""

from emergencies.workflow.answering import answer
from emergencies.workflow.calling import (
    Told,
    acknowledge,
    climb,
    confirmed_in_inbox,
    is_called,
    not_told,
    tell,
)
from emergencies.workflow.commanding import (
    add_party,
    attach,
    edit_party,
    end_reader,
    hand_over,
    link,
    name_reader,
    note,
    remove_attachment,
    take_command,
    unmask,
)
from emergencies.workflow.content import in_force, is_behind
from emergencies.workflow.ending import archive, end, override_end, reopen
from emergencies.workflow.marking import Proof, confirm_again, done, not_needed, one_round
from emergencies.workflow.starting import Start, open_child, start, void
from emergencies.workflow.sweep import flag_due
from emergencies.workflow.table import ALIVE, MOVES, OPEN

__all__ = [
    "ALIVE",
    "MOVES",
    "OPEN",
    "Proof",
    "Start",
    "Told",
    "acknowledge",
    "add_party",
    "answer",
    "archive",
    "attach",
    "climb",
    "confirm_again",
    "confirmed_in_inbox",
    "done",
    "edit_party",
    "end",
    "end_reader",
    "flag_due",
    "hand_over",
    "in_force",
    "is_behind",
    "is_called",
    "link",
    "name_reader",
    "not_needed",
    "not_told",
    "note",
    "one_round",
    "open_child",
    "override_end",
    "remove_attachment",
    "reopen",
    "start",
    "take_command",
    "tell",
    "unmask",
    "void",
]
