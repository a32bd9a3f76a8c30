"""统计 on its way out of the system: Excel, and 《统计月报》 as a PDF."""

from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound.views.frame import not_counting
from propdesk.core import rendering, serving
from propdesk.core.http import StaffRequest, done, framed, staff_view
from propdesk.core.models import RenderJob
from propdesk.core.roles import ensure
from propdesk.desk.insight import sheet
from propdesk.desk.insight.paper import KIND
from propdesk.desk.insight.permissions import ACTIONS
from propdesk.desk.insight.views import asked_for

TITLE = _("统计月报")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff_view
@require_GET
def export(request: StaffRequest) -> FileResponse:
    """The figures and the rows behind them as Excel."""
    asked = asked_for(request, "export_insight")
    not_counting(request)
    file = sheet.export(asked, by=request.user)
    name = content_disposition_header(as_attachment=True, filename=sheet.file_name(asked))
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    return FileResponse(file, content_type=XLSX, headers=headers)


@staff_view
@require_POST
def print_report(request: StaffRequest) -> HttpResponse:
    """Queue the report of these days and go to where it will be."""
    asked = asked_for(request, "export_insight")
    job = rendering.request_list(asked.prop, KIND, asked.period.params(), by=request.user)
    return done(request, reverse("insight:paper", args=[asked.prop.code, job.pk]))


def _job(request: StaffRequest, job: int) -> RenderJob:
    """A report he himself asked for; 404 for anybody else's."""
    ensure(request.user, "export_insight", ACTIONS, prop=request.prop)
    found = rendering.list_job(request.prop, KIND, job, request.user)
    if found is None:
        raise Http404
    return found


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
@framed
def paper(request: StaffRequest, job: int) -> HttpResponse:
    """The report once it is made; until then a page that waits."""
    found = _job(request, job)
    if found.document is not None:
        return done(request, reverse("insight:paper_file", args=[request.prop.code, job]))
    back = reverse("insight:index", args=[request.prop.code])
    return serving.waiting(request, found, TITLE, "", back)


@staff_view
@require_GET
@framed
def paper_file(request: StaffRequest, job: int) -> HttpResponse:
    """The bytes of the report, inline; every look is logged."""
    found = _job(request, job)
    if found.document is None:
        raise Http404
    back = reverse("insight:index", args=[request.prop.code])
    return serving.paper(request, found.document, TITLE, again=back, back=back)
