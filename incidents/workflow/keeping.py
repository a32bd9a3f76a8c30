"""What may be needed at any time: another owner, another severity, help, photos, links."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Complaint, Severity
from incidents.permissions import ACTIONS
from incidents.workflow.base import (
    Rule,
    begin,
    finish,
    hold,
    neutral,
    not_signed_over,
    permit,
    round_began_at,
    set_severity,
    stop_clocks,
    unchanged,
)
from incidents.workflow.record import index
from incidents.workflow.table import MOVES, S
from propdesk.core import audit, bulk, cases, clocks, duty, persons, photos, signoff
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, CaseLink, Property, Report, Task, Unmasking, User
from propdesk.core.notices import notify
from propdesk.core.persons import Guest
from propdesk.core.roles import DUTY, Role, ensure, standing
from propdesk.core.transitions import RefusedInput, in_state, lock, require

BEFORE_PROMISE = (S.INTAKE, S.RECORDED, S.AWAITING_CHOICE, S.REOPENED)


@transaction.atomic
def hand_over(complaint: Complaint, *, by: User, to: User, reason: str) -> Complaint:
    """办理移交 (C-C): another owner, logged and told; he must be able to carry it on."""
    complaint, _stand = begin(complaint, "hand_over", by)
    require(complaint.owner_id != to.pk, _("跟进人已经是这位同事。"))
    if not standing(to, complaint.case.property).roles & DUTY:
        raise RefusedInput(to=_("只能移交给值班经理、物业经理或总物业经理。"))
    if not reason:
        raise RefusedInput(reason=_("请写明移交的原因。"))
    old, complaint.owner = complaint.owner, to
    _tell_owner(complaint, by)
    notify(
        complaint.case,
        rule="incidents.handed_over",
        text=_("【已移交】%(case)s · 已有新的跟进人") % {"case": neutral(complaint)},
        key=f"owner-before:{complaint.case.version}",
        also=[old],
        except_for=by,
    )
    return finish(
        complaint,
        ["owner"],
        by=by,
        action="hand_over",
        reason=reason,
        info={"from": old.pk, "to": to.pk},
    )


@transaction.atomic
def pass_on(leaver: User) -> int:
    """移交 for a colleague whose account was closed: who is on duty follows his open cases up (C-C).

    Returns how many; a house without anybody on the duty side keeps them where they are.
    """
    count = 0
    for row in Complaint.objects.filter(owner=leaver, case__is_open=True).order_by("pk"):
        complaint = hold(row)
        to = _stand_in(complaint.case.property, leaver)
        if to is None:
            continue
        complaint.owner = to
        _tell_owner(complaint, None)
        info = {"from": leaver.pk, "to": to.pk}
        reason = _("原跟进人的账号已停用")
        finish(complaint, ["owner"], by=None, action="hand_over", reason=reason, info=info)
        count += 1
    return count


@transaction.atomic
def take_over(
    prop: Property, ids: Collection[int], leaving: Collection[int], *, by: User, reason: str
) -> list[Complaint]:
    """交接班 (C-C, F4): what ``leaving`` (keys of users) follow up among the cases ``ids`` passes to ``by``.

    The number of statements does not grow with the rows. Nobody is told: both have just signed for it.
    PermissionDenied (403) unless the table lets ``by``; returns what moved.
    """
    ensure(by, "hand_over", ACTIONS, prop=prop)
    rows = Complaint.objects.select_for_update(no_key=True, of=("self", "case")).select_related(
        "case"
    )
    rows = rows.filter(pk__in=ids, case__property=prop, owner__in=leaving).exclude(owner=by)
    moved = list(rows.filter(status__in=MOVES["hand_over"].states).order_by("pk"))
    page = bulk.Sheet(by, reason)
    acts = []
    for row in moved:
        info = {"from": row.owner_id, "to": by.pk}
        row.owner = by
        acts.append(audit.Act(row.case, "hand_over", by, reason=reason, info=info, rows=[row]))
    page.change(moved, "owner")
    page.acts(acts)
    page.write()
    return moved


def _stand_in(prop: Property, leaver: User) -> User | None:
    for role in (Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER):
        for user in duty.on_duty(prop, role, at=timezone.now()):
            if user.pk != leaver.pk:
                return user
    return None


def _tell_owner(complaint: Complaint, by: User | None) -> None:
    notify(
        complaint.case,
        rule="incidents.handed_over",
        text=_("【移交给您】%(case)s") % {"case": neutral(complaint)},
        key=f"owner:{complaint.case.version}",
        also=[complaint.owner],
        except_for=by,
    )


@transaction.atomic
def change_severity(complaint: Complaint, *, by: User, severity: str, reason: str) -> Complaint:
    """调整等级: with a reason; before H the time allowed for the first promise follows it.

    Lowering is a manager's (403); see ``base.set_severity``.
    """
    complaint, stand = begin(complaint, "change_severity", by)
    require(severity in Severity.values, _("没有这个等级。"))
    require(complaint.severity != severity, _("已经是这个等级。"))
    if not reason:
        raise RefusedInput(reason=_("请写明调整等级的原因。"))
    old = complaint.severity
    not_signed_over(complaint)
    set_severity(complaint, severity, by, stand)
    reports = _reclassed(complaint, by)
    fields = ["severity"]
    if complaint.status in BEFORE_PROMISE:
        within = complaint.case.property.settings.promise_within(severity)
        due = round_began_at(complaint) + within
        stop_clocks(complaint, [Rule.PROMISE_LATE], timezone.now())
        clocks.arm(complaint.case, (Rule.PROMISE_LATE, due))
        complaint.next_due_at = due
        fields.append("next_due_at")
    return finish(
        complaint,
        fields,
        *reports,
        by=by,
        action="change_severity",
        reason=reason,
        info={"old": old, "new": severity},
    )


def _reclassed(complaint: Complaint, by: User) -> list[Report]:
    """The report that is being written says what the complaint is now: its author reads it there."""
    report = signoff.current(complaint.case)
    if report is None:
        return []
    report = lock(report)
    report.severity = complaint.severity
    audit.save(report, "severity", by=by, reason=_("按投诉的严重程度更新"))
    return [report]


@transaction.atomic
def call_security(complaint: Complaint, *, by: User, reason: str = "") -> Task:
    """转特殊事件 (C-B): a task for 保安部 and a notice at once (decision 14)."""
    complaint, _stand = begin(complaint, "call_security", by)
    waiting = Task.objects.filter(case=complaint.case, kind="security", done_at=None)
    require(not waiting.exists(), _("已经请过保安部，正在等他们到场。"))
    text = _("请保安部立即到场 · %(case)s") % {"case": neutral(complaint)}
    task = cases.open_task(complaint.case, "security", Role.SECURITY, text, by=by)
    notify(
        complaint.case,
        Role.SECURITY,
        Role.SECURITY_MANAGER,
        rule="incidents.security",
        text=f"【{_('紧急')}】{text}",
        key=f"security:{task.pk}",
        except_for=by,
        urgent=True,
    )
    finish(complaint, [], task, by=by, action="call_security", reason=reason)
    return task


@transaction.atomic
def edit_guest(
    complaint: Complaint, guest: Guest, *, by: User, reason: str, seen: str = ""
) -> Complaint:
    """更正客户资料: logged beside the person, outside simple-history, purged with it."""
    complaint, _stand = begin(complaint, "edit_guest", by)
    not_signed_over(complaint)
    unchanged(complaint, "edit_guest", seen)
    if not reason:
        raise RefusedInput(reason=_("请写明更正的原因。"))
    if not complaint.is_anonymous and complaint.status != S.INTAKE and not guest.name:
        raise RefusedInput(name=_("请填写客户姓名。"))
    changed = persons.change(complaint.guest, guest, by=by, reason=reason)
    require(changed, _("客户资料没有变化。"))
    index(complaint)
    return finish(
        complaint, [], by=by, action="edit_guest", reason=reason, info={"fields": changed}
    )


@transaction.atomic
def unmask(complaint: Complaint, *, by: User, reason: str, field: str = "phone") -> Unmasking:
    """查看完整号码: with a purpose, for 60 seconds, on record."""
    complaint, _stand = begin(complaint, "unmask", by)
    row = persons.unmask(complaint.guest, field, by=by, reason=reason)
    finish(complaint, [], by=by, action="unmask", info={"field": field})
    return row


@transaction.atomic
def attach(complaint: Complaint, data: bytes, *, by: User, caption: str = "") -> Attachment:
    """添加照片: through the one upload gate; RefusedInput for anything that is no photo."""
    permit(complaint, "attach", by)
    return _attach(complaint, photos.prepare(data), by, caption)


def _attach(complaint: Complaint, photo: Photo, by: User, caption: str) -> Attachment:
    complaint, _stand = begin(complaint, "attach", by)
    not_signed_over(complaint)
    row = photos.store(complaint.case, photo, by=by, caption=caption)
    finish(complaint, [], row, by=by, action="attach", info={"attachment": row.pk})
    return row


@transaction.atomic
def attach_all(
    complaint: Complaint, pictures: Iterable[bytes], *, by: User, caption: str = ""
) -> list[Attachment]:
    """添加照片: all of one upload or none, so that a refused one can be sent again as it was."""
    permit(complaint, "attach", by)
    # Up to 0.8 s each: nobody else on the case waits for that.
    ready = [photos.prepare(data) for data in pictures]
    rows: list[Attachment] = []
    try:
        for photo in ready:
            rows.append(_attach(complaint, photo, by, caption))  # noqa: PERF401 -- what was written must be known when one is refused
    except Exception:
        photos.discard(rows)
        raise
    return rows


@transaction.atomic
def remove_attachment(attachment: Attachment, *, by: User, reason: str) -> Attachment:
    """撤下照片: struck out with a reason, never deleted (X-2)."""
    complaint, _stand = begin(attachment.case.complaint, "remove_attachment", by)
    not_signed_over(complaint)
    row = photos.strike_out(attachment, by=by, reason=reason)
    finish(
        complaint,
        [],
        row,
        by=by,
        action="remove_attachment",
        reason=reason,
        info={"attachment": row.pk},
    )
    return row


@transaction.atomic
def link(complaint: Complaint, number: str, *, by: User, note: str = "") -> CaseLink:
    """关联 another case of the house by its number; both sides record it.

    Two people who link A to B and B to A, or hand A over meanwhile, wait for each other, never for
    ever (``cases.lock_both``).
    """
    permit(complaint, "link", by)
    found = cases.lock_both(Complaint, complaint.case, number)
    in_state(hold(complaint), MOVES, "link")
    for each in found:
        if each.case.is_open:  # what is linked to a closed one stands on no paper of its
            not_signed_over(each)
    return signoff.link(complaint.case, number, by=by, note=note)


@transaction.atomic
def security_arrived(complaint: Complaint, *, by: User, outcome: str) -> Complaint:
    """保安部已到场: ends the task of ``call_security``; 保安部 themselves or the duty manager."""
    complaint, _stand = begin(complaint, "security_arrived", by)
    done = cases.close_tasks(complaint.case, "security", by=by, outcome=outcome[:40])
    require(done, _("没有等待保安部的待办。"))
    info = {"outcome": outcome}
    return finish(complaint, [], *done, by=by, action="security_arrived", info=info)
