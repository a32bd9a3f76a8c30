"""The board and the page of one event. Rows come from ``queries``, changes from ``workflow``."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from emergencies.queries import events
from propdesk.core.http import StaffRequest, page, staff_view


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """特殊事件: what runs first."""
    rows = events.visible_to(request.user, request.prop).select_related("case")
    return page(request, "emergencies/board.html", {"rows": rows.order_by("-pk")[:50]})


@staff_view
@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """One event."""
    rows = events.visible_to(request.user, request.prop).select_related("case__property")
    row = rows.filter(case__number=number.upper()).first()
    if row is None:
        raise Http404
    return page(request, "emergencies/detail.html", {"row": row})
