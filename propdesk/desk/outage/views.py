"""停电包: open it, and afterwards settle each blank form (F11)."""

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from propdesk.core import blanks, serving
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.models import BlankForm, OutagePack, RenderJob
from propdesk.core.transitions import ConflictError
from propdesk.desk.house.frame import allow, allowed, form_page, link, show
from propdesk.desk.outage import queries
from propdesk.desk.outage.forms import EnterForm, VoidForm
from propdesk.desk.reading import case_seen

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
WAY_IN = {
    "complaint": "incidents:intake",
    "found": "lostfound:log",
    "lost": "lostfound:lost_new",
    "claim": "lostfound:board",
    "event": "emergencies:choose",
}
"""Where what stands on a sheet is entered."""


@staff_view
@require_GET
def pack(request: StaffRequest) -> HttpResponse:
    """The newest pack, the numbers that are out, and what was settled last."""
    allow(request, "read_pack")
    newest = queries.ready_pack(request.prop)
    found = queries.out(request.prop, request.GET.get("after", ""))
    packs = list(queries.packs_out(request.prop))
    settled = list(queries.settled(request.prop))
    context = {
        "pack": newest,
        "file": blanks.finished(newest) if newest else None,
        "waiting": newest and newest.job and newest.job.state == RenderJob.State.PENDING,
        "failed": newest and newest.job and newest.job.state == RenderJob.State.FAILED,
        "out": found.rows,
        "out_count": sum(one.out for one in packs),
        "older_url": f"?after={found.after}" if found.after else "",
        "packs": packs,
        "settled": settled,
        "seen": queries.seen(request.user, request.prop, settled),
        "makes": allowed(request, "make_pack"),
        "settles": allowed(request, "settle_blank"),
        "now": timezone.now(),
    }
    return show(request, "outage", "outage", context)


@staff_view
@require_POST
def make(request: StaffRequest) -> HttpResponse:
    """Print it anew with what stands in the registers now."""
    try:
        blanks.make(request.prop, by=request.user)
    except ConflictError as refused:
        return done(request, link(request, "outage"), str(refused))
    return done(request, link(request, "outage"), _("正在制作，通常不到一分钟。"))


def _pack(request: StaffRequest, pk: int) -> OutagePack:
    """A pack of this house; 403 for whoever may not read it, 404 for none."""
    allow(request, "read_pack")
    found = queries.pack(request.prop, pk)
    if found is None:
        raise Http404
    return found


@staff_view
@require_POST
def take(request: StaffRequest, pk: int) -> HttpResponse:
    """取用: its numbers are out from now on; then the PDF opens."""
    try:
        blanks.take(_pack(request, pk), by=request.user)
    except ConflictError as refused:
        return done(request, link(request, "outage"), str(refused))
    return done(request, link(request, "outage_file", pk))


@staff_view
@require_GET
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """The PDF of a pack somebody took; of one nobody took there is no way round 取用."""
    found = _pack(request, pk)
    if found.taken_at is None or found.document is None:
        raise Http404
    home = link(request, "outage")
    return serving.paper(request, found.document, _("停电包"), again=home, back=home)


def _blank(request: StaffRequest, serial: str) -> BlankForm:
    """A blank form that is out in the house, or was; 403 and 404 as above."""
    allow(request, "settle_blank")
    found = queries.blank(request.prop, serial.upper())
    if found is None:
        raise Http404
    return found


@staff_view
@GET_POST
def settle(request: StaffRequest, serial: str) -> HttpResponse:
    """补录: where to enter what stands on the sheet, then the number it got."""
    row, home = _blank(request, serial), link(request, "outage")
    cases = queries.candidates(request.user, row)
    shown = {"seen": blanks.state_of(row)}
    form = EnterForm(request.POST or None, initial=shown, blank=row, cases=cases, back_url=home)
    status = 200
    if form.is_valid():
        case = case_seen(request.user, request.prop, form.cleaned_data["chosen"])
        why = {"reason": form.cleaned_data.get("reason", ""), "seen": form.cleaned_data["seen"]}
        status = attempt(form, partial(blanks.enter, row, case, by=request.user, **why))
        if status == 200:
            return done(request, home, _("%(serial)s 已销号。") % {"serial": row.serial})
    context = {
        "row": row,
        "form": form,
        "entry_url": reverse(WAY_IN[row.form], args=[request.prop.code]),
        "void_url": link(request, "blank_void", row.serial),
    }
    status = 422 if status == 200 and form.is_bound else status
    return show(request, "blank", "outage", context, status=status)


@staff_view
@GET_POST
def void_one(request: StaffRequest, serial: str) -> HttpResponse:
    """作废 one number."""
    row = _blank(request, serial)
    title = _("作废空白表 %(serial)s") % {"serial": row.serial}
    return _void(request, [row], title, link(request, "blank", row.serial))


@staff_view
@GET_POST
def void_pack(request: StaffRequest, pk: int) -> HttpResponse:
    """作废 what of a pack was not used."""
    allow(request, "settle_blank")
    found = _pack(request, pk)
    rows = queries.blanks_out(found) if found.taken_at else []
    if not rows:
        return done(request, link(request, "outage"), _("这一份没有未回收的编号了。"))
    title = _("作废 %(number)s 没有用到的空白表") % {"number": found.number}
    return _void(request, rows, title, link(request, "outage"))


def _void(request: StaffRequest, rows: list[BlankForm], title: str, back: str) -> HttpResponse:
    shown = {"seen": blanks.state_of(rows[0])}
    form = VoidForm(request.POST or None, initial=shown, label=_("作废"), back_url=back)
    lead: Any = "、".join(row.serial for row in rows)
    status = 200
    if form.is_valid():
        why, seen = form.cleaned_data["reason"], form.cleaned_data["seen"]
        status = attempt(form, partial(blanks.void, rows, why, by=request.user, seen=seen))
        if status == 200:
            return done(request, link(request, "outage"), _("已作废。"))
    return form_page(request, "outage", title, form, status=status, lead=lead)
