"""Who may do what at the change of shift; docs/permissions.md is printed from this table.

Own: the outgoing manager, whose words and whose signature it is.
"""

from propdesk.core.roles import DUTY, MANAGERS, Grant, Table

_DUTY = Grant(any=DUTY)
_MANAGER = Grant(any=MANAGERS)
_OUTGOING = Grant(own=DUTY)

ACTIONS: Table = {
    "read_handover": _DUTY,
    "write_log": _DUTY,
    "draft": _DUTY,
    "write": _OUTGOING,
    "refresh": _DUTY,
    "offer": _OUTGOING,
    "take_back": _OUTGOING,
    "discard": _OUTGOING,
    "accept": _DUTY,
    # Who left his shift signs nothing any more (F4).
    "draft_for": _MANAGER,
    "take_over": _MANAGER,
    "void_handover": _MANAGER,
    "settle_refused": _MANAGER,
    "edit_counts": _MANAGER,
}
