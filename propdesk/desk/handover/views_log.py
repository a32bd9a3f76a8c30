"""值班日志, and what is counted at each hand-over."""

from functools import partial

from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.paging import number_or_none
from propdesk.desk.handover import queries, workflow
from propdesk.desk.handover.forms import CountForm, LogForm
from propdesk.desk.handover.frame import allow, link
from propdesk.desk.handover.models import ShiftLogEntry

GET_POST = require_http_methods(["GET", "HEAD", "POST"])
LOG = "handover:log"


def _wrong(request: StaffRequest) -> ShiftLogEntry | None:
    """The entry that is to be put right; 404 for one of another house."""
    pk = number_or_none(request.GET.get("corrects", ""))
    if pk is None:
        return None
    found = queries.log_entry(request.prop, pk)
    if found is None:
        raise Http404
    return found


@transaction.atomic
def _write(request: StaffRequest, form: LogForm, wrong: ShiftLogEntry | None) -> None:
    """The token is used up with the entry: both or neither."""
    once = drafts.once(LOG, request.POST, request.FILES)
    drafts.use_token(request.user, once, link(request, "log"), form=LOG)
    workflow.log(request.prop, by=request.user, corrects=wrong, **form.cleaned_data)


@staff_view
@GET_POST
def log(request: StaffRequest) -> HttpResponse:
    """One more entry, and those before it; ``?corrects=`` names one that was wrong."""
    allow(request, "write_log")
    wrong = _wrong(request)
    form = LogForm(request.POST or None)
    status = 200
    if form.is_valid():
        try:
            status = attempt(form, partial(_write, request, form, wrong))
        except drafts.DoubleSubmitError:
            status = 200
        if status == 200:
            return done(request, link(request, "log"), _("已记入值班日志。"))
    after = request.GET.get("after", "")
    found = queries.log_page(request.prop, after)
    context = {
        "form": form,
        "form_token": drafts.new_token(),
        "wrong": wrong,
        "entries": found.rows,
        "older_url": f"?after={found.after}" if found.after else "",
        "newer_url": link(request, "log") if after else "",
        "now": timezone.now(),
    }
    status = 422 if status == 200 and form.is_bound else status
    return page(request, "desk/handover/log.html", context, status=status)


@staff_view
@GET_POST
def counts(request: StaffRequest) -> HttpResponse:
    """清点项目: the list, and one more."""
    allow(request, "edit_counts")
    back = link(request, "counts")
    form = CountForm(request.POST or None, item=None, back_url=link(request, "index"))
    status = 200
    if form.is_valid():
        add = partial(workflow.list_count, request.prop, **form.cleaned_data)
        status = attempt(form, partial(add, by=request.user))
        if status == 200:
            return done(request, back, _("清点项目已增加。"))
    status = 422 if status == 200 and form.is_bound else status
    context = {"form": form, "rows": queries.count_items(request.prop)}
    return page(request, "desk/handover/counts.html", context, status=status)


@staff_view
@GET_POST
def count_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """How much there should be from now on, or that it is counted no more."""
    allow(request, "edit_counts")
    item = queries.count_item(request.prop, pk)
    if item is None:
        raise Http404
    back = link(request, "counts")
    known = {"expected": item.expected, "unit": item.unit, "is_active": item.is_active}
    form = CountForm(request.POST or None, item=item, back_url=back, initial=known)
    status = 200
    if form.is_valid():
        data = form.cleaned_data
        change = partial(workflow.change_count, item, data["unit"], data["expected"])
        how = {"active": data["is_active"], "reason": data["reason"]}
        status = attempt(form, partial(change, by=request.user, **how))
        if status == 200:
            return done(request, back, _("清点项目已保存。"))
    status = 422 if status == 200 and form.is_bound else status
    context = {"title": item.name, "form": form}
    return page(request, "desk/handover/act.html", context, status=status)
