"""J: asking the guest, the summary, the report, closing; and coming back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import deadlines
from incidents.models import Callback, Complaint, Decision, Promise
from incidents.workflow.base import (
    PROMISE_RULES,
    REVIEW_RULES,
    Rule,
    begin,
    expect_report,
    finish,
    four_eyes,
    happened,
    neutral,
    stop_clocks,
)
from incidents.workflow.offer import check_via, other_manager
from incidents.workflow.record import index
from incidents.workflow.table import S
from propdesk.core import audit, clocks, signoff
from propdesk.core.cases import close_tasks, open_task
from propdesk.core.models import PropertySettings, Report, Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role, Standing
from propdesk.core.transitions import ConflictError, RefusedInput, require

Sat = Complaint.Satisfaction


@transaction.atomic
def call_back(
    complaint: Complaint,
    *,
    by: User,
    via: str,
    asked_at: datetime,
    satisfaction: str,
    comment: str = "",
) -> Callback:
    """登记回访 (C-J): the guest's own word; 联系不上 counts after three tries 2 hours apart.

    The tries are told apart by the server's clock, so three typed times in a row do not count.
    Dissatisfied: the property manager gets a task and decides.
    """
    complaint, stand = begin(complaint, "call_back", by)
    require(
        complaint.satisfaction != Sat.DISSATISFIED or complaint.dissatisfied_decided,
        _("客户不满意，等物业经理决定。"),
    )
    _not_signed_over(complaint)
    _check_callback(complaint, via, satisfaction, comment, by)
    now = timezone.now()
    happened("asked_at", asked_at, now, not_before=complaint.resolved_at)
    row = Callback(
        complaint=complaint,
        cycle=complaint.cycle,
        via=via,
        asked_at=asked_at,
        satisfaction=satisfaction,
        comment=comment,
        at=now,
        by=by,
    )
    audit.save(row, by=by, reason=_("登记回访"))
    fields: list[str] = []
    if satisfaction != Sat.UNREACHABLE or _tried_enough(complaint):
        complaint.satisfaction, complaint.reviewed_at = satisfaction, asked_at
        complaint.guest_comment, complaint.dissatisfied_decided = comment, False
        fields = ["satisfaction", "reviewed_at", "guest_comment", "dissatisfied_decided"]
        stop_clocks(complaint, REVIEW_RULES, now)
        fields += expect_report(complaint, now)
    if satisfaction == Sat.DISSATISFIED:
        _ask_manager(complaint, stand, by)
    finish(
        complaint,
        fields,
        row,
        by=by,
        action="call_back",
        info={"satisfaction": satisfaction},
        occurred_at=asked_at,
    )
    return row


def _not_signed_over(complaint: Complaint) -> None:
    """What the signers read must be what closes: nothing of J changes under a report in sign-off."""
    require(
        not signoff.is_out(complaint.case),
        _("《事故报告》已提交签批，不能再改；需要修改请由签批人退回。"),
    )


def _check_callback(
    complaint: Complaint, via: str, satisfaction: str, comment: str, by: User
) -> None:
    if satisfaction == Sat.NOT_POSSIBLE or via == "not_possible":
        check_via(complaint, "not_possible", by)
        if satisfaction != Sat.NOT_POSSIBLE:
            raise RefusedInput(satisfaction=_("没有联系客户，满意度只能选“不适用”。"))
    if satisfaction == Sat.DISSATISFIED and not comment:
        raise RefusedInput(comment=_("客户不满意，请记下客户怎么说。"))


def _tried_enough(complaint: Complaint) -> bool:
    tries = complaint.callbacks.filter(cycle=complaint.cycle, satisfaction=Sat.UNREACHABLE)
    return deadlines.attempts_ok(tries.values_list("at", flat=True))


def _ask_manager(complaint: Complaint, stand: Standing, by: User) -> None:
    role = other_manager(stand)
    text = _("客户不满意，请决定 · %(case)s") % {"case": neutral(complaint)}
    if not Task.objects.filter(
        case=complaint.case, kind="decide_dissatisfied", done_at=None
    ).exists():
        open_task(complaint.case, "decide_dissatisfied", role, text, by=by)
    notify(
        complaint.case,
        role,
        rule="incidents.dissatisfied",
        text=f"【{_('待决定')}】{text}",
        key=f"dissatisfied:{complaint.case.version}",
        except_for=by,
        urgent=True,
    )


@transaction.atomic
def decide_dissatisfied(complaint: Complaint, *, by: User, choice: str, reason: str) -> Complaint:
    """After 不满意: ``redo`` (a new round) or ``close`` (may be closed, reason printed) (C-J)."""
    complaint, stand = begin(complaint, "decide_dissatisfied", by)
    require(
        complaint.satisfaction == Sat.DISSATISFIED and not complaint.dissatisfied_decided,
        _("没有等待决定的回访。"),
    )
    asked = complaint.callbacks.order_by("-at", "-pk").first()
    mine = _("自己或被代理人回访的结果须由另一位经理决定。")
    four_eyes("decide_dissatisfied", asked.by_id if asked else None, by, stand, mine)
    if not reason:
        raise RefusedInput(reason=_("请写明决定的理由。"))
    require(choice in ("redo", "close"), _("请选择一种决定。"))
    row = _decision(complaint, Decision.Kind.DISSATISFIED, choice, reason, by)
    close_tasks(complaint.case, "decide_dissatisfied", by=by, outcome=choice)
    notify(
        complaint.case,
        rule="incidents.dissatisfied_decided",
        text=_("【已决定】%(case)s") % {"case": neutral(complaint)},
        key=f"dissatisfied-decided:{complaint.case.version}",
        also=[complaint.owner],
        except_for=by,
    )
    if choice == "redo":
        return _new_round(complaint, row, by=by, reason=reason, action="decide_dissatisfied")
    complaint.dissatisfied_decided = True
    return finish(
        complaint,
        ["dissatisfied_decided"],
        row,
        by=by,
        action="decide_dissatisfied",
        reason=reason,
        info={"choice": choice},
    )


def _decision(complaint: Complaint, kind: str, choice: str, reason: str, by: User) -> Decision:
    row = Decision(
        complaint=complaint,
        cycle=complaint.cycle,
        kind=kind,
        choice=choice,
        reason=reason,
        by=by,
        at=timezone.now(),
    )
    audit.save(row, by=by, reason=reason)
    return row


@transaction.atomic
def summarise(
    complaint: Complaint, *, by: User, summary: str, result: str, lesson: str = ""
) -> Complaint:
    """写明经过、措施与结果 (C-J): what the report is filled from."""
    complaint, _stand = begin(complaint, "summarise", by)
    _not_signed_over(complaint)
    errors = {}
    if not summary:
        errors["summary"] = _("请写明经过与采取的措施。")
    if not result:
        errors["result"] = _("请写明处理结果。")
    if errors:
        raise RefusedInput(**errors)
    complaint.summary, complaint.result, complaint.lesson = summary, result, lesson
    index(complaint)
    return finish(complaint, ["summary", "result", "lesson"], by=by, action="summarise")


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
    return rule == PropertySettings.ReportRequired.ALWAYS or complaint.severity != "normal"


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
        rows.append(_decision(complaint, Decision.Kind.OVERRIDE, "close", override, by))
        complaint.closed_override = True
    elif missing:
        raise ConflictError(_("还不能结案："), missing)
    now = timezone.now()
    complaint.status, complaint.next_due_at = S.CLOSED, None
    complaint.case.is_open, complaint.case.closed_at = False, now
    stop_clocks(complaint, [*Rule.values, signoff.SIGN_LATE], now)
    close_tasks(complaint.case, by=by, outcome="closed")
    return finish(
        complaint,
        ["status", "next_due_at", "closed_override"],
        *rows,
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
    if not reason:
        raise RefusedInput(reason=_("请写明重新处理的原因。"))
    row = _decision(complaint, Decision.Kind.REOPEN, "reopen", reason, by)
    complaint.case.is_open, complaint.case.closed_at = True, None
    return _new_round(
        complaint,
        row,
        by=by,
        reason=reason,
        action="reopen",
        case_fields=["is_open", "closed_at"],
    )


def _new_round(
    complaint: Complaint,
    decision: Decision,
    *,
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
    stop_clocks(complaint, [*PROMISE_RULES, *REVIEW_RULES, Rule.REPORT_LATE], now)
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
    row = _decision(complaint, Decision.Kind.VOID, "void", reason, by)
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
    close_tasks(complaint.case, by=by, outcome="voided")
    notify(
        complaint.case,
        rule="incidents.voided",
        text=_("【已作废】%(case)s") % {"case": neutral(complaint)},
        key="voided",
        also=[complaint.owner],
        except_for=by,
    )
    return finish(
        complaint,
        ["status", "void_reason", "next_due_at"],
        row,
        *dropped,
        *superseded,
        by=by,
        action="void",
        reason=reason,
        case_fields=["is_open", "closed_at"],
    )
