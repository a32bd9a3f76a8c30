"""Papers of an event on the screen: filled in, written, looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import workflow
from emergencies.detail import Detail
from emergencies.forms import records as forms
from emergencies.models import Event, EventRecord
from emergencies.permissions import ACTIONS
from emergencies.playbooks.records import title
from emergencies.queries import prefill
from emergencies.queries import records as queries
from emergencies.queries.records import Spec
from emergencies.views.frame import address, load
from emergencies.workflow.table import MOVES
from propdesk.core import drafts, stale
from propdesk.core.http import StaffRequest, attempt, carried, done, page, staff_view
from propdesk.core.models import Person
from propdesk.core.roles import may

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
NOT_YOURS = _l("您的岗位不能办理这一步，请交由有权限的同事办理。")


def record_of(request: StaffRequest, number: str, pk: int) -> EventRecord:
    """One paper of an event this user may see, or 404 (never 403: decision 33)."""
    found = queries.one(request.user, request.prop, number.upper(), pk)
    if found is None:
        raise Http404
    return found


def at(event: Event, name: str, *args: object) -> str:
    """The address of a page of this event."""
    return reverse(f"emergencies:{name}", args=[event.case.property.code, event.case.number, *args])


def can(request: StaffRequest, event: Event, action: str) -> bool:
    """Whether the state and his role allow it: for showing a button. The workflow decides."""
    return event.status in MOVES[action].states and _allowed(request, event, action)


def _allowed(request: StaffRequest, event: Event, action: str) -> bool:
    owns = request.user.pk in (event.reported_by_id, event.commander_id)
    known: dict[str, bool] = event.__dict__.setdefault("_concerns", {})
    if "him" not in known:
        known["him"] = workflow.is_involved(event, request.user)
    assigned = known["him"]
    return may(request.user, action, ACTIONS, prop=request.prop, owns=owns, assigned=assigned)


def allow_on(request: StaffRequest, event: Event, action: str) -> None:
    """PermissionDenied (403) for whoever may see the event, but not even open the page of it."""
    if not _allowed(request, event, action):
        raise PermissionDenied(NOT_YOURS)


def allow(one: Detail, action: str) -> None:
    """The same where the whole event was read."""
    if not one.allowed(action):
        raise PermissionDenied(NOT_YOURS)


def frame_of(event: Event, paper: str = "", **more: Any) -> dict[str, Any]:
    """What every page of a paper shows: numbers to call, and what the browser's tab may say."""
    card = queries.playbook(event).card
    dial = list(dict.fromkeys(str(line.call) for line in card if line.call))
    head = title(paper) if paper else _("记录")
    return {
        "row": event,
        "one": {"is_running": event.status == Event.Status.RUNNING, "dial": dial},
        "head": _("保密事项") if event.case.restricted else head,
        "title": head,
        **more,
    }


# --- writing -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper in the hands of its writer: new, or one that goes on."""

    one: Detail
    spec: Spec
    sources: prefill.Sources
    values: dict[str, Any]
    """What its fields hold, each as what it is."""
    record: EventRecord | None = None

    @property
    def key(self) -> str:
        """Under which what was typed is kept."""
        return f"record-{self.record.pk if self.record else self.spec.form.code}"

    def people(self) -> dict[int, str]:
        """Everybody on record with the event, and whoever the paper names already."""
        one = self.one
        found = {row.person_id: f"{row.label} {row.name}" for row in one.parties if row.name}
        found |= {m.person_id: m.person for m in one.record.marks if m.person_id and m.person}
        named = {v.pk: v.name for v in self.values.values() if isinstance(v, Person)}
        return found | {pk: name for pk, name in named.items() if pk not in found}

    def staff(self) -> dict[int, str]:
        """Everybody who works in the house."""
        found = ((*ref.partition(":")[::2], name) for ref, name in self.one.people)
        return {int(pk): name for kind, pk, name in found if kind == "user"}


@staff_view
@GET_POST
def new(request: StaffRequest, number: str, form: str) -> HttpResponse:
    """起草: filled in from steps, answers and registers; what cannot be known is left open."""
    one = load(request, number)
    allow(one, "write_record")
    spec = queries.specs(one.event, one.board).get(form)
    if spec is None:
        raise Http404
    if not spec.several and request.method != "POST":
        there = next((r for r in queries.rows_of(one.event) if r.form == form), None)
        if there is not None:
            return done(request, address(one, "record", there.pk))
    sources = prefill.Sources(one.event, one.record)
    sheet = Sheet(one, spec, sources, prefill.proposed(spec.form, sources))

    def save(filled: forms.RecordForm) -> EventRecord:
        return workflow.start_record(one.event, form, filled.values(), by=request.user)

    return _written(request, sheet, save)


