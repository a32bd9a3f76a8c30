"""Guessing at the door, what becomes of a session, and where a log-in leads: failure modes 22 to 24."""

import re
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from propdesk.core import house_people
from propdesk.core.models import User
from propdesk.core.roles import Role
from tests.factories import PASSWORD, PropertyFactory, member

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
HERE, ELSEWHERE = "10.0.0.9", "10.0.0.10"


def try_(name: str, password: str, address: str = HERE) -> Any:
    browser = Client(REMOTE_ADDR=address)
    return browser.post(LOGIN, {"login": name, "password": password})


def got_in(response: Any) -> bool:
    return bool(response.status_code == 302)


@contextmanager
def hashed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every password that is hashed while inside: the one thing here that takes long."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    with monkeypatch.context() as patch:
        patch.setattr(MD5PasswordHasher, "encode", counted)
        yield seen


# --- guessing ------------------------------------------------------------------------------


def test_hundred_wrong_passwords_are_ten_tries_and_the_owner_gets_in_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = member(PropertyFactory(), Role.DUTY_MANAGER)
    with time_machine.travel(timezone.now()) as clock:
        with hashed(monkeypatch) as tried:
            for n in range(100):
                try_(user.username, f"wrong-{n}")
                clock.shift(2)  # slower than the sixty a minute that an address has

        blocked = try_(user.username, PASSWORD)

        assert tried == [f"wrong-{n}" for n in range(10)]
        assert (got_in(blocked), "请15分钟后再试" in blocked.content.decode()) == (False, True)
        assert got_in(try_(user.username, PASSWORD, ELSEWHERE))
        clock.shift(timedelta(minutes=16))
        assert got_in(try_(user.username, PASSWORD))


def test_who_gets_a_new_password_as_the_refusal_advises_gets_in_at_once() -> None:
    prop = PropertyFactory()
    user, pm = member(prop, Role.DUTY_MANAGER), member(prop, Role.PROPERTY_MANAGER)
    for n in range(11):
        refused = try_(user.username, f"wrong-{n}")
    assert "请物业经理重置密码" in refused.content.decode()

    given = house_people.reset_password(prop, user, by=pm, reason="连续输错")

    assert not got_in(try_(user.username, PASSWORD))
    assert got_in(try_(user.username, given))


def test_one_address_is_stopped_after_sixty_names(monkeypatch: pytest.MonkeyPatch) -> None:
    user = member(PropertyFactory(), Role.DUTY_MANAGER)
    with time_machine.travel(timezone.now()) as clock, hashed(monkeypatch) as tried:
        for n in range(62):
            try_(f"name-{n}", "wrong")
            clock.shift(2)
        assert not got_in(try_(user.username, PASSWORD))
        assert len(tried) == 60
        assert got_in(try_(user.username, PASSWORD, ELSEWHERE))


def words(response: Any, name: str) -> str:
    """The page without what is another one each time: token, clock, and the name typed."""
    page = re.sub(
        r'(csrfmiddlewaretoken" value=|X-CSRFToken": |data-now=)"[^"]+"',
        "",
        response.content.decode(),
    )
    return page.replace(f'value="{name}"', "")


