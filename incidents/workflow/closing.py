"""The end of a complaint and its coming back: closing, voiding, the next round."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import deadlines
from incidents.models import Complaint, Decision, Promise
from incidents.workflow.base import (
    PROMISE_RULES,
    REVIEW_RULES,
    Rule,
    begin,
    decide,
    finish,
    four_eyes,
    neutral,
    stop_clocks,
    was_major,
)
from incidents.workflow.table import S
from incidents.workflow.working import members
from propdesk.core import audit, clocks, signoff
from propdesk.core.cases import close_tasks
from propdesk.core.models import PropertySettings, Report, Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput, require

Sat = Complaint.Satisfaction


def missing_for_close(
    complaint: Complaint, *, signed: bool | None = None
) -> tuple[tuple[str, str], ...]:
    """(step letter, sentence) of every unmet condition of closing (C-J).

    ``signed`` says whether the report is, for a caller who has read it already.
    """
    missing = []
    if not complaint.satisfaction:
        missing.append(("J-callback", _("未登记满意度")))
    elif complaint.satisfaction == Sat.DISSATISFIED and not complaint.dissatisfied_decided:
        missing.append(("J-decision", _("客户不满意，物业经理尚未决定")))
    if not (complaint.summary and complaint.result):
        missing.append(("J-summary", _("未写明经过、措施与结果")))
    if complaint.case.tasks.filter(kind="security", done_at=None).exists():
        missing.append(("J-security", _("请了保安部，还没有登记到场和结果")))
    if needs_report(complaint) and not (_signed(complaint) if signed is None else signed):
        missing.append(("J-report", _("《事故报告》未签批")))
    return tuple(missing)


def _owners(complaint: Complaint) -> set[int]:
    """Everybody who ever had this complaint to follow up; handing it over washes nobody clean."""
    past = complaint.history.order_by().values_list("owner_id", flat=True).distinct()
    return {complaint.owner_id, *past}


def needs_report(complaint: Complaint) -> bool:
    """The SOP asks for one each time; a house may limit it to serious and major (reading 16)."""
    rule = complaint.case.property.settings.report_required
    always = rule == PropertySettings.ReportRequired.ALWAYS
    return always or complaint.severity != "normal" or was_major(complaint)


def _signed(complaint: Complaint) -> bool:
    return Report.objects.filter(case_id=complaint.pk, state=Report.State.SIGNED).exists()


@transaction.atomic
def close(complaint: Complaint, *, by: User, override: str = "") -> Complaint:
    """结案 (C-J): everything asked, written and signed; 409 names what is missing.

    ``override`` (a reason, property manager only, not the owner himself) closes all the same: it
    is printed. 不满意 must be decided even then.
    """
    complaint, stand = begin(complaint, "override" if override else "close", by)
    missing = missing_for_close(complaint)
    rows = []
    if missing and override:
        mine = _("自己或被代理人跟进的投诉须由另一位经理越过门槛。")
        for owner_id in _owners(complaint):
            four_eyes("override", owner_id, by, stand, mine)
        require(
            all(letter != "J-decision" for letter, _s in missing),
            _("客户不满意，须先作出决定，不能越过。"),
        )
        rows.append(decide(complaint, Decision.Kind.OVERRIDE, "close", override, by))
        complaint.closed_override = True
    elif missing:
        raise ConflictError(_("还不能结案："), missing)
    now = timezone.now()
    complaint.status, complaint.next_due_at = S.CLOSED, None
    complaint.case.is_open, complaint.case.closed_at = False, now
    stop_clocks(complaint, [*Rule.values, signoff.SIGN_LATE], now)
    return finish(
        complaint,
        ["status", "next_due_at", "closed_override"],
        *rows,
        *close_tasks(complaint.case, by=by, outcome="closed"),
        by=by,
        action="close",
        reason=override,
        info={"missing": [str(s) for _l, s in missing]},
        case_fields=["is_open", "closed_at"],
    )


@transaction.atomic
def reopen(complaint: Complaint, *, by: User, reason: str) -> Complaint:
    """重新处理: a closed complaint comes back; new round, new promise, old result frozen (R9).

    The second time goes to the property manager as well.
    """
    complaint, _stand = begin(complaint, "reopen", by)
    audit.refuse_purged(complaint.case)
    if not reason:
        raise RefusedInput(reason=_("请写明重新处理的原因。"))
    row = decide(complaint, Decision.Kind.REOPEN, "reopen", reason, by)
    complaint.case.is_open, complaint.case.closed_at = True, None
    return new_round(
        complaint,
        row,
        by=by,
        reason=reason,
        action="reopen",
        case_fields=["is_open", "closed_at"],
    )


def new_round(
    complaint: Complaint,
    decision: Decision,
    *tasks: Task,
    by: User,
    reason: str,
    action: str,
    case_fields: list[str] | None = None,
) -> Complaint:
    """Next cycle from H or G; what the last one ended with stays in history and in the report."""
    now = timezone.now()
    complaint.cycle += 1
    complaint.status = S.REOPENED
    complaint.satisfaction, complaint.reviewed_at, complaint.guest_comment = "", None, ""
    complaint.dissatisfied_decided = complaint.closed_override = False
    complaint.summary = complaint.result = complaint.resolution = ""
    complaint.resolved_at = complaint.started_at = complaint.department_done_at = None
    complaint.current_due_at = complaint.told_options_at = complaint.chosen_at = None
    within = complaint.case.property.settings.promise_within(complaint.severity)
    complaint.next_due_at = now + within
    stop_clocks(complaint, [*PROMISE_RULES, *REVIEW_RULES, Rule.REPORT_LATE, Rule.CLOSE_LATE], now)
    clocks.arm(complaint.case, (Rule.PROMISE_LATE, complaint.next_due_at))
    superseded = signoff.supersede(complaint.case, by=by, reason=reason)
    text = _("【重新处理】%(case)s · 第 %(n)s 次") % {
        "case": neutral(complaint),
        "n": complaint.cycle - 1,
    }
    roles = [Role.PROPERTY_MANAGER] if complaint.cycle > 2 else []
    notify(
        complaint.case,
        *roles,
        rule="incidents.reopened",
        text=text,
        key=f"reopened:{complaint.cycle}",
        also=[complaint.owner],
        except_for=by,
        urgent=bool(roles),
    )
    fields = [
        "cycle",
        "status",
        "satisfaction",
        "reviewed_at",
        "guest_comment",
        "dissatisfied_decided",
        "closed_override",
        "summary",
        "result",
        "resolution",
        "resolved_at",
        "started_at",
        "department_done_at",
        "current_due_at",
        "told_options_at",
        "chosen_at",
        "next_due_at",
    ]
    return finish(
        complaint,
        fields,
        decision,
        *superseded,
        *tasks,
        by=by,
        action=action,
        reason=reason,
        info={"cycle": complaint.cycle, "choice": decision.choice},
        case_fields=case_fields or (),
    )


@transaction.atomic
def void(complaint: Complaint, *, by: User, reason: str) -> Complaint:
    """作废 (C-D): never deleted; the number stays, with the reason. Not one's own intake."""
    complaint, stand = begin(complaint, "void", by)
    mine = _("自己或被代理人登记的投诉须由另一位经理作废。")
    four_eyes("void", complaint.received_by_id, by, stand, mine)
    if not reason:
        raise RefusedInput(reason=_("请写明作废的原因。"))
    now = timezone.now()
    row = decide(complaint, Decision.Kind.VOID, "void", reason, by)
    dropped = list(complaint.promises.filter(outcome=Promise.Outcome.OPEN))
    for each in dropped:
        late = deadlines.is_late(each.due_at, now)
        each.outcome = Promise.Outcome.BROKEN if late else Promise.Outcome.DROPPED
        each.ended_at = now
        audit.save(each, "outcome", "ended_at", by=by, reason=reason)
    complaint.status, complaint.void_reason = S.VOIDED, reason[:200]
    complaint.next_due_at = None
    complaint.case.is_open, complaint.case.closed_at = False, now
    stop_clocks(complaint, Rule.values, now)
    superseded = signoff.supersede(complaint.case, by=by, reason=reason)
    tasks = close_tasks(complaint.case, by=by, outcome="voided")
    notify(
        complaint.case,
        rule="incidents.voided",
        text=_("【已作废】%(case)s") % {"case": neutral(complaint)},
        key="voided",
        also=[complaint.owner, *(members(complaint) if dropped else [])],
        except_for=by,
    )
    return finish(
        complaint,
        ["status", "void_reason", "next_due_at"],
        row,
        *dropped,
        *superseded,
        *tasks,
        by=by,
        action="void",
        reason=reason,
        case_fields=["is_open", "closed_at"],
    )
