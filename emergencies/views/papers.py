"""Printed papers of events: a preview, and the sealed bytes ever after.

The report is sealed with its last signature, a record when the event is archived.
"""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import workflow
from emergencies.models import Event
from emergencies.playbooks import form
from emergencies.queries import records as queries
from emergencies.views.records import allow_on, at, record_of
from propdesk.core import rendering, serving, signoff
from propdesk.core.http import StaffRequest, done, framed, staff_view
from propdesk.core.models import Document, Report

S = Event.Status
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _title(event: Event, title: str) -> str:
    """What a file and a page may be called: of a restricted event its number alone."""
    return "" if event.case.restricted else title


def _event(request: StaffRequest, number: str) -> Event:
    found = queries.event(request.user, request.prop, number.upper())
    if found is None:
        raise Http404
    allow_on(request, found, "print")
    return found


@staff_view
@GET_POST
@framed
def record_paper(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """The paper of a record, or a page that waits for the worker; htmx asks how far it is."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "print")
    sealed = row.state == queries.State.SIGNED and row.event.status == S.ARCHIVED
    title = form(row.form).title.zh
    here = at(row.event, "record_paper", row.pk)
    return paper_page(request, row.event, workflow.paper_kind(row), here, title, sealed=sealed)


@staff_view
@GET_POST
@framed
def report_paper(request: StaffRequest, number: str) -> HttpResponse:
    """The same of the 《事故报告》."""
    event = _event(request, number)
    report = signoff.current(event.case)
    if report is None:
        raise Http404
    sealed = report.state == Report.State.SIGNED
    here = at(event, "report_paper")
    title = _("事故报告")
    return paper_page(
        request, event, workflow.REPORT_KIND, here, title, sealed=sealed, report=report
    )


def paper_page(
    request: StaffRequest,
    event: Event,
    kind: str,
    here: str,
    title: str,
    *,
    sealed: bool,
    report: Report | None = None,
) -> HttpResponse:
    """The way to a paper of ``kind``: to its bytes when they are ready, else a page that waits."""
    case = event.case
    ready = rendering.ready_document(case, kind, sealed=sealed, report=report)
    job = None
    if ready is None:
        job = rendering.job_of(case, kind, sealed=sealed)
        if job is None:
            job = rendering.request(case, kind, by=request.user, sealed=sealed, report=report)
    if request.htmx:
        return serving.paper_state(request, ready, job, here)
    if ready is not None:
        return done(request, f"{here}{ready.pk}/")
    named = _title(event, title)
    return serving.waiting(request, job, named, case.number, event.get_absolute_url())


@staff_view
@require_GET
@framed
def record_file(request: StaffRequest, number: str, pk: int, document: int) -> HttpResponse:
    """The bytes of the paper of a record, inline; every look is logged."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "print")
    found = rendering.document(row.event.case, workflow.paper_kind(row), document)
    title = form(row.form).title.zh
    again = at(row.event, "record_paper", row.pk)
    return served_page(request, row.event, found, title, again)


@staff_view
@require_GET
@framed
def report_file(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """The bytes of the 《事故报告》."""
    event = _event(request, number)
    found = rendering.document(event.case, workflow.REPORT_KIND, document)
    return served_page(request, event, found, _("事故报告"), at(event, "report_paper"))


def served_page(
    request: StaffRequest, event: Event, found: Document | None, title: str, again: str
) -> HttpResponse:
    """The stored bytes, or a page that says they were altered."""
    if found is None:
        raise Http404
    return serving.paper(
        request,
        found,
        _title(event, title),
        again=again,
        back=event.get_absolute_url(),
        number=event.case.number,
        back_label=_("返回事件"),
    )
