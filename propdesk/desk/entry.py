"""Pages outside any property: the door and health."""

from django.contrib.auth.decorators import login_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from propdesk.core import second_step
from propdesk.core.http import page
from propdesk.desk import health, queries


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """To the user's property, or a list when there are several, or a word when there is none."""
    properties = queries.properties_of(request.user)  # type: ignore[arg-type]
    if len(properties) == 1:
        return redirect("desk:board", properties[0].code)
    return page(request, "desk/properties.html", {"properties": properties})


@never_cache
@require_GET
@login_required
def set_up_second_step(request: HttpRequest) -> HttpResponse:
    """For whoever must log in with a second step and has none: why, and the ways to set one up."""
    if second_step.has_one(request.user):  # type: ignore[arg-type]
        request.session[second_step.FLAG] = True
        return redirect("desk:home")
    return page(request, "account/second_step.html", {})


@require_GET
def password_help(request: HttpRequest) -> HttpResponse:
    """Whom to ask for a new password."""
    return page(request, "account/password_reset.html", {})


@never_cache
@require_GET
def sender(request: HttpRequest) -> HttpResponse:
    """For a form kept over an expired log-in: who sends it now, with his token; 204 while nobody.

    Nothing a page with a form would not give its reader as well, and no other site can read it.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    return page(request, "errors/_sender.html", {})


@never_cache
@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Alive: the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_GET
def ready(_request: HttpRequest) -> JsonResponse:
    """Ready: database, broker, age of the last sweep and of the oldest unsent notice."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        facts = health.facts(timezone.now())
    except DatabaseError:
        return JsonResponse({"database": False, "ready": False}, status=503)
    return JsonResponse(facts, status=200 if facts["ready"] else 503)
