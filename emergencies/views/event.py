"""The board and the page of one event. Rows come from ``queries``, changes from ``workflow``."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from emergencies import rows
from emergencies.queries import board as lists
from emergencies.queries import detail as queries
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.core.paging import number_or_none


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """特殊事件: the eight tiles, what runs, then the rest by page."""
    now, after = timezone.now(), request.GET.get("after", "")
    filters = lists.Filters.of(request.GET)
    found = lists.page_of(lists.listed(request.user, request.prop, filters), after)
    context = rows.board_context(request.prop, filters, found, now, after)
    context |= rows.tiles_context(request.prop, request.GET)
    if not request.htmx:
        running = lists.running(request.user, request.prop)
        context["running"] = [rows.running_row(request.prop, request.user, row) for row in running]
    name = "emergencies/partials/_rows.html" if request.htmx else "emergencies/board.html"
    return page(request, name, context)


@staff_view
@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """One event: what to do in this minute first, the rest folds."""
    return frame.detail_page(request, frame.load(request, number))


@staff_view
@require_GET
def live(request: StaffRequest, number: str) -> HttpResponse:
    """What others did meanwhile; 204 while nothing changed (decision 37: at most four statements)."""
    version = queries.version(request.user, request.prop, number.upper())
    if version is None:
        raise Http404
    if number_or_none(request.GET.get("v", "")) == version:
        return HttpResponse(status=204)
    return frame.live_page(request, frame.load(request, number))


@staff_view
@require_GET
def timeline(request: StaffRequest, number: str) -> HttpResponse:
    """Older entries of the timeline."""
    one = frame.load(request, number)
    before = number_or_none(request.GET.get("before", ""))
    entries = rows.timeline(one, request.GET.get("kind", ""), before)
    context = {"one": one, "row": one.event, "entries": entries}
    name = "partials/_timeline.html" if request.htmx else "emergencies/timeline.html"
    return page(request, name, context)


@staff_view
@require_GET
def history(request: StaffRequest, number: str) -> HttpResponse:
    """Every change of the record: who, when, why, from what to what."""
    one = frame.load(request, number)
    permit(one.event, "history", request.user)
    context = {"one": one, "row": one.event, "changes": rows.history(one.event)}
    return page(request, "emergencies/history.html", context)
