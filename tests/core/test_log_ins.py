"""The log of the door, and the page of one's own running sessions."""

import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from propdesk.core import house_people, log_ins, sweeps
from propdesk.core.models import LoginEvent
from propdesk.core.roles import Role
from tests.core.test_log_in import LOGIN, Visit, change_password, got_in, log_out, try_
from tests.core.test_second_step import code_of, set_up
from tests.factories import PASSWORD, PropertyFactory, member

pytestmark = pytest.mark.django_db
MINE = "/accounts/sessions/"
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)
PHONE = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile MicroMessenger/8.0.50"
)


def told() -> list[tuple[Any, ...]]:
    return list(LoginEvent.objects.order_by("id").values_list("what", "how", "user_id"))


# --- the log -------------------------------------------------------------------------------


def test_door_writes_down_who_came_in_and_who_did_not(caplog: pytest.LogCaptureFixture) -> None:
    """By number of the account, never a name, and nothing of what was typed."""
    visit = Visit()
    one = visit.user.pk
    with caplog.at_level(logging.INFO, "propdesk.core.log_ins"):
        try_(visit.user.username, "wrong-secret")
        try_("a-password-in-the-wrong-field", "wrong-secret")
        visit.prove()
        visit.browser.post("/accounts/reauthenticate/", {"password": "wrong-secret"})
        change_password(visit)
        log_out(visit)
        house_people.deactivate_user(visit.prop, visit.user, by=visit.gm, reason="离职")
        try_(visit.user.username, "Another-one-77")

    assert told() == [
        ("in", "password", one),
        ("wrong_password", "password", one),
        ("wrong_password", "password", None),
        ("proved", "password", one),
        ("wrong_password", "password", one),
        ("new_password", "", one),
        ("out", "", one),
        ("closed", "password", one),
    ]
    lines = [record.getMessage() for record in caplog.records]
    assert lines[1] == f"door wrong_password user={one} how=password address=10.0.0.9"
    kept = str(lines) + str(list(LoginEvent.objects.values()))
    secret = (visit.user.name, f"'{visit.user.username}'", "wrong-", "a-password")
    assert [word for word in secret if word in kept] == []


def test_second_step_is_written_down() -> None:
    visit = Visit()
    secret = set_up(visit)
    browser = Client()
    browser.post(LOGIN, {"login": visit.user.username, "password": PASSWORD})
    code = "/accounts/2fa/authenticate/"
    browser.post(code, {"code": "12345x"})
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        browser.post(code, {"code": code_of(secret)})
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        browser.post("/accounts/2fa/totp/deactivate/")
    Client().post("/accounts/2fa/webauthn/login/", {"credential": '{"id": "x"}'})

    events = [(what, how) for what, how, _who in told()[2:]]
    assert events[:2] == [("second_on", "totp"), ("second_on", "recovery_codes")]
    assert events[2:4] == [("wrong_code", "totp"), ("in", "totp")]
    assert events[4] == ("proved", "password")
    assert sorted(events[5:7]) == [("second_off", "recovery_codes"), ("second_off", "totp")]
    assert told()[-1] == ("wrong_code", "webauthn", None)
    assert Authenticator.objects.count() == 0


def test_who_guesses_on_fills_no_table() -> None:
    user = member(PropertyFactory(), Role.STAFF)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _n in range(40):
            try_(user.username, "wrong")
            clock.shift(2)

    what = [what for what, _how, _who in told()]
    assert what == ["wrong_password"] * 10 + ["locked"]


def test_codes_guessed_at_lock_the_second_step_and_that_is_written_down() -> None:
    visit = Visit()
    set_up(visit)
    browser = Client()
    browser.post(LOGIN, {"login": visit.user.username, "password": PASSWORD})
    for _n in range(13):
        browser.post("/accounts/2fa/authenticate/", {"code": "12345x"})

    guessed = [row for row in told() if row[0] in {"wrong_code", "locked"}]
    one = visit.user.pk
    assert guessed == [("wrong_code", "totp", one)] * 10 + [("locked", "totp", one)]


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.9"), (1, "192.0.2.7")])
def test_address_is_what_a_configured_proxy_says_and_no_other(
    settings: Any, proxies: int, address: str
) -> None:
    """``X-Forwarded-For``: from nobody by default; from one proxy what that one added, the last."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    browser = Client(REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": "203.0.113.1, 192.0.2.7"})

    browser.post(LOGIN, {"login": "nobody", "password": "wrong"})

    assert LoginEvent.objects.get().address == address


def test_refusals_above_the_limit_of_a_minute_are_told_by_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each kind by itself; passkeys of nobody once in a quarter of an hour, whatever the minute."""
    monkeypatch.setattr(log_ins, "REFUSALS_A_MINUTE", 3)
    begun = timezone.now().replace(second=0)
    with time_machine.travel(begun, tick=False) as clock:
        for n in range(6):
            try_(f"nobody-{n}", "wrong")
        for _minute in range(3):
            for _n in range(2):
                Client(REMOTE_ADDR="10.0.0.9").post(
                    "/accounts/2fa/webauthn/login/", {"credential": '{"id": "x"}'}
                )
            clock.shift(60)
        try_("nobody", "wrong")

    assert [what for what, _how, _who in told()] == [
        *["wrong_password"] * 3,
        "wrong_code",
        "wrong_password",
    ]
    more = [r.getMessage() for r in caplog.records if "not written down" in r.getMessage()]
    assert more == ["door wrong_password address=10.0.0.9: more were not written down"]


