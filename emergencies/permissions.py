"""Who may do what with special events; docs/permissions.md is printed from this table.

Own: whoever started the event or commands it; only who commands it hands it over. Assigned: whoever holds a role that the playbook
calls or gives a step to; for a restricted event its named readers, and nobody else at all.
"""

from propdesk.core.roles import ALL_STAFF, DUTY, MANAGERS, Grant, Role, Table

SECURITY = frozenset({Role.SECURITY, Role.SECURITY_MANAGER})

_ALL = Grant(any=ALL_STAFF)
_DUTY = Grant(any=DUTY)
_MANAGER = Grant(any=MANAGERS)
_GENERAL = Grant(any=frozenset({Role.GENERAL_MANAGER}))
_GUARD = Grant(any=DUTY | SECURITY)
_DESK = Grant(any=DUTY | SECURITY, own=ALL_STAFF)
_WORK = Grant(any=DUTY | SECURITY, own=ALL_STAFF, assigned=ALL_STAFF)
_LEAD = Grant(any=DUTY, own=ALL_STAFF)

COMMANDER_ALONE = frozenset({"hand_over"})
"""Own means the commander here, not whoever started it: nobody gives away what he does not have."""


def owns(action: str, user_id: int, *, commander_id: int, starter_id: int) -> bool:
    """Whether the event is the user's own where ``action`` is concerned."""
    return user_id == commander_id or (user_id == starter_id and action not in COMMANDER_ALONE)


ACTIONS: Table = {
    # Anybody may start one: nothing stands before 119, 110 and 120.
    "start": _ALL,
    "read": _WORK,
    "history": _DUTY,
    "answer": _WORK,
    "mark": _WORK,
    "note": _WORK,
    "attach": _WORK,
    "remove_attachment": _DUTY,
    "tell": _WORK,
    "acknowledge": _WORK,
    "add_party": _DESK,
    "edit_party": _DESK,
    "unmask": _DUTY,
    "hand_over": _LEAD,
    "take_command": _DUTY,
    "name_reader": _MANAGER,
    "end_reader": _MANAGER,
    "correct_place": _DUTY,
    "link": _DUTY,
    "open_child": _WORK,
    "end": _DUTY,
    "reopen": _MANAGER,
    "archive": _DUTY,
    "override_end": _MANAGER,
    "void": _MANAGER,
    "review": _MANAGER,
    "write_record": _WORK,
    # Whose turn it is stands in the boxes of the paper; here only who may come near it.
    "sign_record": _WORK,
    "send_back_record": _WORK,
    "take_signature": _WORK,
    "decline_signature": _DESK,
    "scan_record": _WORK,
    "rewrite_record": _MANAGER,
    "report": _DESK,
    "submit_report": _DESK,
    "sign_report": _WORK,
    "send_back_report": _WORK,
    "print": _WORK,
    "finish_action": Grant(any=DUTY, assigned=ALL_STAFF),
    "price": _DUTY,
    "inform_guest": _DUTY,
    "decide_damage": _MANAGER,
    "sign_damage": _DUTY,
    "decline_damage": _DUTY,
    "post_damage": Grant(any=MANAGERS | {Role.CASHIER}),
    "cancel_damage": _MANAGER,
    "list_losses": _DESK,
    "recover_loss": _DESK,
    "add_affected": _WORK,
    "inform_affected": _WORK,
    "edit_prices": _MANAGER,
    "seal": _GUARD,
    "renew_seal": _GUARD,
    "check_seal": _GUARD,
    "release_seal": _GENERAL,
    "open_seal": _GUARD,
    "count_belongings": _GUARD,
    "hand_over_belongings": _GUARD,
    "sweep_floor": _WORK,
    "roll_call": _WORK,
    "hand_to_fire_service": _DESK,
    "read_playbook": _ALL,
    "change_playbook": _MANAGER,
}
