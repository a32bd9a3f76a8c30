"""The main road with the keyboard alone, and the shortcuts of lists."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import road
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand, Keys
from tests.e2e.team import Team
from tests.factories import PASSWORD
from tests.incidents.journey import House

pytestmark = pytest.mark.e2e


def test_main_road_with_the_keyboard_alone(desk: Desk, team: Team) -> None:
    team.sign(team.dm, team.head, team.pm)
    keys = Keys(desk.page_as())
    press = keys.page.keyboard.press
    keys.page.goto("/accounts/login/")
    keys.reach(keys.page.get_by_label("工号"))
    keys.page.keyboard.insert_text(team.dm.username)
    press("Tab")
    keys.page.keyboard.insert_text(PASSWORD)
    press("Enter")
    expect(keys.page).to_have_url(re.compile(team.url() + "$"))
    keys.page.wait_for_load_state()

    press("n")
    press("Enter")
    expect(keys.page.get_by_role("heading", level=1)).to_have_text("登记投诉")
    number = road.take_in(keys)
    road.conduct(keys)
    road.record(keys)
    road.offer(keys)
    road.tell(keys)
    road.choose(keys, "1 今晚更换室内机风扇")
    road.promise(keys)
    road.start(keys)
    road.resolve(keys)
    road.call_back(keys, "满意", "安静了")
    road.summarise(keys)
    road.report(keys)
    road.submit(keys)

    for person in (team.head, team.pm):
        signer = Keys(desk.page_as(person))
        signer.page.goto(team.url("sign/"))
        signer.page.keyboard.press("j")
        signer.page.keyboard.press("Enter")
        signer.fill("意见", "同意")
        signer.fill("您的登录密码", PASSWORD)
        signer.press("同意并签名")
        signer.says("已签批")

    press("/")
    keys.page.keyboard.insert_text(number)
    press("Enter")
    expect(keys.page).to_have_url(re.compile(number))
    road.close(keys)


def test_shortcuts_move_in_the_list_and_show_help(desk: Desk) -> None:
    house = House()
    for _each in range(3):
        house.new()
    page = desk.page_as(house.dm)
    page.goto(f"/p/{house.prop.code}/incidents/")
    rows = page.locator("[data-rows] > tr")
    current = page.locator("[data-rows] > tr[data-current]")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(current).to_have_count(1)
    second = rows.nth(1).get_by_role("link")
    expect(second).to_be_focused()
    address = second.get_attribute("href")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"{address}$"))


def test_letters_typed_into_a_field_are_no_shortcuts(desk: Desk, team: Team) -> None:
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))

    hand.field("客户怎么说").press_sequentially("n/jk?")

    expect(hand.field("客户怎么说")).to_have_value("n/jk?")
    expect(hand.page.locator("details[data-menu][open]")).to_have_count(0)


def test_skip_link_leads_past_the_frame(desk: Desk, team: Team) -> None:
    page = desk.page_as(team.dm)
    page.goto(team.url("incidents/"))

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
