"""值班台, and the same while it is open: only what changed is sent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from emergencies import rows as event_rows
from emergencies.queries import board as events
from emergencies.queries import drills
from incidents import rows as incident_rows
from lostfound import rows as found_rows
from lostfound.permissions import ACTIONS as FOUND
from lostfound.queries import item as items
from propdesk.core.http import StaffRequest, page, staff_view
from propdesk.core.roles import ALL_STAFF, DUTY, MANAGERS, Role, may, standing
from propdesk.desk import shell as frame
from propdesk.desk.board import queries, rows

LIMIT = 12
EVENTS = 6
"""Running events shown: those that are latest; the rest is one tap away and counted."""


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """值班台: what is to be done now, what runs, what waits for me, what the day holds."""
    prop, roles = request.prop, standing(request.user, request.prop).roles
    if not roles & ALL_STAFF:
        return redirect("house:index", prop.code)
    if prop.settings.first_run_done_at is None and roles & (MANAGERS | {Role.ADMIN}):
        return redirect("house:first_run", prop.code)
    return page(request, "desk/board.html", _context(request))


@staff_view
@require_GET
def live(request: StaffRequest) -> HttpResponse:
    """The same list for the poll; 204 while nothing changed (decision 37: at most four statements)."""
    if not standing(request.user, request.prop).roles & ALL_STAFF:
        raise Http404
    if request.GET.get("v") == queries.stamp(request.user, request.prop, timezone.now()):
        return HttpResponse(status=204)
    return page(request, "desk/board/live.html", _context(request))


def _context(request: StaffRequest) -> dict[str, Any]:
    """Everything on the board; its stamp is read first, so what happens meanwhile comes next time."""
    prop, user, now = request.prop, request.user, timezone.now()
    counts = queries.counts(user, prop, now, LIMIT)
    frame.prime(user, prop, counts)
    running = queries.running_complaints(user, prop, now, LIMIT)
    changes_shift = bool(standing(user, prop).roles & DUTY)
    return {
        "changes_shift": changes_shift,
        "handover": rows.handover(prop.code, counts["handovers"], user) if changes_shift else None,
        "now": now,
        "stamp": counts["stamp"],
        "live_url": reverse("desk:board_live", args=[prop.code]),
        "events": _events(request, now)[:EVENTS],
        "events_all": counts["events"],
        "urgent": _urgent(request, now),
        "running": [incident_rows.list_row(prop, row) for row in running],
        "tasks": [rows.task(prop.code, row) for row in counts["task_rows"]],
        "mends": [rows.mend(prop.code, row, now) for row in counts["mends"]],
        "figures": rows.figures(prop.code, counts),
        "today": rows.today(prop, counts, drills.since(prop), now),
    }


def _events(request: StaffRequest, now: datetime) -> list[Any]:
    """What runs: what waits for this user's word first, then by the time left, late ones leading."""
    prop, user = request.prop, request.user
    found = [event_rows.running_row(prop, user, row) for row in events.running(user, prop)]
    return sorted(found, key=lambda row: (not row.calls, row.due or now + timedelta(days=1)))


def _urgent(request: StaffRequest, now: datetime) -> list[Any]:
    """Complaints and found things that are late or due within two hours, by the time left."""
    prop, user = request.prop, request.user
    details = items.sees_all_details(user, prop)
    found: list[Any] = []
    for row in queries.urgent_complaints(user, prop, now, LIMIT):
        shown = incident_rows.list_row(prop, row)
        found.append(shown if incident_rows.does_next(prop, user, row) else _to_read(shown))
    for row in queries.urgent_things(user, prop, now, LIMIT // 2):
        thing = found_rows.list_row(prop, row, user, details=details)
        does = bool(thing.act) and may(user, thing.act, FOUND, prop=prop)
        found.append(thing if does else _to_read(thing))
    return sorted(found, key=lambda row: row.due or now)


def _to_read(row: Any) -> Any:
    """Its button names no act: who sees it is not the one to do it."""
    return replace(row, next=_("查看"))
