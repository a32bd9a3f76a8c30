"""Pages of the registers of a death and a fire: where the steps of the playbook land."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from emergencies import register_cards
from emergencies.views import frame
from propdesk.core.http import StaffRequest, page, staff_view


@staff_view
@require_GET
def seals(request: StaffRequest, number: str) -> HttpResponse:
    """封存与遗物: what is sealed, since when, who looked; and what is counted and handed over."""
    one = frame.load_to_read(request, number)
    card = register_cards.of_seals(one)
    context = {"one": one, "row": one.event, "now": one.now, "card": card}
    return page(request, "emergencies/own/seals.html", context)


@staff_view
@require_GET
def headcount(request: StaffRequest, number: str) -> HttpResponse:
    """清查与点名: who is missing stands first, in large figures."""
    one = frame.load_to_read(request, number)
    card = register_cards.of_headcount(one)
    context = {"one": one, "row": one.event, "now": one.now, "card": card}
    return page(request, "emergencies/own/headcount.html", context)
