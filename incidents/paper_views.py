"""The report, its signatures, printed papers and photos of one complaint."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from incidents import forms, queries, reports, workflow
from incidents.detail import Detail
from incidents.models import Severity
from propdesk.core import drafts, rendering, report_forms, serving, signatures, signoff, stale
from propdesk.core.http import StaffRequest, attempt, carried, done, framed, page, staff_view
from propdesk.core.models import Document, RenderJob, Report, ReportBox

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
PAPERS = {
    "incident_report": _l("事故报告"),
    "complaint_record": _l("客户投诉处理记录"),
    "guest_receipt": _l("受理回执"),
}
EDITABLE = (Report.State.DRAFT, Report.State.SENT_BACK)


def _load(request: StaffRequest, number: str) -> Detail:
    found = Detail.load(request.user, request.prop, number.upper(), timezone.now())
    if found is None:
        raise Http404
    return found


def _url(one: Detail, name: str, *args: Any) -> str:
    case = one.complaint.case
    return reverse(f"incidents:{name}", args=[case.property.code, case.number, *args])


@staff_view
@GET_POST
def report(request: StaffRequest, number: str) -> HttpResponse:
    """《事故报告》: pre-filled; edited until it is submitted, then shown with its boxes."""
    one = _load(request, number)
    workflow.permit(one.complaint, "report", request.user)
    current = signoff.current(one.complaint.case)
    posted = request.method == "POST"
    if current is not None and current.state not in EDITABLE and not posted:
        return _report_shown(request, one, current)
    key = f"{one.complaint.case.number}:report"
    if "save_draft" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return done(request, _url(one, "report"), _("草稿已保存24小时。"))
    form = report_forms.ReportForm(
        request.POST if posted else None,
        initial=None if posted else _report_values(one, current),
        prop=request.prop,
        serious=one.complaint.severity != Severity.NORMAL,
    )
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            data = form.cleaned_data | {"severity": one.complaint.severity}
            status = attempt(form, lambda: _save(request, one, current, data))
        if status == 200:
            drafts.forget(request.user, key)
            return done(request, _url(one, "submit_report"), _("报告已保存。"))
        drafts.keep(request.user, key, dict(request.POST.lists()))
    boxes = queries.boxes(current) if current and current.state == Report.State.SENT_BACK else []
    context = {"one": one, "row": one.complaint, "form": form, "report": current, "boxes": boxes}
    if current is not None:
        now = stale.seen(signoff.written(queries.report(current.pk)))
        kept = one.drafts.get("report", {}).get("seen", "")
        context["seen"] = carried(now, form, kept=kept)
    return page(request, "incidents/report.html", context, status=status)


def _report_values(one: Detail, current: Report | None) -> dict[str, Any]:
    """The report as saved, or as A–J propose it; what was typed last stands over both."""
    saved = queries.report_values(current) if current else reports.prefill(one.complaint)
    return saved | one.drafts.get("report", {})


def _save(request: StaffRequest, one: Detail, current: Report | None, data: dict[str, Any]) -> None:
    if current is None:
        workflow.start_report(one.complaint, data, by=request.user)
    else:
        seen = request.POST.get("seen", "")
        workflow.edit_report(queries.report(current.pk), data, by=request.user, seen=seen)


def _report_shown(request: StaffRequest, one: Detail, current: Report) -> HttpResponse:
    context = {
        "one": one,
        "row": one.complaint,
        "report": current,
        "boxes": queries.boxes(current),
        "paper_url": _url(one, "paper", "incident_report"),
    }
    return page(request, "incidents/report_shown.html", context)


@staff_view
@GET_POST
def submit_report(request: StaffRequest, number: str) -> HttpResponse:
    """提交签批: the author looks at the paper and signs the first box."""
    one = _load(request, number)
    workflow.permit(one.complaint, "report", request.user)
    current = signoff.current(one.complaint.case)
    if current is None or current.state not in EDITABLE:
        return done(request, _url(one, "report"))
    form = report_forms.SignForm(
        request.POST or None,
        request.FILES or None,
        user=request.user,
        submit=_("签名并提交签批"),
        has_signature=signatures.current(request.user) is not None,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            target = queries.report(current.pk)
            status = attempt(
                form,
                lambda: form.signed(
                    lambda password: workflow.submit_report(
                        target, by=request.user, password=password, seen=_seen(request)
                    )
                ),
            )
        if status == 200:
            return done(request, one.complaint.get_absolute_url(), _("报告已提交签批。"))
    context = {
        "one": one,
        "row": one.complaint,
        "report": current,
        "form": form,
        "missing": workflow.missing_fields(current, one.complaint),
        "seen": carried(signoff.seen(current), form),
        "paper_url": _url(one, "paper", "incident_report"),
    }
    return page(request, "incidents/submit_report.html", context, status=status)


@staff_view
@GET_POST
def sign_report(request: StaffRequest, number: str) -> HttpResponse:
    """签批: paper on the left, opinion on the right; 同意并签名 or 退回修改."""
    one = _load(request, number)
    current = signoff.current(one.complaint.case)
    if current is None:
        raise Http404
    boxes = queries.boxes(current)
    box = next((box for box in boxes if box.decision == ReportBox.Decision.PENDING), None)
    # Somebody was faster: his opinion stays on the page and is told so (403 or 409).
    typed = request.method == "POST" and one.may_print
    if not typed and not signoff.may_sign(current, box, request.user):
        inbox = reverse("desk:sign", args=[request.prop.code])
        here = _url(one, "report") if one.allowed("report") else inbox
        return done(request, here, _("现在不是由您签批这份报告。"), level=messages.INFO)
    sends_back = "send_back" in request.POST
    has_signature = signatures.current(request.user) is not None
    form = report_forms.OpinionForm(
        None if sends_back else request.POST or None,
        request.FILES or None,
        user=request.user,
        has_signature=has_signature,
        submit=_("同意并签名"),
    )
    back = report_forms.SendBackForm(request.POST if sends_back else None, prefix="back")
    status = 200
    if request.method == "POST":
        status = _decide(request, queries.report(current.pk), back if sends_back else form)
        if status == 200:
            inbox = reverse("desk:sign", args=[request.prop.code])
            return done(request, inbox, _("已退回修改。") if sends_back else _("已签批。"))
    context = {
        "one": one,
        "row": one.complaint,
        "report": current,
        "box": box,
        "form": form,
        "back": back,
        "boxes": boxes,
        "seen": carried(signoff.seen(current), form, back),
        "paper_url": _url(one, "paper", "incident_report"),
    }
    return page(request, "incidents/sign.html", context, status=status)


def _seen(request: StaffRequest) -> str:
    """The print of the paper his page showed."""
    return request.POST.get("seen", "")


def _decide(request: StaffRequest, target: Report, form: Any) -> int:
    if not form.is_valid():
        return 422
    if isinstance(form, report_forms.SendBackForm):
        return attempt(
            form,
            lambda: workflow.send_back_report(
                target,
                by=request.user,
                reason=form.cleaned_data["reason"],
                seen=_seen(request),
            ),
        )
    return attempt(
        form,
        lambda: form.signed(
            lambda password: workflow.sign_report(
                target,
                by=request.user,
                password=password,
                opinion=form.cleaned_data["opinion"],
                seen=_seen(request),
            )
        ),
    )


@staff_view
@GET_POST
@framed
def paper(request: StaffRequest, number: str, kind: str) -> HttpResponse:
    """The printed paper, or a page that waits for the worker to make it; htmx asks how far it is."""
    if kind not in PAPERS:
        raise Http404
    one = _load(request, number)
    workflow.permit(one.complaint, "print", request.user)
    ready, job = _paper_of(request, one, kind)
    if request.htmx:
        return serving.paper_state(request, ready, job, _url(one, "paper", kind))
    if ready is not None:
        return done(request, _url(one, "paper_file", kind, ready.pk))
    row = one.complaint
    return serving.waiting(request, job, PAPERS[kind], row.case.number, row.get_absolute_url())


def _paper_of(
    request: StaffRequest, one: Detail, kind: str
) -> tuple[Document | None, RenderJob | None]:
    """The paper as it stands, or the job that makes it; 404 for a report there is none of."""
    case = one.complaint.case
    current = signoff.current(case) if kind == "incident_report" else None
    if kind == "incident_report" and current is None:
        raise Http404
    sealed = current is not None and current.state == Report.State.SIGNED
    ready = rendering.ready_document(case, kind, sealed=sealed, report=current)
    if ready is not None:
        return ready, None
    job = rendering.job_of(case, kind, sealed=sealed)
    if job is None:
        job = rendering.request(case, kind, by=request.user, sealed=sealed, report=current)
    return None, job


@staff_view
@require_GET
@framed
def paper_file(request: StaffRequest, number: str, kind: str, document: int) -> HttpResponse:
    """The bytes of a paper, inline, under its proper name; every look is logged."""
    one = _load(request, number)
    workflow.permit(one.complaint, "print", request.user)
    row = rendering.document(one.complaint.case, kind, document)
    if row is None:
        raise Http404
    return serving.paper(
        request,
        row,
        PAPERS[kind],
        again=_url(one, "paper", kind),
        back=one.complaint.get_absolute_url(),
        number=one.complaint.case.number,
        back_label=_("返回投诉"),
    )


@staff_view
@require_GET
def photo(request: StaffRequest, number: str, photo: int, size: str) -> FileResponse:
    """A photo, to whoever may see its complaint; our own re-encoding, so always JPEG."""
    one = _load(request, number)
    return serving.photo(queries.photo(one.complaint, photo), size)


@staff_view
@GET_POST
def remove_photo(request: StaffRequest, number: str, photo: int) -> HttpResponse:
    """撤下照片 with a reason."""
    one = _load(request, number)
    workflow.permit(one.complaint, "remove_attachment", request.user)
    row = queries.photo(one.complaint, photo)
    if row is None:
        raise Http404
    form = forms.RemovePhotoForm(request.POST or None, complaint=one.complaint, user=request.user)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            status = attempt(
                form, lambda: workflow.remove_attachment(row, by=request.user, reason=reason)
            )
        if status == 200:
            return done(request, one.complaint.get_absolute_url(), _("照片已撤下。"))
    context = {"one": one, "row": one.complaint, "photo": row, "form": form}
    return page(request, "incidents/remove_photo.html", context, status=status)
