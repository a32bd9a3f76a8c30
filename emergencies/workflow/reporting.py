"""《事故报告》 of an event: pre-filled from what was entered, signed by the playbook's list alone (E-1 … E-8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.queries import evidence
from emergencies.queries import records as queries
from emergencies.workflow.base import begin
from emergencies.workflow.sign_boxes import route
from emergencies.workflow.signing import seal_record
from propdesk.core import rendering, signers, signoff
from propdesk.core.models import Case, Report, User
from propdesk.core.roles import Role, standing
from propdesk.core.sign_route import Box
from propdesk.core.transitions import ConflictError, RefusedInput, lock, require

REPORT_KIND = "event_report"
"""Kind of its printed paper: complaints have one of their own."""


@transaction.atomic
def start_report(event: Event, values: Mapping[str, Any], *, by: User) -> Report:
    """起草《事故报告》 with the values ``reports.prefill_report`` proposes and the writer has changed."""
    event, _stand = begin(event, "report", by)
    require(queries.report_sign(event), _("这类事件不用写《事故报告》。"))
    require(not event.is_drill, _("演练不写《事故报告》，请写《演练记录》。"))
    _check_dates(values)
    return signoff.start(event.case, _with_severity(event, values), by=by)


@transaction.atomic
def edit_report(report: Report, values: Mapping[str, Any], *, by: User, seen: str = "") -> Report:
    """修改 a draft or a report that was sent back; 409 over another's newer text."""
    event, _stand = begin(report.case.event, "report", by)
    _check_dates(values)
    return signoff.edit(report, _with_severity(event, values), by=by, seen=seen)


def _with_severity(event: Event, values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values) | {"severity": evidence.playbook_of(event).severity}


def _check_dates(values: Mapping[str, Any]) -> None:
    """RefusedInput unless 发生 ≤ 发现 ≤ 报告 ≤ now, and what is to be improved lies ahead."""
    now, errors = timezone.now(), {}
    before: datetime | None = None
    late = {
        "occurred_at": "",
        "discovered_at": _("发现时间早于发生时间，请核对后重填。"),
        "reported_at": _("报告时间早于发现或发生的时间，请核对后重填。"),
    }
    for name, sentence in late.items():
        at = values.get(name)
        if at is not None and at > now:
            errors[name] = _("时间还没有到，请填写实际发生的时间。")
        elif at is not None and before is not None and at < before:
            errors[name] = sentence
        before = at or before
    improve_by = values.get("improve_by")
    if improve_by is not None and improve_by < timezone.localdate(now):
        errors["improve_by"] = _("完成期限已经过去，请填今天或以后的日期。")
    if errors:
        raise RefusedInput(**errors)


@transaction.atomic
def submit_report(report: Report, *, by: User, password: str, seen: str = "") -> Report:
    """提交签批 once the handling has ended: what came of it stands in the report.

    ``seen`` is the print of what the author read (``signoff.seen``).
    """
    event, _stand = begin(report.case.event, "submit_report", by)
    report = lock(report)
    if signoff.was_submitted(report, by, seen):
        return report
    signoff.as_read(report, seen)
    missing = missing_report_fields(report, event)
    if missing:
        raise ConflictError(_("《事故报告》还没有填完："), missing)
    boxes = report_boxes(event, by)
    return signoff.submit(report, boxes, by=by, password=password)


def report_boxes(event: Event, author: User) -> list[Box]:
    """The boxes of the report by this author: the ``sign`` list of the playbook (decision 30)."""
    roster, out = signers.Roster(timezone.now()), {author.pk}
    wanted = route(
        queries.report_sign(event),
        standing(author, event.case.property),
        able=lambda role: bool(roster.able(event.case.property, event.case, role, out)),
    )
    return [Box(Role(box.role), box.title) for box in wanted]


def missing_report_fields(report: Report, event: Event) -> tuple[tuple[str, str], ...]:
    """Required fields of forms.md 1.2 that are still empty, as (field, sentence)."""
    names = ["occurred_at", "discovered_at", "reported_at", "place", "narrative", "measures"]
    names += ["result", "police"]
    if evidence.playbook_of(event).severity != "minor":
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
    """同意并签名; the last signature queues the sealed paper, before the archiving or after it."""
    event, _stand = begin(report.case.event, "sign_report", by)
    report = lock(report)
    if signoff.was_signed(report, by, seen):
        return report
    tell = [event.commander]
    report = signoff.sign(report, by=by, password=password, opinion=opinion, tell=tell, seen=seen)
    if report.state == Report.State.SIGNED:
        _seal(report.case, report, by)
    return report


@transaction.atomic
def send_back_report(report: Report, *, by: User, reason: str, seen: str = "") -> Report:
    """退回修改 with a reason."""
    begin(report.case.event, "send_back_report", by)
    return signoff.send_back(report, by=by, reason=reason, seen=seen)


def _seal(case: Case, report: Report, by: User) -> None:
    rendering.request(case, REPORT_KIND, by=by, sealed=True, report=report)


def seal_papers(event: Event, *, by: User) -> None:
    """Ask for the sealed bytes of every signed paper of an event that is archived now.

    The report has been sealed with its last signature, unless an earlier release took that.
    """
    report = Report.objects.filter(case=event.case, state=Report.State.SIGNED).first()
    if report is not None:
        _seal(event.case, report, by)
    for record in event.records.filter(state=queries.State.SIGNED).order_by("pk"):
        record.event = event
        seal_record(record, by=by)
