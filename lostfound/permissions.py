"""Who may do what with found things; docs/permissions.md is printed from this table."""

from lostfound.models import FoundItem
from propdesk.core.roles import ALL_STAFF, DUTY, MANAGERS, Grant, Role, Table

SECURITY = frozenset({Role.SECURITY, Role.SECURITY_MANAGER})
"""Who stands beside the duty manager in joint custody (L-A)."""
DESK = DUTY | {Role.FRONT_DESK}

_ALL = Grant(any=ALL_STAFF)
_DUTY = Grant(any=DUTY)
_JOINT = Grant(any=DUTY | SECURITY)
_MANAGER = Grant(any=MANAGERS)
_GENERAL = Grant(any=frozenset({Role.GENERAL_MANAGER}))

UNTIL_RECEIVED = frozenset({"correct"})
"""Acts whose own grant ends with the receipt: a slip in joint custody is no longer the finder's."""

ACTIONS: Table = {
    # Own: what somebody found or logged; assigned: what he took over, or what lies in his department.
    "read": Grant(any=DESK | SECURITY, own=ALL_STAFF, assigned=ALL_STAFF),
    "see_details": Grant(any=DUTY | SECURITY, own=ALL_STAFF),
    "history": _DUTY,
    "log": _ALL,
    "hand_in": _ALL,
    "attach": Grant(any=DUTY | SECURITY, own=ALL_STAFF),
    "remove_attachment": _DUTY,
    "correct": Grant(any=DUTY, own=ALL_STAFF),
    "link": _DUTY,
    "void": _MANAGER,
    # Ends custody without a paper of disposal: as much as deciding on one.
    "void_stored": _GENERAL,
    "receive": _DUTY,
    "cosign": _JOINT,
    "move": _JOINT,
    "open_seal": _JOINT,
    "reseal": _JOINT,
    "count_contents": _DUTY,
    "decide_clue": _DUTY,
    "trace": _JOINT,
    "report_ownerless": _DUTY,
    "acknowledge": _MANAGER,
    "announce": _DUTY,
    "revalue": _DUTY,
    "decide_value": _MANAGER,
    "change_policy_of_item": _GENERAL,
    "hand_to_police": _DUTY,
    "print": _JOINT,
    "describe": Grant(any=DESK | SECURITY),
    "verify": _DUTY,
    "refuse_claim": _DUTY,
    "withdraw_claim": _DUTY,
    # Whoever ends one of two claims opens the lock: as much as deciding between them.
    "withdraw_disputed": _MANAGER,
    "rival": Grant(any=DESK | SECURITY),
    "resolve_dispute": _MANAGER,
    "return_item": _DUTY,
    "add_scan": _DUTY,
    "unmask": _DUTY,
    "report_lost": Grant(any=DESK | SECURITY | {Role.STAFF, Role.HOUSEKEEPING}),
    "read_lost": Grant(any=DESK | SECURITY, own=ALL_STAFF),
    "edit_lost": Grant(any=DESK, own=ALL_STAFF),
    "close_lost": Grant(any=DESK),
    "decide_match": Grant(any=DUTY | SECURITY),
    "read_batch": _JOINT,
    "propose_disposal": _DUTY,
    "cosign_disposal": Grant(any=SECURITY),
    "withdraw_batch": _DUTY,
    "review_batch": _MANAGER,
    # SOP 2.H: the general manager decides, or a deputy he named; nobody else, whatever his rank.
    "decide_batch": _GENERAL,
    "execute_line": _JOINT,
    "read_stocktake": _JOINT,
    "start_stocktake": _JOINT,
    "count": _JOINT,
    "finish_stocktake": _JOINT,
    "abandon_stocktake": _JOINT,
    "settle_difference": _MANAGER,
    "edit_storage": _DUTY,
    "set_policy": _GENERAL,
    "read_register": _JOINT,
    "export": _DUTY,
    "import_book": _MANAGER,
}


def own_counts(action: str, status: str) -> bool:
    """Whether having found, logged or holding a thing opens ``action`` to somebody in this state."""
    return status == FoundItem.Status.LOGGED or action not in UNTIL_RECEIVED
