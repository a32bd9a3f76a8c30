"""Papers of an event on the screen: filled in, written, looked at."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import workflow
from emergencies.forms import records as forms
from emergencies.models import Event, EventRecord
from emergencies.permissions import ACTIONS
from emergencies.queries import evidence, prefill
from emergencies.queries import records as queries
from emergencies.queries.records import Spec
from emergencies.workflow.table import MOVES
from propdesk.core import drafts, stale
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.roles import may

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def event_of(request: StaffRequest, number: str) -> Event:
    """The event of this number as this user may see it, or 404 (never 403: decision 33)."""
    found = queries.event(request.user, request.prop, number.upper())
    if found is None:
        raise Http404
    return found


def record_of(request: StaffRequest, number: str, pk: int) -> EventRecord:
    """One paper of that very event."""
    event = event_of(request, number)
    found = queries.one(event, pk)
    if found is None:
        raise Http404
    found.event = event
    return found


def address(event: Event, name: str, *args: object) -> str:
    """The address of a page of this event."""
    return reverse(f"emergencies:{name}", args=[event.case.property.code, event.case.number, *args])


def can(request: StaffRequest, event: Event, action: str) -> bool:
    """Whether the state and his role allow it: for showing a button. The workflow decides."""
    if event.status not in MOVES[action].states:
        return False
    owns = request.user.pk in (event.reported_by_id, event.commander_id)
    involved = workflow.is_involved(event, request.user)
    return may(request.user, action, ACTIONS, prop=request.prop, owns=owns, assigned=involved)


def head_of(event: Event, spec: Spec | None = None) -> str:
    """What the browser's tab and history may say: of a restricted event nothing."""
    if event.case.restricted or spec is None:
        return _("保密事项") if event.case.restricted else _("记录")
    return spec.form.title.zh


def dial_of(event: Event) -> dict[str, Any]:
    """The numbers of the card: while it runs they stand first on every page (decision 35)."""
    card = queries.playbook(event).card
    dial = list(dict.fromkeys(str(line.call) for line in card if line.call))
    return {"is_running": event.status == Event.Status.RUNNING, "dial": dial}


@staff_view
@GET_POST
def new(request: StaffRequest, number: str, form: str) -> HttpResponse:
    """起草: filled in from steps, answers and registers; what cannot be known is left open."""
    event = event_of(request, number)
    workflow.permit(event, "write_record", request.user)
    spec = queries.specs(event).get(form)
    if spec is None:
        raise Http404
    there = next((r for r in queries.rows_of(event) if r.form == form), None)
    if there is not None and not spec.several and request.method != "POST":
        return done(request, address(event, "record", there.pk))
    key = f"{event.case.number}:record-{form}"
    sources = prefill.Sources(event)
    values = forms.initial_of(spec.form, prefill.proposed(spec.form, sources))

    def save(filled: forms.RecordForm) -> EventRecord:
        return workflow.start_record(event, form, filled.values(), by=request.user)

    return _written(request, event, spec, key, values, save, sources=sources)


