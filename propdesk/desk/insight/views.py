"""统计: the figures of a period, the rows behind each of them, and whose time a complaint took."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from incidents.permissions import ACTIONS as OF_COMPLAINTS
from incidents.queries import visible_to
from lostfound.views.frame import not_counting
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.core.periods import Period
from propdesk.core.roles import ensure
from propdesk.desk.insight import pages
from propdesk.desk.insight.figures import opened
from propdesk.desk.insight.forms import PeriodForm
from propdesk.desk.insight.permissions import ACTIONS
from propdesk.desk.insight.queries import Asked

THINGS = ("found", "settled")
"""Figures that list found things, which the two of a running count may not see."""


def asked_for(request: StaffRequest, action: str = "read_insight") -> Asked:
    """Who asks about which days, this month without any: 403 for whom figures are not, 404 for no days."""
    ensure(request.user, action, ACTIONS, prop=request.prop)
    period = Period.month_of(timezone.localdate())
    if "first" in request.GET or "last" in request.GET:
        wanted = Period.read(request.GET)
        if wanted is None:
            raise Http404
        period = wanted
    return Asked(request.user, request.prop, period, timezone.now())


@staff_view
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """统计: every figure of the period; each opens its rows."""
    ensure(request.user, "read_insight", ACTIONS, prop=request.prop)
    period = Period.month_of(timezone.localdate())
    now = timezone.now()
    # What others append to an address is no question about days.
    asks = "first" in request.GET or "last" in request.GET
    form = PeriodForm(request.GET if asks else None, initial=period.params())
    if form.is_bound and not form.is_valid():
        context = {"form": form, "others": pages.others(request.prop, now)}
        return page(request, "desk/insight/index.html", context, status=422)
    asked = Asked(request.user, request.prop, form.period() if form.is_bound else period, now)
    return page(request, "desk/insight/index.html", pages.index(asked, form))


@staff_view
@require_GET
def trend(request: StaffRequest) -> HttpResponse:
    """近十二个月: the figures of each month beside each other; each opens its rows."""
    ensure(request.user, "read_insight", ACTIONS, prop=request.prop)
    now = timezone.now()
    asked = Asked(request.user, request.prop, Period.month_of(timezone.localdate(now)), now)
    return page(request, "desk/insight/trend.html", pages.trend(asked))


@staff_view
@require_GET
def rows(request: StaffRequest, figure: str) -> HttpResponse:
    """Exactly the rows a figure counts, page by page."""
    asked = asked_for(request)
    if figure in pages.DUE:
        return page(request, "desk/insight/rows.html", pages.drills(asked, figure))
    found = opened(asked, figure, request.GET)
    if found is None:
        raise Http404
    if figure in THINGS:
        not_counting(request)
    context = pages.listed(asked, found, figure, request.GET.get("after", ""))
    return page(request, "desk/insight/rows.html", context)


@staff_view
@require_GET
def time(request: StaffRequest, number: str) -> HttpResponse:
    """时限分解 (F3): who had this complaint from when to when; for whoever may read its history."""
    ensure(request.user, "history", OF_COMPLAINTS, prop=request.prop)
    seen = visible_to(request.user, request.prop).select_related("case", "owner")
    row = seen.filter(case__number=number.strip().upper()).first()
    if row is None:
        raise Http404
    return page(request, "desk/insight/time.html", pages.time(request.prop, row, timezone.now()))
