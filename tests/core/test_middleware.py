"""Idle log-out, the end of a shift, a first password, and a conflict no view caught."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from propdesk.core.middleware import POLLS, ConflictMiddleware
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import PropertyFactory, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


class Desk:
    """A browser that stands open while the clock goes on."""

    def __init__(self, clock: Any) -> None:
        self.clock, self.now = clock, timezone.now()
        clock.move_to(self.now, tick=False)
        self.prop = PropertyFactory()
        self.client = Client()
        self.client.force_login(member(self.prop, Role.DUTY_MANAGER))

    def after(self, name: str = "desk:board", *, minutes: float, poll: str = "") -> int:
        self.now += timedelta(minutes=minutes)
        self.clock.move_to(self.now, tick=False)
        headers = {"HX-Request": "true", "HX-Trigger": poll} if poll else {}
        url = reverse(name, args=[self.prop.code])
        response = self.client.get(url, headers=headers)
        return 302 if "HX-Redirect" in response else response.status_code


@pytest.fixture
def desk() -> Any:
    with time_machine.travel(
        datetime(2026, 11, 23, 14, tzinfo=timezone.get_current_timezone())
    ) as clock:
        yield Desk(clock)


def test_desk_is_logged_out_after_the_limit(desk: Desk) -> None:
    assert (desk.after(minutes=30), desk.after(minutes=31)) == (200, 302)
    assert desk.after(minutes=0) == 302


def test_each_page_starts_the_idle_clock_anew(desk: Desk) -> None:
    assert [desk.after(minutes=25) for _n in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("poll", sorted(POLLS))
def test_poll_is_no_activity(desk: Desk, poll: str) -> None:
    statuses = [desk.after("desk:board_live", minutes=10, poll=poll) for _n in range(4)]
    assert statuses == [200, 200, 200, 302]


def test_what_a_page_asks_for_by_a_tap_is_activity(desk: Desk) -> None:
    statuses = [desk.after("desk:board_live", minutes=10, poll="load-more") for _n in range(4)]
    assert statuses == [200] * 4


def test_every_element_that_asks_by_itself_is_known_as_a_poll() -> None:
    """Else an open page would keep a desk logged in for ever."""
    asking = {
        re.search(r'id="([^"]+)"', tag)
        for path in Path("templates").rglob("*.html")
        for tag in re.findall(r"<[^<>]*hx-trigger=\"[^\"]*every [^<>]*>", path.read_text())
        if "account_sender" not in tag  # asks only while nobody is logged in
    }
    assert {found and found[1] for found in asking} == POLLS


def test_house_may_set_a_shorter_limit(desk: Desk) -> None:
    desk.prop.settings.idle_logout = 10
    desk.prop.settings.save()
    assert (desk.after(minutes=9), desk.after(minutes=11)) == (200, 302)


def test_shift_ends_after_eight_hours_of_work(desk: Desk) -> None:
    statuses = [desk.after(minutes=29) for _n in range(17)]
    assert statuses == [200] * 16 + [302]


def test_form_of_a_desk_logged_out_is_kept(desk: Desk) -> None:
    desk.after(minutes=1)
    desk.clock.move_to(desk.now + timedelta(hours=1), tick=False)
    url = reverse("incidents:intake", args=[desk.prop.code])
    response = desk.client.post(url, {"words": "空调响"})
    assert (response.status_code, "空调响" in response.content.decode()) == (401, True)


def test_session_is_written_at_most_once_a_minute(desk: Desk) -> None:
    seen = []
    for seconds in (10, 20, 40):
        desk.after(minutes=seconds / 60)
        seen.append(desk.client.session["seen"])
    assert len(set(seen)) == 2


@pytest.mark.parametrize("name", ["desk:board", "incidents:board", "desk:me"])
def test_first_password_is_changed_before_anything_else(client: Client, name: str) -> None:
    prop = PropertyFactory()
    client.force_login(member(prop, Role.STAFF, must_change_password=True))
    response = client.get(reverse(name, args=[prop.code]))
    assert response["Location"] == reverse("account_change_password")
    assert client.get("/healthz").status_code == 200


def test_changed_password_opens_the_door(client: Client) -> None:
    prop = PropertyFactory()
    user = member(prop, Role.STAFF, must_change_password=True)
    client.force_login(user)
    new = "another-Password-2"
    data = {"oldpassword": "test-Password-1", "password1": new, "password2": new}
    client.post(reverse("account_change_password"), data)
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(new)) == (False, True)
    assert client.get(reverse("desk:board", args=[prop.code])).status_code == 200


def test_first_password_is_not_kept_as_it_was_given(client: Client) -> None:
    user = member(PropertyFactory(), Role.STAFF, must_change_password=True)
    client.force_login(user)
    data = dict.fromkeys(("oldpassword", "password1", "password2"), "test-Password-1")
    page = client.post(reverse("account_change_password"), data).content.decode()
    user.refresh_from_db()
    assert ("新密码不能与现在的密码相同。" in page, user.must_change_password) == (True, True)


def test_change_of_password_is_on_record_without_the_password(client: Client) -> None:
    user = member(PropertyFactory(), Role.STAFF)
    client.force_login(user)
    new = "another-Password-2"
    data = {"oldpassword": "test-Password-1", "password1": new, "password2": new}
    client.post(reverse("account_change_password"), data)
    row = user.history.latest()
    assert (row.history_user, row.history_change_reason) == (user, "本人修改密码")
    assert not hasattr(row, "password")


def test_conflict_nobody_caught_is_a_page_with_its_sentence(rf: RequestFactory) -> None:
    middleware = ConflictMiddleware(lambda _request: None)  # type: ignore[arg-type,return-value]
    request = rf.post("/p/x/incidents/TS-1/")
    response = middleware.process_exception(request, ConflictError("已由许航办理"))
    assert response is not None
    page = response.content.decode()
    assert (response.status_code, "已由许航办理" in page) == (409, True)
    assert 'href="/p/x/incidents/TS-1/"' in page
    assert middleware.process_exception(request, KeyError("x")) is None


def test_session_ends_with_the_account(client: Client) -> None:
    house = House()
    client.force_login(house.dm)
    house.dm.is_active = False
    house.dm.save(update_fields=["is_active"])
    assert client.get(reverse("desk:board", args=[house.prop.code])).status_code == 302