@staff_view
@GET_POST
def record(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """A paper: its form while it may be written, else how far it is signed."""
    row = record_of(request, number, pk)
    event = row.event
    spec = queries.spec(event, row.form)
    editable = row.state in queries.EDITABLE and can(request, event, "write_record")
    if not editable and request.method != "POST":
        return _shown(request, row, spec)
    workflow.permit(event, "write_record", request.user)
    key = f"{event.case.number}:record-{row.pk}"
    values = forms.initial_of(spec.form, queries.values_of(row))

    def save(filled: forms.RecordForm) -> EventRecord:
        seen = request.POST.get("seen", "")
        return workflow.edit_record(row, filled.values(), by=request.user, seen=seen)

    return _written(request, event, spec, key, values, save, row=row)


def _written(
    request: StaffRequest,
    event: Event,
    spec: Spec,
    key: str,
    values: dict[str, Any],
    save: Any,
    *,
    row: EventRecord | None = None,
    sources: prefill.Sources | None = None,
) -> HttpResponse:
    posted = request.method == "POST"
    if "save_draft" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return done(request, request.path, _("草稿已保存24小时。"))
    typed = drafts.recall(request.user, key)
    kept = drafts.first_values(typed.data) if typed is not None else {}
    form = forms.RecordForm(
        request.POST if posted else None,
        initial=values | kept,
        spec=spec.form,
        facts=evidence.facts_of(event),
        people=queries.names(event),
        staff=queries.colleagues(request.prop),
    )
    status = 422 if posted else 200
    saved: list[EventRecord] = []
    if posted and form.is_valid():
        status = attempt(form, lambda: saved.append(save(form)))
        if status == 200:
            drafts.forget(request.user, key)
            target = address(event, "submit_record", saved[0].pk)
            return done(request, target, _("记录已保存，请核对后签名提交。"))
    if posted:
        drafts.keep(request.user, key, dict(request.POST.lists()))
    context = {
        "row": event,
        "one": dial_of(event),
        "record": row,
        "spec": spec,
        "head": head_of(event, spec),
        "form": form,
        "tables": tables_of(event, spec, sources),
        "boxes": queries.boxes(row) if row is not None and row.round else [],
        "seen": _seen(row, spec, kept, posted=posted),
    }
    return page(request, "emergencies/records/write.html", context, status=status)


def _seen(row: EventRecord | None, spec: Spec, kept: dict[str, str], *, posted: bool) -> str:
    """The print of what the form was filled from; after a refusal of what stands there now."""
    if row is None:
        return ""
    now = stale.seen(workflow.written(queries.reread(row), spec.form))
    return now if posted else kept.get("seen", "") or now


def tables_of(
    event: Event, spec: Spec, sources: prefill.Sources | None = None
) -> list[tuple[str, int]]:
    """Each table of the form with how many rows its register has by now."""
    fields = [f for f in spec.form.fields if f.type == "table"]
    if not fields:
        return []
    found = sources or prefill.Sources(event)
    return [(f.zh, len(found.rows(f))) for f in fields]


def _shown(request: StaffRequest, row: EventRecord, spec: Spec) -> HttpResponse:
    event = row.event
    boxes = queries.boxes(row)
    waiting = next((box for box in boxes if box.decision == "pending"), None)
    mine = (
        waiting is not None
        and queries.turns(request.user, request.prop).filter(pk=waiting.pk).exists()
    )
    context = {
        "row": event,
        "one": dial_of(event),
        "record": row,
        "spec": spec,
        "head": head_of(event, spec),
        "boxes": boxes,
        "waiting": waiting,
        "is_mine": mine,
        "may_take": bool(waiting and waiting.party) and can(request, event, "take_signature"),
        "may_scan": can(request, event, "scan_record"),
        "may_rewrite": row.state == queries.State.SIGNED and can(request, event, "rewrite_record"),
        "paper_url": address(event, "record_paper", row.pk),
    }
    return page(request, "emergencies/records/shown.html", context)


@staff_view
@require_GET
def shelf(request: StaffRequest, number: str) -> HttpResponse:
    """记录与签批: every paper of the event, what is open first."""
    event = event_of(request, number)
    workflow.permit(event, "read", request.user)
    context = {
        "row": event,
        "one": dial_of(event),
        "head": head_of(event),
        "papers": queries.shelf(event),
        "may_write": can(request, event, "write_record"),
        "may_report": can(request, event, "report"),
    }
    return page(request, "emergencies/records/shelf.html", context)


@staff_view
@GET_POST
def rewrite(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """另写新版 of a paper that is signed."""
    row = record_of(request, number, pk)
    workflow.permit(row.event, "rewrite_record", request.user)
    form = forms.RewriteForm(request.POST or None)
    status = 200
    made: list[EventRecord] = []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            status = attempt(
                form,
                lambda: made.append(workflow.rewrite_record(row, by=request.user, reason=reason)),
            )
        if status == 200:
            target = address(row.event, "record", made[0].pk)
            return done(request, target, _("已另起新版，请改好后签名提交。"), level=messages.INFO)
    context = {
        "row": row.event,
        "one": dial_of(row.event),
        "record": row,
        "head": head_of(row.event),
        "title": _("另写新版"),
        "form": form,
    }
    return page(request, "emergencies/records/act.html", context, status=status)
