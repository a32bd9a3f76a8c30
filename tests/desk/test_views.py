"""值班台, search, notices and sign-off inbox."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from propdesk.core.models import Delivery
from propdesk.core.roles import Role
from propdesk.desk.board import views as board_views
from tests.emergencies.journey import House as Events
from tests.factories import member, web
from tests.incidents import moves
from tests.incidents.journey import House, drawn
from tests.incidents.test_bad_input import upload

pytestmark = pytest.mark.django_db


def url(house: House, name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=[house.prop.code, *args])


# --- 值班台 --------------------------------------------------------------------------------


def test_board_shows_what_is_urgent_what_runs_and_what_waits_for_me() -> None:
    house = House()
    now = timezone.now()
    late = house.new(received_at=now - timedelta(days=2))
    calm = house.new()
    waiting = moves.refused(house)
    context = web(house.pm).get(url(house, "board")).context
    assert [row.number for row in context["urgent"]] == [late.case.number]
    running = {row.number for row in context["running"]}
    assert running == {calm.case.number, waiting.case.number}
    assert [task["number"] for task in context["tasks"]] == [waiting.case.number]
    figures = {k: context["figures"][k] for k in ("overdue", "soon", "open", "sign")}
    assert figures == {"overdue": 1, "soon": 0, "open": 3, "sign": 0}


@pytest.mark.parametrize(
    ("late", "coming", "rows"),
    [(12, 7, (6, 6)), (12, 2, (10, 2)), (2, 12, (2, 10)), (0, 14, (0, 12)), (14, 0, (12, 0))],
)
def test_board_counts_all_and_lists_what_can_still_be_held(
    late: int, coming: int, rows: tuple[int, int]
) -> None:
    """What is overdue neither hides what is due soon nor eats its figure."""
    house = House()
    now = timezone.now()
    within = house.prop.settings.promise_within("normal")
    for n in range(late):
        house.new(received_at=now - timedelta(days=2, minutes=n))
    for n in range(coming):
        house.new(received_at=now - within + timedelta(minutes=30 + n))
    house.new()

    context = web(house.dm).get(url(house, "board")).context

    figures = {k: context["figures"][k] for k in ("overdue", "soon", "urgent", "open", "running")}
    assert figures == {
        "overdue": late,
        "soon": coming,
        "urgent": late + coming,
        "open": late + coming + 1,
        "running": 1,
    }
    shown = [row.due < now for row in context["urgent"]]
    assert (shown.count(True), shown.count(False)) == rows
    assert shown == sorted(shown, reverse=True)


def test_board_leads_from_a_cut_list_to_the_whole_one() -> None:
    house = House()
    for n in range(13):
        house.new(received_at=timezone.now() - timedelta(days=2, minutes=n))
    page = web(house.dm).get(url(house, "board")).content.decode()
    board = reverse("incidents:board", args=[house.prop.code])
    assert f'<a class="more" href="{board}?state=overdue">全部逾期 13 件' in page
    assert "全部2小时内到期" not in page


def test_board_counts_every_event_and_shows_the_longest_overdue_first() -> None:
    house = Events()
    with time_machine.travel(timezone.now() - timedelta(hours=3)):
        first = house.started("power_outage", place=house.floor)
    many = [house.started("power_outage", place=house.floor) for _n in range(board_views.EVENTS)]
    page = web(house.dm).get(reverse("desk:board", args=[house.prop.code])).content.decode()
    part = page[page.index('class="panel running"') :]
    part = part[: part.index("</section>")]
    shown = re.findall(r'class="code">([^<]+)<', part)
    assert (shown[0], len(shown)) == (first.case.number, board_views.EVENTS)
    assert f'<span class="n">{len(many) + 1}</span>' in part
    assert reverse("emergencies:board", args=[house.prop.code]) in part


def test_board_of_an_administrator_is_the_settings() -> None:
    house = House()
    admin = member(house.prop, Role.ADMIN)
    response = web(admin).get(url(house, "board"))
    assert response["Location"] == reverse("house:index", args=[house.prop.code])


def test_board_asks_the_first_questions_of_a_new_house_first() -> None:
    house = House()
    house.prop.settings.first_run_done_at = None
    house.prop.settings.save()
    response = web(house.pm).get(url(house, "board"))
    assert response["Location"] == reverse("house:first_run", args=[house.prop.code])
    assert web(house.dm).get(url(house, "board")).status_code == 200


# --- search --------------------------------------------------------------------------------


def numbers(response: Any) -> list[str]:
    return [strip_tags(row.number) for row in response.context["rows"]]


@pytest.mark.parametrize(
    "query", ["王晓梅", "晓梅", "1806", "5678", "异响", "风扇 主卧", "A座1806"]
)
def test_search_finds_by_name_room_last_four_and_words(query: str) -> None:
    house = House()
    complaint = house.recorded()
    found = numbers(web(house.dm).get(url(house, "search"), {"q": query}))
    assert found == [complaint.case.number]


@pytest.mark.parametrize(
    "query", ["", "   ", "漏水", "%", "_", "王晓梅 漏水", "'; DROP", "9" * 500]
)
def test_search_without_a_hit_is_an_empty_page(query: str) -> None:
    house = House()
    house.recorded()
    response = web(house.dm).get(url(house, "search"), {"q": query})
    assert (response.status_code, numbers(response)) == (200, [])


def test_search_never_finds_other_houses_nor_what_one_may_not_see() -> None:
    house, other = House(), House()
    house.recorded()
    staff = member(house.prop, Role.STAFF)
    found = {
        "other": numbers(web(other.gm).get(url(other, "search"), {"q": "空调"})),
        "staff": numbers(web(staff).get(url(house, "search"), {"q": "空调"})),
        "engineer": numbers(web(house.engineer).get(url(house, "search"), {"q": "空调"})),
    }
    assert found == {"other": [], "staff": [], "engineer": []}


# --- notices -------------------------------------------------------------------------------


def told(house: House) -> Delivery:
    """A notice to the duty manager: a guard took a complaint in."""
    house.new(by=member(house.prop, Role.SECURITY))
    return Delivery.objects.filter(recipient=house.dm).latest("pk")


def test_notice_is_confirmed_once_by_its_reader() -> None:
    house = House()
    row = told(house)
    client = web(house.dm)
    assert "确认收到" in client.get(url(house, "notices")).content.decode()
    for _n in range(2):
        assert client.post(url(house, "acknowledge", row.pk)).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.acknowledged_at is None) == ("acknowledged", False)


def test_page_of_notices_promises_nothing_that_does_not_happen() -> None:
    """Nobody is shown who confirmed what."""
    house = House()
    told(house)
    page = web(house.dm).get(url(house, "notices")).content.decode()
    assert ("它就不再算作未确认" in page, "发出的人会看到" in page) == (True, False)


def test_notice_opens_its_complaint_when_asked() -> None:
    house = House()
    row = told(house)
    response = web(house.dm).post(url(house, "acknowledge", row.pk), {"open": "1"})
    number = row.notice.case.number
    assert response["Location"].endswith(f"/incidents/{number}/")


def test_confirmed_notice_no_longer_counts() -> None:
    house = House()
    row = told(house)
    client = web(house.dm)
    first = client.get(url(house, "notices")).context["shell"]["notices_count"]
    client.post(url(house, "acknowledge", row.pk))
    later = client.get(url(house, "notices")).context["shell"]["notices_count"]
    assert (first, later) == (1, 0)


def test_notice_carries_nothing_personal() -> None:
    house = House()
    text = told(house).notice.text
    assert [s for s in ("王", "1806", "5678") if s in text.replace("20261123", "")] == []


# --- 签批 and 我的账号 -----------------------------------------------------------------------


def test_reports_wait_for_the_one_whose_turn_it_is() -> None:
    house = House()
    moves.submitted(house)
    waiting = {
        name: [
            r["number"] for r in web(getattr(house, name)).get(url(house, "sign")).context["rows"]
        ]
        for name in ("dm", "pm", "gm")
    }
    assert [len(waiting[name]) for name in ("dm", "pm", "gm")] == [0, 1, 0]


def test_own_signature_is_kept_and_shown_to_oneself_only() -> None:
    house = House()
    client = web(house.engineer)
    assert client.get(url(house, "signature")).status_code == 404
    client.post(url(house, "me"), {"signature_scan": upload(drawn(), "s.png")})
    response = client.get(url(house, "signature"))
    assert (response["Content-Type"], response["Cache-Control"]) == (
        "image/png",
        "private, no-store",
    )
    assert response.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert web(member(house.prop, Role.STAFF)).get(url(house, "signature")).status_code == 404
