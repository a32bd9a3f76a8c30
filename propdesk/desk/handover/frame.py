"""What the pages of the change of shift share: addresses, permission, the row of the page."""

import functools
from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.urls import reverse

from propdesk.core.http import StaffRequest, done
from propdesk.core.roles import ensure, may
from propdesk.desk.handover import queries
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.permissions import ACTIONS


def link(request: StaffRequest, name: str, *args: object) -> str:
    """The address of a page of this house."""
    return reverse(f"handover:{name}", args=[request.prop.code, *args])


def allow(request: StaffRequest, action: str, row: Handover | None = None) -> None:
    """PermissionDenied (403) before somebody fills in a form he may not send."""
    owns = row is not None and row.outgoing_id == request.user.pk
    ensure(request.user, action, ACTIONS, prop=request.prop, owns=owns)


def allowed(request: StaffRequest, action: str, row: Handover | None = None) -> bool:
    """Whether to show the way to ``action``."""
    owns = row is not None and row.outgoing_id == request.user.pk
    return may(request.user, action, ACTIONS, prop=request.prop, owns=owns)


def load(request: StaffRequest, number: str, action: str = "read_handover") -> Handover:
    """The hand-over of this number: 403 for who may not do ``action`` on it, 404 without one."""
    allow(request, "read_handover")
    row = queries.find(request.prop, number)
    if row is None:
        raise Http404
    allow(request, action, row)
    return row


OfRow = Callable[[StaffRequest, Handover], HttpResponse]


def while_in(action: str, state: str) -> Callable[[OfRow], Callable[..., HttpResponse]]:
    """Give a view the row of its number; who comes for a form in another state sees how it stands."""

    def wrap(view: OfRow) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def inner(request: StaffRequest, number: str) -> HttpResponse:
            row = load(request, number, action)
            if row.status != state and request.method != "POST":
                return done(request, row.get_absolute_url())
            return view(request, row)

        return inner

    return wrap
