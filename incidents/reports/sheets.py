"""《事故报告》 and 《客户投诉处理记录表》 of a complaint, ready to print (forms.md 1.2, 1.6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from incidents import workflow
from incidents.models import REPORTED, Complaint, Correction
from incidents.reports import parts
from incidents.reports.dossier import Dossier, gather
from incidents.reports.steps import steps
from incidents.reports.timeline import timeline
from incidents.reports.wording import clause, full, short, yuan
from propdesk.core import blanks, masks, rendering, sign_route, signoff
from propdesk.core.models import Case, RenderJob, Report, ReportBox
from propdesk.core.papers import (
    ComplaintRecordPaper,
    Entry,
    Field,
    IncidentReportPaper,
    Paper,
    Party,
    SignBox,
    State,
    Witness,
    ticks,
)
from propdesk.core.pdf.render import RenderRefused
from propdesk.core.rendering import Sheet, case_of
from propdesk.core.roles import standing

P = TypeVar("P", bound=Paper)
OUT = {"report_submit", "report_sign"}
_PURGED: dict[str, Any] = {"info": {signoff.AS_READ: True}}
SIGN_OFF = {"report_start", "report_edit", "report_send_back", *OUT}
AUTHORITY = ("未报警", "已报警", "已报主管部门")


def incident_report(job: RenderJob) -> Sheet:
    """《事故报告》 of the job's report, or of the current one for a draft.

    RenderRefused when the complaint has none yet.
    """
    report = _report(job)
    if report is None:
        raise RenderRefused(_("还没有《事故报告》，写好后才能打印。"))
    dossier = _as_read(case_of(job), job.case_version)
    photos, files, remarks = parts.photos(dossier)
    boxes, drawn = _boxes(dossier, report)
    frozen_at = report.signed_at if job.sealed and report.signed_at else dossier.until
    paper = IncidentReportPaper(
        **_head(dossier, _state(dossier, job, report), frozen_at),
        number=report.number,
        form_code="PD-SG-01",
        secrecy=str(report.get_secrecy_display()),
        severity=parts.severity(report.severity),
        status=_report_status(report, job),
        photos=photos,
        attachments=remarks + blanks.attached(dossier.entries),
        signatures=boxes,
        steps=steps(dossier, None),
        timeline=timeline(dossier),
        notifications=parts.notifications(dossier),
        satisfaction=parts.satisfaction(dossier),
        parties=(_party(dossier),),
        extra_fields=_corrections(dossier),
        **_report_facts(report, dossier),
    )
    return rendering.coded(paper, files | drawn, frozen_at, version=report.version)


def _as_read(case: Case, version: int) -> Dossier:
    """As it stood when the report was submitted: nobody signs what came in after he had read it.

    The head of the chain stays that of entry ``version``. Reports submitted by earlier releases, which
    did not say so in their entry, stay as they were printed.
    """
    rows = case.entries.filter(Q(action__in=SIGN_OFF) | Q(seq=version), seq__lte=version)
    entries = list(rows.order_by("seq"))
    acts = [entry for entry in entries if entry.action in SIGN_OFF]
    sent = [entry for entry in acts if entry.action == "report_submit"]
    said = sent[-1].content if sent else None
    if not sent or acts[-1].action not in OUT or not (said or _PURGED)["info"].get(signoff.AS_READ):
        return gather(case, version)
    return replace(gather(case, sent[-1].seq), head=entries[-1].hash)


def complaint_record(job: RenderJob) -> Sheet:
    """《客户投诉处理记录表》 from intake to review, as far as the complaint has come."""
    report = _report(job)
    dossier = gather(case_of(job), job.case_version)
    photos, files, remarks = parts.photos(dossier)
    boxes, drawn = _record_boxes(dossier, report)
    signed_at = report.signed_at if report else None
    frozen_at = signed_at if job.sealed and signed_at else dossier.until
    last = dossier.last
    paper = ComplaintRecordPaper(
        **_head(dossier, _state(dossier, job, report), frozen_at),
        number=dossier.complaint.case.number,
        form_code="PD-TS-01",
        severity=str(dossier.complaint.get_severity_display()),
        status=str(Complaint.Status(last.status).label),
        photos=photos,
        attachments=remarks + blanks.attached(dossier.entries),
        signatures=boxes,
        note=_signed_where(report) if drawn else None,
        steps=steps(dossier, report),
        options=parts.options(dossier),
        choice=parts.choice(dossier),
        progress=_progress(dossier),
        reviewed_at=full(last.reviewed_at),
        satisfaction=parts.satisfaction(dossier),
        guest_opinion=last.guest_comment,
        course=last.summary,
        measures=last.resolution,
        result=last.result,
        improvement=last.lesson,
        **_intake(dossier),
    )
    return rendering.coded(paper, files | drawn, frozen_at, version=last.cycle)


def _report(job: RenderJob) -> Report | None:
    """The report the job names; otherwise the one that counts."""
    if job.report_id is None:
        return signoff.current(case_of(job))
    return Report.objects.select_related("author", "improve_department").get(pk=job.report_id)


def _state(dossier: Dossier, job: RenderJob, report: Report | None) -> State:
    """Without the last signature a draft; what is printed from a signed case later is a copy."""
    if dossier.last.status == Complaint.Status.VOIDED:
        return "void"
    if job.sealed:
        return "sealed"
    return "copy" if report is not None and report.state == Report.State.SIGNED else "draft"


def _head(dossier: Dossier, state: State, frozen_at: datetime) -> dict[str, Any]:
    """What both papers share."""
    return {
        "organisation": dossier.complaint.case.property.name,
        "version": "V1.0",
        "record_url": "",
        "state": state,
        "frozen_at": full(frozen_at),
        "category": dossier.category,
        "audit_head": dossier.head,
        "void_reason": dossier.complaint.void_reason,
        "promises": parts.promises(dossier),
        "overrides": parts.overrides(dossier),
    }


def _report_status(report: Report, job: RenderJob) -> str:
    """A sealed report is signed, whatever became of it before the worker came to print it."""
    label = Report.State.SIGNED.label if job.sealed else report.get_state_display()
    if report.version == 1:
        return str(label)
    return _("%(state)s（第 %(n)d 版）") % {"state": label, "n": report.version}


def _report_facts(report: Report, dossier: Dossier) -> dict[str, Any]:
    """The fields the writer signed, as text."""
    row = dossier.complaint
    department = report.improve_department
    return {
        "related": "、".join([row.case.number, *dossier.linked]),
        "occurred_at": full(report.occurred_at),
        "discovered_at": full(report.discovered_at),
        "reported_at": full(report.reported_at),
        "place": report.place,
        "reporter": report.author.name,
        "duty_manager": row.owner.name,
        "witnesses": tuple(Witness(statement=t) for t in report.witnesses.splitlines() if t),
        "injured": _("%(n)d 人") % {"n": report.injured},
        "loss": _("%(yuan)s 元") % {"yuan": yuan(report.loss_yuan)}
        if report.loss_yuan
        else _("无"),
        "narrative": report.narrative,
        "measures": report.measures,
        "cause_direct": report.cause_direct,
        "cause_indirect": report.cause_indirect,
        "result": report.result,
        "guest_opinion": report.reaction,
        "improvement": report.improvement,
        "responsible_department": department.name if department else "",
        "improvement_due": f"{report.improve_by:%Y-%m-%d}" if report.improve_by else "",
        **_authority(report.police),
    }


def _authority(answer: str) -> dict[str, Any]:
    """Ticks for the three plain answers; anything beyond them is printed as it was written."""
    label = next((each for each in AUTHORITY if answer.startswith(each)), None)
    detail = answer.removeprefix(label or "").lstrip("，,：: ")
    return {"authority": ticks(AUTHORITY, label), "authority_detail": detail}


def _party(dossier: Dossier) -> Party:
    guest = dossier.complaint.guest
    if dossier.complaint.is_anonymous:
        reason = clause(dossier.complaint.anonymous_reason)
        return Party(name=_("匿名（%(why)s）") % {"why": reason})
    title = f"（{guest.get_honorific_display()}）" if guest.honorific else ""
    return Party(
        name=f"{guest.name}{title}" if guest.name else "",
        identity=str(guest.get_kind_display()),
        room=guest.room.label if guest.room else "",
        phone=masks.phone(guest.phone),
    )


def _corrections(dossier: Dossier) -> tuple[Field, ...]:
    """Each correction beside what it corrects; the original words stay on the paper."""
    year = parts.year_of(dossier)
    return tuple(
        Field(
            _("更正记录"),
            _("%(field)s：%(text)s（原记：%(old)s；%(who)s %(when)s）")
            % {
                "field": row.get_field_display(),
                "text": clause(row.text),
                "old": clause(row.old) or _("未填"),
                "who": row.by.name,
                "when": short(row.at, year),
            },
        )
        for row in dossier.corrections
    )


def _intake(dossier: Dossier) -> dict[str, Any]:
    row = dossier.complaint
    guest = row.guest
    known = not row.is_anonymous
    yes_no = (_("是"), _("否"))
    recorded = row.recorded_at is not None and row.recorded_at <= dossier.until
    checked = yes_no[0] if row.read_back else yes_no[1]
    return {
        "received_at": full(row.received_at),
        "channel": str(row.get_channel_display()),
        "received_by": row.received_by.name,
        "owner": row.owner.name,
        "guest_name": guest.name if known else row.anonymous_reason,
        "honorific": str(guest.get_honorific_display()) if known else "",
        "room": guest.room.label if guest.room else "",
        "phone": masks.phone(guest.phone) if known else "",
        "anonymous": ticks(yes_no, yes_no[0] if row.is_anonymous else yes_no[1]),
        "valid": ticks(yes_no, _valid(dossier, yes_no)),
        "occurred_at": dossier.corrected(Correction.Field.OCCURRED) or full(row.occurred_at),
        "place": dossier.place,
        "points": _points(dossier),
        "demand": dossier.expectation,
        "crux": dossier.core_issue,
        "checked_with_guest": ticks(yes_no, checked if recorded else None),
    }


def _valid(dossier: Dossier, yes_no: tuple[str, str]) -> str | None:
    """Closed means valid, voided not; until then nobody has said."""
    status = dossier.last.status
    if status == Complaint.Status.VOIDED:
        return yes_no[1]
    return yes_no[0] if status == Complaint.Status.CLOSED else None


def _points(dossier: Dossier) -> str:
    """The guest's first words, the points, and every correction below them."""
    row = dossier.complaint
    lines = [row.key_points or row.opening_words]
    lines += [f"{field.label}　{field.value}" for field in _corrections(dossier)]
    return "\n".join(lines)


