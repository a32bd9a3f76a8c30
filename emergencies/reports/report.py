"""《事故报告》 of an event, ready to print (forms.md 1.2)."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from emergencies import workflow
from emergencies.models import Event, Kind
from emergencies.playbooks.vocabulary import label
from emergencies.queries import records as queries
from emergencies.reports import parts, timeline
from emergencies.reports.dossier import Dossier, gather
from emergencies.reports.prefill import notes_of
from emergencies.reports.sheet import FORM
from emergencies.reports.wording import RETENTION, SEVERITY, full
from propdesk.core import blanks, rendering, signoff
from propdesk.core.models import RenderJob, Report, ReportBox
from propdesk.core.papers import Field, IncidentReportPaper, State, Witness, ticks
from propdesk.core.pdf.render import RenderRefused
from propdesk.core.rendering import Sheet, case_of

AUTHORITY = ("未报警", "已报警", "已报主管部门")


def event_report(job: RenderJob) -> Sheet:
    """The report of the job, or the current one for a draft; RenderRefused when there is none."""
    report = _report(job)
    if report is None:
        raise RenderRefused(_("还没有《事故报告》，写好后才能打印。"))
    dossier = _as_read(gather(case_of(job), job.case_version), report, job)
    event = dossier.event
    photos, files, more = parts.photos(dossier)
    boxes, drawn = _boxes(dossier, report)
    frozen_at = dossier.entries[-1].at
    paper = IncidentReportPaper(
        organisation=event.case.property.name,
        number=report.number,
        form_code="PD-SG-01",
        version=FORM,
        record_url="",
        state=_state(event, job, report),
        frozen_at=full(frozen_at),
        secrecy=str(report.get_secrecy_display()),
        category=str(Kind(event.kind).label),
        severity=str(SEVERITY.get(report.severity, "")),
        status=_status(report, job),
        audit_head=dossier.head,
        void_reason="" if job.sealed else event.void_reason,
        overrides=parts.overrides(dossier),
        photos=photos,
        attachments=more + blanks.attached(e for e in dossier.entries if e.at <= dossier.until),
        signatures=boxes,
        timeline=timeline.printed(dossier, notes_of(event)),
        notifications=parts.notifications(dossier),
        parties=parts.parties(dossier),
        extra_fields=_extra(dossier, job),
        **_facts(report, dossier),
    )
    return rendering.coded(
        paper, files | drawn, frozen_at, page=event.get_absolute_url(), version=report.version
    )


def _report(job: RenderJob) -> Report | None:
    if job.report_id is None:
        return signoff.current(case_of(job))
    return Report.objects.select_related("author", "improve_department").get(pk=job.report_id)


def _of_archive(dossier: Dossier, job: RenderJob) -> bool:
    """Whether it was sealed with the archive, as things stood then: how it was done at first."""
    return job.sealed and dossier.entries[-1].action != "report_sign"


def _as_read(dossier: Dossier, report: Report, job: RenderJob) -> Dossier:
    """As it stood when the report was submitted: nobody signs what came in after he had read it."""
    out = report.state in (Report.State.SUBMITTED, Report.State.SIGNED) or job.sealed
    if not out or _of_archive(dossier, job):
        return dossier
    return replace(dossier, until=report.submitted_at or dossier.until)


def _state(event: Event, job: RenderJob, report: Report) -> State:
    """A sealed report stays what it is, even where its event was taken up again and voided."""
    if job.sealed:
        return "sealed"
    if event.status == Event.Status.VOIDED:
        return "void"
    return "copy" if report.state == Report.State.SIGNED else "draft"


def _status(report: Report, job: RenderJob) -> str:
    """A sealed report is signed, whatever became of it before the worker came to print it."""
    label_ = str(Report.State.SIGNED.label if job.sealed else report.get_state_display())
    if report.version == 1:
        return label_
    return _("%(state)s（第 %(n)d 版）") % {"state": label_, "n": report.version}


def _boxes(dossier: Dossier, report: Report) -> parts.Drawn:
    """The boxes of the current round; before the first submit, those it would get."""
    joined = ("signer", "on_behalf_of", "signature")
    rows = ReportBox.objects.filter(report=report, round=report.round).select_related(*joined)
    found = list(rows.order_by("position"))
    if found:
        return parts.report_boxes(found)
    wanted = workflow.report_boxes(dossier.event, report.author)
    return parts.blank_boxes(box.title for box in wanted), {}


def _extra(dossier: Dossier, job: RenderJob) -> tuple[Field, ...]:
    """What only papers of events say: who led, how long the paper is kept, that it is secret."""
    event = dossier.event
    book = queries.playbook(event)
    lead = event.commander.name
    if _of_archive(dossier, job):
        # The role of the playbook, whoever commanded: papers sealed so stay as they are.
        lead += f"（{label(book.lead)}）"
    rows = [Field(_("现场指挥"), lead)]
    if event.case.restricted:
        rows.append(Field(_("保密"), _("内部资料　注意保密")))
    rows.append(Field(_("保存期限"), str(RETENTION[book.retention]).partition("：")[2]))
    return tuple(rows)


def _facts(report: Report, dossier: Dossier) -> dict[str, Any]:
    """The fields the writer signed, as text."""
    department = report.improve_department
    loss = report.loss_yuan
    return {
        "related": "、".join([dossier.event.case.number, *dossier.linked]),
        "occurred_at": full(report.occurred_at),
        "discovered_at": full(report.discovered_at),
        "reported_at": full(report.reported_at),
        "place": report.place,
        "reporter": report.author.name,
        "duty_manager": dossier.event.commander.name,
        "witnesses": tuple(Witness(statement=t) for t in report.witnesses.splitlines() if t),
        "injured": _("%(n)d 人") % {"n": report.injured},
        "loss": _("%(yuan)s 元") % {"yuan": f"{loss:,.2f}"} if loss else _("无"),
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
    found = next((each for each in AUTHORITY if answer.startswith(each)), None)
    detail = answer.removeprefix(found or "").lstrip("，,：: ")
    return {"authority": ticks(AUTHORITY, found), "authority_detail": detail}
