"""The board while it is open: what happened since it was drawn comes by itself, and nothing else does."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents import workflow as incidents
from incidents.models import Complaint
from lostfound.models import FoundItem
from propdesk.core import notices
from propdesk.core.models import Delivery, Shift
from propdesk.core.roles import Role
from propdesk.desk.board import queries
from tests.desk.handover.shifts import Night, fresh
from tests.emergencies.journey import House as Events
from tests.factories import member, web
from tests.incidents import moves
from tests.incidents.journey import House
from tests.lostfound.journey import House as Found

pytestmark = pytest.mark.django_db
NOON = timezone.now().replace(hour=4, minute=30, second=10)


def page(house: Any, client: Client) -> str:
    return client.get(reverse("desk:board", args=[house.prop.code])).content.decode()


def live(text: str) -> str:
    """The address the open board asks, out of its page."""
    return re.findall(r'id="board-live" hx-get="([^"]+)"', text)[0]


def asked(client: Client, url: str) -> int:
    return client.get(url, headers={"HX-Request": "true"}).status_code


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def handed(night: Night, user: Any) -> tuple[str, str] | None:
    """The change of shift as the board of somebody shows it: its words, and where it leads."""
    client = web(user)
    row = client.get(reverse("desk:board", args=[night.prop.code])).context["handover"]
    return row and (row["text"], row["url"].rstrip("/").rpartition("/")[2])


def test_change_of_shift_is_a_task_of_whoever_is_next_to_act() -> None:
    night = Night()
    guard = member(night.prop, Role.SECURITY)
    before = handed(night, night.dm)
    row = night.drafted()
    writing = [handed(night, user) for user in (night.dm, night.next, guard)]
    night.offered_over(row)
    offered = [handed(night, user) for user in (night.dm, night.next, night.pm, guard)]
    night.signed(fresh(row))
    number = row.case.number

    assert before is None
    assert writing == [("继续填写交班", "write"), (f"{night.dm.name}正在填写交班", number), None]
    taking = (f"{night.dm.name}已签名，请逐条接班", "accept")
    assert offered == [None, taking, taking, None]
    assert handed(night, night.next) is None


def test_change_of_shift_is_a_link_for_those_who_may_open_it() -> None:
    night = Night()
    guard = member(night.prop, Role.SECURITY)
    url = reverse("handover:index", args=[night.prop.code])
    shown = [f'href="{url}"' in page(night, web(user)) for user in (night.dm, night.pm, guard)]
    assert shown == [True, True, False]


def test_row_names_its_next_act_to_those_who_may_do_it_alone() -> None:
    """Due in a moment: a thing to be received, a complaint before and after it is written down."""
    house, found = House(), Found()
    taker = member(house.prop, Role.FRONT_DESK)
    begun, written = house.new(by=taker), house.new(by=taker)
    recorded = incidents.record(house.conduct(written), moves.POINTS, by=house.dm)
    thing = found.logged()
    soon = timezone.now() + timedelta(hours=1)
    Complaint.objects.filter(pk__in=[begun.pk, recorded.pk]).update(next_due_at=soon)
    FoundItem.objects.filter(pk=thing.pk).update(next_due_at=soon)

    def acts(at: Any, user: Any) -> dict[str, str]:
        answer = web(user).get(reverse("desk:board", args=[at.prop.code]))
        return {row.number: row.next for row in answer.context["urgent"]}

    first, second, third = (each.case.number for each in (begun, recorded, thing))
    assert acts(house, house.dm) == {first: "做好记录", second: "提出并告知方案"}
    assert acts(house, taker) == {first: "做好记录", second: "查看"}
    assert (acts(found, found.dm), acts(found, found.guard)) == (
        {third: "接收入库"},
        {third: "查看"},
    )


def test_event_that_waits_for_my_word_stands_before_what_is_due_sooner() -> None:
    house = Events()
    for kind in ("drunk_guest", "medical", "power_outage"):
        house.started(kind)
    board = reverse("desk:board", args=[house.prop.code])
    shown = web(house.guard).get(board).context["events"]

    assert [bool(row.calls) for row in shown] == [True, False, False]
    assert shown[0].due > shown[1].due


def test_poll_that_changed_nothing_costs_four_statements(noon: Any) -> None:
    house = House()
    house.new()
    client = web(house.dm)
    url = live(page(house, client))
    cache.clear()

    with CaptureQueriesContext(
        connection,
    ) as caught:
        answers = [asked(client, url) for _twice in "ab"]

    assert (answers, len(caught)) == ([204, 204], 8)


def test_what_a_colleague_does_comes_at_once_and_once(noon: Any) -> None:
    house = House()
    client = web(house.pm)
    url = live(page(house, client))
    complaint = house.new()

    answer = client.get(url, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert (answer.status_code, complaint.case.number in text) == (200, True)
    assert 'hx-swap-oob="true"' in text
    assert asked(client, live(text)) == 204


def test_notice_confirmed_on_another_screen_comes_too(noon: Any) -> None:
    house = House()
    moves.refused(house)
    waiting = Delivery.objects.filter(channel="inbox", acknowledged_at=None).first()
    assert waiting is not None
    client = web(waiting.recipient)
    url = live(page(house, client))

    notices.acknowledge(waiting, by=waiting.recipient)

    assert asked(client, url) == 200


def test_what_happens_in_another_house_is_not_told(noon: Any) -> None:
    house, other = House(), House()
    client = web(house.dm)
    url = live(page(house, client))
    other.new()

    assert asked(client, url) == 204


def test_busy_neighbour_does_not_push_out_what_happened_here(
    noon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "RECENT", 2)
    house, other = House(), House()
    house.new()
    client = web(house.dm)
    url = live(page(house, client))
    other.recorded()

    assert asked(client, url) == 204


def test_next_minute_draws_the_board_anew(noon: Any) -> None:
    """A thing becomes late without anybody doing anything."""
    house = House()
    client = web(house.dm)
    url = live(page(house, client))
    noon.shift(60)

    assert asked(client, url) == 200


def test_live_board_is_for_those_who_have_one() -> None:
    house = House()
    admin = member(house.prop, Role.ADMIN)
    url = reverse("desk:board_live", args=[house.prop.code])

    assert [web(who).get(url).status_code for who in (admin, house.dm)] == [404, 200]


# --- 今日 ----------------------------------------------------------------------------------


def test_today_names_the_next_shift(noon: Any) -> None:
    house = House()
    at = timezone.now() + timedelta(hours=3)
    Shift.objects.create(
        property=house.prop,
        user=house.pm,
        role=Role.DUTY_MANAGER,
        label="晚班",
        starts_at=at,
        ends_at=at + timedelta(hours=8),
    )

    today = web(house.dm).get(reverse("desk:board", args=[house.prop.code])).context["today"]

    assert (today["shift"]["name"], today["shift"]["at"]) == (house.pm.name, at)


def test_today_says_that_nobody_is_planned() -> None:
    house = House()
    assert "24 小时内没有排下一班" in page(house, web(house.dm))


def test_things_whose_term_ends_within_a_week_stand_there_in_order() -> None:
    house = Found()
    item = house.stored()
    url = reverse("desk:board", args=[house.prop.code])
    now = web(house.dm).get(url).context["today"]["expiring"]

    with time_machine.travel(timezone.now() + timedelta(days=362)):
        later = web(house.dm).get(url).context["today"]["expiring"]

    assert (now, [row["number"] for row in later]) == ([], [item.case.number])


def test_active_seal_counts_and_leads_to_its_event_for_those_who_may_know() -> None:
    house = Events()
    seal = house.sealed()
    url = reverse("desk:board", args=[house.prop.code])

    seen = web(house.pm).get(url).context
    unseen = web(house.guard).get(url).context

    assert (seen["figures"]["seals"], unseen["figures"]["seals"]) == (1, 0)
    assert [row["number"] for row in seen["today"]["sealed"]] == [seal.event.case.number]
    assert unseen["today"]["sealed"] == []


def test_drill_that_is_due_is_named(noon: Any) -> None:
    house = House()
    house.prop.settings.first_run_done_at = timezone.now() - timedelta(days=200)
    house.prop.settings.save()

    today = web(house.pm).get(reverse("desk:board", args=[house.prop.code])).context["today"]

    assert ("火警", True) in [(row["kind"], row["is_late"]) for row in today["drills"]]
