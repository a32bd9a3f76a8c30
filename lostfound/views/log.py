"""拾物登记 and what follows at once: the number, the tag, and to whom it goes."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lostfound import forms, workflow
from lostfound.categories import RULES
from lostfound.detail import Detail
from lostfound.models import FoundItem
from lostfound.views.frame import allow
from propdesk.core import drafts, duty, places
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view
from propdesk.core.papers import qr_svg
from propdesk.core.roles import Role

FORM = "lostfound.log"
LONGEST_SPOT = 120
"""Characters of a spot that are read: its code, or its whole path as it stands on the label."""
GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@staff_view
@GET_POST
def log(request: StaffRequest) -> HttpResponse:
    """拾物登记 (L-B, L-C): five taps and a sentence; the time is now."""
    allow(request, "log")
    if request.method != "POST":
        return _log_page(request, _fresh_form(request))
    form = forms.LogForm(request.POST, request.FILES, prop=request.prop, user=request.user)
    made: list[FoundItem] = []
    status = 422
    if form.is_valid():
        try:
            status = attempt(form, lambda: made.append(_log(request, form)))
        except drafts.DoubleSubmitError:
            twin = drafts.token_url(request.user, form.cleaned_data["token"])
            return done(request, twin or reverse("lostfound:board", args=[request.prop.code]))
    if not made:
        drafts.keep(request.user, FORM, dict(request.POST.lists()))
        return _log_page(request, form, status=status)
    return done(request, reverse("lostfound:logged", args=[request.prop.code, made[0].case.number]))


def _fresh_form(request: StaffRequest) -> forms.LogForm:
    """As it was left the last time, at the spot whose code was scanned."""
    draft = drafts.recall(request.user, FORM)
    typed: dict[str, Any] = drafts.first_values(draft.data) if draft else {}
    spot = request.GET.get("spot", "").replace("\x00", "")[:LONGEST_SPOT]
    if spot and (place := places.find(request.prop, spot)):
        typed["place"] = place.pk
    typed["token"] = drafts.new_token()
    return forms.LogForm(prop=request.prop, user=request.user, initial=typed)


def _log_page(request: StaffRequest, form: forms.LogForm, *, status: int = 200) -> HttpResponse:
    advice = [(str(code), rule.advice) for code, rule in RULES.items() if rule.advice]
    context = {"form": form, "advice": advice, "now": timezone.now()}
    return page(request, "lostfound/log.html", context, status=status)


def _log(request: StaffRequest, form: forms.LogForm) -> FoundItem:
    data = dict(form.cleaned_data)
    pictures = [photo.read() for photo in data.pop("photo")]
    token = data.pop("token")
    return workflow.log(request.prop, workflow.Find(**data), pictures, by=request.user, token=token)


@staff_view
@require_POST
def log_draft(request: StaffRequest) -> HttpResponse:
    """Keep a half-filled form; answers 204."""
    allow(request, "log")
    drafts.keep(request.user, FORM, dict(request.POST.lists()))
    return HttpResponse(status=204)


def load(request: StaffRequest, number: str) -> Detail:
    """The thing of this number as this user may see it, or 404."""
    found = Detail.load(request.user, request.prop, number.upper(), timezone.now())
    if found is None:
        raise Http404
    return found


@staff_view
@require_GET
def logged(request: StaffRequest, number: str) -> HttpResponse:
    """What was just logged: the number in large type, the tag, and to whom it is handed."""
    one = load(request, number)
    now = timezone.now()
    context = {
        "one": one,
        "row": one.item,
        "managers": duty.on_duty(request.prop, Role.DUTY_MANAGER, at=now)[:3],
        "phone": request.prop.settings.duty_phone or request.prop.phone,
    }
    return page(request, "lostfound/logged.html", context)


@staff_view
@require_GET
def tag(request: StaffRequest, number: str) -> HttpResponse:
    """A label to print and stick on the bag: number, category, day; no feature of the thing."""
    one = load(request, number)
    return page(request, "lostfound/tag.html", {"one": one, "row": one.item})


@staff_view
@require_GET
def qr(request: StaffRequest, number: str) -> HttpResponse:
    """The code on the tag: the address of the thing and nothing else."""
    one = load(request, number)
    url = request.build_absolute_uri(one.item.get_absolute_url())
    response = HttpResponse(qr_svg(url), content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "private, max-age=86400"
    return response
