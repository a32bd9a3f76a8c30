"""H and I: the promised time, the work, its delays and its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import deadlines
from incidents.models import Complaint, Progress, Promise
from incidents.workflow.base import (
    PROMISE_RULES,
    REVIEW_RULES,
    Rule,
    begin,
    finish,
    happened,
    neutral,
    permit,
    round_began_at,
    stop_clocks,
)
from incidents.workflow.offer import check_via
from incidents.workflow.record import index
from incidents.workflow.table import S
from propdesk.core import audit, clocks
from propdesk.core.models import Department, Membership, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, require


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
    what = what or (chosen.text if chosen else "")
    if not what:
        raise RefusedInput(what=_("请写明承诺做什么。"))
    if department.property_id != complaint.case.property_id:
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
        received_at=complaint.received_at.replace(second=0, microsecond=0),
    )
    if problem is not None:
        raise RefusedInput(**{problem.field: problem.sentence})
    if word.told_at < round_began_at(complaint).replace(second=0, microsecond=0):
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


def _tell_promise(complaint: Complaint, row: Promise, by: User) -> None:
    """The department hears of its work; above the ceiling the property manager does too (C-H)."""
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
        also=_members(complaint),
        except_for=by,
        due_at=row.due_at,
    )
    ceiling = complaint.case.property.settings.ceiling(complaint.severity)
    if row.due_at - row.told_at > ceiling:
        text = _("【时限偏长】%(case)s") % {"case": neutral(complaint)}
        notify(
            complaint.case,
            Role.PROPERTY_MANAGER,
            rule="incidents.ceiling",
            text=text,
            key=f"ceiling:{row.pk}",
            except_for=by,
        )


@transaction.atomic
def extend(complaint: Complaint, word: Word, *, by: User, reason: str) -> Promise:
    """申请延期 (C-I): reason, new time, and when and how the guest was told; the old row stays.

    Told after the old time had passed: recorded all the same, but the old promise counts as
    未兑现 (decision 11). The duty manager extends once a round, a property manager after that.
    """
    complaint, _stand = begin(complaint, "extend", by)
    old = complaint.promises.select_for_update().get(outcome=Promise.Outcome.OPEN)
    if old.seq > 1:
        permit(complaint, "extend_again", by)
    if not reason:
        raise RefusedInput(reason=_("请写明延误的原因。"))
    _check_word(complaint, word, by)
    if word.due_at <= old.due_at:
        raise RefusedInput(due_at=_("新时限要晚于原时限。"))
    if word.told_at < old.created_at.replace(second=0, microsecond=0):
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
        approved_by=by if old.seq > 1 else None,
    )
    complaint.current_due_at = complaint.next_due_at = word.due_at
    # What was reported done under the old promise proves nothing about the new one.
    complaint.department_done_at = None
    stop_clocks(complaint, set(PROMISE_RULES) - {Rule.NOT_STARTED}, now)
    _arm(complaint, row)
    _tell_promise(complaint, row, by)
    finish(
        complaint,
        ["current_due_at", "next_due_at", "department_done_at"],
        old,
        row,
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


@transaction.atomic
def progress(
    complaint: Complaint, *, by: User, kind: str, text: str, occurred_at: datetime | None = None
) -> Progress:
    """登记开工、进展、联系或部门完成 (C-I); the department that executes may do it too.

    ``not_done`` is the other answer to 部门完成: whoever may mark the complaint resolved has
    looked and it is not, so that the report of the department proves nothing any more.
    """
    complaint, _stand = begin(complaint, "progress", by)
    if kind == Progress.Kind.NOT_DONE:
        permit(complaint, "resolve", by)
        require(complaint.department_done_at is not None, _("部门还没有报过完成。"))
    now = timezone.now()
    occurred_at = occurred_at or now
    happened("occurred_at", occurred_at, now, not_before=complaint.received_at)
    if not text:
        raise RefusedInput(text=_("请写一句做了什么。"))
    started = complaint.started_at is not None
    if kind == Progress.Kind.DONE:
        require(started, _("还没有登记开工。"))
        require(complaint.department_done_at is None, _("部门已经报过完成。"))
    if kind == Progress.Kind.STARTED:
        require(not started, _("这一轮已经登记开工。"))
    row = Progress(
        complaint=complaint,
        cycle=complaint.cycle,
        kind=kind,
        text=text,
        occurred_at=occurred_at,
        at=now,
        by=by,
    )
    audit.save(row, by=by, reason=text)
    fields = _after_progress(complaint, row, now, by)
    finish(
        complaint,
        fields,
        row,
        by=by,
        action="progress",
        info={"kind": kind},
        occurred_at=occurred_at,
    )
    return row


def _after_progress(complaint: Complaint, row: Progress, now: datetime, by: User) -> list[str]:
    if row.kind == Progress.Kind.STARTED:
        complaint.started_at = row.occurred_at
        stop_clocks(complaint, [Rule.NOT_STARTED], now)
        return ["started_at"]
    if row.kind == Progress.Kind.CONTACT:
        stop_clocks(complaint, [Rule.CONTACT_DUE], now)
    if row.kind == Progress.Kind.DONE:
        # The server's time, not the typed one: it later proves that the promise was kept.
        complaint.department_done_at = now
        text = _("【部门已完成】%(case)s · 请核实") % {"case": neutral(complaint)}
        notify(
            complaint.case,
            rule="incidents.department_done",
            text=text,
            key=f"done:{row.pk}",
            also=[complaint.owner],
            except_for=by,
        )
        return ["department_done_at"]
    if row.kind == Progress.Kind.NOT_DONE:
        complaint.department_done_at = None
        notify(
            complaint.case,
            rule="incidents.not_done",
            text=_("【核实未完成】%(case)s · 请继续处理") % {"case": neutral(complaint)},
            key=f"not-done:{row.pk}",
            also=_members(complaint),
            except_for=by,
        )
        return ["department_done_at"]
    return []


def _members(complaint: Complaint) -> list[User]:
    """Who works today in the department that carries the complaint out."""
    members = Membership.objects.current(timezone.now()).filter(
        property=complaint.case.property, department=complaint.department
    )
    return [m.user for m in members.select_related("user")]


@transaction.atomic
def resolve(
    complaint: Complaint, *, by: User, resolution: str, resolved_at: datetime | None = None
) -> Complaint:
    """标记已解决 (C-I): needs a result; the promise is kept only if that is on record in time.

    On record means: now, or the moment the department reported done under this very promise. A
    typed earlier time is kept as the guest's experience but never turns a broken promise into a
    kept one.
    """
    complaint, _stand = begin(complaint, "resolve", by)
    require(complaint.started_at is not None, _("还不能标记已解决：先登记开工。"))
    now = timezone.now()
    resolved_at = resolved_at or now
    happened("resolved_at", resolved_at, now, not_before=complaint.started_at)
    if not resolution:
        raise RefusedInput(resolution=_("请写明处理结果。"))
    row = complaint.promises.select_for_update().get(outcome=Promise.Outcome.OPEN)
    done_at = complaint.department_done_at
    proved_at = done_at if done_at is not None and row.created_at <= done_at <= now else now
    kept = proved_at <= row.due_at
    row.outcome = Promise.Outcome.KEPT if kept else Promise.Outcome.BROKEN
    row.ended_at = proved_at
    audit.save(row, "outcome", "ended_at", by=by, reason=_("标记已解决"))
    complaint.status, complaint.resolution = S.RESOLVED, resolution
    complaint.resolved_at = resolved_at
    index(complaint)
    settings = complaint.case.property.settings
    remind = now + timedelta(minutes=settings.review_remind)
    complaint.next_due_at = remind
    stop_clocks(complaint, PROMISE_RULES, now)
    clocks.arm(
        complaint.case,
        (REVIEW_RULES[0], remind),
        (REVIEW_RULES[1], now + timedelta(minutes=settings.review_escalate)),
    )
    return finish(
        complaint,
        ["status", "resolution", "resolved_at", "next_due_at"],
        row,
        by=by,
        action="resolve",
        info={"kept": kept},
        occurred_at=resolved_at,
    )
