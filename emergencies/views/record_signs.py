"""Signatures under the papers of an event: the author's, colleagues', and of those who are not staff."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from emergencies import workflow
from emergencies.forms import records as forms
from emergencies.models import EventRecord
from emergencies.queries import evidence, people, prefill
from emergencies.queries import records as queries
from emergencies.views.records import GET_POST, allow_on, at, can, frame_of, record_of
from propdesk.core import signatures
from propdesk.core.http import StaffRequest, attempt, carried, done, page, staff_view
from propdesk.core.report_forms import OpinionForm, SendBackForm, SignForm


def has_signature(request: StaffRequest) -> bool:
    """Whether he keeps a drawn signature."""
    return signatures.current(request.user) is not None


def context_of(row: EventRecord, **more: Any) -> dict[str, Any]:
    """What the pages of one paper share; forms among ``more`` send back the print of what was read."""
    paper_url = at(row.event, "record_paper", row.pk)
    forms = [each for each in more.values() if isinstance(each, BaseForm)]
    seen = carried(workflow.record_seen(row), *forms)
    return frame_of(row.event, row.form, record=row, paper_url=paper_url, seen=seen, **more)


def _seen(request: StaffRequest) -> str:
    """The print of the paper his page showed."""
    return request.POST.get("seen", "")


@staff_view
@GET_POST
def submit(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """提交签名: the author looks at the paper and signs his box."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "write_record")
    if row.state not in queries.EDITABLE:
        return done(request, at(row.event, "record", row.pk))
    form = SignForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        submit=_("签名并提交"),
        has_signature=has_signature(request),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status = attempt(form, lambda: form.signed(lambda word: _submit(request, row, word)))
        if status == 200:
            return done(request, at(row.event, "record", row.pk), _("记录已提交签名。"))
    context = context_of(row, form=form, missing=_missing(row))
    return page(request, "emergencies/records/submit.html", context, status=status)


def _submit(request: StaffRequest, row: EventRecord, password: str) -> None:
    workflow.submit_record(row, by=request.user, password=password, seen=_seen(request))


def _missing(row: EventRecord) -> tuple[tuple[str, str], ...]:
    spec = queries.spec(row.event, row.form)
    tables = prefill.tables(spec.form, prefill.Sources(row.event))
    return workflow.missing_fields(spec.form, row.values, tables, evidence.facts_of(row.event))


@staff_view
@GET_POST
def sign(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """签名: the paper, then 同意并签名 or 退回修改; afterwards the next one that waits for him."""
    row = record_of(request, number, pk)
    boxes = queries.boxes(row)
    box = next((each for each in boxes if each.decision == "pending"), None)
    here = at(row.event, "record", row.pk)
    if request.method != "POST" and not queries.may_sign(box, request.user, request.prop):
        return done(request, here, _("现在不是由您签这份记录。"), level=messages.INFO)
    sends_back = "send_back" in request.POST
    form = OpinionForm(
        None if sends_back else request.POST or None,
        request.FILES or None,
        user=request.user,
        has_signature=has_signature(request),
        submit=_("同意并签名"),
    )
    back = SendBackForm(request.POST if sends_back else None, prefix="back")
    status = 200
    if request.method == "POST":
        status = _decide(request, row, back if sends_back else form)
        if status == 200:
            inbox = reverse("desk:sign", args=[request.prop.code])
            return done(request, inbox, _("已退回修改。") if sends_back else _("已签名。"))
    may_back = can(request, row.event, "send_back_record")
    context = context_of(row, form=form, back=back, box=box, boxes=boxes, may_back=may_back)
    return page(request, "emergencies/records/sign.html", context, status=status)


def _decide(request: StaffRequest, row: EventRecord, form: Any) -> int:
    if not form.is_valid():
        return 422
    by, seen = request.user, _seen(request)
    if isinstance(form, SendBackForm):
        reason = form.cleaned_data["reason"]
        return attempt(
            form, lambda: workflow.send_back_record(row, by=by, reason=reason, seen=seen)
        )
    opinion = form.cleaned_data["opinion"]

    def act(password: str) -> None:
        workflow.sign_record(row, by=by, password=password, opinion=opinion, seen=seen)

    return attempt(form, lambda: form.signed(act))


@staff_view
@GET_POST
def outside(request: StaffRequest, number: str, pk: int) -> HttpResponse:
    """请对方签名: the screen is handed over; or he did not sign, and why."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "take_signature")
    box = next((b for b in queries.boxes(row) if b.decision == "pending"), None)
    if request.method != "POST" and (box is None or not box.party):
        return done(request, at(row.event, "record", row.pk))
    declines = "decline" in request.POST
    form = forms.OutsideForm(
        None if declines else request.POST or None,
        request.FILES or None,
        people=people.names(row.event),
    )
    decline = forms.DeclineForm(
        request.POST if declines else None,
        request.FILES if declines else None,
        user=request.user,
        has_signature=has_signature(request),
        submit=_("登记对方未签"),
        prefix="no",
    )
    status = 200
    if request.method == "POST":
        status = _outside(request, row, decline if declines else form)
        if status == 200:
            return done(request, at(row.event, "record", row.pk), _("已登记。"))
    may_decline = can(request, row.event, "decline_signature")
    context = context_of(row, form=form, decline=decline, box=box, may_decline=may_decline)
    return page(request, "emergencies/records/outside.html", context, status=status)


def _outside(request: StaffRequest, row: EventRecord, form: Any) -> int:
    if not form.is_valid():
        return 422
    by, seen = request.user, _seen(request)
    if isinstance(form, forms.OutsideForm):
        how = form.outside(request.headers.get("User-Agent", "")[:160])
        return attempt(form, lambda: workflow.take_signature(row, how, by=by, seen=seen))
    reason = form.cleaned_data["reason"]

    def act(password: str) -> None:
        workflow.decline_signature(row, by=by, password=password, reason=reason, seen=seen)

    return attempt(form, lambda: form.signed(act))


@staff_view
@GET_POST
def scan(request: StaffRequest, number: str, pk: int, box: int) -> HttpResponse:
    """补传签名件 of a box that was signed on paper."""
    row = record_of(request, number, pk)
    allow_on(request, row.event, "scan_record")
    found = next((each for each in queries.boxes(row) if each.pk == box), None)
    if found is None:
        raise Http404
    form = forms.ScanForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.picture()
            status = attempt(form, lambda: workflow.add_scan(row, found, data, by=request.user))
        if status == 200:
            return done(request, at(row.event, "record", row.pk), _("签名件已保存。"))
    context = context_of(row, form=form, act=_("补传签名件"))
    return page(request, "emergencies/records/act.html", context, status=status)
