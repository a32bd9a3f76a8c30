"""Copies of the sealed papers of a case: the log, one more, its PDF."""

from functools import partial

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import cases, copies, serving
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.models import Case, Document
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.desk.copies import queries
from propdesk.desk.copies.forms import CopyForm
from propdesk.desk.reading import case_seen

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _case(request: StaffRequest, number: str) -> Case:
    """A case the user may read and give copies of: 404 for none, 403 without that right."""
    found = case_seen(request.user, request.prop, number.upper())
    if found is None:
        raise Http404
    ensure(request.user, "give_copy", ACTIONS, prop=request.prop)
    return found


@staff_view
@require_GET
def log(request: StaffRequest, number: str) -> HttpResponse:
    """Which papers can be copied, and who got which copy for what."""
    case = _case(request, number)
    context = {
        "case": case,
        "papers": list(queries.sealed(case)),
        "given": list(queries.given(case)),
        "now": timezone.now(),
        "back_url": cases.url_of(request.prop.code, case.kind, case.number),
    }
    return page(request, "desk/copies.html", context)


def _source(case: Case, pk: int) -> Document:
    """One of its sealed papers, or Http404."""
    found = next((row for row in queries.sealed(case) if row.pk == pk), None)
    if found is None:
        raise Http404
    return found


@staff_view
@GET_POST
def give(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """出副本: for whom, for what, what else to strike out."""
    case = _case(request, number)
    source = _source(case, document)
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
@xframe_options_sameorigin
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
    served = serving.paper(request, made, title if not case.restricted else None, again=back)
    context = {"title": title, "number": paper, "back_url": back}
    return served or page(request, "core/paper_altered.html", context, status=503)
