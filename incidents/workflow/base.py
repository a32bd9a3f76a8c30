"""How every transition of a complaint begins and ends."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Complaint, Decision, Promise, Severity
from incidents.permissions import ACTIONS, EXECUTES
from incidents.workflow.table import MOVES
from propdesk.core import audit, clocks, signoff, stale
from propdesk.core.models import Property, Report, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role, Standing, ensure, standing
from propdesk.core.transitions import in_state, require


class Rule(models.TextChoices):
    """Clock and notice rules of complaints."""

    RECORD_REMIND = "incidents.record_remind", _("仍未完成记录")
    PROMISE_LATE = "incidents.promise_late", _("仍未约定时限")
    NOT_STARTED = "incidents.not_started", _("仍未开工")
    CONTACT_DUE = "incidents.contact_due", _("该主动联系客户了")
    DUE_SOON = "incidents.due_soon", _("即将到期")
    OVERDUE = "incidents.overdue", _("已逾期")
    ESCALATED = "incidents.escalated", _("逾期仍未处理")
    REVIEW_REMIND = "incidents.review_remind", _("仍未回访")
    REVIEW_ESCALATED = "incidents.review_escalated", _("回访超时")
    REPORT_LATE = "incidents.report_late", _("《事故报告》仍未完成")
    CLOSE_LATE = "incidents.close_late", _("签批完成仍未结案")


PROMISE_RULES = (Rule.DUE_SOON, Rule.OVERDUE, Rule.ESCALATED, Rule.CONTACT_DUE, Rule.NOT_STARTED)
REVIEW_RULES = (Rule.REVIEW_REMIND, Rule.REVIEW_ESCALATED)


def begin(complaint: Complaint, action: str, by: User) -> tuple[Complaint, Standing]:
    """The row and its case under lock, fresh from the database; then who (403), when (409)."""
    complaint = hold(complaint)
    stand = permit(complaint, action, by)
    in_state(complaint, MOVES, action)
    return complaint, stand


def permit(complaint: Complaint, action: str, by: User) -> Standing:
    """PermissionDenied (403) unless the table lets ``by`` do ``action`` on this complaint."""
    prop = complaint.case.property
    owns = complaint.received_by_id == by.pk
    assigned = assigned_to(complaint, by)
    return ensure(by, action, ACTIONS, prop=prop, owns=owns, assigned=assigned)


def assigned_to(complaint: Complaint, by: User) -> bool:
    """Whether a department for which the user executes carries the complaint out."""
    departments = standing(by, complaint.case.property).departments_as(*EXECUTES)
    return complaint.department_id is not None and complaint.department_id in departments


def four_eyes(action: str, author_id: int | None, by: User, stand: Standing, message: str) -> None:
    """ConflictError when ``by`` decides on his own work, or only as deputy of its author."""
    allowed = author_id is None or (
        author_id != by.pk and ACTIONS[action].any & stand.without(author_id)
    )
    require(allowed, message)


def hold(complaint: Complaint) -> Complaint:
    """Lock complaint and case, with what transitions read: property, settings, guest, owner."""
    return (
        Complaint.objects.select_for_update(no_key=True, of=("self", "case"))
        .select_related("case__property__settings", "guest", "owner", "department")
        .get(pk=complaint.pk)
    )


def finish(
    complaint: Complaint,
    fields: Sequence[str],
    *rows: models.Model,
    by: User | None,
    action: str,
    reason: str = "",
    info: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    case_fields: Sequence[str] = (),
) -> Complaint:
    """Save the complaint's ``fields`` and append the audit entry with all rows written."""
    if fields:
        audit.save(complaint, *fields, by=by, reason=reason or action)
    audit.record(
        complaint.case,
        complaint,
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
        occurred_at=occurred_at,
        case_fields=case_fields,
    )
    return complaint


def not_signed_over(complaint: Complaint) -> None:
    """What the signers read is what is sealed: nothing of it changes while a report is out."""
    report = signoff.current(complaint.case)
    state = report.state if report else ""
    require(
        state != Report.State.SUBMITTED,
        _("《事故报告》已提交签批，不能再改；需要修改请由签批人退回。"),
    )
    require(
        state != Report.State.SIGNED,
        _("《事故报告》已签批，不能再改。客户又有话说：先结案，再“重新处理”。"),
    )


_GUEST = ("name", "honorific", "phone", "kind", "room_id")
EDITED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "summarise": (("summary", "result", "lesson"), ()),
    "edit_guest": ((), _GUEST),
    "record": (("severity", "is_anonymous"), _GUEST),
}
"""What the form of an act is filled from and writes back: of the complaint, and of its guest."""


def edited(complaint: Complaint, action: str) -> dict[str, Any]:
    """The values behind the form of an act that edits, as they stand."""
    own, guest = EDITED.get(action, ((), ()))
    values = {name: getattr(complaint, name) for name in own}
    return values | {f"guest.{name}": getattr(complaint.guest, name) for name in guest}


