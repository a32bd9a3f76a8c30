"""保存期限: what the next purge would take, what is kept beyond its term and why, what went."""

from functools import partial

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from propdesk.core import person_export as person_export_core
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.core.retention import holds, running
from propdesk.desk.house import queries_retention as queries
from propdesk.desk.house.forms import HoldForm, PersonForm, ReasonForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
@require_GET
def retention(request: StaffRequest) -> HttpResponse:
    """Nothing is purged from here: who has the right to is the owner of the tables (ADR 0042)."""
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
def person_export(request: StaffRequest) -> HttpResponse:
    """导出某人的个人信息, for him: a file that is made and logged in one go and kept nowhere."""
    allow(request, "export_person")
    form = PersonForm(request.POST or None, back_url=link(request, "retention"))
    status = 200
    if form.is_valid():
        given: list[person_export_core.Given] = []
        asked = person_export_core.Asked(**form.cleaned_data)
        cases = queries.readable(request.user, request.prop)
        status = attempt(
            form,
            lambda: given.append(
                person_export_core.give(request.prop, asked, by=request.user, readable=cases)
            ),
        )
        if given:
            response = HttpResponse(given[0].data, content_type="application/zip")
            head = content_disposition_header(as_attachment=True, filename=given[0].name)
            response["Content-Disposition"] = str(head)
            response["X-Content-Type-Options"] = "nosniff"
            response["Cache-Control"] = "private, no-store"
            return response
    lead = _(
        "客户本人要看登记了他什么时用。先当面核对身份，再填他的电话或证件号；里面只有他自己的资料，"
        "案件里写的经过另出客户副本。导出会记在每一件里。"
    )
    title = _("导出个人信息")
    return form_page(request, "retention", title, form, status=status, lead=lead)


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
