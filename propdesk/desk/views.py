"""Screens over all registers."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from emergencies import rows as event_rows
from emergencies.models import EventRecord
from emergencies.playbooks.records import title
from emergencies.queries import board as events
from emergencies.queries import records
from incidents import rows as incident_rows
from lostfound import rows as found_rows
from lostfound.queries import item as items
from propdesk.core import cases, signatures, signoff
from propdesk.core import notices as core_notices
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.models import Case, Report
from propdesk.core.paging import number_or_none
from propdesk.core.roles import ALL_STAFF, MANAGERS, Role, standing
from propdesk.desk import forms, queries
from propdesk.desk import shell as frame

LIMIT = 12
EVENTS = 6
"""Running events shown: those that are latest; the rest is one tap away and counted."""


@staff_view
@require_GET
def board(request: StaffRequest) -> HttpResponse:
    """值班台: what is to be done now, what runs, what waits for me."""
    prop, user, now = request.prop, request.user, timezone.now()
    roles = standing(user, prop).roles
    if not roles & ALL_STAFF:
        return redirect("house:index", prop.code)
    if prop.settings.first_run_done_at is None and roles & (MANAGERS | {Role.ADMIN}):
        return redirect("house:first_run", prop.code)
    counts = queries.board_counts(user, prop, now)
    frame.prime(user, prop, counts)
    running = queries.running_complaints(user, prop, now, LIMIT)
    context = {
        "now": now,
        "events": _events(request, now)[:EVENTS],
        "events_all": counts["events"],
        "urgent": _urgent(request, now),
        "running": [incident_rows.list_row(prop, row) for row in running],
        "tasks": [_task(prop.code, task, now) for task in queries.open_tasks(user, prop, LIMIT)],
        "mends": [_mend(prop.code, row, now) for row in counts["mends"]],
        "figures": _figures(prop.code, counts),
    }
    return page(request, "desk/board.html", context)


def _events(request: StaffRequest, now: datetime) -> list[Any]:
    """What runs, the longest overdue first, then what is due next."""
    prop, user = request.prop, request.user
    rows = [event_rows.running_row(prop, user, row) for row in events.running(user, prop)]
    return sorted(rows, key=lambda row: row.due or now + timedelta(days=1))


def _mend(code: str, row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """An action of a review; of a restricted event its number alone."""
    due = date.fromisoformat(row["due"])
    return {
        "url": f"{reverse('emergencies:detail', args=[code, row['number']])}#review",
        "text": _("保密事项") if row["restricted"] else row["text"],
        "number": row["number"],
        "due": due,
        "is_late": due < timezone.localdate(now),
    }


def _urgent(request: StaffRequest, now: datetime) -> list[Any]:
    """Complaints and found things that are late or due within two hours, by the time left."""
    prop, user = request.prop, request.user
    details = items.sees_all_details(user, prop)
    rows: list[Any] = [
        incident_rows.list_row(prop, row)
        for row in queries.urgent_complaints(user, prop, now, LIMIT)
    ]
    rows += [
        found_rows.list_row(prop, row, user, details=details)
        for row in queries.urgent_things(user, prop, now, LIMIT // 2)
    ]
    return sorted(rows, key=lambda row: row.due or now)


def _figures(code: str, counts: dict[str, Any]) -> dict[str, Any]:
    base, things = (reverse(f"{app}:board", args=[code]) for app in ("incidents", "lostfound"))
    return counts | {
        "urgent": sum(counts[n] for n in ("overdue", "soon", "things_overdue", "things_soon")),
        "things_url": things,
        "things_overdue_url": f"{things}?state=overdue",
        "overdue_url": f"{base}?state=overdue",
        "soon_url": f"{base}?state=soon",
        "open_url": base,
        "sign_url": reverse("desk:sign", args=[code]),
    }


def _task(code: str, task: Any, now: Any) -> dict[str, Any]:
    return {
        "text": task.text,
        "number": task.case.number,
        "url": cases.url_of(code, task.case.kind, task.case.number),
        "since": task.created_at,
        "role": task.get_role_display(),
    }


@staff_view
@require_GET
def counts(request: StaffRequest) -> HttpResponse:
    """Numbers of the frame for the poll; 204 while nothing changed (decision 37)."""
    path = request.htmx.current_url_abs_path or ""
    built = frame.build(request.user, request.prop, path.partition("?")[0], fresh=True)
    return page(request, "partials/_shell_counts.html", {"shell": built})


@staff_view
@require_GET
def notices(request: StaffRequest) -> HttpResponse:
    """通知: what I was told, newest first; each is confirmed by hand."""
    before = number_or_none(request.GET.get("before", ""))
    found = queries.inbox(request.user, request.prop, before)
    shown = found[: queries.INBOX_PAGE]
    here = reverse("desk:notices", args=[request.prop.code])
    context = {
        "deliveries": shown,
        "now": timezone.now(),
        "older_url": f"{here}?before={shown[-1].pk}" if len(found) > len(shown) else "",
        "newer_url": here if before else "",
    }
    return page(request, "desk/notices.html", context)


@staff_view
@require_POST
def acknowledge(request: StaffRequest, delivery: int) -> HttpResponse:
    """确认收到, and on to the case when asked."""
    row = queries.delivery(request.user, request.prop, delivery)
    if row is None:
        raise Http404
    if row.state != row.State.ACKNOWLEDGED:
        core_notices.acknowledge(row, by=request.user)
    frame.forget(request.user, request.prop)
    if "open" in request.POST and row.notice.case is not None:
        case = row.notice.case
        return done(request, cases.url_of(request.prop.code, case.kind, case.number))
    return done(request, reverse("desk:notices", args=[request.prop.code]), _("已确认收到。"))


@staff_view
@require_GET
def sign(request: StaffRequest) -> HttpResponse:
    """签批: reports and records of events whose turn it is mine to sign, oldest first."""
    rows = [_to_sign(request, row) for row in signoff.waiting_for(request.user, request.prop)]
    rows += [
        _record_to_sign(request, row) for row in records.waiting_for(request.user, request.prop)
    ]
    rows.sort(key=lambda row: row["since"])
    return page(request, "desk/sign.html", {"rows": rows, "now": timezone.now()})


def _to_sign(request: StaffRequest, report: Report) -> dict[str, Any]:
    case = report.case
    app = "emergencies" if case.kind == Case.Kind.EVENT else "incidents"
    return {
        "title": _("《事故报告》"),
        "number": report.number,
        "case": case.number,
        "author": report.author,
        "since": report.submitted_at,
        "url": reverse(f"{app}:sign_report", args=[request.prop.code, case.number]),
    }


def _record_to_sign(request: StaffRequest, row: EventRecord) -> dict[str, Any]:
    case = row.event.case
    return {
        "title": _("保密事项") if case.restricted else title(row.form),
        "number": row.number,
        "case": case.number,
        "author": row.author,
        "since": row.submitted_at,
        "url": reverse("emergencies:sign_record", args=[request.prop.code, case.number, row.pk]),
    }


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: StaffRequest) -> HttpResponse:
    """我的账号: my signature, password, two-step log-in."""
    form = forms.SignatureForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data["signature"].read()
            status = attempt(form, lambda: signatures.keep(request.user, data))
        if status == 200:
            return done(request, reverse("desk:me", args=[request.prop.code]), _("签名已留存。"))
    context = {
        "form": form,
        "has_signature": signatures.current(request.user) is not None,
        "roles": sorted(role.label for role in standing(request.user, request.prop).roles),
    }
    return page(request, "desk/me.html", context, status=status)


@staff_view
@require_GET
def signature(request: StaffRequest) -> HttpResponse:
    """My own signature as a picture."""
    row = signatures.current(request.user)
    if row is None:
        raise Http404
    response = HttpResponse(bytes(row.image), content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    return response