def unchanged(complaint: Complaint, action: str, seen: str) -> None:
    """ConflictError when somebody changed the values since the form was opened (stale edits)."""
    if seen and EDITED[action][1]:
        # Joined to the locked row, the guest is as old as the wait for the lock.
        complaint.guest.refresh_from_db()
    # Nobody's name or number in a sentence of refusal.
    shown = EDITED[action][0] if action == "summarise" else ()
    labels = {f.name: f.verbose_name for f in Complaint._meta.fields if f.name in shown}  # noqa: SLF001 -- model API
    stale.require_unchanged(seen, edited(complaint, action), labels)


def round_began_at(complaint: Complaint) -> datetime:
    """When this round began: receipt, or the decision to start over."""
    decisions = complaint.decisions.filter(
        cycle=complaint.cycle - 1, kind__in=[Decision.Kind.REOPEN, Decision.Kind.DISSATISFIED]
    )
    last = decisions.order_by("-at", "-pk").first()
    return last.at if last else complaint.received_at


def stop_clocks(complaint: Complaint, rules: Iterable[str], now: datetime) -> None:
    clocks.stop(complaint.case, rules, now)


def neutral(complaint: Complaint) -> str:
    """What a notice may say of a complaint: number and category, nobody's name or room."""
    kind = complaint.get_category_display() if complaint.category else _("投诉")
    return f"{complaint.case.number} · {kind}"


def permit_intake(prop: Property, by: User) -> Standing:
    """403 unless ``by`` may take complaints in in this property."""
    return ensure(by, "intake", ACTIONS, prop=prop)


def expect_report(complaint: Complaint, now: datetime) -> list[str]:
    """The guest was asked: from here the report is what is due; returns the field to save.

    Asking again does not push the time back.
    """
    if complaint.case.clocks.filter(
        rule=Rule.REPORT_LATE, stopped_at=None, due_at__gt=now
    ).exists():
        return []
    return _expect(complaint, Rule.REPORT_LATE, now)


def expect_close(complaint: Complaint, now: datetime) -> list[str]:
    """The report is signed: from here closing is what is due; returns the field to save."""
    return _expect(complaint, Rule.CLOSE_LATE, now)


def _expect(complaint: Complaint, rule: Rule, now: datetime) -> list[str]:
    stop_clocks(complaint, [Rule.REPORT_LATE, Rule.CLOSE_LATE], now)
    complaint.next_due_at = now + signoff.sign_within(complaint.case)
    clocks.arm(complaint.case, (rule, complaint.next_due_at))
    return ["next_due_at"]


def rank(severity: str) -> int:
    """How grave a severity is; a higher number is graver."""
    return Severity.values.index(severity)


def set_severity(complaint: Complaint, severity: str, by: User, stand: Standing) -> None:
    """Give the complaint another severity, not saved yet; owner and managers concerned are told.

    Who acts may raise it. Lowering gives more time and asks for fewer signatures, so it takes a
    manager (403) who neither took it in nor follows it up (409, decision 32).
    """
    old, complaint.severity = complaint.severity, severity
    roles: list[Role] = []
    if rank(severity) < rank(old):
        _permit_lowering(complaint, old, by, stand)
        roles = [Role.GENERAL_MANAGER] if old == Severity.MAJOR else []
    elif severity == Severity.MAJOR or _too_long(complaint):
        roles = [Role.PROPERTY_MANAGER]
    notify(
        complaint.case,
        *roles,
        rule="incidents.severity",
        text=_("【等级改为%(new)s，原%(old)s】%(case)s")
        % {
            "new": complaint.get_severity_display(),
            "old": Severity(old).label,
            "case": neutral(complaint),
        },
        key=f"severity:{complaint.case.version}",
        also=[complaint.owner],
        except_for=by,
        urgent=Severity.MAJOR in (old, severity),
    )


def was_major(complaint: Complaint) -> bool:
    """Whether it is, or ever was, major: then 总物业经理 signs, whoever lowered it (C-J)."""
    return bool(complaint.history.filter(severity=Severity.MAJOR).exists())


def _too_long(complaint: Complaint) -> bool:
    """Whether the running promise is longer than the severity allows without a word (C-H)."""
    running = complaint.promises.filter(outcome=Promise.Outcome.OPEN).first()
    ceiling = complaint.case.property.settings.ceiling(complaint.severity)
    return running is not None and running.due_at - running.told_at > ceiling


def _permit_lowering(complaint: Complaint, old: str, by: User, stand: Standing) -> None:
    try:
        permit(complaint, "lower_severity", by)
    except PermissionDenied as denied:
        text = _("调低等级须由物业经理办理：请先按“%(old)s”办，再请物业经理用“调整等级”调低。")
        raise PermissionDenied(text % {"old": Severity(old).label}) from denied
    mine = _("自己或被代理人登记、跟进的投诉须由另一位经理调低等级。")
    for author_id in (complaint.received_by_id, complaint.owner_id):
        four_eyes("lower_severity", author_id, by, stand, mine)


def decide(complaint: Complaint, kind: str, choice: str, reason: str, by: User) -> Decision:
    """Keep what a manager decided, with the reason."""
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
