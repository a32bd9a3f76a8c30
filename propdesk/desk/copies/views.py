"""Copies of the sealed papers of a case: the log, one more, its PDF."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import cases, copies, serving
from propdesk.core.http import StaffRequest, attempt, done, framed, page, staff_view
from propdesk.core.models import Case
from propdesk.desk import sealed_queries
from propdesk.desk.copies import queries
from propdesk.desk.copies.forms import CopyForm
from propdesk.desk.reading import case_for

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _case(request: StaffRequest, number: str) -> Case:
    return case_for(request, number, "give_copy")


@staff_view
@require_GET
def log(request: StaffRequest, number: str) -> HttpResponse:
    """Which papers can be copied, and who got which copy for what."""
    case = _case(request, number)
    after = request.GET.get("after", "")
    context = {
        "case": case,
        "papers": sealed_queries.page(case, request.GET.get("papers", "")),
        "given": queries.given(case, after),
        "now": timezone.now(),
        "back_url": cases.url_of(request.prop.code, case.kind, case.number),
    }
    return page(request, "desk/copies.html", context)


@staff_view
@GET_POST
def give(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """出副本: for whom, for what, what else to strike out."""
    case = _case(request, number)
    source = sealed_queries.sealed_paper(case, document)
    if source is None:
        raise Http404
    back = reverse("desk:copies", args=[request.prop.code, case.number])
    form = CopyForm(request.POST or None, source=source, back_url=back)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        status = attempt(form, partial(copies.give, source, form.order(), by=request.user))
        if status == 200:
            return done(request, back, _("副本在制作，做好就能打开。请先看一遍再交出去。"))
    context = {"case": case, "source": source, "form": form}
    return page(request, "desk/copy_new.html", context, status=status)


@staff_view
@GET_POST
@framed
def file(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """The PDF of a copy, or a page that waits for the worker; every look is logged."""
    case = _case(request, number)
    copy = queries.copy(case, pk)
    if copy is None:
        raise Http404
    back = reverse("desk:copies", args=[request.prop.code, case.number])
    made = copies.paper_of(copy)
    title = _("副本第%(nr)d份") % {"nr": copy.nr}
    paper = copy.source.number
    if made is None:
        return serving.waiting(request, copies.job_of(copy), title, paper, back)
    return serving.paper(
        request, made, title if not case.restricted else None, again=back, back=back
    )
