"""The second step of log-in: who must have one, how it is set up, and what is stored of it."""

import re
import time
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from propdesk.core.adapter import StaffMfaAdapter
from propdesk.core.models import Property, PropertySettings, User
from propdesk.core.roles import Role
from tests.core.test_log_in import Visit
from tests.factories import PASSWORD, DeputyFactory, PropertyFactory, member

pytestmark = pytest.mark.django_db
FIRST = "/accounts/2fa/first/"
TOTP = "/accounts/2fa/totp/activate/"
Who = PropertySettings.SecondStep


def demanding(who: str) -> Property:
    return PropertyFactory(settings__second_step=who)


def code_of(secret: str, ahead: int = 0) -> str:
    """What the authenticator shows, with time left to type it in."""
    if (left := 30 - time.time() % 30) < 5:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def set_up(visit: Visit) -> str:
    """An authenticator through the pages; the secret it was given."""
    visit.prove()
    page = visit.browser.get(TOTP).content.decode()
    secret = re.search(r"data-no-draft>([A-Z2-7]+)<", page)[1]  # type: ignore[index]
    # The request commits before its session is saved; here the test holds the transaction open.
    with mock.patch("django.db.transaction.on_commit", lambda run, **_how: run()):
        answer = visit.browser.post(TOTP, {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


# --- who must ------------------------------------------------------------------------------


def deputy(prop: Property) -> User:
    """A duty manager who stands in for the property manager."""
    user = member(prop, Role.DUTY_MANAGER)
    manager = member(prop, Role.PROPERTY_MANAGER)
    DeputyFactory(for_membership=manager.memberships.get(), by_user=user)
    return user


@pytest.mark.parametrize(
    ("who", "role", "led"),
    [
        (Who.NOBODY, Role.PROPERTY_MANAGER, False),
        (Who.MANAGERS, Role.PROPERTY_MANAGER, True),
        (Who.MANAGERS, Role.GENERAL_MANAGER, True),
        (Who.MANAGERS, Role.ADMIN, True),
        (Who.MANAGERS, Role.DUTY_MANAGER, False),
        (Who.MANAGERS, None, True),
        (Who.EVERYBODY, Role.STAFF, True),
    ],
)
def test_who_has_none_is_led_to_set_one_up(who: str, role: Role | None, led: bool) -> None:
    prop = demanding(who)
    user = member(prop, role) if role else deputy(prop)
    browser = Client()
    browser.force_login(user)
    answer = browser.get(reverse("desk:me", args=[prop.code]))
    assert (answer.headers.get("Location") == FIRST) is led
    assert browser.get(FIRST).status_code == 200
    asked = browser.get(reverse("desk:counts", args=[prop.code]), headers={"HX-Request": "true"})
    assert (asked.headers.get("HX-Redirect") == FIRST) is led


def test_form_of_whoever_is_led_is_kept() -> None:
    prop = demanding(Who.EVERYBODY)
    browser = Client()
    browser.force_login(member(prop, Role.FRONT_DESK))
    answer = browser.post(reverse("incidents:intake", args=[prop.code]), {"words": "空调响"})
    page = answer.content.decode()
    assert (answer.status_code, "空调响" in page, FIRST in page) == (403, True, True)


def test_new_house_is_asked_and_the_better_answer_is_chosen() -> None:
    prop = PropertyFactory(settings__first_run_done_at=None)
    browser = Client()
    browser.force_login(member(prop, Role.PROPERTY_MANAGER))
    page = browser.get(reverse("house:first_run", args=[prop.code])).content.decode()
    assert re.search(r'value="managers"[^>]*(selected|checked)', page)


def test_demand_costs_a_page_no_question() -> None:
    visit = Visit()
    set_up(visit)
    url = reverse("desk:me", args=[visit.prop.code])
    counts = []
    for who in (Who.NOBODY, Who.EVERYBODY):
        PropertySettings.objects.update(second_step=who)
        visit.browser.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert visit.browser.get(url).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- an authenticator ----------------------------------------------------------------------


def test_authenticator_opens_the_house_and_is_asked_for_from_then_on() -> None:
    visit = Visit()
    PropertySettings.objects.update(second_step=Who.EVERYBODY)
    url = reverse("desk:me", args=[visit.prop.code])
    led = visit.browser.get(url).headers.get("Location")
    other = Client()
    other.force_login(visit.user)

    with time_machine.travel(timezone.now()) as clock:
        secret = set_up(visit)
        opened = visit.browser.get(url).status_code
        clock.shift(60)
        visit.browser.post("/accounts/logout/")
        asked = visit.enter()["Location"]
        outside = visit.browser.get(url).status_code
        code = code_of(secret)
        inside = visit.browser.post(asked, {"code": code}).status_code

        assert (led, opened, outside, inside) == (FIRST, 200, 302, 302)
        assert asked == "/accounts/2fa/authenticate/"
        assert visit.browser.get(url).status_code == 200
        # The session that began without it is over, and a code serves once.
        assert other.get(url)["Location"].startswith("/accounts/login/")
        again = Client()
        again.post("/accounts/login/", {"login": visit.user.username, "password": PASSWORD})
        assert again.post(asked, {"code": code}).status_code == 200


def test_recovery_code_serves_once() -> None:
    visit = Visit()
    set_up(visit)
    row = Authenticator.objects.get(type="recovery_codes")
    code = row.wrap().get_unused_codes()[0]
    answers = []
    for _n in range(2):
        browser = Client()
        browser.post("/accounts/login/", {"login": visit.user.username, "password": PASSWORD})
        answers.append(browser.post("/accounts/2fa/authenticate/", {"code": code}).status_code)
    assert answers == [302, 200]


def test_authenticator_taken_away_leads_back_and_ends_other_sessions() -> None:
    visit = Visit()
    set_up(visit)
    PropertySettings.objects.update(second_step=Who.EVERYBODY)
    other = Client()
    other.force_login(visit.user)
    url = reverse("desk:me", args=[visit.prop.code])
    before = other.get(url).status_code
    visit.prove()
    assert visit.browser.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert (before, visit.browser.get(url)["Location"]) == (200, FIRST)
    assert other.get(url)["Location"].startswith("/accounts/login/")


def test_password_is_asked_again_before_anything_is_set_up() -> None:
    visit = Visit()
    for url in (TOTP, "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/generate/"):
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert "/reauthenticate/" in visit.browser.get(url)["Location"]


# --- what is stored ------------------------------------------------------------------------


def test_secrets_are_encrypted_in_the_row() -> None:
    visit = Visit()
    secret = set_up(visit)
    stored = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in str(stored)
    assert stored["totp"]["secret"].startswith("1:")
    assert stored["recovery_codes"]["seed"].startswith("1:")
    assert StaffMfaAdapter().decrypt(stored["totp"]["secret"]) == secret


def test_secret_of_another_installation_fits_no_code(settings: Any) -> None:
    closed = StaffMfaAdapter().encrypt("A" * 32)
    settings.SECRET_KEY = "another" * 9
    read = {StaffMfaAdapter().decrypt(closed) for _n in range(2)}
    assert (len(read), "A" * 32 in read, "" in read) == (2, False, False)


def test_telephone_shows_the_number_of_staff_and_no_address() -> None:
    user = member(PropertyFactory(), Role.STAFF, email="a@b.example")
    url = StaffMfaAdapter().build_totp_url(user, "A" * 32)
    assert (user.username in url, "b.example" in url) == (True, False)


# --- passkeys: the browser's part is in tests/e2e/test_second_step.py ------------------------


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", '"x"', '{"id": 1}', '{"response": {"userHandle": "!!"}}']
)
def test_passkey_that_is_none_is_refused_without_an_error(credential: str) -> None:
    browser = Client()
    answer = browser.post("/accounts/2fa/webauthn/login/", {"credential": credential})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert "_auth_user_id" not in browser.session


def test_passkey_of_somebody_else_is_neither_renamed_nor_removed() -> None:
    visit, other = Visit(), member(PropertyFactory(), Role.STAFF)
    row = Authenticator.objects.create(
        user=other, type="webauthn", data={"name": "别人的", "credential": {}}
    )
    visit.prove()
    for verb in ("remove", "edit"):
        url = f"/accounts/2fa/webauthn/keys/{row.pk}/{verb}/"
        assert visit.browser.get(url).status_code == 404
        assert visit.browser.post(url, {"name": "我的"}).status_code == 404
    row.refresh_from_db()
    assert row.data["name"] == "别人的"
