"""Every change of a found thing's state. Views, commands and tasks call only these functions.

Split by noun: ``logging_in`` (L-B, L-C), ``custody``, ``cosigning`` (L-A, L-D), ``tracing`` (L-D), ``terms`` and
``valuing`` (L-G), ``claims``, ``verifying`` (L-E) and ``returning`` (L-F),
``keeping`` (at any time), ``lost`` and ``match`` (F7), ``storing`` and ``stocktaking`` (F6).
"""

from lostfound.workflow.asking import Ask, edit_batch, start_batch, submit_batch, withdraw_batch
from lostfound.workflow.base import Rule, permit
from lostfound.workflow.book import (
    OldEntry,
    doubles,
    draft_of,
    import_book,
    keep_rows,
    record_export,
)
from lostfound.workflow.claims import (
    Claimant,
    describe,
    refuse_claim,
    resolve_dispute,
    rival,
    withdraw_claim,
    withdraw_disputed,
)
from lostfound.workflow.cosigning import cosign
from lostfound.workflow.custody import (
    Content,
    Receipt,
    count_contents,
    move,
    receive,
)
from lostfound.workflow.deciding import (
    Decision,
    decide_batch,
    review_batch,
    risk_of,
    send_back_batch,
)
from lostfound.workflow.digest import remind_weekly
from lostfound.workflow.disposal import withdraw_for_claim
from lostfound.workflow.executing import Execution, execute_line, execute_lines
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
    void_stored,
)
from lostfound.workflow.logging_in import Find, attach_all, hand_in, is_late, log
from lostfound.workflow.lost import (
    Loss,
    close_lost,
    decide_match,
    edit_lost,
    edited_lost,
    permit_lost,
    permit_report,
    report_lost,
    unmask_lost,
)
from lostfound.workflow.match import compare_all as compare_all_matches
from lostfound.workflow.match import refresh as refresh_matches
from lostfound.workflow.reminding import Again, remind_again
from lostfound.workflow.returning import Signed, add_scan, return_item, slip_content, slip_digest
from lostfound.workflow.sealing import open_seal, reseal
from lostfound.workflow.stocktaking import (
    MAX_PASTE,
    Counted,
    abandon_stocktake,
    count,
    count_many,
    finish_stocktake,
    settle_difference,
    start_stocktake,
)
from lostfound.workflow.storing import (
    Shelf,
    create_storage,
    default_storage,
    edit_storage,
    retire_storage,
)
from lostfound.workflow.sweep import flag_due
from lostfound.workflow.table import LOST_MOVES, MOVES, OPEN
from lostfound.workflow.terms import follow_settings, policy_in_force, set_policy, statutory_of
from lostfound.workflow.tracing import (
    acknowledge,
    announce,
    decide_clue,
    report_ownerless,
    trace,
)
from lostfound.workflow.valuing import change_policy_of_item, decide_value, revalue
from lostfound.workflow.verifying import Check, Proof, verify
from propdesk.core.signatures import Second

__all__ = [
    "LOST_MOVES",
    "MAX_PASTE",
    "MOVES",
    "OPEN",
    "Again",
    "Ask",
    "Check",
    "Claimant",
    "Content",
    "Counted",
    "Decision",
    "Execution",
    "Facts",
    "Find",
    "Loss",
    "OldEntry",
    "PoliceReceipt",
    "Proof",
    "Receipt",
    "Rule",
    "Second",
    "Shelf",
    "Signed",
    "abandon_stocktake",
    "acknowledge",
    "add_scan",
    "announce",
    "attach_all",
    "change_policy_of_item",
    "close_lost",
    "compare_all_matches",
    "correct",
    "cosign",
    "count",
    "count_contents",
    "count_many",
    "create_storage",
    "decide_batch",
    "decide_clue",
    "decide_match",
    "decide_value",
    "default_storage",
    "describe",
    "doubles",
    "draft_of",
    "edit_batch",
    "edit_lost",
    "edit_storage",
    "edited",
    "edited_lost",
    "execute_line",
    "execute_lines",
    "finish_stocktake",
    "flag_due",
    "follow_settings",
    "hand_in",
    "hand_to_police",
    "import_book",
    "is_late",
    "keep_rows",
    "link",
    "log",
    "move",
    "open_seal",
    "permit",
    "permit_lost",
    "permit_report",
    "policy_in_force",
    "receive",
    "record_export",
    "refresh_matches",
    "refuse_claim",
    "remind_again",
    "remind_weekly",
    "remove_attachment",
    "report_lost",
    "report_ownerless",
    "reseal",
    "resolve_dispute",
    "retire_storage",
    "return_item",
    "revalue",
    "review_batch",
    "risk_of",
    "rival",
    "send_back_batch",
    "set_policy",
    "settle_difference",
    "slip_content",
    "slip_digest",
    "start_batch",
    "start_stocktake",
    "statutory_of",
    "submit_batch",
    "trace",
    "unmask",
    "unmask_lost",
    "verify",
    "void",
    "void_stored",
    "withdraw_batch",
    "withdraw_claim",
    "withdraw_disputed",
    "withdraw_for_claim",
]
