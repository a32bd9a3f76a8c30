"""《事故报告》 of a complaint: pre-filled from A–J, so that it costs one signature (C-J)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from incidents.models import Complaint, Severity
from incidents.workflow.base import (
    Rule,
    begin,
    expect_close,
    expect_report,
    hold,
    stop_clocks,
    was_major,
)
from incidents.workflow.table import MOVES, OPEN
from propdesk.core import audit, rendering, sign_route, signoff
from propdesk.core.models import Report, ReportBox, User
from propdesk.core.roles import standing
from propdesk.core.transitions import ConflictError, RefusedInput, in_state, lock, require

KIND = "incident_report"
ORDERED = {
    "occurred_at": "",
    "discovered_at": _l("发现时间早于发生时间，请核对后重填。"),
    "reported_at": _l("报告时间早于发现或发生的时间，请核对后重填。"),
}
"""The times of the report in their natural order, each with what is said when it is too early."""


@transaction.atomic
def start_report(complaint: Complaint, values: Mapping[str, Any], *, by: User) -> Report:
    """起草《事故报告》 with the values ``reports.prefill`` proposes; needs the summary first."""
    complaint, _stand = begin(complaint, "report", by)
    _check_dates(values)
    require(
        complaint.summary and complaint.result, _("先写明经过、措施与结果，再起草《事故报告》。")
    )
    return signoff.start(complaint.case, values, by=by)


@transaction.atomic
def edit_report(report: Report, values: Mapping[str, Any], *, by: User, seen: str = "") -> Report:
    """修改 a draft or a report sent back; 409 over another's newer text."""
    begin(report.case.complaint, "report", by)
    _check_dates(values)
    return signoff.edit(report, values, by=by, seen=seen)


def _check_dates(values: Mapping[str, Any]) -> None:
    """RefusedInput unless 发生 ≤ 发现 ≤ 报告 ≤ now, and what is to be improved lies ahead."""
    now, errors = timezone.now(), {}
    before: datetime | None = None
    for name, late in ORDERED.items():
        at = values.get(name)
        if at is not None and at > now:
            errors[name] = _("时间还没有到，请填写实际发生的时间。")
        elif at is not None and before is not None and at < before:
            errors[name] = str(late)
        before = at or before
    improve_by = values.get("improve_by")
    if improve_by is not None and improve_by < timezone.localdate(now):
        errors["improve_by"] = _("完成期限已经过去，请填今天或以后的日期。")
    if errors:
        raise RefusedInput(**errors)


@transaction.atomic
def submit_report(report: Report, *, by: User, password: str, seen: str = "") -> Report:
    """提交签批 once the required fields are filled; serious and major also need causes.

    ``seen`` is the print of what the author read (``signoff.seen``).
    """
    complaint, _stand = begin(report.case.complaint, "report", by)
    report = lock(report)
    if signoff.was_submitted(report, by, seen):
        return report
    signoff.as_read(report, seen)
    missing = missing_fields(report, complaint)
    if missing:
        raise ConflictError(_("《事故报告》还没有填完："), missing)
    require(
        complaint.satisfaction != "",
        _("还不能提交：先登记客户的满意度，报告里要写。"),
    )
    require(
        complaint.satisfaction != Complaint.Satisfaction.DISSATISFIED
        or complaint.dissatisfied_decided,
        _("还不能提交：客户不满意，须先由物业经理决定，报告里要写。"),
    )
    if report.severity != complaint.severity:
        # Raised or lowered since the draft: what is signed must say what it is.
        report.severity = complaint.severity
        audit.save(report, "severity", by=by, reason=_("提交签批：按投诉的严重程度更新"))
    boxes = sign_route.route(
        complaint.case.property,
        standing(by, complaint.case.property),
        gm_signs=was_major(complaint),
        executed_by=complaint.department,
    )
    now = timezone.now()
    stop_clocks(complaint, [Rule.REPORT_LATE], now)
    complaint.next_due_at = now + signoff.sign_within(complaint.case)
    audit.save(complaint, "next_due_at", by=by, reason=_("提交签批"))
    return signoff.submit(report, boxes, by=by, password=password, also=[complaint])


def missing_fields(report: Report, complaint: Complaint) -> tuple[tuple[str, str], ...]:
    """Required fields of forms.md 1.2 that are still empty, as (field, sentence)."""
    names = ["occurred_at", "discovered_at", "reported_at", "place", "narrative", "measures"]
    names += ["result", "police"]
    if complaint.severity != Severity.NORMAL:
        names += ["cause_direct", "improvement", "improve_department", "improve_by"]
    labels = {field.name: field.verbose_name for field in Report._meta.fields}  # noqa: SLF001 -- model API
    return tuple(
        (name, _("未填写%(field)s") % {"field": labels[name]})
        for name in names
        if not getattr(report, name)
    )


@transaction.atomic
def sign_report(
    report: Report, *, by: User, password: str, opinion: str = "", seen: str = ""
) -> Report:
    """同意并签名; the last signature queues the sealed paper.

    A case closed over a missing signature may still be signed; a voided one never. ``seen`` as of
    ``submit_report``.
    """
    complaint = hold(report.case.complaint)
    in_state(complaint, MOVES, "sign_report")
    report = lock(report)
    if signoff.was_signed(report, by, seen):
        return report
    rows = _due_after_signature(complaint, report, by)
    report = signoff.sign(
        report,
        by=by,
        password=password,
        opinion=opinion,
        also=rows,
        tell=[complaint.owner],
        seen=seen,
    )
    if report.state == Report.State.SIGNED:
        rendering.request(report.case, KIND, by=by, sealed=True, report=report)
    return report


def _due_after_signature(complaint: Complaint, report: Report, by: User) -> list[Complaint]:
    """The complaint with what is due now: the next signature, or closing; none once it is closed."""
    if complaint.status not in OPEN:
        return []
    now = timezone.now()
    left = report.boxes.filter(
        round=F("report__round"), decision=ReportBox.Decision.PENDING
    ).count()
    if left > 1:
        complaint.next_due_at = now + signoff.sign_within(complaint.case)
    else:
        expect_close(complaint, now)
    audit.save(complaint, "next_due_at", by=by, reason=_("签批"))
    return [complaint]


@transaction.atomic
def send_back_report(report: Report, *, by: User, reason: str, seen: str = "") -> Report:
    """退回修改 with a reason; the report is what is due again."""
    complaint = hold(report.case.complaint)
    in_state(complaint, MOVES, "send_back_report")
    fields = expect_report(complaint, timezone.now())
    if fields:
        audit.save(complaint, *fields, by=by, reason=_("退回修改"))
    return signoff.send_back(report, by=by, reason=reason, also=[complaint], seen=seen)
