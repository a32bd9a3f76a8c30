"""People of an event: corrected, unmasked; readers taken off again."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from emergencies import forms, workflow
from emergencies.detail import Detail
from emergencies.queries import detail as queries
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, staff_view

ACTS = {"party": "edit_party", "unmask": "unmask", "reader": "end_reader"}
"""The action behind the name of a form."""
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


def _one_form(
    request: StaffRequest,
    one: Detail,
    title: str,
    name: str,
    form: Any,
    run: Callable[[], Any],
    check: Callable[[], object] = bool,
) -> HttpResponse:
    """The page of a form by GET, its transition by POST; ``check`` as in ``frame.blocked``."""
    if request.method != "POST":
        action = name.partition("-")[0]
        refused = frame.blocked(request, one, title, ACTS[action], check)
        if refused is not None:
            return refused
    status = 200
    if request.method == "POST":
        try:
            status = frame.try_once(request, one, name, form, run)
        except drafts.DoubleSubmitError:
            return frame.again(request, one, "people")
        if status == 200:
            return frame.changed(request, one, _("已登记。"), anchor="people")
    return frame.form_page(request, one, title, form, status=status, name=name)


@staff_view
@GET_POST
def edit_party(request: StaffRequest, number: str, party: int) -> HttpResponse:
    """更正有关人员, logged beside the person."""
    one = frame.load(request, number)
    row = queries.party(one.event, party)
    if row is None:
        raise Http404
    permit(one.event, "edit_party", request.user)
    form = forms.EditPartyForm(request.POST or None, event=one.event, user=request.user, party=row)
    return _one_form(
        request,
        one,
        _("更正有关人员"),
        f"party-{party}",
        form,
        lambda: workflow.edit_party(
            one.event, row, form.guest(), by=request.user, reason=form.cleaned_data["reason"]
        ),
    )


@staff_view
@GET_POST
def unmask(request: StaffRequest, number: str, party: int) -> HttpResponse:
    """查看完整号码, with a purpose, for 60 seconds."""
    one = frame.load(request, number)
    row = queries.party(one.event, party)
    if row is None:
        raise Http404
    permit(one.event, "unmask", request.user)
    form = forms.UnmaskForm(request.POST or None, event=one.event, user=request.user)
    return _one_form(
        request,
        one,
        _("查看完整号码"),
        "unmask",
        form,
        lambda: workflow.unmask(
            one.event, row.person, by=request.user, reason=form.cleaned_data["reason"]
        ),
    )


@staff_view
@GET_POST
def end_reader(request: StaffRequest, number: str, reader: int) -> HttpResponse:
    """取消可查看人 of a restricted event."""
    one = frame.load(request, number)
    row = queries.reader(one.event, reader)
    if row is None:
        raise Http404
    permit(one.event, "end_reader", request.user)
    form = forms.EndReaderForm(request.POST or None, event=one.event, user=request.user)
    return _one_form(
        request,
        one,
        _("不再让%(name)s查看") % {"name": row.user.name},
        f"reader-{reader}",
        form,
        lambda: workflow.end_reader(
            one.event, row.user, by=request.user, reason=form.cleaned_data["reason"]
        ),
        lambda: workflow.check_end_reader(one.event, row.user, request.user),
    )
