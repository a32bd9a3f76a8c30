"""People to notify: told with one tap, with details, not told with a reason; 确认收到."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emergencies import forms, workflow
from emergencies.detail import Detail, Told
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, attempt, staff_view

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _notice(one: Detail, ident: str) -> Told:
    found = one.notice(ident)
    if found is None:
        raise Http404
    return found


def _settled(
    request: StaffRequest, one: Detail, told: Told, title: str, *, is_open: bool = False
) -> HttpResponse | None:
    """The page that says why nothing is left to be written down about this call."""
    if request.method == "POST":
        return None
    return frame.blocked(
        request,
        one,
        title,
        "tell",
        lambda: workflow.check_untold(told.call, is_open=is_open),
        told=told,
    )


@staff_view
@GET_POST
def tell(request: StaffRequest, number: str, notice: str) -> HttpResponse:
    """登记已通知: one tap names the way and means now; the form takes time and who answered."""
    one = frame.load(request, number)
    told = _notice(one, notice)
    permit(one.event, "tell", request.user)
    refused = _settled(request, one, told, _("登记已通知"))
    if refused is not None:
        return refused
    form = forms.TellForm(
        request.POST or None,
        event=one.event,
        user=request.user,
        to=told.call.role or told.call.party if told.call else one.playbook.notices[notice].to,
        ways=told.ways,
    )
    status = 200
    if request.method == "POST":
        try:
            status = frame.try_once(
                request, one, f"tell-{notice}", form, lambda: _tell(request, one, notice, form)
            )
        except drafts.DoubleSubmitError:
            return frame.again(request, one, f"notice-{notice}")
        if status == 200:
            return frame.changed(request, one, anchor=f"notice-{notice}")
    return frame.form_page(
        request, one, _("登记已通知"), form, status=status, told=told, name="tell"
    )


def _tell(request: StaffRequest, one: Detail, notice: str, form: forms.TellForm) -> Any:
    data = dict(form.cleaned_data)
    told = workflow.Told(user=data.pop("answered_by", None), **data)
    return workflow.tell(one.event, notice, told, by=request.user)


@staff_view
@GET_POST
def not_told(request: StaffRequest, number: str, notice: str) -> HttpResponse:
    """登记没有通知, with the reason: the gap stands on the record."""
    one = frame.load(request, number)
    told = _notice(one, notice)
    permit(one.event, "tell", request.user)
    refused = _settled(request, one, told, _("没有通知"), is_open=True)
    if refused is not None:
        return refused
    form = forms.NotToldForm(request.POST or None, event=one.event, user=request.user)
    status = 200
    if request.method == "POST":
        try:
            status = frame.try_once(
                request,
                one,
                f"not-told-{notice}",
                form,
                lambda: workflow.not_told(
                    one.event, notice, by=request.user, reason=form.cleaned_data["reason"]
                ),
            )
        except drafts.DoubleSubmitError:
            return frame.again(request, one, f"notice-{notice}")
        if status == 200:
            return frame.changed(request, one, anchor=f"notice-{notice}")
    return frame.form_page(
        request, one, _("没有通知"), form, status=status, told=told, name="not-told"
    )


@staff_view
@require_POST
def acknowledge(request: StaffRequest, number: str, notice: str) -> HttpResponse:
    """确认收到: the ladder stops here."""
    one = frame.load(request, number)
    told = _notice(one, notice)
    form = forms.AgainForm(request.POST, event=one.event, user=request.user)
    form.is_valid()
    status = attempt(form, lambda: workflow.acknowledge(one.event, notice, by=request.user))
    if status != 200:
        return frame.form_page(
            request, one, _("确认收到"), form, status=status, told=told, name="acknowledge"
        )
    return frame.changed(request, one, _("已确认收到。"))
