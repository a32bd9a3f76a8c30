"""The printed compensation slip: as it stands until it is posted, the sealed bytes ever after."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from emergencies import workflow
from emergencies.models import Compensation, Event
from emergencies.queries import damage as queries
from emergencies.views import frame
from emergencies.views.papers import GET_POST, paper_page, served_page
from propdesk.core import rendering
from propdesk.core.http import StaffRequest, framed, staff_view


def _slip(request: StaffRequest, number: str) -> tuple[Event, Any]:
    event = frame.load(request, number).event
    workflow.permit(event, "print", request.user)
    found = queries.card(event)
    slip = found.slip or next(iter(found.cancelled), None)
    if slip is None:
        raise Http404
    return event, slip


def _address(event: Event) -> str:
    return reverse("emergencies:slip_paper", args=[event.case.property.code, event.case.number])


@staff_view
@GET_POST
@framed
def paper(request: StaffRequest, number: str) -> HttpResponse:
    """The slip, or a page that waits for the worker."""
    event, slip = _slip(request, number)
    sealed = slip.status in (Compensation.Status.POSTED, Compensation.Status.WAIVED)
    here = _address(event)
    kind = workflow.slip_kind(slip)
    return paper_page(request, event, kind, here, _("客户财物损坏赔偿单"), sealed=sealed)


@staff_view
@require_GET
@framed
def file(request: StaffRequest, number: str, document: int) -> HttpResponse:
    """The bytes of the slip, inline; every look is logged."""
    event, slip = _slip(request, number)
    found = rendering.document(event.case, workflow.slip_kind(slip), document)
    title = _("客户财物损坏赔偿单")
    return served_page(request, event, found, title, _address(event))
