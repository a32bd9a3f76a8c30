"""Pages of what single events have of their own: the slip, the households, acts on one row."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import cards, forms
from emergencies.detail import Detail
from emergencies.own_acts import ITEMS
from emergencies.queries import aftermath
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts
from propdesk.core.http import StaffRequest, page, staff_view


@staff_view
@require_GET
def damage(request: StaffRequest, number: str) -> HttpResponse:
    """The compensation slip alone: where the steps of the playbook and the cashier land."""
    one = frame.load(request, number)
    if one.event.kind != "property_damage":
        raise Http404
    permit(one.event, "read", request.user)
    context = {"one": one, "row": one.event, "now": one.now, "card": cards.slip(one)}
    return page(request, "emergencies/own/damage.html", context)


@staff_view
@require_GET
def affected(request: StaffRequest, number: str) -> HttpResponse:
    """Every household an outage hit, those still to be told first."""
    one = frame.load(request, number)
    if one.event.kind != "power_outage":
        raise Http404
    permit(one.event, "read", request.user)
    context = {
        "one": one,
        "row": one.event,
        "now": one.now,
        "card": cards.households(one, every=True),
    }
    return page(request, "emergencies/own/affected.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: StaffRequest, number: str, name: str, item: int) -> HttpResponse:
    """An act on one row of an event: a line of a list, a household, an action."""
    if name not in ITEMS:
        raise Http404
    one, (spec, find) = frame.load(request, number), ITEMS[name]
    permit(one.event, spec.action, request.user)
    row = find(one.event, item)
    if row is None:
        raise Http404
    if request.method != "POST":
        refused = frame.not_ready(request, one, name, spec, row)
        if refused is not None:
            return refused
    key, status = f"{name}-{item}", 200
    form = _form(request, one, key, spec.form)
    if request.method == "POST":
        try:
            status = frame.try_once(
                request, one, key, form, lambda: spec.run(one.event, row, request.user, form)
            )
        except drafts.DoubleSubmitError:
            return frame.again(request, one)
        if status == 200:
            return frame.changed(request, one, str(spec.done))
    return frame.form_page(
        request,
        one,
        spec.title,
        form,
        status=status,
        name=name,
        about=aftermath.where(row) if name == "link-claim" else str(getattr(row, "about", row)),
    )


def _form(request: StaffRequest, one: Detail, key: str, kind: type[forms.ActForm]) -> forms.ActForm:
    """The form as it was sent, else with what was typed before and never sent."""
    typed = {k: v for k, v in one.drafts.get(key, {}).items() if k not in forms.NOW_FIELDS}
    is_post = request.method == "POST"
    posted, files = (request.POST, request.FILES) if is_post else (None, None)
    form = kind(posted, files, event=one.event, user=request.user, initial=typed)
    form.restored = bool(typed) and posted is None
    return form
