"""交接班: where the shift stands, what is handed over, and each act on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from propdesk.core import drafts, signatures
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.transitions import ConflictError
from propdesk.desk.handover import pages, queries, roster, workflow
from propdesk.desk.handover.forms import AcceptForm, OfferForm, WriteForm
from propdesk.desk.handover.frame import allow, allowed, link, load, while_in
from propdesk.desk.handover.models import Handover
from propdesk.desk.house.forms import ReasonForm

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
S = Handover.Status


@staff_view
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Who is on duty now and next, the hand-over in the making, those that are over."""
    allow(request, "read_handover")
    now = timezone.now()
    here, coming = roster.now_and_next(request.prop, now)
    after = request.GET.get("after", "")
    found = queries.past(request.prop, after)
    running = queries.running(request.prop)
    due = roster.due(request.prop, now, request.user)
    his = due.user_id == request.user.pk if due else not here
    context = {
        "here": here,
        "coming": coming,
        "running": running,
        "writes": running is not None and allowed(request, "write", running),
        "due": due,
        "starts": his or allowed(request, "draft_for"),
        "past": found.rows,
        "older_url": f"?after={found.after}" if found.after else "",
        "newer_url": link(request, "index") if after else "",
        "counts": allowed(request, "edit_counts"),
        "now": now,
    }
    return page(request, "desk/handover/index.html", context)


@staff_view
@GET_POST
def start(request: StaffRequest) -> HttpResponse:
    """开始交班; whoever stands in for a colleague says why first."""
    allow(request, "draft")
    shift = roster.due(request.prop, timezone.now(), request.user)
    absent = shift.user if shift and shift.user_id != request.user.pk else None
    stands_in = absent is not None and allowed(request, "draft_for")
    if request.method == "POST" and not stands_in:
        return _started(request)
    back, label = link(request, "index"), _("开始交班")
    form = ReasonForm(request.POST or None, label=label, back_url=back) if stands_in else None
    status = 200
    if form is not None and form.is_valid():
        made: list[Handover] = []
        reason = form.cleaned_data["reason"]
        status = attempt(form, lambda: made.append(_draft(request, reason)))
        if made:
            return done(request, link(request, "write", made[0].case.number))
    status = 422 if status == 200 and form is not None and form.is_bound else status
    context = {"shift": shift, "absent": absent, "form": form}
    return page(request, "desk/handover/start.html", context, status=status)


def _draft(request: StaffRequest, reason: str = "") -> Handover:
    return workflow.draft(request.prop, by=request.user, reason=reason)


def _started(request: StaffRequest) -> HttpResponse:
    try:
        row = _draft(request)
    except ConflictError as refused:
        return done(request, link(request, "index"), str(refused), level=messages.WARNING)
    return done(request, link(request, "write", row.case.number))


@staff_view
@require_GET
def detail(request: StaffRequest, number: str) -> HttpResponse:
    """One hand-over as it stands, its next act first."""
    return page(request, "desk/handover/detail.html", pages.detail(request, load(request, number)))


@staff_view
@GET_POST
@while_in("write", S.DRAFT)
def write(request: StaffRequest, row: Handover) -> HttpResponse:
    """填写: save, and on to the signature when asked."""
    form = WriteForm(request.POST or None, **pages.to_write(request, row))
    status = 200
    if form.is_valid():
        status = attempt(form, lambda: workflow.write(row, form.said(), by=request.user))
        if status == 200 and "refresh" in request.POST:
            return _refreshed(request, row, "write")
        if status == 200:
            name = "offer" if "sign" in request.POST else "write"
            return done(request, link(request, name, row.case.number), _("已保存。"))
        form.renew()
    context = pages.filled(request, row, form)
    status = 422 if status == 200 and form.is_bound else status
    return page(request, "desk/handover/write.html", context, status=status)


@staff_view
@GET_POST
@while_in("offer", S.DRAFT)
def offer(request: StaffRequest, row: Handover) -> HttpResponse:
    """交班签名."""
    user = request.user
    form = OfferForm(
        request.POST or None,
        request.FILES or None,
        user=user,
        has_signature=signatures.current(user) is not None,
        submit=_("签名交班"),
    )
    status = 200
    if form.is_valid():
        act = partial(workflow.offer, row, by=user)
        status = attempt(form, lambda: form.signed(act))
        if status == 200:
            return done(request, row.get_absolute_url(), _("已签名，请接班人逐条接班。"))
    context = pages.to_offer(row) | {"form": form}
    status = 422 if status == 200 and form.is_bound else status
    return page(request, "desk/handover/offer.html", context, status=status)


