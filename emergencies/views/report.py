"""《事故报告》 of an event: pre-filled, submitted, signed by the playbook's list."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from emergencies import reports, workflow
from emergencies.detail import Detail
from emergencies.models import Event
from emergencies.queries import records as queries
from emergencies.queries.signed import REPORT
from emergencies.views.frame import address, load
from emergencies.views.record_signs import has_signature
from emergencies.views.records import GET_POST, allow, frame_of
from propdesk.core import drafts, signoff, stale
from propdesk.core.http import StaffRequest, attempt, carried, done, page, staff_view
from propdesk.core.models import Report, ReportBox
from propdesk.core.report_forms import OpinionForm, ReportForm, SendBackForm, SignForm

EDITABLE = (Report.State.DRAFT, Report.State.SENT_BACK)


def _context(one: Detail, current: Report | None, **more: Any) -> dict[str, Any]:
    paper_url = address(one, "report_paper")
    return frame_of(one.event, REPORT, report=current, paper_url=paper_url, **more)


@staff_view
@GET_POST
def report(request: StaffRequest, number: str) -> HttpResponse:
    """《事故报告》: filled in from the event; edited until it is submitted, then shown."""
    one = load(request, number)
    if not queries.report_sign(one.event) or one.event.is_drill:
        raise Http404
    current = signoff.current(one.event.case)
    editable = current is None or current.state in EDITABLE
    if not (editable and one.can("report")) and request.method != "POST":
        if current is None:
            allow(one, "report")
            return done(request, one.event.get_absolute_url(), _("还没有《事故报告》。"))
        context = _context(one, current, boxes=queries.report_boxes(current))
        return page(request, "emergencies/records/report_shown.html", context)
    allow(one, "report")
    return _write(request, one, current)


def _write(request: StaffRequest, one: Detail, current: Report | None) -> HttpResponse:
    event = one.event
    key, posted = f"{event.case.number}:report", request.method == "POST"
    if "save_draft" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return done(request, request.path, _("草稿已保存24小时。"))
    kept = one.drafts.get("report", {})
    form = ReportForm(
        request.POST if posted else None,
        initial=None if posted else _values(event, current) | kept,
        prop=request.prop,
        serious=one.playbook.severity != "minor",
    )
    status = 422 if posted else 200
    if posted and form.is_valid():
        status = attempt(form, lambda: _save(request, event, current, form.cleaned_data))
        if status == 200:
            drafts.forget(request.user, key)
            return done(request, address(one, "submit_report"), _("报告已保存。"))
    if posted:
        drafts.keep(request.user, key, dict(request.POST.lists()))
    seen = ""
    if current is not None:
        now = stale.seen(signoff.written(queries.report(current.pk)))
        seen = carried(now, form, kept=kept.get("seen", ""))
    back = current is not None and current.state == Report.State.SENT_BACK
    boxes = queries.report_boxes(current) if current is not None and back else []
    context = _context(one, current, form=form, seen=seen, boxes=boxes)
    return page(request, "emergencies/records/report.html", context, status=status)


def _values(event: Event, current: Report | None) -> dict[str, Any]:
    """The report as saved, or as the event proposes it; what came of it is often known only later."""
    if current is None:
        return reports.prefill_report(event)
    kept = queries.report_values(current)
    return kept if kept["result"] else kept | {"result": reports.result_of(event)}


def _save(
    request: StaffRequest, event: Event, current: Report | None, data: dict[str, Any]
) -> None:
    if current is None:
        workflow.start_report(event, data, by=request.user)
    else:
        seen = request.POST.get("seen", "")
        workflow.edit_report(queries.report(current.pk), data, by=request.user, seen=seen)


def _current(event: Event) -> Report:
    found = signoff.current(event.case)
    if found is None:
        raise Http404
    return found


@staff_view
@GET_POST
def submit(request: StaffRequest, number: str) -> HttpResponse:
    """提交签批: the author looks at the paper and signs the first box."""
    one = load(request, number)
    allow(one, "submit_report")
    event, current = one.event, _current(one.event)
    if current.state not in EDITABLE:
        return done(request, address(one, "report"))
    form = SignForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        submit=_("签名并提交签批"),
        has_signature=has_signature(request),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            target = queries.report(current.pk)

            def act(password: str) -> None:
                workflow.submit_report(
                    target, by=request.user, password=password, seen=request.POST.get("seen", "")
                )

            status = attempt(form, lambda: form.signed(act))
        if status == 200:
            return done(request, event.get_absolute_url(), _("报告已提交签批。"))
    missing = workflow.missing_report_fields(current, event)
    seen = carried(signoff.seen(current), form)
    context = _context(one, current, form=form, missing=missing, running=one.is_running, seen=seen)
    return page(request, "emergencies/records/report_submit.html", context, status=status)


@staff_view
@GET_POST
def sign(request: StaffRequest, number: str) -> HttpResponse:
    """签批: the paper, an opinion; 同意并签名 or 退回修改."""
    one = load(request, number)
    current = _current(one.event)
    boxes = queries.report_boxes(current)
    box = next((b for b in boxes if b.decision == ReportBox.Decision.PENDING), None)
    if request.method != "POST" and not signoff.may_sign(current, box, request.user):
        said = _("现在不是由您签批这份报告。")
        return done(request, address(one, "report"), said, level=messages.INFO)
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
        status = _decide(request, queries.report(current.pk), back if sends_back else form)
        if status == 200:
            inbox = reverse("desk:sign", args=[request.prop.code])
            return done(request, inbox, _("已退回修改。") if sends_back else _("已签批。"))
    may_back = one.can("send_back_report")
    more = {"may_back": may_back, "seen": carried(signoff.seen(current), form, back)}
    context = _context(one, current, form=form, back=back, box=box, boxes=boxes, **more)
    return page(request, "emergencies/records/report_sign.html", context, status=status)


def _decide(request: StaffRequest, target: Report, form: Any) -> int:
    if not form.is_valid():
        return 422
    by, seen = request.user, request.POST.get("seen", "")
    if isinstance(form, SendBackForm):
        reason = form.cleaned_data["reason"]
        return attempt(
            form, lambda: workflow.send_back_report(target, by=by, reason=reason, seen=seen)
        )
    opinion = form.cleaned_data["opinion"]

    def act(password: str) -> None:
        workflow.sign_report(target, by=by, password=password, opinion=opinion, seen=seen)

    return attempt(form, lambda: form.signed(act))