def test_unknown_name_is_answered_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash each, which is the time it takes, and the same page; also once it is blocked."""
    prop = PropertyFactory()
    known, closed = member(prop, Role.STAFF), member(prop, Role.STAFF, is_active=False)
    names = (known.username, closed.username, "99999")
    pages, work = [], []
    for name in names:
        with hashed(monkeypatch) as tried:
            answers = [try_(name, f"wrong-{n}") for n in range(12)]
        work.append(len(tried))
        pages.append([(a.status_code, words(a, name)) for a in (answers[0], answers[11])])

    assert work == [10, 10, 10]
    assert pages[0] == pages[1] == pages[2]


def test_codes_of_the_second_step_are_not_guessed_either() -> None:
    user = member(PropertyFactory(), Role.STAFF)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "A" * 32})
    browser = Client()
    browser.post(LOGIN, {"login": user.username, "password": PASSWORD})
    answers = [browser.post("/accounts/2fa/authenticate/", {"code": "12345x"}) for _n in range(11)]
    assert "口令不对" in answers[9].content.decode()
    assert "请15分钟后再试" in answers[10].content.decode()


# --- sessions ------------------------------------------------------------------------------


class Visit:
    """Somebody logged in, and a thief with a copy of his cookie from another moment."""

    def __init__(self) -> None:
        self.prop = PropertyFactory()
        self.gm = member(self.prop, Role.GENERAL_MANAGER)
        self.user = member(self.prop, Role.DUTY_MANAGER)
        self.browser = Client()
        assert got_in(self.enter())

    def enter(self) -> Any:
        return self.browser.post(LOGIN, {"login": self.user.username, "password": PASSWORD})

    def prove(self) -> None:
        self.browser.post("/accounts/reauthenticate/", {"password": PASSWORD})

    @property
    def key(self) -> str:
        return str(self.browser.cookies[settings.SESSION_COOKIE_NAME].value)

    def lives(self, key: str) -> bool:
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = key
        return bool(thief.get(reverse("desk:me", args=[self.prop.code])).status_code == 200)


def log_out(visit: Visit) -> None:
    visit.browser.post("/accounts/logout/")


def change_password(visit: Visit) -> None:
    new = "Another-one-77"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert got_in(visit.browser.post("/accounts/password/change/", data))


def reset_password(visit: Visit) -> None:
    house_people.reset_password(visit.prop, visit.user, by=visit.gm, reason="忘记")


def deactivate(visit: Visit) -> None:
    house_people.deactivate_user(visit.prop, visit.user, by=visit.gm, reason="离职")


def end_role(visit: Visit) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    membership = visit.user.memberships.get()
    house_people.end_role(membership, by=visit.gm, ends_on=yesterday, reason="调岗")


@pytest.mark.parametrize(
    "end",
    [log_out, change_password, reset_password, deactivate, end_role],
    ids=lambda f: f.__name__,
)
def test_old_key_is_dead_after(end: Callable[[Visit], None]) -> None:
    visit = Visit()
    old = visit.key
    before = visit.lives(old)
    end(visit)
    assert (before, visit.lives(old)) == (True, False)


def test_role_that_ends_closes_the_session_itself() -> None:
    """Not only the house: an account without a role would otherwise stay logged in elsewhere."""
    visit = Visit()
    end_role(visit)
    assert visit.browser.get("/")["Location"].startswith(LOGIN)


def test_log_in_begins_a_new_session_whatever_key_was_there() -> None:
    browser = Client()
    browser.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"})
    planted = browser.session.session_key
    user = member(PropertyFactory(), Role.STAFF)
    browser.post(LOGIN, {"login": user.username, "password": PASSWORD})
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert (planted is None, browser.session.session_key == planted) == (False, False)
    assert thief.get("/")["Location"].startswith(LOGIN)


def test_own_session_goes_on_after_a_change_of_password_under_another_key() -> None:
    visit = Visit()
    old = visit.key
    change_password(visit)
    assert (visit.key == old, visit.lives(visit.key)) == (False, True)


def test_key_of_an_idle_desk_is_dead_for_whoever_kept_it() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        visit = Visit()
        old = visit.key
        clock.shift(timedelta(minutes=31))
        assert visit.lives(old) is False
        clock.shift(timedelta(minutes=-31))
        assert visit.lives(old) is False


# --- where it leads ------------------------------------------------------------------------

AWAY = (
    "//evil.example",
    "///evil.example",
    "////evil.example/p/",
    "https://evil.example",
    "https:evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "https://evil.example#testserver",
    "//evil.example\\@testserver",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://testserver/x",
)


def leaves(location: str) -> bool:
    """Whether a browser at this site would go elsewhere: it drops controls and turns backslashes."""
    as_read = re.sub(r"[\x00-\x20]", "", location).replace("\\", "/")
    parts = urlsplit(urljoin("http://testserver/accounts/login/", as_read))
    return (parts.scheme, parts.netloc) != ("http", "testserver")


def doors(user: User, away: str) -> dict[str, Any]:
    """Every address that takes a ``next``, asked with this one."""
    entered, known = Client(), Client()
    known.force_login(user)
    entry = {"login": user.username, "password": PASSWORD, "next": away}
    asked = {
        "login": entered.post(LOGIN, entry),
        "login in the address": Client().post(f"{LOGIN}?next={away}", entry),
        "login once in": known.get(LOGIN, {"next": away}),
        "signup": known.get("/accounts/signup/", {"next": away}),
        "prove": known.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": away}),
        "passkey": Client().post("/accounts/2fa/webauthn/login/", {"next": away}),
        "second": known.get("/accounts/2fa/first/", {"next": away}),
        "htmx": Client().get(
            "/", headers={"HX-Request": "true", "HX-Current-URL": away.replace("\n", "")}
        ),
    }
    asked["logout"] = known.post("/accounts/logout/", {"next": away})
    return asked


@pytest.mark.parametrize("away", AWAY)
def test_nothing_leads_off_the_site(away: str) -> None:
    assert (leaves("//evil.example"), leaves("/p/x/")) == (True, False)  # the check itself
    user = member(PropertyFactory(), Role.STAFF)
    led = {
        name: response.headers.get("Location", response.headers.get("HX-Redirect", "/"))
        for name, response in doors(user, away).items()
    }
    assert {name: where for name, where in led.items() if leaves(where)} == {}
    assert led["login"] == "/"


def test_own_address_is_where_a_log_in_leads() -> None:
    """The control: the field is read at all."""
    user = member(PropertyFactory(), Role.STAFF)
    data = {"login": user.username, "password": PASSWORD, "next": "/p/x/search/"}
    assert Client().post(LOGIN, data)["Location"] == "/p/x/search/"