@staff_view
@GET_POST
@while_in("accept", S.OFFERED)
def accept(request: StaffRequest, row: Handover) -> HttpResponse:
    """接班: every line, then the second signature; on his own screen or that of the outgoing one."""
    if row.status == S.SIGNED and request.POST.get("person") == str(row.incoming_id):
        return done(request, row.get_absolute_url())
    key = f"{row.case.number}:accept"
    if "all" in request.POST:
        said = pages.keep_all(request, row, key)
        return done(request, link(request, "accept", row.case.number), said)
    if "refresh" in request.POST:
        drafts.keep(request.user, key, dict(request.POST.lists()))
        return _refreshed(request, row, "accept")
    form = AcceptForm(request.POST or None, **pages.to_accept(request, row, key))
    status = 200
    if form.is_valid():
        status = attempt(form, partial(_accept, row, form))
        if status == 200:
            drafts.forget(request.user, key)
            return done(request, row.get_absolute_url(), _("已接班，交接班记录正在封存。"))
    if form.is_bound:
        status = 422 if status == 200 else status
        form.data = pages.still(request.POST, row) if status == 409 else request.POST
        drafts.keep(request.user, key, dict(form.data.lists()))
    context = pages.left(row) | pages.filled(request, row, form)
    return page(request, "desk/handover/accept.html", context, status=status)


def _accept(row: Handover, form: AcceptForm) -> Handover:
    password, seen = form.cleaned_data["password"], form.cleaned_data["seen"]
    return workflow.accept(row, form.answers(), password, by=form.incoming(), seen=seen)


@staff_view
@require_POST
def refresh(request: StaffRequest, number: str) -> HttpResponse:
    """更新清单: only what changed is drafted anew."""
    return _refreshed(request, load(request, number), "detail")


def _refreshed(request: StaffRequest, row: Handover, back: str) -> HttpResponse:
    """To the lines when some changed, to ``back`` when none did."""
    try:
        found = workflow.refresh(row, by=request.user)
    except ConflictError as refused:
        return done(request, row.get_absolute_url(), str(refused), level=messages.WARNING)
    said = "；".join(found.words[: workflow.NAMED]) if found else _("清单没有变化。")
    if found:
        back = "write" if allowed(request, "write", row) else "detail"
    return done(request, link(request, back, row.case.number), said)


@staff_view
@require_POST
def take_back(request: StaffRequest, number: str) -> HttpResponse:
    """撤回签名."""
    row = load(request, number, "take_back")
    try:
        workflow.take_back(row, by=request.user)
    except ConflictError as refused:
        return done(request, row.get_absolute_url(), str(refused), level=messages.WARNING)
    return done(request, link(request, "write", number), _("签名已撤回，改好后请重新签名。"))


@staff_view
@GET_POST
def take_over(request: StaffRequest, number: str) -> HttpResponse:
    """代为交班, with the reason."""
    row = load(request, number, "take_over")
    lead = _("交班人是%(name)s。代为交班后由您填写、签名。") % {"name": row.outgoing.name}
    return _asked(request, row, _("代为交班"), lead, partial(workflow.take_over, row))


@staff_view
@GET_POST
def void(request: StaffRequest, number: str) -> HttpResponse:
    """作废, with the reason: a manager's, or of one's own draft."""
    row = load(request, number)
    own = not allowed(request, "void_handover", row)
    allow(request, "discard" if own else "void_handover", row)
    lead = _("确认作废 %(number)s？编号和原因会保留，这一班可以重新交接。")
    lead = lead % {"number": row.case.number}
    act = partial(workflow.discard if own else workflow.void_handover, row)
    return _asked(request, row, _("作废交接班"), lead, act, danger=True)


@staff_view
@GET_POST
def settle(request: StaffRequest, number: str) -> HttpResponse:
    """处理未接事项: what becomes of them."""
    row = load(request, number, "settle_refused")
    lead = _("%(number)s 有没接下的事项或清点不符，请写明怎样处理。") % {"number": row.case.number}

    def act(*, by: Any, reason: str) -> Any:
        return workflow.settle_refused(row, reason, by=by)

    return _asked(request, row, _("处理未接事项"), lead, act, field=_("处理结果"))


def _asked(
    request: StaffRequest,
    row: Handover,
    title: str,
    lead: str,
    act: Callable[..., Any],
    *,
    danger: bool = False,
    field: str = "",
) -> HttpResponse:
    """A page that asks for one sentence before it does ``act``."""
    back = row.get_absolute_url()
    form = ReasonForm(request.POST or None, label=title, back_url=back, danger=danger)
    if field:
        form.fields["reason"].label = field
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        status = attempt(form, lambda: act(by=request.user, reason=reason))
        if status == 200:
            return done(request, back, _("已办理。"))
    status = 422 if status == 200 and form.is_bound else status
    context = {"row": row, "title": title, "lead": lead, "form": form}
    return page(request, "desk/handover/act.html", context, status=status)
