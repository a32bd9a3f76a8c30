"""Screens over all registers."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies.models import EventRecord
from emergencies.playbooks.records import title
from emergencies.queries import records
from propdesk.core import signatures, signoff
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.models import Case, Report
from propdesk.core.roles import standing
from propdesk.desk import forms
from propdesk.desk import shell as frame


@staff_view
@require_GET
def counts(request: StaffRequest) -> HttpResponse:
    """Numbers of the frame for the poll; 204 while nothing changed (decision 37)."""
    path = request.htmx.current_url_abs_path or ""
    built = frame.build(request.user, request.prop, path.partition("?")[0], fresh=True)
    return page(request, "partials/_shell_counts.html", {"shell": built})


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
