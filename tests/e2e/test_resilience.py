"""Nothing typed is lost, nothing happens twice, and hostile text stays text."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from incidents import workflow
from incidents.models import Complaint
from propdesk.core.roles import Role
from tests.e2e import road
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand
from tests.e2e.team import Team
from tests.factories import PASSWORD, member
from tests.incidents.journey import House

pytestmark = pytest.mark.e2e

HOSTILE = (
    "<script>alert(1)</script>\"><img src=x onerror=alert(2)>'{{ 7*7 }}{% debug %} "
    "\u202eexe.gpj 😀 <svg/onload=alert(3)>"
)


def test_refused_intake_keeps_what_was_typed(desk: Desk, team: Team) -> None:
    desk.allow(422)
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))
    hand.fill("房号或地点", "A-1806")
    hand.fill("客户姓名", "王晓梅")
    hand.pick("称呼", "女士")
    hand.pick("投诉方式", "微信")
    hand.press("登记，开始处理")

    expect(hand.main.locator("#id_words_error")).to_have_text("请填写：客户怎么说。")
    expect(hand.main.get_by_role("alert").get_by_role("listitem")).to_have_text(
        "请填写：客户怎么说。"
    )
    expect(hand.field("客户姓名")).to_have_value("王晓梅")
    expect(hand.field("房号或地点")).to_have_value("A-1806")
    expect(hand.group("称呼").get_by_role("radio", name="女士")).to_be_checked()
    expect(hand.group("投诉方式").get_by_role("radio", name="微信")).to_be_checked()
    assert Complaint.objects.count() == 0


def test_refused_record_keeps_what_was_typed(desk: Desk) -> None:
    desk.allow(422)
    house = House()
    complaint = house.conduct(house.new())
    hand = Hand(desk.page_as(house.dm))
    hand.go(complaint.get_absolute_url())
    hand.pick("投诉类别", "设施")
    hand.fill("问题症结", "风扇支架松动")
    hand.press("完成记录")

    expect(hand.main.locator("#id_expectation_error")).to_be_visible()
    expect(hand.field("问题症结")).to_have_value("风扇支架松动")
    expect(hand.group("投诉类别").get_by_role("radio", name="设施")).to_be_checked()
    hand.stands("受理中")


def test_expired_log_in_carries_the_text_past_the_door(desk: Desk, team: Team) -> None:
    desk.allow(401, 403)
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))
    hand.fill("客户怎么说", road.WORDS)
    Session.objects.all().delete()
    hand.press("登记，开始处理")

    expect(hand.page.get_by_role("heading", level=1)).to_have_text("登录已过期，您填的内容还在")
    with hand.page.context.expect_page() as opened:
        hand.follow("在新窗口登录")
    door = opened.value
    door.get_by_label("工号").fill(team.dm.username)
    door.get_by_label("密码").fill(PASSWORD)
    door.get_by_role("button", name="登录", exact=True).click()
    expect(door.get_by_role("heading", level=1)).to_have_text("值班台")
    # Logging in changed the token of every open form: the page fetches the new one and says whose.
    expect(hand.main).to_contain_text(f"{team.dm.name}（工号 {team.dm.username}）")
    hand.press("继续提交")

    hand.says("已登记")
    assert [row.opening_words for row in Complaint.objects.all()] == [road.WORDS]


def test_expired_log_in_without_scripts_asks_under_whose_name(desk: Desk, team: Team) -> None:
    desk.allow(401, 403)
    hand = Hand(desk.page_as(team.dm, js=False))
    hand.go(team.url("incidents/new/"))
    hand.fill("客户怎么说", road.WORDS)
    Session.objects.all().delete()
    hand.press("登记，开始处理")
    with hand.page.context.expect_page() as opened:
        hand.follow("在新窗口登录")
    door = opened.value
    door.get_by_label("工号").fill(team.dm.username)
    door.get_by_label("密码").fill(PASSWORD)
    door.get_by_role("button", name="登录", exact=True).click()
    expect(door.get_by_role("heading", level=1)).to_have_text("值班台")
    hand.press("继续提交")

    expect(hand.main).to_contain_text(f"{team.dm.name}（工号 {team.dm.username}）")
    hand.press("继续提交")
    assert [row.opening_words for row in Complaint.objects.all()] == [road.WORDS]


def test_whole_number_is_masked_again_while_the_page_stays_open(desk: Desk) -> None:
    house = House()
    complaint = house.new()
    workflow.unmask(complaint, by=house.dm, reason="回电话")
    page = desk.page_as(house.dm)
    page.clock.install()
    page.goto(complaint.get_absolute_url())
    number = page.locator("[data-until]")
    expect(number).to_have_text("13800005678")
    page.clock.fast_forward(61_000)

    expect(number).to_have_text("138****5678")
    assert "13800005678" not in page.content()


def test_draft_comes_back_after_a_reload(desk: Desk, team: Team) -> None:
    page = desk.page_as(team.dm)
    page.clock.install()
    hand = Hand(page)
    hand.go(team.url("incidents/new/"))
    hand.fill("客户怎么说", "话说到一半")
    hand.fill("客户姓名", "王晓梅")
    page.clock.fast_forward(11_000)
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已保存")
    page.reload()

    expect(hand.field("客户怎么说")).to_have_value("话说到一半")
    expect(hand.field("客户姓名")).to_have_value("王晓梅")


def test_draft_without_scripts_comes_back(desk: Desk) -> None:
    house = House()
    hand = Hand(desk.page_as(house.dm, js=False))
    complaint = house.reviewed()
    hand.go(complaint.get_absolute_url() + "report/")
    hand.unfold("原因与改进")
    hand.fill("直接原因", "支架松动，还要再查")
    hand.press("保存草稿")

    hand.says("草稿已保存")
    expect(hand.main.locator("#id_cause_direct")).to_have_value("支架松动，还要再查")


def test_known_guest_is_taken_over_beside_what_was_typed(desk: Desk, team: Team) -> None:
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))
    road.take_in(hand)
    hand.go(team.url("incidents/new/"))
    hand.fill("客户怎么说", "又响了")
    hand.field("房号或地点").press_sequentially("A-1806")
    hand.pick("投诉方式", "电话")
    hand.page.locator("#known-guests").get_by_role("button", name="就是这位").click()

    expect(hand.field("客户姓名")).to_have_value("王晓梅")
    assert "13800005678" not in hand.page.content()
    expect(hand.field("房号或地点")).to_have_value("A-1806")
    expect(hand.field("客户怎么说")).to_have_value("又响了")
    expect(hand.group("投诉方式").get_by_role("radio", name="电话")).to_be_checked()
    hand.press("登记，开始处理")
    hand.says("已登记")
    taken = Complaint.objects.get(opening_words="又响了")
    assert (taken.guest.name, taken.guest.phone) == ("王晓梅", "13800005678")


def test_double_click_makes_one_complaint(desk: Desk, team: Team) -> None:
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))
    hand.fill("客户怎么说", road.WORDS)
    hand.main.get_by_role("button", name="登记，开始处理").dblclick()
    hand.says("已登记")

    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("js", [True, False])
def test_form_sent_twice_leads_to_the_same_complaint(desk: Desk, team: Team, js: bool) -> None:
    hand = Hand(desk.page_as(team.dm, js=js))
    hand.go(team.url("incidents/new/"))
    token = hand.page.locator("input[name=token]").get_attribute("value")
    number = road.take_in(hand)
    hand.page.go_back()
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("登记投诉")
    hand.fill("客户怎么说", road.WORDS)
    hand.page.locator("input[name=token]").evaluate(
        "(field, token) => { field.value = token; }", token
    )
    hand.press("登记，开始处理")

    expect(hand.page).to_have_url(re.compile(number))
    assert Complaint.objects.count() == 1


def test_second_of_two_managers_is_told_and_keeps_his_text(desk: Desk) -> None:
    desk.allow(409)
    house = House()
    complaint = house.conduct(house.new(place_note="A座 1806"))
    second = member(house.prop, Role.DUTY_MANAGER, name="刘洋")
    one, two = (Hand(desk.page_as(user)) for user in (house.dm, second))
    for hand in (one, two):
        hand.go(complaint.get_absolute_url())
    road.record(one)
    two.pick("投诉类别", "噪音")
    two.fill("要点记录", "我记的要点")
    two.fill("问题症结", "我看到的症结")
    two.fill("客户诉求", "我听到的诉求")
    two.tick("要点已念给客户核对")
    two.press("完成记录")

    expect(two.main.get_by_role("alert")).to_contain_text("已")
    expect(two.field("要点记录")).to_have_value("我记的要点")
    complaint.refresh_from_db()
    assert complaint.core_issue == "室内机风扇支架松动"


def test_hostile_text_is_only_text(desk: Desk, team: Team) -> None:
    hand = Hand(desk.page_as(team.dm))
    hand.go(team.url("incidents/new/"))
    hand.fill("客户姓名", "<b>王</b>")
    hand.fill("客户怎么说", HOSTILE)
    hand.press("登记，开始处理")
    hand.says("已登记")
    home = hand.page.url
    expect(hand.main.locator("dl.facts")).to_contain_text("<script>alert(1)</script>")
    expect(hand.main.locator("dl.facts")).to_contain_text("{{ 7*7 }}")

    for path in ("", "incidents/", "search/?q=script", f"search/?q={HOSTILE[:50]}"):
        hand.go(team.url(path))
    for path in ("history/", "do/record/", "do/offer/"):
        hand.go(home + path)
    hand.go(team.url("incidents/?q=%3Cscript%3Ealert(9)%3C/script%3E"))

    expect(hand.page.locator("#f-q")).to_have_value("<script>alert(9)</script>")
    assert hand.page.locator("img[src=x]").count() == 0