@staff_view
@GET_POST
def record(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """A paper: its form while it may be written, else how far it is signed."""
    row = record_of(request, number, pk)
    posted = request.method == "POST"
    if row.state not in queries.EDITABLE and not posted:
        return _shown(request, row)
    one = load(request, number)
    if not posted and not one.can("write_record"):
        return _shown(request, row)
    allow(one, "write_record")
    sources = prefill.Sources(one.event, one.record)
    spec = queries.spec(one.event, row.form, one.board)
    sheet = Sheet(one, spec, sources, queries.values_of(row), row)

    def save(filled: forms.RecordForm) -> EventRecord:
        seen = request.POST.get("seen", "")
        return workflow.edit_record(row, filled.values(), by=request.user, seen=seen)

    return _written(request, sheet, save)


def _written(
    request: StaffRequest, sheet: Sheet, save: Callable[[forms.RecordForm], EventRecord]
) -> HttpResponse:
    posted, event = request.method == "POST", sheet.one.event
    key = f"{event.case.number}:{sheet.key}"
    if "save_draft" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return done(request, request.path, _("草稿已保存24小时。"))
    kept = sheet.one.drafts.get(sheet.key, {})
    form = forms.RecordForm(
        request.POST if posted else None,
        initial=forms.initial_of(sheet.spec.form, sheet.values) | kept,
        spec=sheet.spec.form,
        facts=sheet.one.board.counting,
        people=sheet.people(),
        staff=sheet.staff(),
    )
    status = 422 if posted else 200
    saved: list[EventRecord] = []
    if posted and form.is_valid():
        status = attempt(form, lambda: saved.append(save(form)))
        if status == 200:
            drafts.forget(request.user, key)
            target = address(sheet.one, "submit_record", saved[0].pk)
            return done(request, target, _("记录已保存，请核对后签名提交。"))
    if posted:
        drafts.keep(request.user, key, dict(request.POST.lists()))
    row = sheet.record
    context = frame_of(
        event,
        sheet.spec.form.code,
        record=row,
        form=form,
        tables=[(f.zh, len(sheet.sources.rows(f))) for f in sheet.spec.tables],
        boxes=queries.boxes(row) if row is not None and row.round else [],
        seen=_seen(sheet, kept, form),
    )
    return page(request, "emergencies/records/write.html", context, status=status)


def _seen(sheet: Sheet, kept: dict[str, str], form: forms.RecordForm) -> str:
    """The print of what the form was filled from; what stands there now once he was told of it."""
    if sheet.record is None:
        return ""
    row = queries.reread(sheet.record) if form.is_bound else sheet.record
    now = stale.seen(workflow.written(row, sheet.spec.form))
    return carried(now, form, kept=kept.get("seen", ""))


def _shown(request: StaffRequest, row: EventRecord) -> HttpResponse:
    event, boxes = row.event, queries.boxes(row)
    waiting = next((box for box in boxes if box.decision == "pending"), None)
    context = frame_of(
        event,
        row.form,
        record=row,
        boxes=boxes,
        waiting=waiting,
        is_mine=queries.may_sign(waiting, request.user, request.prop),
        may_take=bool(waiting and waiting.party) and can(request, event, "take_signature"),
        may_scan=can(request, event, "scan_record"),
        may_rewrite=row.state == queries.State.SIGNED and can(request, event, "rewrite_record"),
        paper_url=at(event, "record_paper", row.pk),
    )
    return page(request, "emergencies/records/shown.html", context)


@staff_view
@require_GET
def shelf(request: StaffRequest, number: str) -> HttpResponse:
    """记录与签批: every paper of the event."""
    one = load(request, number)
    papers = queries.shelf(one.event, one.board)
    context = frame_of(one.event, papers=papers, may_write=one.can("write_record"))
    return page(request, "emergencies/records/shelf.html", context)


@staff_view
@GET_POST
def rewrite(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """另写新版 of a paper that is signed."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "rewrite_record")
    form = forms.RewriteForm(request.POST or None)
    status = 200
    made: list[EventRecord] = []

    def act() -> None:
        reason = form.cleaned_data["reason"]
        made.append(workflow.rewrite_record(row, by=request.user, reason=reason))

    if request.method == "POST":
        status = attempt(form, act) if form.is_valid() else 422
        if status == 200:
            target = at(row.event, "record", made[0].pk)
            return done(request, target, _("已另起新版，请改好后签名提交。"), level=messages.INFO)
    context = frame_of(row.event, record=row, form=form, act=_("另写新版"))
    return page(request, "emergencies/records/act.html", context, status=status)