def _progress(dossier: Dossier) -> tuple[Entry, ...]:
    year = parts.year_of(dossier)
    return tuple(
        Entry(
            short(row.occurred_at, year),
            row.by.name,
            f"{row.get_kind_display()}：{row.text}",
        )
        for row in dossier.progress
        if row.kind in REPORTED
    )


Drawn = tuple[tuple[SignBox, ...], dict[str, bytes]]


def _boxes(dossier: Dossier, report: Report) -> Drawn:
    """The boxes of the current round; before the first submit, those it would get."""
    rows = _round(report)
    if rows:
        return parts.sign_boxes(rows)
    prop = dossier.complaint.case.property
    route = sign_route.route(
        prop,
        standing(report.author, prop),
        gm_signs=workflow.was_major(dossier.complaint),
        executed_by=dossier.complaint.department,
    )
    blank = [
        ReportBox(position=n, role=box.role, title=box.title, department=box.department)
        for n, box in enumerate(route, start=1)
    ]
    return parts.sign_boxes(blank)


def _signed_where(report: Report | None) -> str:
    """A signature stands for what was signed: the record says where it was taken from."""
    number = report.number if report else ""
    return _("签名与意见取自《事故报告》%(number)s。") % {"number": number}


def _round(report: Report) -> Sequence[ReportBox]:
    return list(
        ReportBox.objects.filter(report=report, round=report.round)
        .select_related("signer", "on_behalf_of", "department", "signature")
        .order_by("position")
    )


def _record_boxes(dossier: Dossier, report: Report | None) -> Drawn:
    """接诉人 signs beside those who signed the report; without one, room for every pen."""
    taker = dossier.complaint.received_by
    rows = _round(report) if report else []
    if not rows:
        titles = (_("接诉人"), _("值班经理"), _("部门经理"), _("物业经理"))
        return tuple(SignBox(role=title) for title in titles), {}
    boxes, drawn = parts.sign_boxes(rows)
    if rows[0].signer_id != taker.pk:
        boxes = (SignBox(role=_("接诉人"), name=taker.name), *boxes)
    return boxes, drawn