def test_row_stays_a_year_and_then_goes() -> None:
    user = member(PropertyFactory(), Role.STAFF)
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=367)):
        log_ins.note(log_ins.What.IN, user, None)
    log_ins.note(log_ins.What.OUT, user, None)

    done = [sweeps.SWEEPS["core.log_ins"](now) for _twice in range(2)]

    assert (done, [what for what, _how, _who in told()]) == ([1, 0], ["out"])


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS, "Chrome · Windows"),
        (PHONE, "微信 · Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604",
            "Safari · iPhone",
        ),
        (WINDOWS + " Edg/140.0", "Edge · Windows"),
        ("<script>alert(1)</script>\r\nX: 1", ""),
        ("", ""),
    ],
)
def test_device_is_said_in_our_words(agent: str, words: str) -> None:
    assert log_ins.device(agent) == words


# --- one's own sessions --------------------------------------------------------------------


def enter(visit: Visit, agent: str, address: str) -> Visit:
    """The same person from another device."""
    other = object.__new__(Visit)
    other.prop, other.gm, other.user = visit.prop, visit.gm, visit.user
    other.browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    assert got_in(other.enter())
    return other


def test_own_sessions_are_listed_and_ended() -> None:
    """One, then all others; never the one that asks, never another person's."""
    here = enter(Visit(), WINDOWS, "10.0.0.1")
    phone, third = enter(here, PHONE, "10.0.0.2"), enter(here, PHONE, "10.0.0.3")
    stranger = Visit()
    here.prove()
    page = here.browser.get(MINE).content.decode()
    row = LoginEvent.objects.get(address="10.0.0.2").pk
    theirs = LoginEvent.objects.get(user=stranger.user).pk

    shown = [word in page for word in ("Chrome · Windows", "微信 · Android", "10.0.0.3", phone.key)]
    here.browser.post(MINE, {"which": theirs})
    assert shown == [True, True, True, False]
    assert [v.lives(v.key) for v in (here, phone, third, stranger)] == [True] * 4
    here.browser.post(MINE, {"which": row})
    assert [v.lives(v.key) for v in (here, phone, third)] == [True, False, True]
    here.browser.post(MINE, {"which": "x' OR 1=1"})
    assert here.lives(third.key)
    here.browser.post(MINE)
    assert [v.lives(v.key) for v in (here, third, stranger)] == [True, False, True]
    assert [what for what, _how, who in told() if who == here.user.pk][-2:] == ["ended", "ended"]


@pytest.mark.parametrize("ends", ["idle", "shift"])
def test_session_that_is_over_is_not_listed_as_running(ends: str, settings: Any) -> None:
    """It has a row until its next request, which finds it ended; until a moment before it is listed."""
    limit = timedelta(minutes=settings.PROPDESK_IDLE_MINUTES)
    if ends == "shift":
        limit = timedelta(seconds=settings.SESSION_COOKIE_AGE)
        settings.PROPDESK_IDLE_MINUTES = 24 * 60
    with time_machine.travel(timezone.now(), tick=False) as clock:
        here = Visit()
        phone = enter(here, PHONE, "10.0.0.2")
        # A row may outlive the limit.
        Session.objects.update(expire_date=timezone.now() + timedelta(days=2))
        seen = []
        for more in (limit, timedelta(seconds=1)):
            clock.shift(more)
            found = log_ins.running(here.user, None)
            seen.append([each.row.address for each in found if each.row])

        assert "10.0.0.2" in seen[0]
        assert seen[1] == []
        assert len(house_people.sessions_of(here.user)) == 2
        assert not phone.lives(phone.key)


def test_password_is_asked_again_before_sessions_are_shown_or_ended() -> None:
    with time_machine.travel(timezone.now()) as clock:
        visit = Visit()
        other = enter(visit, PHONE, "10.0.0.2")
        clock.shift(timedelta(minutes=6))
        asked = [visit.browser.get(MINE), visit.browser.post(MINE)]
        leads = [a.headers.get("Location", "").partition("?")[0] for a in asked]

        assert leads == ["/accounts/reauthenticate/"] * 2
        assert other.lives(other.key)
        visit.prove()
        assert visit.browser.get(MINE).status_code == 200


# --- what a house sees ---------------------------------------------------------------------


def test_house_sees_its_own_people_only_and_refusals_alone_if_asked() -> None:
    visit, elsewhere = Visit(), Visit()
    try_(visit.user.username, "wrong")
    try_("nobody-of-this-name", "wrong")
    client = Client()
    client.force_login(visit.gm)
    url = reverse("house:log_ins", args=[visit.prop.code])
    client.get(url)  # what every page keeps for the next
    cost = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        cost.append(len(asked))
        try_(visit.user.username, "wrong")

    rows = [client.get(url + more).context["rows"] for more in ("", "?only=refused", "?after=x")]

    people = {row.user_id for row in rows[0]}
    assert (people, elsewhere.user.pk in people) == ({visit.user.pk}, False)
    assert [len(found) for found in rows] == [4, 3, 4]
    assert cost == [cost[0]] * 2


def test_house_sees_nothing_of_the_days_before_and_after_a_role_in_it() -> None:
    prop, now = PropertyFactory(), timezone.now()
    today = timezone.localdate()
    user = member(prop, Role.STAFF)
    user.memberships.update(
        starts_on=today - timedelta(days=20), ends_on=today - timedelta(days=10)
    )
    for days in (0, 9, 10, 20, 21):
        with time_machine.travel(now - timedelta(days=days)):
            log_ins.note(log_ins.What.IN, user, None)

    found, _more = log_ins.of_house(prop)

    assert [(now - row.at).days for row in found] == [20, 10]
