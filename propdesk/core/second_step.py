"""Who must log in with a second step (an authenticator or a passkey), and who has none yet.

A session remembers whether its account has one, so that no page asks the database for it: allauth lets
nobody in who has a second step and did not take it, and a session ends when that changes elsewhere.
"""

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from propdesk.core.house_people import end_sessions
from propdesk.core.models import Property, PropertySettings, User
from propdesk.core.permissions import TOP
from propdesk.core.roles import Standing

FLAG = "second_step"
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes alone are none: they stand in for one that was lost."""
Who = PropertySettings.SecondStep


def has_one(user: User) -> bool:
    """Whether this account logs in with a second step; asks the database."""
    return bool(Authenticator.objects.filter(user=user, type__in=KINDS).exists())


def is_missing(request: HttpRequest, prop: Property, mine: Standing) -> bool:
    """Whether the house demands a second step of this user and the account has none; no query.

    A deputy holds the power of the role he stands in for, so he is asked as well.
    """
    who = prop.settings.second_step
    if who == Who.NOBODY or request.session.get(FLAG):
        return False
    return who == Who.EVERYBODY or bool(mine.roles & TOP)


def lead(request: HttpRequest) -> HttpResponse:
    """To the page that says how to set one up."""
    url = reverse("account_second_step")
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


def connect() -> None:
    """Listen to allauth."""
    name = "propdesk.second_step"
    user_logged_in.connect(_note, dispatch_uid=name)
    for changed in (
        signals.authenticator_added,
        signals.authenticator_removed,
        signals.authenticator_reset,
    ):
        changed.connect(_changed, dispatch_uid=name)


def _note(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    request.session[FLAG] = has_one(user)


def _changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Other sessions began without it, or with what is no more: they end."""
    _note(request, user)
    end_sessions(user, but=request.session.session_key)
