"""H and I: the promised time and its delays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import deadlines, queries
from incidents.models import Complaint, Progress, Promise
from incidents.permissions import ACTIONS
from incidents.workflow.base import (
    PROMISE_RULES,
    Rule,
    begin,
    finish,
    four_eyes,
    hold,
    neutral,
    permit,
    round_began_at,
    stop_clocks,
)
from incidents.workflow.offer import check_via, other_manager
from incidents.workflow.table import S
from incidents.workflow.working import EXTENSION_TASK, members, write_progress
from propdesk.core import audit, clocks
from propdesk.core.cases import close_tasks, open_task
from propdesk.core.models import Department, Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Standing, standing
from propdesk.core.transitions import RefusedInput, require, to_minute

GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Word:
    """A promised time as the guest was told it."""

    due_at: datetime
    told_at: datetime
    told_via: str
    next_contact_at: datetime | None = None


@transaction.atomic
def promise(
    complaint: Complaint, word: Word, *, by: User, department: Department, what: str = ""
) -> Promise:
    """约定时限 (C-H): a definite time, told; from then on it only moves through ``extend``.

    409 without a chosen option (a reopened case may keep its old one); 422 for a time in the
    past, nearer than 5 minutes or beyond 90 days.
    """
    complaint, _stand = begin(complaint, "promise", by)
    chosen = complaint.options.filter(chosen=True, withdrawn_at=None).order_by("-cycle").first()
    this_round = chosen is not None and chosen.cycle == complaint.cycle
    require(
        this_round or complaint.status == S.REOPENED,
        _("还不能约定时限：先登记客户选定的方案。"),
    )
    _check_word(complaint, word, by)
    chosen_at = complaint.chosen_at
    if chosen_at is not None and word.told_at < to_minute(chosen_at):
        when = timezone.localtime(chosen_at).strftime("%m-%d %H:%M")
        text = _("客户 %(when)s 才选定方案，告知时限的时间不能更早。")
        raise RefusedInput(told_at=text % {"when": when})
    what = what or (chosen.text if chosen else "")
    if not what:
        raise RefusedInput(what=_("请写明承诺做什么。"))
    if department.property_id != complaint.case.property_id or not department.is_active:
        raise RefusedInput(department=_("请选择本处的部门。"))
    row = _write(complaint, word, by=by, department=department, what=what, seq=1)
    complaint.status, complaint.department = S.IN_PROGRESS, department
    complaint.current_due_at = complaint.next_due_at = word.due_at
    complaint.started_at = complaint.department_done_at = None
    fields = [
        "status",
        "department",
        "current_due_at",
        "next_due_at",
        "started_at",
        "department_done_at",
    ]
    now = timezone.now()
    stop_clocks(complaint, [Rule.PROMISE_LATE], now)
    settings = complaint.case.property.settings
    clocks.arm(complaint.case, (Rule.NOT_STARTED, now + timedelta(minutes=settings.not_started)))
    _arm(complaint, row)
    _tell_promise(complaint, row, by)
    finish(
        complaint,
        fields,
        row,
        by=by,
        action="promise",
        occurred_at=word.told_at,
        info={"due_at": word.due_at.isoformat(), "via": word.told_via},
    )
    return row


def _check_word(complaint: Complaint, word: Word, by: User) -> None:
    check_via(complaint, word.told_via, by)
    now = timezone.now()
    problem = deadlines.check_promise(
        word.due_at,
        word.told_at,
        now,
        received_at=to_minute(complaint.received_at),
    )
    if problem is not None:
        raise RefusedInput(**{problem.field: problem.sentence})
    if word.told_at < to_minute(round_began_at(complaint)):
        raise RefusedInput(told_at=_("告知时间早于这一轮处理的开始，请核对后重填。"))
    if word.next_contact_at is not None and not now < word.next_contact_at <= word.due_at:
        raise RefusedInput(next_contact_at=_("下次联系要晚于现在、不晚于承诺时间。"))


def _write(
    complaint: Complaint,
    word: Word,
    *,
    by: User,
    department: Department,
    what: str,
    seq: int,
    reason: str = "",
    approved_by: User | None = None,
) -> Promise:
    row = Promise(
        complaint=complaint,
        cycle=complaint.cycle,
        seq=seq,
        what=what,
        due_at=word.due_at,
        told_at=word.told_at,
        told_via=word.told_via,
        told_by=by,
        next_contact_at=word.next_contact_at,
        department=department,
        reason=reason,
        approved_by=approved_by,
        created_at=timezone.now(),
    )
    audit.save(row, by=by, reason=reason or _("H 约定时限"))
    return row


def _arm(complaint: Complaint, row: Promise) -> None:
    escalate = timedelta(minutes=complaint.case.property.settings.escalate_after)
    rules = [
        (str(Rule.DUE_SOON), deadlines.due_soon_at(row.told_at, row.due_at)),
        (str(Rule.OVERDUE), row.due_at),
        (str(Rule.ESCALATED), row.due_at + escalate),
    ]
    if row.next_contact_at is not None:
        rules.append((str(Rule.CONTACT_DUE), row.next_contact_at))
    clocks.arm(complaint.case, *rules)


def _tell_promise(complaint: Complaint, row: Promise, by: User, *asked: User | None) -> None:
    """The department hears of its work, owner and asker of a moved time; above the ceiling the
    property manager too (C-H)."""
    also = [*members(complaint), *(user for user in asked if user is not None)]
    if row.seq > 1:
        also.append(complaint.owner)
    text = _("【%(what)s】%(case)s · 承诺 %(due)s") % {
        "what": _("新任务") if row.seq == 1 else _("时限已改"),
        "case": neutral(complaint),
        "due": timezone.localtime(row.due_at).strftime("%m-%d %H:%M"),
    }
    notify(
        complaint.case,
        rule="incidents.assigned",
        text=text,
        key=f"promise:{row.pk}",
        also=also,
        except_for=by,
        due_at=row.due_at,
    )
    ceiling = complaint.case.property.settings.ceiling(complaint.severity)
    if row.due_at - row.told_at > ceiling:
        text = _("【时限偏长】%(case)s") % {"case": neutral(complaint)}
        notify(
            complaint.case,
            other_manager(standing(by, complaint.case.property)),
            rule="incidents.ceiling",
            text=text,
            key=f"ceiling:{row.pk}",
            except_for=by,
        )


@transaction.atomic
def extend(complaint: Complaint, word: Word, *, by: User, reason: str) -> Promise:
    """申请延期 (C-I): reason, new time, and when and how the guest was told; the old row stays.

    Told after the old time had passed: recorded all the same, but the old promise counts as
    未兑现 (decision 11). The duty manager extends once a round, after that a property manager does
    or grants it up to the time that was asked for (decision 32).
    """
    complaint, stand = begin(complaint, "extend", by)
    old = complaint.promises.select_for_update(no_key=True).get(outcome=Promise.Outcome.OPEN)
    approver = _approver(complaint, old, word, by, stand)
    if not reason:
        raise RefusedInput(reason=_("请写明延误的原因。"))
    _check_word(complaint, word, by)
    if word.due_at <= old.due_at:
        raise RefusedInput(due_at=_("新时限要晚于原时限。"))
    if word.told_at < to_minute(old.created_at):
        raise RefusedInput(told_at=_("通报时间早于上一次约定，请核对后重填。"))
    now = timezone.now()
    in_time = deadlines.told_in_time(word.told_at, old.due_at) and now <= old.due_at
    old.outcome = Promise.Outcome.MOVED if in_time else Promise.Outcome.BROKEN
    old.ended_at = now
    audit.save(old, "outcome", "ended_at", by=by, reason=reason)
    row = _write(
        complaint,
        word,
        by=by,
        department=old.department,
        what=old.what,
        seq=old.seq + 1,
        reason=reason,
        approved_by=approver,
    )
    complaint.current_due_at = complaint.next_due_at = word.due_at
    # What was reported done under the old promise proves nothing about the new one.
    complaint.department_done_at = None
    asked = close_tasks(complaint.case, EXTENSION_TASK, by=by, outcome="extended")
    stop_clocks(complaint, set(PROMISE_RULES) - {Rule.NOT_STARTED}, now)
    _arm(complaint, row)
    _tell_promise(complaint, row, by, *(task.created_by for task in asked))
    finish(
        complaint,
        ["current_due_at", "next_due_at", "department_done_at"],
        old,
        row,
        *asked,
        by=by,
        action="extend",
        reason=reason,
        occurred_at=word.told_at,
        info={
            "old_due_at": old.due_at.isoformat(),
            "due_at": word.due_at.isoformat(),
            "via": word.told_via,
            "in_time": in_time,
        },
    )
    return row


def _approver(
    complaint: Complaint, old: Promise, word: Word, by: User, stand: Standing
) -> User | None:
    """Whose word lets the promise move: nobody's the first time, then a manager's."""
    if old.seq == 1:
        return None
    grant = Task.objects.filter(
        case=complaint.case, kind=EXTENSION_TASK, outcome=GRANTED, done_at__gte=old.created_at
    ).order_by("-pk")
    if found := grant.select_related("done_by").first():
        until = queries.wish(complaint, "grant_extension").until
        if until is None or word.due_at <= until:
            return found.done_by
        if not ACTIONS["extend_again"].any & stand.roles:
            wish = timezone.localtime(until).strftime("%m-%d %H:%M")
            text = _("物业经理同意延到 %(wish)s，更晚要再请示。")
            raise RefusedInput(due_at=text % {"wish": wish})
    permit(complaint, "extend_again", by)
    for task in _asked(complaint):
        _another_answers("extend_again", task, by, stand)
    return by


def _another_answers(action: str, asked: Task, by: User, stand: Standing) -> None:
    mine = _("自己或被代理人的请示须由另一位经理答复。")
    four_eyes(action, asked.created_by_id, by, stand, mine)


@transaction.atomic
def ask_extension(complaint: Complaint, *, by: User, reason: str, wish_at: datetime) -> Progress:
    """请示再延期 (C-I, decision 32): from the second extension on a property manager decides.

    The wish stands in the timeline and as a task; the promise itself does not move.
    """
    complaint, stand = begin(complaint, "ask_extension", by)
    current = complaint.promises.get(outcome=Promise.Outcome.OPEN)
    require(current.seq > 1, _("第一次延期可以直接登记，不用请示。"))
    require(not _asked(complaint), _("已经请示过，正在等物业经理答复。"))
    now = timezone.now()
    if not reason:
        raise RefusedInput(reason=_("请写明延误的原因。"))
    if wish_at <= max(now, current.due_at):
        raise RefusedInput(wish_at=_("希望延到的时间要晚于现在和原时限。"))
    wish = timezone.localtime(wish_at).strftime("%m-%d %H:%M")
    text = _("希望延到 %(when)s：%(why)s") % {"when": wish, "why": reason}
    row = write_progress(complaint, Progress.Kind.ASKED, text, now=now, by=by)
    ask = _("请决定是否再延期 · %(case)s") % {"case": neutral(complaint)}
    role = other_manager(stand)
    task = open_task(complaint.case, EXTENSION_TASK, role, ask, by=by)
    notify(
        complaint.case,
        role,
        rule="incidents.extension_asked",
        text=f"【{_('待决定')}】{ask}",
        key=f"extension-asked:{row.pk}",
        except_for=by,
        urgent=True,
        due_at=current.due_at,
    )
    info = {"wish_at": wish_at.isoformat()}
    finish(complaint, [], row, task, by=by, action="ask_extension", reason=reason, info=info)
    return row


@transaction.atomic
def grant_extension(complaint: Complaint, *, by: User, reason: str = "") -> Progress:
    """同意再延期: who follows it up tells the guest and then enters the new time himself (C-I)."""
    # Under the lock: the time granted is that of the request that is answered.
    until = queries.wish(hold(complaint), "ask_extension").until
    when = timezone.localtime(until).strftime("%m-%d %H:%M") if until else ""
    said = "，".join(filter(None, [_("同意延到 %(when)s") % {"when": when}, reason]))
    told = _("【同意再延期】%(case)s · 请先告诉客户，再登记延期")
    info = {"wish_at": until.isoformat()} if until else {}
    kind = Progress.Kind.GRANTED
    return _answer(complaint, "grant_extension", kind, GRANTED, said, told, by, info)


@transaction.atomic
def decline_extension(complaint: Complaint, *, by: User, reason: str) -> Progress:
    """不同意再延期: the promised time stands; whoever asked and the owner are told."""
    told = _("【不同意再延期】%(case)s · 请按原时限办")
    kind = Progress.Kind.DECLINED
    return _answer(complaint, "decline_extension", kind, "declined", reason, told, by)


def _answer(
    complaint: Complaint,
    action: str,
    kind: str,
    outcome: str,
    said: str,
    told: str,
    by: User,
    info: dict[str, Any] | None = None,
) -> Progress:
    """Another pair of eyes answers the request; asker and owner hear of it."""
    complaint, stand = begin(complaint, action, by)
    asked = _asked(complaint)
    require(asked, _("没有等待答复的延期请示，可能已经有人答复；请看最新情况。"))
    _another_answers(action, asked[0], by, stand)
    if not said:
        raise RefusedInput(reason=_("请写明不同意的理由。"))
    row = write_progress(complaint, kind, said, now=timezone.now(), by=by)
    tasks = close_tasks(complaint.case, EXTENSION_TASK, by=by, outcome=outcome)
    notify(
        complaint.case,
        rule="incidents.extension_answered",
        text=told % {"case": neutral(complaint)},
        key=f"extension-answered:{row.pk}",
        also=[user for user in (complaint.owner, asked[0].created_by) if user is not None],
        except_for=by,
        urgent=True,
    )
    finish(complaint, [], row, *tasks, by=by, action=action, reason=said, info=info)
    return row


def _asked(complaint: Complaint) -> list[Task]:
    """The waiting request for another extension, if any."""
    waiting = Task.objects.filter(case=complaint.case, kind=EXTENSION_TASK, done_at=None)
    return list(waiting.select_related("created_by"))
