"""日历: a month in whole weeks, a week, or one day with everything on it."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from emergencies.queries import drills
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.desk.calendar import queries, rows
from propdesk.desk.calendar.frame import allow, link
from propdesk.desk.calendar.periods import Period, around, parse
from propdesk.desk.calendar.queries import Span

SHOWN = {"month": 3, "week": 12, "day": 200}
"""Entries of one day; the rest is one tap away, on the day's own page."""
NAMES = {"month": _("月"), "week": _("周"), "day": _("日")}


@staff_view
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """This month."""
    allow(request, "read_calendar")
    return _show(request, around("month", timezone.localdate()))


@staff_view
@require_safe
def period(request: StaffRequest, key: str) -> HttpResponse:
    """The month, week or day of the address; 404 with the way back for one that does not exist."""
    allow(request, "read_calendar")
    wanted = parse(key)
    if wanted is None:
        return page(request, "desk/calendar/unknown.html", {}, status=404)
    return _show(request, wanted)


def _show(request: StaffRequest, wanted: Period) -> HttpResponse:
    prop, user, today = request.prop, request.user, timezone.localdate()
    most = SHOWN[wanted.kind]
    found = queries.read(user, prop, Span(wanted.days[0], wanted.days[-1], most))
    shown = rows.days(prop, user, wanted, found, most=most, since=drills.since(prop))
    context = {
        "period": wanted,
        "days": shown,
        "is_empty": not any(day.entries for day in shown if not day.is_outside),
        "steps": _steps(request, wanted),
        "kinds": _kinds(request, wanted),
        "is_now": wanted.holds(today),
        "today_url": link(request, "period", around(wanted.kind, today).key),
    }
    return page(request, "desk/calendar/period.html", context)


def _steps(request: StaffRequest, wanted: Period) -> dict[str, str]:
    """Addresses of the one before and the one after; "" at the ends of the calendar."""
    near = {"before": wanted.before, "after": wanted.after}
    return {name: link(request, "period", to.key) if to else "" for name, to in near.items()}


def _kinds(request: StaffRequest, wanted: Period) -> list[dict[str, Any]]:
    """Month, week and day at the same place."""
    today = timezone.localdate()
    return [
        {
            "label": label,
            "url": link(request, "period", wanted.as_kind(kind, today).key),
            "current": kind == wanted.kind,
        }
        for kind, label in NAMES.items()
    ]
