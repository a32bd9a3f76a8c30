"""《值班交接记录》: the paper, as a draft until both have signed, sealed and the same ever after."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import rendering, serving
from propdesk.core.http import StaffRequest, done, framed, staff_view
from propdesk.core.models import Document, RenderJob
from propdesk.desk.handover.frame import link, load
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.workflow import PAPER

TITLE = _("值班交接记录")


def _of(request: StaffRequest, row: Handover) -> tuple[Document | None, RenderJob | None]:
    """The paper as it stands, or the job that makes it."""
    sealed = row.status == Handover.Status.SIGNED
    ready = rendering.ready_document(row.case, PAPER, sealed=sealed, report=None)
    if ready is not None:
        return ready, None
    job = rendering.job_of(row.case, PAPER, sealed=sealed)
    if job is None:
        job = rendering.request(row.case, PAPER, by=request.user, sealed=sealed)
    return None, job


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
@framed
def paper(request: StaffRequest, number: str) -> HttpResponse:
    """The printed paper, or a page that waits for the worker to make it."""
    row = load(request, number)
    ready, job = _of(request, row)
    if request.htmx:
        return serving.paper_state(request, ready, job, link(request, "paper", row.case.number))
    if ready is not None:
        return done(request, link(request, "paper_file", row.case.number, ready.pk))
    return serving.waiting(request, job, TITLE, row.case.number, row.get_absolute_url())


@staff_view
@require_GET
@framed
def paper_file(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """The bytes, inline, under their proper name; every look is logged."""
    row = load(request, number)
    found = rendering.document(row.case, PAPER, document)
    if found is None:
        raise Http404
    again = link(request, "paper", row.case.number)
    return serving.paper(request, found, TITLE, again=again, back=row.get_absolute_url())
