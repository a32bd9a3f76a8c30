"""启动预案: one tap has to start everything (F9)."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from emergencies.models import Kind
from propdesk.core.http import StaffRequest, page, staff_view


@staff_view
@require_GET
def choose(request: StaffRequest) -> HttpResponse:
    """Which of the eight."""
    return redirect("emergencies:board", request.prop.code)


@staff_view
@require_GET
def new(request: StaffRequest, kind: str) -> HttpResponse:
    """Place and 启动."""
    if kind not in Kind.values:
        raise Http404
    return page(request, "emergencies/new.html", {"kind": kind})
