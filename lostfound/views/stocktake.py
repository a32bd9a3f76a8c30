"""盲盘点: start, one input to count with, the comparison, and what becomes of each difference."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import workflow
from lostfound.forms.stocktake import SettleForm, StartForm
from lostfound.forms.storage import ReasonForm
from lostfound.models import Stocktake
from lostfound.queries import stocktake as queries
from lostfound.queries import storage
from lostfound.views.frame import allow, allowed, form_page, link
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.transitions import ConflictError, RefusedInput

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
COUNTING = Stocktake.Status.COUNTING
LONGEST_SCAN = 400
"""Characters of one scan that are read: an address with a number in it is shorter."""


def _crumbs(request: StaffRequest, row: Stocktake | None = None) -> list[tuple[str, str]]:
    found = [(link(request, "board"), _("失物")), (link(request, "stocktakes"), _("盘点"))]
    return [*found, (row.get_absolute_url(), row.case.number)] if row is not None else found


def _load(request: StaffRequest, number: str) -> Stocktake:
    allow(request, "read_stocktake")
    row = queries.find(request.prop, number)
    if row is None:
        raise Http404
    return row


@staff_view
@require_GET
def stocktakes(request: StaffRequest) -> HttpResponse:
    """Counts, the newest first."""
    allow(request, "read_stocktake")
    after = request.GET.get("after", "")
    found = queries.page_of(request.prop, after)
    context = {"page": found, "is_first": not after, "starts": allowed(request, "start_stocktake")}
    return page(request, "lostfound/stocktakes.html", context)


@staff_view
@GET_POST
def stocktake_new(request: StaffRequest) -> HttpResponse:
    """开始盘点; ``?storage=<code>`` chooses the place."""
    allow(request, "start_stocktake")
    code = request.GET.get("storage", "").replace("\x00", "")[:12]
    initial = {"storage": storage.place(request.prop, code)} if code else {}
    back = link(request, "stocktakes")
    form = StartForm(
        request.prop, request.user, request.POST or None, initial=initial, back_url=back
    )
    made: list[Stocktake] = []
    status = 200
    if form.is_valid():
        try:
            status = attempt(form, lambda: made.append(_start(request, form)))
        except drafts.DoubleSubmitError:
            twin = drafts.token_url(request.user, form.cleaned_data["token"])
            return done(request, twin or back)
    if made:
        return done(request, made[0].get_absolute_url())
    context: dict[str, Any] = {
        "aside": "lostfound/partials/_stocktake_rules.html",
        "status": status,
    }
    return form_page(request, _("开始盘点"), form, _crumbs(request), **context)


def _start(request: StaffRequest, form: StartForm) -> Stocktake:
    data = form.cleaned_data
    return workflow.start_stocktake(
        request.prop, data["storage"], form.witness(), by=request.user, token=data["token"]
    )


@staff_view
@require_GET
def stocktake(request: StaffRequest, number: str) -> HttpResponse:
    """One count: where to type while it runs, what came of it afterwards."""
    row = _load(request, number)
    return _count_page(request, row) if row.status == COUNTING else _report(request, row)


def _counts_here(request: StaffRequest, row: Stocktake) -> bool:
    return request.user.pk in (row.counted_by_id, row.witnessed_by_id)


def _count_page(
    request: StaffRequest, row: Stocktake, *, status: int = 200, **said: Any
) -> HttpResponse:
    """The input and how many tags were typed; never what should be there. Others see who counts."""
    mine = _counts_here(request, row)
    context = {
        "row": row,
        "mine": mine,
        "may_abandon": mine or allowed(request, "settle_difference"),
        "counted": queries.counted(request.prop, row.case.number) if mine else None,
        "crumbs": _crumbs(request),
        "most": workflow.MAX_PASTE,
        **said,
    }
    return page(request, "lostfound/stocktake_count.html", context, status=status)


def _report(request: StaffRequest, row: Stocktake) -> HttpResponse:
    found = queries.differences(row)
    context = {
        "row": row,
        "differences": found,
        "settles": allowed(request, "settle_difference") and not _counts_here(request, row),
        "entries": queries.entries(row),
        "crumbs": _crumbs(request),
    }
    return page(request, "lostfound/stocktake.html", context)


@staff_view
@require_POST
def stocktake_count(request: StaffRequest, number: str) -> HttpResponse:
    """One tag; the answer is the input again with what was read."""
    typed = request.POST.get("tag", "")[:LONGEST_SCAN]
    try:
        entry = workflow.count(request.prop, number, typed, by=request.user)
    except Stocktake.DoesNotExist as unknown:
        raise Http404 from unknown
    except RefusedInput as refused:
        return _said(request, number, status=422, problem=str(refused), typed=typed)
    except ConflictError as conflict:
        row = _load(request, number)
        if row.status != COUNTING:
            return _over(request, row, str(conflict))
        said = {"problem": str(conflict), "about": typed.strip()[-30:]}
        return _said(request, number, status=409, **said)
    if request.htmx:
        return _line(request, queries.counted_in(entry.stocktake_id), last=entry)
    return _said(request, number, last=entry)


def _line(request: StaffRequest, counted: int, *, status: int = 200, **said: Any) -> HttpResponse:
    context = {"counted": counted, **said}
    return page(request, "lostfound/partials/_stocktake_said.html", context, status=status)


def _said(request: StaffRequest, number: str, *, status: int = 200, **said: Any) -> HttpResponse:
    """One line for the script that sent it, else the whole page."""
    if not request.htmx:
        return _count_page(request, _load(request, number), status=status, **said)
    return _line(request, queries.counted(request.prop, number), status=status, **said)


def _over(request: StaffRequest, row: Stocktake, sentence: str) -> HttpResponse:
    """The other one of the two has ended it meanwhile."""
    return done(request, row.get_absolute_url(), sentence, level=messages.WARNING)


@staff_view
@require_POST
def stocktake_paste(request: StaffRequest, number: str) -> HttpResponse:
    """A list of tags, one a line; the good ones are kept, each other one is named."""
    row = _load(request, number)
    text = request.POST.get("tags", "")
    try:
        result = workflow.count_many(row, text, by=request.user)
    except RefusedInput as refused:
        return _count_page(request, row, status=422, paste_problem=str(refused), pasted=text)
    except ConflictError as conflict:
        return _over(request, row, str(conflict))
    return _count_page(request, row, result=result)


@staff_view
@GET_POST
def stocktake_finish(request: StaffRequest, number: str) -> HttpResponse:
    """结束盘点: asks once more, for nothing can be counted after it."""
    row = _load(request, number)
    if row.status != COUNTING:
        return done(request, row.get_absolute_url())
    if request.method == "POST":
        try:
            row = workflow.finish_stocktake(row, by=request.user)
        except ConflictError as conflict:
            return _over(request, row, str(conflict))
        return done(request, row.get_absolute_url(), _("盘点已结束，结果如下。"))
    mine = _counts_here(request, row)
    counted = queries.counted(request.prop, number) if mine else None
    context = {"row": row, "counted": counted, "crumbs": _crumbs(request, row)}
    return page(request, "lostfound/stocktake_finish.html", context)


@staff_view
@GET_POST
def stocktake_abandon(request: StaffRequest, number: str) -> HttpResponse:
    """放弃盘点, with the reason."""
    row = _load(request, number)
    back = row.get_absolute_url()
    title = _("放弃盘点")
    form = ReasonForm(request.POST or None, label=title, back_url=back, danger=True)
    status = 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        act = partial(workflow.abandon_stocktake, row, by=request.user, reason=reason)
        status = attempt(form, act)
        if status == 200:
            return done(request, link(request, "stocktakes"), _("盘点已放弃，没有比对。"))
    lead = _("放弃 %(number)s？已点的标签留作记录，不再比对。") % {"number": row.case.number}
    return form_page(request, title, form, _crumbs(request, row), status=status, lead=lead)


@staff_view
@GET_POST
def stocktake_settle(request: StaffRequest, number: str, difference: int) -> HttpResponse:
    """处理差异: one of them."""
    row = _load(request, number)
    allow(request, "settle_difference")
    each = queries.difference(row, difference)
    if each is None:
        raise Http404
    form = SettleForm(request.POST or None, back_url=row.get_absolute_url())
    status = 200
    if form.is_valid():
        outcome = form.cleaned_data["outcome"]
        act = partial(workflow.settle_difference, each, outcome, by=request.user)
        status = attempt(form, act)
        if status == 200:
            return done(request, row.get_absolute_url(), _("处理结果已登记。"))
    lead = f"{each.get_kind_display()} · {each.tag}"
    title = _("处理盘点差异")
    return form_page(request, title, form, _crumbs(request, row), status=status, lead=lead)
