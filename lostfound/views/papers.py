"""Printed papers of found things: slips, approvals of disposal, and the register as a list."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from lostfound.forms.papers import ScopeForm
from lostfound.models import DisposalBatch, FoundItem
from lostfound.queries import papers as queries
from lostfound.rows.board import STATES
from lostfound.views.frame import allow, allowed, link, not_counting
from propdesk.core import rendering, serving
from propdesk.core.http import StaffRequest, done, framed, page, staff_view
from propdesk.core.models import Document, RenderJob

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
PAPERS = {"claim_slip": _l("失物认领单"), "disposal_approval": _l("过期失物处理审批单")}
LISTS = {"found_register": _l("失物招领登记表"), "found_notice": _l("招领公告")}
ENDS = {"claim_slip": FoundItem.Status.RETURNED, "disposal_approval": DisposalBatch.Status.DONE}
"""With which state the paper of a kind is sealed."""
Subject = FoundItem | DisposalBatch


def _subject(request: StaffRequest, number: str, kind: str) -> Subject:
    """The thing or batch the paper is about: 404 for whom it does not exist, 403 without print."""
    found: Subject | None = None
    if kind == "claim_slip":
        found = queries.item(request.user, request.prop, number.upper())
    elif kind == "disposal_approval" and allowed(request, "read_batch"):
        found = queries.batch(request.prop, number.upper())
    if found is None:
        raise Http404
    allow(request, "print")
    return found


@staff_view
@GET_POST
@framed
def paper(request: StaffRequest, number: str, kind: str) -> HttpResponse:
    """The printed paper, or a page that waits for the worker to make it; htmx asks how far it is."""
    row = _subject(request, number, kind)
    ready, job = _paper_of(request, row, kind)
    here = link(request, "paper", row.case.number, kind)
    if request.htmx:
        return serving.paper_state(request, ready, job, here)
    if ready is not None:
        return done(request, link(request, "paper_file", row.case.number, kind, ready.pk))
    return serving.waiting(request, job, PAPERS[kind], row.case.number, row.get_absolute_url())


def _paper_of(
    request: StaffRequest, row: Subject, kind: str
) -> tuple[Document | None, RenderJob | None]:
    """The paper as it stands, or the job that makes it."""
    case, sealed = row.case, row.status == ENDS[kind]
    ready = rendering.ready_document(case, kind, sealed=sealed, report=None)
    if ready is not None:
        return ready, None
    job = rendering.job_of(case, kind, sealed=sealed)
    if job is None:
        job = rendering.request(case, kind, by=request.user, sealed=sealed)
    return None, job


@staff_view
@require_GET
@framed
def paper_file(request: StaffRequest, number: str, kind: str, document: int) -> HttpResponse:
    """The bytes of a paper, inline, under its proper name; every look is logged."""
    row = _subject(request, number, kind)
    found = rendering.document(row.case, kind, document)
    if found is None:
        raise Http404
    again = link(request, "paper", row.case.number, kind)
    return serving.paper(request, found, PAPERS[kind], again=again, back=row.get_absolute_url())


# --- lists of a house ----------------------------------------------------------------------


@staff_view
@GET_POST
def register_print(request: StaffRequest) -> HttpResponse:
    """失物招领登记表: which rows, then the list as a PDF."""
    allow(request, "read_register")
    allow(request, "print")
    not_counting(request)
    scope = queries.Scope.of(request.GET)
    form = ScopeForm(request.POST or None, states=STATES, initial=scope.params())
    if request.method == "POST" and form.is_valid():
        wanted = queries.Scope.of(form.cleaned_data)
        return start_list(request, "found_register", wanted.params())
    status = 422 if form.is_bound else 200
    context = {"form": form, "most": queries.IN_REGISTER}
    return page(request, "lostfound/register_print.html", context, status=status)


def start_list(request: StaffRequest, kind: str, params: Mapping[str, Any]) -> HttpResponse:
    """To the page that waits for a list; the same one still in the making is not begun twice."""
    job = rendering.request_list(request.prop, kind, params, by=request.user)
    return done(request, link(request, "list_paper", kind, job.pk))


def _job(request: StaffRequest, kind: str, job: int) -> RenderJob:
    """A list he himself asked for; 404 for anybody else's."""
    found = rendering.list_job(request.prop, kind, job, request.user) if kind in LISTS else None
    if found is None:
        raise Http404
    allow(request, "print")
    if kind == "found_register":
        not_counting(request)
    return found


@staff_view
@GET_POST
def list_paper(request: StaffRequest, kind: str, job: int) -> HttpResponse:
    """The list once it is made; until then a page that waits."""
    found = _job(request, kind, job)
    if found.document is not None:
        return done(request, link(request, "list_file", kind, job))
    back = link(request, "notice" if kind == "found_notice" else "register_print")
    return serving.waiting(request, found, LISTS[kind], "", back)


@staff_view
@require_GET
@framed
def list_file(request: StaffRequest, kind: str, job: int) -> HttpResponse:
    """The bytes of a list, inline, under its proper name; every look is logged."""
    found = _job(request, kind, job)
    if found.document is None:
        raise Http404
    back = link(request, "notice" if kind == "found_notice" else "register_print")
    return serving.paper(request, found.document, LISTS[kind], again=back, back=back)
