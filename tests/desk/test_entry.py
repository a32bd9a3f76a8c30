"""The door, the verification of a paper, and whether the clockwork runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from propdesk.core.models import Delivery, SweepRun
from propdesk.core.roles import Role
from propdesk.desk import entry, health
from tests.factories import PASSWORD, MembershipFactory, PropertyFactory, UserFactory, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


def test_door_leads_to_the_only_property(client: Client) -> None:
    prop = PropertyFactory()
    client.force_login(member(prop, Role.STAFF))
    assert client.get("/")["Location"] == f"/p/{prop.code}/"


def test_door_lists_several_properties_and_no_other(client: Client) -> None:
    one, two, other = (PropertyFactory(name=name) for name in ("甲楼", "乙楼", "丙楼"))
    user = member(one, Role.STAFF)
    MembershipFactory(user=user, property=two)
    client.force_login(user)
    page = client.get("/").content.decode()
    assert [prop.name in page for prop in (one, two, other)] == [True, True, False]


def test_kept_form_is_sent_once_with_the_token_of_whoever_logged_in() -> None:
    """The page fetches who sends it now; with that token it is accepted, with the old one not."""
    house = House()
    browser = Client(enforce_csrf_checks=True)
    form = f"/p/{house.prop.code}/incidents/new/"
    kept = browser.post(form, {"words": "空调响"}, headers={"Origin": "http://testserver"})
    nobody = browser.get("/accounts/sender/")
    browser.force_login(house.dm)
    fragment = browser.get("/accounts/sender/")

    assert (nobody.status_code, fragment.status_code) == (204, 200)
    assert f"{house.dm.name}（工号 {house.dm.username}）" in fragment.content.decode()
    assert "no-store" in fragment["Cache-Control"]
    data = {"words": "空调响", "severity": "normal", "channel": "phone", "token": "t"}
    data["csrfmiddlewaretoken"] = fragment.context["csrf_token"]
    again = browser.post(form, data, headers={"Origin": "http://testserver"})
    assert (kept.status_code, again.status_code) == (403, 302)


def test_stale_form_says_under_whose_name_it_is_sent() -> None:
    house = House()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(house.dm)
    form = f"/p/{house.prop.code}/incidents/new/"
    page = browser.post(form, {"words": "响"}, headers={"Origin": "http://testserver"})
    text = page.content.decode()
    assert f"{house.dm.name}（工号 {house.dm.username}）" in text
    assert "hx-get" not in text


def test_door_tells_whoever_has_no_property(client: Client) -> None:
    client.force_login(UserFactory())
    assert client.get("/").status_code == 200


# --- log-in and passwords say what to do ----------------------------------------------------


def test_wrong_or_empty_log_in_says_what_to_do(client: Client) -> None:
    user = member(PropertyFactory(), Role.STAFF)

    def said(name: str, password: str) -> str:
        data = {"login": name, "password": password}
        return client.post("/accounts/login/", data).content.decode()

    assert "工号或密码不对，请重新输入；忘记密码请找物业经理重置。" in said(user.username, "错了")
    assert "请填写：工号。" in said("", "x")
    assert "请填写：密码。" in said(user.username, "")


def test_changing_a_password_says_what_to_do(client: Client) -> None:
    client.force_login(member(PropertyFactory(), Role.STAFF))

    def said(old: str, new: str, again: str) -> str:
        data = {"oldpassword": old, "password1": new, "password2": again}
        return client.post("/accounts/password/change/", data).content.decode()

    page = said("错了", "Another-one-77", "Another-one-78")
    assert "现在的密码不对，请重新输入。" in page
    assert "两次输入的新密码不一样，请重新输一遍。" in page
    assert "至少10个字" in page
    assert "请填写：再输一遍新密码。" in said(PASSWORD, "Another-one-77", "")


# --- health --------------------------------------------------------------------------------


def swept(**ago: float) -> None:
    """Every watched sweep finished that long ago."""
    for name in health.WATCHED:
        at = timezone.now() - timedelta(**ago)
        SweepRun.objects.create(name=name, started_at=at, finished_at=at)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(health, "broker_answers", lambda: True)


def test_alive_answers_without_the_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_everything_runs(client: Client, broker: Any) -> None:
    swept(seconds=10)
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()["ready"]) == (200, True)
    assert response["Cache-Control"].startswith("max-age=0")


def test_ready_tells_the_age_of_the_backup_and_does_not_hang_on_it(
    client: Client, broker: Any
) -> None:
    swept(seconds=10)
    none = client.get("/healthz/ready").json()["last_backup_seconds"]
    at = timezone.now() - timedelta(days=9)
    SweepRun.objects.create(name="core.backup", started_at=at, finished_at=at)
    response = client.get("/healthz/ready")
    facts = response.json()
    assert (none, response.status_code, facts["last_backup_seconds"] // 86_400) == (None, 200, 9)


def test_not_ready_before_the_first_sweep(client: Client, broker: Any) -> None:
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()["last_sweep_seconds"]) == (503, None)


def test_not_ready_when_the_sweep_is_old(client: Client, broker: Any) -> None:
    swept(minutes=3)
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()["last_sweep_seconds"] >= 180) == (503, True)


def test_not_ready_when_the_clock_was_set_back(client: Client, broker: Any) -> None:
    swept(hours=-1)
    assert client.get("/healthz/ready").status_code == 503
    swept(seconds=10)  # they go on by the clock as it is now
    assert client.get("/healthz/ready").status_code == 200


def test_not_ready_when_one_sweep_of_several_is_old(client: Client, broker: Any) -> None:
    swept(seconds=10)
    old = timezone.now() - timedelta(minutes=10)
    SweepRun.objects.filter(name=health.WATCHED[-1]).update(started_at=old, finished_at=old)
    assert client.get("/healthz/ready").status_code == 503


def test_not_ready_when_notices_are_stuck(client: Client, broker: Any) -> None:
    swept(seconds=10)
    house = House()
    house.taker = member(house.prop, Role.SECURITY)
    house.new()
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    response = client.get("/healthz/ready")
    waits = response.json()["oldest_unsent_notice_seconds"]
    assert (response.status_code, waits >= 360) == (503, True)


def test_not_ready_when_the_broker_is_dead(client: Client) -> None:
    swept(seconds=10)
    response = client.get("/healthz/ready")
    facts = response.json()
    assert (response.status_code, facts["broker"], facts["database"]) == (503, False, True)


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError

    monkeypatch.setattr(entry.connection, "cursor", broken)
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()) == (503, {"database": False, "ready": False})
