"""Every change of a complaint's state. Views, commands and tasks call only these functions.

Split by noun: ``record`` (A–F), ``offer`` (G), ``promising`` (H and its delays), ``working`` (I),
``review`` (J), ``closing`` (the end and back), ``keeping`` (at any time), ``sweep`` (the clocks).
"""

from incidents.workflow.base import EDITED, Rule, edited, permit, permit_intake, was_major
from incidents.workflow.closing import close, missing_for_close, needs_report, reopen, void
from incidents.workflow.keeping import (
    attach,
    attach_all,
    call_security,
    change_severity,
    edit_guest,
    hand_over,
    link,
    pass_on,
    remove_attachment,
    security_arrived,
    take_over,
    unmask,
)
from incidents.workflow.offer import (
    Offer,
    choose,
    decide_option,
    decide_refusal,
    offer,
    refuse,
    tell_options,
    withdraw_option,
)
from incidents.workflow.promising import (
    Word,
    ask_extension,
    decline_extension,
    extend,
    grant_extension,
    promise,
)
from incidents.workflow.record import (
    Intake,
    Points,
    Tick,
    confirm_conduct,
    correct,
    current_text,
    intake,
    record,
)
from incidents.workflow.reporting import (
    edit_report,
    missing_fields,
    send_back_report,
    sign_report,
    start_report,
    submit_report,
)
from incidents.workflow.review import call_back, decide_dissatisfied, summarise
from incidents.workflow.sweep import flag_due
from incidents.workflow.table import MOVES, OPEN
from incidents.workflow.working import progress, resolve

__all__ = [
    "EDITED",
    "MOVES",
    "OPEN",
    "Intake",
    "Offer",
    "Points",
    "Rule",
    "Tick",
    "Word",
    "ask_extension",
    "attach",
    "attach_all",
    "call_back",
    "call_security",
    "change_severity",
    "choose",
    "close",
    "confirm_conduct",
    "correct",
    "current_text",
    "decide_dissatisfied",
    "decide_option",
    "decide_refusal",
    "decline_extension",
    "edit_guest",
    "edit_report",
    "edited",
    "extend",
    "flag_due",
    "grant_extension",
    "hand_over",
    "intake",
    "link",
    "missing_fields",
    "missing_for_close",
    "needs_report",
    "offer",
    "pass_on",
    "permit",
    "permit_intake",
    "progress",
    "promise",
    "record",
    "refuse",
    "remove_attachment",
    "reopen",
    "resolve",
    "security_arrived",
    "send_back_report",
    "sign_report",
    "start_report",
    "submit_report",
    "summarise",
    "take_over",
    "tell_options",
    "unmask",
    "void",
    "was_major",
    "withdraw_option",
]
