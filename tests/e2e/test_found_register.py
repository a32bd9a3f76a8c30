"""Lost reports, blind counts, the public notice and what becomes of what nobody fetched, at a desk."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from lostfound import workflow
from lostfound.models import FoundItem, LostReport
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import FoundHouse, at
from tests.e2e.hands import Hand
from tests.lostfound.claiming import hidden
from tests.lostfound.counting import lying, taken_home
from tests.lostfound.journey import fresh
from tests.lostfound.moves import facts

pytestmark = pytest.mark.e2e


def test_lost_before_it_is_found_is_suggested_and_leads_to_the_owner(desk: Desk) -> None:
    house = road.house()
    front, guard, dm = (at(desk, user) for user in (house.desk, house.guard, house.dm))
    front.go(house.url("lostfound/lost/new/"))
    report = road.report_lost(front)
    expect(front.main).to_contain_text("正在比对")
    workflow.refresh_matches(timezone.now())
    front.go(house.url(f"lostfound/lost/{report}/"))
    expect(front.main).to_contain_text("还没有像的失物")

    number = road.log(guard, house, category="手机", words=road.WORDS)
    other = road.log(guard, house, category="手机", words="黑色手机，屏幕完好，没有壳")
    workflow.refresh_matches(timezone.now())
    dm.go(house.url("notices/"))
    expect(dm.main).to_contain_text(f"【很像，请核对】{report} · {number}")
    dm.go(house.item_url(number))
    road.receive(dm, house)
    dm.go(house.url(f"lostfound/lost/{report}/"))
    first = dm.main.locator(".match").first
    expect(first).to_contain_text(number)
    expect(first.locator(".match-why")).to_contain_text("裂")
    _not_this_one(dm, house, report, other)

    dm.press("就是它", scope=dm.main.locator(".match", has_text=number))
    dm.says("请联系失主")
    expect(dm.field("遗失登记单号")).to_have_value(report)
    dm.fill("认领人自己怎么说", "黑色的，屏幕右上角裂了，套着蓝色的壳")
    dm.fill("认领人姓名", "林小雨")
    dm.press("保存描述")
    dm.follow("开始核对")
    road.verify(dm, house.guard)
    dm.follow("签名归还")
    dm.draw()
    dm.tick("本人同意以电子方式签署")
    road.confirm(dm)
    dm.go(house.url(f"lostfound/lost/{report}/"))
    dm.stands("已找回")
    assert LostReport.objects.get(case__number=report).status == "found"


def _not_this_one(dm: Hand, house: FoundHouse, report: str, other: str) -> None:
    """What was excluded by a person is never suggested again."""
    wrong = dm.main.locator(".match", has_text=other)
    wrong.locator("summary").click()
    wrong.get_by_label("哪里不对").fill("屏幕没有裂")
    dm.press("排除，不再提示", scope=wrong)
    dm.says("已排除")
    item = fresh(FoundItem.objects.get(case__number=other))
    workflow.correct(
        item,
        facts(item, features="黑色手机，屏幕右上角有裂纹"),
        by=house.dm,
        reason="补记",
    )
    workflow.refresh_matches(timezone.now())
    dm.go(house.url(f"lostfound/lost/{report}/"))
    expect(dm.main.locator("#match .match", has_text=other)).to_have_count(0)
    expect(dm.main).to_contain_text("已排除 1 件")


def test_blind_count_finds_what_is_short_what_is_too_much_and_what_lies_wrong(desk: Desk) -> None:
    house = road.house()
    here = lying(house, 2)
    elsewhere = lying(house, 1, house.other_shelf)[0]
    gone = taken_home(house, lying(house, 1)[0])
    dm, pm = at(desk, house.dm), at(desk, house.pm)
    dm.go(house.url("lostfound/storage/"))
    expect(dm.main).to_contain_text("2 件")
    dm.go(house.url("lostfound/stocktake/"))
    dm.follow("开始盘点")
    road.start_count(dm, house)

    page = dm.page.content()
    things = [*here, elsewhere, gone]
    assert [row.case.number for row in things if row.case.number in page] == []
    for address in ("lostfound/storage/", f"lostfound/storage/{house.shelf.code}/"):
        look = at(desk, house.pm)
        look.go(house.url(address))
        shown = look.page.content()
        assert [row.case.number for row in here if row.case.number in shown] == []
    for tag in (here[0], elsewhere, gone):
        road.scan(dm, tag.case.number)
    road.scan(dm, "SW-20200101-999")
    expect(dm.main.locator(".tally b")).to_have_text("4")
    dm.follow("点完了，结束盘点")
    dm.press("确认结束盘点")
    dm.says("盘点已结束")

    found = road.differences(dm)
    assert found == {
        here[1].case.number: "缺少",
        elsewhere.case.number: "放错位置",
        gone.case.number: "多出",
        "SW-20200101-999": "无此编号",
    }
    pm.go(dm.page.url)
    pm.follow(re.compile(f"处理 {here[1].case.number}"))
    pm.fill("处理结果", "在值班台抽屉里找到，已放回")
    pm.press("登记处理结果")
    pm.says("处理结果已登记")


def test_public_notice_says_category_day_and_place_and_no_more(desk: Desk) -> None:
    house = road.house()
    item = house.ownerless(house.stored(house.logged(place=house.sofa, serial="C39XXK")))
    dm, guest = at(desk, house.dm), Hand(desk.page_as(width=390))
    guest.go(f"/found/{house.prop.code}/")
    expect(guest.main).to_contain_text("没有公告中的物品")
    dm.go(house.url("lostfound/notice/"))
    dm.tick(item.case.number)
    dm.pick("公告渠道", "公告栏张贴")
    dm.press("公告所选物品")
    dm.says("已登记公告 1 件")

    # The first guest's browser keeps what it saw for some minutes.
    guest = Hand(desk.page_as(width=390))
    guest.go(f"/found/{house.prop.code}/")
    page = guest.page.content()
    for word in (item.case.number, "手机", "B座"):
        assert word in page
    secrets = [*hidden(item), "大堂沙发", "李强", "G2-1", "2号柜"]
    assert [word for word in secrets if word in page] == []
    assert "/photos/" not in page
