"""What belongs to the house and to no event: price list, drills."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import playbooks, rows, workflow
from emergencies.forms.house import PriceItemForm
from emergencies.models import Kind, PriceItem
from emergencies.permissions import ACTIONS
from emergencies.queries import damage, drills
from emergencies.workflow.drills import SOON
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.roles import ensure, may

GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@require_GET
def prices(request: StaffRequest) -> HttpResponse:
    """赔偿价目, those in use first."""
    ensure(request.user, "read_playbook", ACTIONS, prop=request.prop)
    context = {
        "items": list(damage.price_list(request.prop)),
        "edits": may(request.user, "edit_prices", ACTIONS, prop=request.prop),
    }
    return page(request, "emergencies/house/prices.html", context)


@staff_view
@GET_POST
def price_new(request: StaffRequest) -> HttpResponse:
    """登记价目."""
    return _price(request, None)


@staff_view
@GET_POST
def price_edit(request: StaffRequest, item: int) -> HttpResponse:
    """修改价目, with its last changes below."""
    ensure(request.user, "edit_prices", ACTIONS, prop=request.prop)
    row = damage.price_item(request.prop, item)
    if row is None:
        raise Http404
    return _price(request, row)


def _price(request: StaffRequest, item: PriceItem | None) -> HttpResponse:
    ensure(request.user, "edit_prices", ACTIONS, prop=request.prop)
    form = PriceItemForm(request.POST or None, item=item)
    status = 422 if request.method == "POST" else 200
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        status = attempt(
            form,
            lambda: workflow.put_price(
                request.prop, item, form.what(), by=request.user, reason=reason
            ),
        )
        if status == 200:
            return done(
                request, reverse("emergencies:prices", args=[request.prop.code]), _("价目已保存。")
            )
    context = {
        "form": form,
        "item": item,
        "changes": damage.price_changes(item) if item else [],
        "title": _("修改价目") if item else _("登记价目"),
    }
    return page(request, "emergencies/house/price.html", context, status=status)


@staff_view
@require_GET
def drill_page(request: StaffRequest) -> HttpResponse:
    """演练: when each is due, the last ones, and one tap to start."""
    ensure(request.user, "read_playbook", ACTIONS, prop=request.prop)
    last = drills.last_of(request.prop)
    today = timezone.localdate()
    since = drills.since(request.prop)
    due = [_due(request, code, last, today, since) for code in playbooks.PLAYBOOKS]
    recent = drills.recent(request.user, request.prop)
    context = {
        "due": sorted(due, key=lambda row: (row["on"] is None, row["on"] or today)),
        "recent": [rows.list_row(request.prop, row) for row in recent],
        "starts": may(request.user, "start", ACTIONS, prop=request.prop),
    }
    return page(request, "emergencies/house/drills.html", context)


def _due(request: StaffRequest, code: str, last: Any, today: Any, since: Any) -> dict[str, Any]:
    """One kind: how often it is to be rehearsed, when last and when next."""
    every = playbooks.PLAYBOOKS[code].drill
    on = workflow.due_on(last.get(code), since, every.every_months) if every else None
    left = (on - today).days if on else None
    word, tone, icon = "", "grey", "circle"
    if left is not None:
        word, tone, icon = _("按期"), "green", "check-circle"
        if left < 0:
            word, tone, icon = _("已过期%(n)d天") % {"n": -left}, "red", "exclamation-circle"
        elif left <= SOON.days:
            word, tone, icon = _("%(n)d天后到期") % {"n": left}, "orange", "clock"
    start = reverse("emergencies:new", args=[request.prop.code, code])
    return {
        "label": Kind(code).label,
        "icon": rows.KIND_ICONS[code],
        "every": every.every_months if every else None,
        "last": last.get(code),
        "on": on,
        "state": (word, tone, icon),
        "start": f"{start}?drill=1",
    }
