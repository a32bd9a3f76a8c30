"""Request-wide habits: idle log-out, forced password change, conflicts as a page."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render

from propdesk.core.http import logged_out
from propdesk.core.transitions import ConflictError

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCH_EVERY = 60
"""Seconds between writes of the session: an idle clock need not be exact to the second."""
POLLS = frozenset({"shell-poll", "board-live", "event-live"})
"""Ids of the elements that ask by themselves; htmx names the one that asks in each request."""


def start_idle_clock(request: HttpRequest, **_kwargs: Any) -> None:
    """Signal receiver: the log-in is the first thing seen of a session."""
    request.session["seen"] = request.session["began"] = int(time.time())


def is_over(session: Mapping[str, Any], now: int) -> bool:
    """Whether the next request of this session finds it ended: idle for too long, or a shift old."""
    # Writing ``seen`` renews the cookie's age, so the end of a shift is counted here.
    return bool(
        now - session.get("began", now) > settings.SESSION_COOKIE_AGE
        or now - session.get("seen", now) > settings.PROPDESK_IDLE_MINUTES * 60
    )


class MethodsMiddleware:
    """Only GET, HEAD and POST are answered: no view is asked what it would do with another."""

    ALLOWED = ("GET", "HEAD", "POST")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in self.ALLOWED:
            return HttpResponseNotAllowed(self.ALLOWED)
        return self.get_response(request)


class IdleMiddleware:
    """Log out after ``PROPDESK_IDLE_MINUTES`` without a request, and 8 hours after the log-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen", now)
            # ``staff_view`` compares it with the shorter limit a house may have set (设置).
            request.idle_seconds = now - seen  # type: ignore[attr-defined]
            if is_over(request.session, now):
                logout(request)
                if not request.path.startswith(("/accounts/", "/static/")):
                    return logged_out(request)
            # A poll is not activity: otherwise an open tab would never be logged out.
            stale = now - seen >= TOUCH_EVERY or "seen" not in request.session
            polled = request.headers.get("HX-Trigger") in POLLS
            if stale and request.user.is_authenticated and not polled:
                request.session["seen"] = now
        return self.get_response(request)


class PasswordChangeMiddleware:
    """Whoever holds a first password set by somebody else changes it before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        must = request.user.is_authenticated and request.user.must_change_password
        if must and not request.path.startswith(("/accounts/", "/static/", "/healthz")):
            return redirect("account_change_password")
        return self.get_response(request)


class ConflictMiddleware:
    """A ConflictError no view caught, or a NUL no column can hold, is a page and not a 500."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            return render(request, "404.html", status=404)
        if any("\x00" in text for key, values in request.GET.lists() for text in (key, *values)):
            return render(request, "400.html", status=400)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ConflictError):
            context = {"message": str(exception), "back_url": request.path}
            return render(request, "409.html", context, status=409)
        return None
