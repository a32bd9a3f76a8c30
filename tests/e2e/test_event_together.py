"""Several people on one event: a tap starts it, ticks show elsewhere within seconds, words stay."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from emergencies import workflow
from emergencies.models import Event, StepMark
from propdesk.core.models import Place
from tests.e2e.conftest import Desk
from tests.emergencies.journey import House, fresh
from tests.factories import PlaceFactory

pytestmark = pytest.mark.e2e
SOON = 12_000
"""Milliseconds: the page asks every five seconds, on a machine that is shared."""


@pytest.fixture
def house(desk: Desk) -> House:
    house = House()
    house.tower = PlaceFactory(property=house.prop, kind=Place.Kind.BUILDING, name="B座")
    return house


def board(house: House) -> str:
    return f"/p/{house.prop.code}/emergencies/"


def step(page: Page, ident: str) -> Any:
    return page.locator(f"#step-{ident}")


def test_three_taps_on_a_phone_start_an_event(desk: Desk, house: House) -> None:
    page = desk.page_as(house.guard, width=390, touch=True)
    page.goto(board(house))
    page.get_by_role("link", name="停电").click()
    page.locator("label", has_text="B座").first.click()
    page.get_by_role("button", name="启动").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("停电 · B座")
    event = Event.objects.get()
    assert (event.kind, event.place) == ("power_outage", house.tower)


def test_tick_of_one_shows_on_the_screen_of_another(desk: Desk, house: House) -> None:
    event = house.started("power_outage", place=house.floor)
    mine, other = desk.page_as(house.dm), desk.page_as(house.guard, width=390)
    for page in (mine, other):
        page.goto(event.get_absolute_url())

    expect(step(mine, "P10")).not_to_contain_text("已完成")
    house.mark(event, "P10")
    expect(step(mine, "P10")).to_contain_text("已完成", timeout=SOON)
    expect(step(other, "P10")).to_contain_text("已完成", timeout=SOON)


def test_what_is_being_typed_outlives_what_others_do(desk: Desk, house: House) -> None:
    event = house.started("power_outage", place=house.floor)
    page = desk.page_as(house.guard)
    page.goto(event.get_absolute_url())
    field = page.locator("#part-now").get_by_label("查了几台电梯")
    field.fill("3")
    house.answer(event, "scope", "building")
    expect(page.locator("#part-questions")).to_contain_text("已回答 1 题", timeout=SOON)
    expect(field).to_have_value("3")

    page.locator("#part-now").get_by_text("是", exact=True).click()
    page.locator("#part-now").get_by_role("button", name="完成").click()
    expect(step(page, "P10")).to_contain_text("已完成")
    assert StepMark.objects.get(step="P10").values["lifts_checked"] == 3


def test_form_that_was_opened_stays_open_when_a_colleague_is_faster(
    desk: Desk, house: House
) -> None:
    event = house.started("power_outage", place=house.floor)
    page = desk.page_as(house.dm)
    page.goto(event.get_absolute_url())
    page.locator("#form-P20 > summary").click()
    expect(page.locator("#form-P20").get_by_label("停电开始时间")).to_be_visible()
    house.mark(event, "P10")
    expect(step(page, "P10")).to_contain_text("已完成", timeout=SOON)
    fold = page.locator("#form-P20")
    fold.get_by_label("停电开始时间").fill("2026-11-25T10:00")
    fold.get_by_label("原因（初步判断）").fill("跳闸")
    fold.get_by_role("button", name="完成").click()
    expect(step(page, "P20")).to_contain_text("已完成")
    assert event.marks.filter(step="P20").count() == 1


def test_two_different_answers_show_both(desk: Desk, house: House) -> None:
    event = house.started("power_outage", place=house.floor)
    desk.allow(409)
    page = desk.page_as(house.guard)
    page.goto(event.get_absolute_url())
    page.route("**/live/**", lambda route: route.fulfill(status=204))
    house.answer(event, "scope", "area")
    page.locator("#fact-scope").get_by_role("button", name="个别房间").click()

    expect(page.get_by_role("alert")).to_contain_text("周边也停")
    page.get_by_label("改答的原因（必填）").fill("到现场看过")
    page.get_by_role("button", name="登记答案").click()
    page.goto(event.get_absolute_url())
    assert fresh(event).answers.get(key="scope", superseded_at=None).value == "unit"


def test_page_goes_from_the_screen_of_whoever_may_no_longer_see_it(
    desk: Desk, house: House
) -> None:
    event = house.dead()
    workflow.name_reader(event, house.medic, by=house.gm, reason="到场确认")
    desk.allow(404)
    page = desk.page_as(house.medic)
    page.goto(event.get_absolute_url())
    expect(page.locator("#part-now")).to_be_visible()
    workflow.end_reader(fresh(event), house.medic, by=house.gm, reason="已离开")
    expect(page.locator("#part-now")).to_have_count(0, timeout=SOON)


def test_event_runs_without_scripts(desk: Desk, house: House) -> None:
    page = desk.page_as(house.dm, width=390, js=False)
    page.goto(board(house))
    page.get_by_role("link", name="停电").click()
    page.locator("label", has_text="B座").first.click()
    page.get_by_role("button", name="启动").click()
    page.locator("#fact-scope").get_by_role("button", name="只有本公寓").click()
    page.locator("#fact-lift_trapped").get_by_role("button", name="否").click()
    page.locator("#form-P20 > summary").click()
    page.locator("#form-P20").get_by_role("link", name="打开登记页").click()
    page.get_by_label("停电开始时间").fill("2026-11-25T10:00")
    page.get_by_label("原因（初步判断）").fill("跳闸")
    page.get_by_role("button", name="完成").click()

    event = Event.objects.get()
    said = dict(event.answers.values_list("key", "value"))
    assert said == {"scope": "building", "lift_trapped": "no"}
    assert event.marks.filter(step="P20").exists()
    expect(page.get_by_role("link", name="刷新，看同事刚登记的")).to_be_visible()
