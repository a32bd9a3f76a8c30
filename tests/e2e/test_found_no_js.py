"""A found thing from the guard's phone to its owner in a browser without scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from propdesk.core.models import Attachment
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import at
from tests.incidents.journey import drawn

pytestmark = pytest.mark.e2e


def test_road_of_a_found_thing_without_scripts(desk: Desk, tmp_path: Path) -> None:
    house = road.house()
    desk.allow(422)
    thumb = road.Thumb(desk.page_as(house.guard, width=390, touch=True, js=False))
    thumb.go(house.url())
    thumb.begin("拾物登记")
    thumb.main.locator("[name=photo]").set_input_files(road.snapshots(tmp_path, 3, (1200, 900)))
    thumb.press("提交登记")
    alert = thumb.main.get_by_role("alert").first
    expect(alert).to_contain_text("请填写：特征")
    thumb.main.locator("[name=photo]").set_input_files(road.snapshots(tmp_path, 3, (1200, 900)))
    thumb.pick("是什么", "手机")
    thumb.unfold("B座")
    thumb.unfold("1层")
    thumb.main.get_by_text("大堂沙发", exact=True).tap()
    thumb.fill("特征", road.WORDS)
    thumb.press("提交登记")
    number = road.numbered(thumb)
    assert Attachment.objects.filter(case__number=number).count() == 3

    dm = at(desk, house.dm, js=False)
    dm.go(house.item_url(number))
    road.receive(dm, house, clue="锁屏上有联系电话")
    road.trace(dm, via="电话", text="打锁屏上的电话", outcome="找到失主")
    dm.follow("开始记录描述")
    road.describe(dm, "黑色的，右上角摔裂了，蓝色的壳")
    dm.follow("开始核对")
    road.verify(dm, house.guard)
    dm.follow("签名归还")
    expect(dm.main.locator("canvas")).to_be_hidden()
    scan = tmp_path / "签名.png"
    scan.write_bytes(drawn())
    dm.main.locator("[name=signature_scan]").set_input_files(scan)
    road.confirm(dm)
    dm.go(house.item_url(number))
    dm.stands("已归还")


def test_blind_count_and_lost_report_without_scripts(desk: Desk) -> None:
    house = road.house()
    items = [house.stored(), house.stored()]
    dm = at(desk, house.dm, js=False)
    dm.go(house.url("lostfound/stocktake/new/"))
    road.start_count(dm, house)
    for item in items:
        road.scan(dm, item.case.number)
    dm.follow("点完了，结束盘点")
    dm.press("确认结束盘点")
    expect(dm.main).to_contain_text("账实相符")

    front = at(desk, house.desk, js=False)
    front.go(house.url("lostfound/lost/new/"))
    report = road.report_lost(front)
    expect(front.main.get_by_role("link", name="刷新")).to_be_visible()
    front.go(house.url("lostfound/lost/"))
    expect(front.main).to_contain_text(report)
