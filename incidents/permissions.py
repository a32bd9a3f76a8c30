"""Who may do what with a complaint (decision 10); docs/permissions.md is printed from this table."""

from propdesk.core.roles import DUTY, MANAGERS, Grant, Role, Table

TAKES_IN = frozenset({Role.STAFF, Role.FRONT_DESK, Role.SECURITY, Role.SECURITY_MANAGER})
"""Roles that take a complaint in and carry it through A–F; from G on the duty manager has it."""

EXECUTES = frozenset(
    {
        Role.STAFF,
        Role.FRONT_DESK,
        Role.SECURITY,
        Role.SECURITY_MANAGER,
        Role.ENGINEERING,
        Role.DUTY_ENGINEER,
        Role.HOUSEKEEPING,
        Role.MEDIC,
        Role.FIRST_AIDER,
        Role.CASHIER,
        Role.DEPARTMENT_MANAGER,
    }
)
"""Roles that report progress on what their own department carries out."""

_TAKER = Grant(any=DUTY, own=TAKES_IN)
_DUTY = Grant(any=DUTY)
_MANAGER = Grant(any=MANAGERS)

ACTIONS: Table = {
    "read": Grant(any=DUTY, own=TAKES_IN, assigned=EXECUTES),
    "history": _DUTY,
    "print": Grant(any=DUTY, assigned=frozenset({Role.DEPARTMENT_MANAGER})),
    "intake": Grant(any=DUTY | TAKES_IN),
    "confirm_conduct": _TAKER,
    "record": _TAKER,
    "correct": _TAKER,
    "edit_guest": _TAKER,
    # A number may have been taken over from an earlier stay in the room: not for every taker.
    "unmask": _DUTY,
    "attach": Grant(any=DUTY, own=TAKES_IN, assigned=EXECUTES),
    "remove_attachment": _DUTY,
    "call_security": _TAKER,
    "security_arrived": Grant(any=DUTY | {Role.SECURITY, Role.SECURITY_MANAGER}),
    "change_severity": _DUTY,
    "lower_severity": _MANAGER,
    "hand_over": _DUTY,
    "link": _DUTY,
    "offer": _DUTY,
    "withdraw_option": _DUTY,
    "decide_option": _MANAGER,
    "tell_options": _DUTY,
    "choose": _DUTY,
    "refuse": _DUTY,
    "decide_refusal": _MANAGER,
    "promise": _DUTY,
    "extend": _DUTY,
    "ask_extension": _DUTY,
    "grant_extension": _MANAGER,
    "decline_extension": _MANAGER,
    "extend_again": _MANAGER,
    "not_told_anonymous": _MANAGER,
    "progress": Grant(any=DUTY, assigned=EXECUTES),
    "resolve": _DUTY,
    "call_back": _DUTY,
    "decide_dissatisfied": _MANAGER,
    "summarise": _DUTY,
    "report": _DUTY,
    "close": _DUTY,
    "override": _MANAGER,
    "reopen": _DUTY,
    "void": _MANAGER,
}
