"""保存期限: what the next purge would take, what is kept beyond its term and why, what went."""

from functools import partial

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.retention import holds, running
from propdesk.desk.house import queries_retention as queries
from propdesk.desk.house.forms import HoldForm, ReasonForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
@require_GET
def retention(request: StaffRequest) -> HttpResponse:
    """Nothing is purged from here: who has the right to is the owner of the tables (ADR 0041)."""
    allow(request, "read_retention")
    now = timezone.now()
    context = {
        "due": queries.due(request.user, request.prop, now),
        "logs": running.waiting_logs(request.prop, now),
        "lasting": queries.lasting(request.user, request.prop, now),
        "held": queries.holds(request.user, request.prop),
        "runs": queries.runs(request.prop),
        "may_lift": allowed(request, "lift_hold"),
        "values": request.prop.settings,
    }
    return show(request, "retention", "retention", context)


@staff_view
def hold_new(request: StaffRequest) -> HttpResponse:
    """暂缓清除 of a case by its number."""
    allow(request, "set_hold")
    back = link(request, "retention")
    form = HoldForm(request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        found = queries.case(request.user, request.prop, form.cleaned_data["number"])
        if found is None:
            form.add_error("number", _("没有找到这个编号，请核对后再填。"))
        else:
            reason = form.cleaned_data["reason"]
            status = attempt(form, partial(holds.set_hold, found, by=request.user, reason=reason))
            if status == 200:
                return done(request, back, _("已暂缓清除。"))
    lead = _("有诉讼、调查或索赔还要用到的，保存期满也不清除，直到总物业经理解除。")
    return form_page(request, "retention", _("暂缓清除"), form, status=status, lead=lead)


@staff_view
def hold_lift(request: StaffRequest, pk: int) -> HttpResponse:
    """解除暂缓, with a reason."""
    allow(request, "lift_hold")
    hold = queries.hold(request.user, request.prop, pk)
    back = link(request, "retention")
    form = ReasonForm(request.POST or None, label=_("解除暂缓"), back_url=back, danger=True)
    status = 200
    if form.is_valid():
        act = partial(holds.lift_hold, hold, by=request.user, **form.cleaned_data)
        status = attempt(form, act)
        if status == 200:
            return done(request, back, _("暂缓已解除，保存期满即可清除。"))
    words = {"number": hold.case.number, "reason": hold.reason, "by": hold.set_by}
    lead = _("%(number)s 由%(by)s暂缓清除，原因：%(reason)s。解除以后，保存期满即可清除。") % words
    return form_page(request, "retention", _("解除暂缓"), form, status=status, lead=lead)
