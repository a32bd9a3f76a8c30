"""J: asking the guest, deciding when he is not satisfied, summing up."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import deadlines
from incidents.models import Callback, Complaint, Decision
from incidents.workflow.base import (
    REVIEW_RULES,
    begin,
    decide,
    expect_report,
    finish,
    four_eyes,
    neutral,
    not_signed_over,
    stop_clocks,
    unchanged,
)
from incidents.workflow.closing import new_round
from incidents.workflow.offer import check_via, other_manager
from incidents.workflow.record import index
from propdesk.core import audit
from propdesk.core.cases import close_tasks, open_task
from propdesk.core.models import Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Standing
from propdesk.core.transitions import RefusedInput, happened, require

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
    not_signed_over(complaint)
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
    tasks = _ask_manager(complaint, stand, by) if satisfaction == Sat.DISSATISFIED else []
    finish(
        complaint,
        fields,
        row,
        *tasks,
        by=by,
        action="call_back",
        info={"satisfaction": satisfaction},
        occurred_at=asked_at,
    )
    return row


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


def _ask_manager(complaint: Complaint, stand: Standing, by: User) -> list[Task]:
    """The task it opens, unless one of an earlier call-back still waits."""
    role = other_manager(stand)
    text = _("客户不满意，请决定 · %(case)s") % {"case": neutral(complaint)}
    waiting = complaint.case.tasks.filter(kind="decide_dissatisfied", done_at=None)
    opened = []
    if not waiting.exists():
        opened = [open_task(complaint.case, "decide_dissatisfied", role, text, by=by)]
    notify(
        complaint.case,
        role,
        rule="incidents.dissatisfied",
        text=f"【{_('待决定')}】{text}",
        key=f"dissatisfied:{complaint.case.version}",
        except_for=by,
        urgent=True,
    )
    return opened


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
    row = decide(complaint, Decision.Kind.DISSATISFIED, choice, reason, by)
    tasks = close_tasks(complaint.case, "decide_dissatisfied", by=by, outcome=choice)
    notify(
        complaint.case,
        rule="incidents.dissatisfied_decided",
        text=_("【已决定】%(case)s") % {"case": neutral(complaint)},
        key=f"dissatisfied-decided:{complaint.case.version}",
        also=[complaint.owner],
        except_for=by,
    )
    if choice == "redo":
        return new_round(complaint, row, *tasks, by=by, reason=reason, action="decide_dissatisfied")
    complaint.dissatisfied_decided = True
    return finish(
        complaint,
        ["dissatisfied_decided"],
        row,
        *tasks,
        by=by,
        action="decide_dissatisfied",
        reason=reason,
        info={"choice": choice},
    )


@transaction.atomic
def summarise(
    complaint: Complaint, *, by: User, summary: str, result: str, lesson: str = "", seen: str = ""
) -> Complaint:
    """写明经过、措施与结果 (C-J): what the report is filled from; 409 over another's newer text."""
    complaint, _stand = begin(complaint, "summarise", by)
    not_signed_over(complaint)
    unchanged(complaint, "summarise", seen)
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
