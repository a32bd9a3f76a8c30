"""What views share: who asks, in which property, and how a refused act is shown."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import quote

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from propdesk.core import second_step
from propdesk.core.models import Membership, Property, User
from propdesk.core.roles import remember, standing
from propdesk.core.transitions import ConflictError, RefusedInput, StaleError

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in, inside a property he works in."""

    user: User
    prop: Property
    htmx: HtmxDetails


View = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
UrlView = Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]


def staff_view(view: View[P]) -> UrlView[P]:
    """Log-in, then the property of the URL's first argument (404 for whoever holds no role in it).

    A POST with an expired log-in shows what was typed and how to go on, so nothing is lost.
    """

    @functools.wraps(view)
    def inner(
        request: HttpRequest, code: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return logged_out(request)
        prop = _property(request.user, code)
        if prop is None or not standing(request.user, prop).roles:
            raise Http404
        if getattr(request, "idle_seconds", 0) > prop.settings.idle_logout * 60:
            logout(request)
            return logged_out(request)
        if second_step.is_missing(request, prop, standing(request.user, prop)):
            if request.method == "POST":
                return resubmit_page(request, status=403, set_up_first=True)
            return second_step.lead(request)
        request.prop = prop  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return cast("UrlView[P]", inner)


def framed(view: View[P]) -> View[P]:
    """Let a page of ours show this in a frame, as a paper beside its signature; nothing else is."""
    own = csp_replace({"frame-ancestors": [SELF]})
    return cast("View[P]", own(xframe_options_sameorigin(view)))  # type: ignore[arg-type]


def _property(user: User, code: str) -> Property | None:
    """The property with its settings and this user's standing in it: one statement."""
    held = Membership.objects.standing_rows(user, OuterRef("pk"), timezone.now())
    columns = {name: name for name in ("role", "department_id", "user_id")}
    prop = (
        Property.objects.select_related("settings")
        .annotate(held=ArraySubquery(held.values(row=JSONObject(**columns))))
        .filter(code=code)
        .first()
    )
    if prop is not None:
        remember(user, prop, prop.held)
    return prop


def logged_out(request: HttpRequest) -> HttpResponse:
    """To the log-in page; a POST is kept in a page that can be sent again after logging in."""
    if request.method == "POST":
        if _names_sender(request) and not _is_ours(request):
            return redirect("account_login")
        return resubmit_page(request, status=401)
    htmx = cast("HtmxDetails | None", getattr(request, "htmx", None))
    if htmx:
        here = quote(htmx.current_url_abs_path or "/")
        return HttpResponseClientRedirect(f"{reverse('account_login')}?next={here}")
    return redirect_to_login(request.get_full_path())


def resubmit_page(request: HttpRequest, *, status: int, set_up_first: bool = False) -> HttpResponse:
    """What was typed, as hidden fields of a form that goes to the same address again.

    ``set_up_first``: once the second step of log-in, which the house demands, has been set up.
    """
    fields = [
        (name, value)
        for name in request.POST
        if name not in ("csrfmiddlewaretoken", "id_number") and "password" not in name
        for value in request.POST.getlist(name)
    ]
    context = {
        "fields": fields,
        "action": request.get_full_path(),
        "status": status,
        "set_up_first": set_up_first,
    }
    response = render(request, "errors/resubmit.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    if getattr(request, "htmx", False):
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A stale token from our own page may be sent again by hand; anything foreign is refused."""
    if request.method == "POST" and _is_ours(request):
        return resubmit_page(request, status=403)
    return render(request, "403.html", status=403)


def _names_sender(request: HttpRequest) -> str:
    """Which page sent the form; every browser names the origin of a POST."""
    return request.headers.get("Origin") or request.headers.get("Referer", "")


def _is_ours(request: HttpRequest) -> bool:
    sender, ours = _names_sender(request), f"{request.scheme}://{request.get_host()}"
    return sender == ours or sender.startswith(ours + "/")


def attempt(form: BaseForm, act: Callable[[], Any]) -> int:
    """Run a transition for a valid form: 200, or 422 / 409 / 403 with its sentences on the form."""
    try:
        act()
    except RefusedInput as refused:
        for field, sentence in refused.errors.items():
            form.add_error(field if field in form.fields else None, sentence)
        return 422
    except ConflictError as conflict:
        form.told_stale = isinstance(conflict, StaleError)  # type: ignore[attr-defined]
        form.told_lacking = bool(conflict.missing)  # type: ignore[attr-defined]
        form.add_error(None, ValidationError(conflict.head or str(conflict), code="conflict"))
        for letter, sentence in () if conflict.head else conflict.missing:
            form.add_error(None, ValidationError(sentence, code=f"missing-{letter}"))
        return 409
    except PermissionDenied as denied:
        form.add_error(None, ValidationError(str(denied), code="denied"))
        return 403
    return 200


def came_late(form: BaseForm, status: int) -> bool:
    """Whether an act was refused because a colleague may have been faster, not for what is missing."""
    return status == 409 and not getattr(form, "told_lacking", False)


def carried(now: str, *forms: BaseForm, kept: str = "") -> str:
    """The print (``seen``) a page carries: when shown again, of what its reader read, not of ``now``.

    ``kept`` is what a draft he goes on with was begun from.

    It is renewed only when a form of the page has just told him that it changed: a wrong password or
    an opinion too long must not make him sign what he has not read.
    """
    sent = next((form for form in forms if form.is_bound), None)
    if sent is None:
        return kept or now
    return now if getattr(sent, "told_stale", False) else sent.data.get("seen", "") or now


def done(
    request: HttpRequest, url: str, message: str = "", *, level: int = messages.SUCCESS
) -> HttpResponse:
    """After a successful POST: flash and go to ``url`` (htmx follows by itself)."""
    if message:
        messages.add_message(request, level, message)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return redirect(url)


def page(
    request: HttpRequest, name: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a template; private pages are never stored by a shared cache."""
    response = render(request, name, dict(context), status=status)
    response["Cache-Control"] = "private, no-store"
    return response
