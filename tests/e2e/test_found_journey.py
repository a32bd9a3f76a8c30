"""A found thing from hand-in to the signed slip, and what else may become of it, at a desk."""

import re

import pytest
from playwright.sync_api import expect

from lostfound.models import FoundItem
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import FoundHouse, at
from tests.e2e.hands import Hand
from tests.factories import PASSWORD
from tests.lostfound.claiming import hidden
from tests.lostfound.journey import fresh
from tests.lostfound.printing import halves

pytestmark = pytest.mark.e2e

FEATURES = "棕色长款，鳄鱼压纹，拉链头断了，内侧烫着字母KL"
SERIAL = "LV-778812"
CLAIMED = "我的长钱包，棕色，有鳄鱼纹，拉链上的头断过"
RIVAL = "是我的钱包，棕色的"


def test_wallet_from_hand_in_to_the_signed_slip(desk: Desk) -> None:
    house = road.house()
    guard, dm, pm, front = (
        at(desk, user) for user in (house.guard, house.dm, house.pm, house.desk)
    )
    guard.go(house.url())
    more = {"物品名称": "女士长夹", "序列号、尾号": SERIAL}
    number = road.log(guard, category="钱包", words=FEATURES, **more)
    home = house.item_url(number)

    dm.go(home)
    _contents(dm)
    road.receive(dm, house, value="1500", seal="FQ-0001")
    dm.stands("在库")
    expect(dm.main.locator(".stations .here")).to_contain_text("2号柜 上层")
    _slip_to_sign_by_pen(dm, house, number)
    dm.pick("有没有失主的线索", "有线索，去找")
    dm.fill("什么线索", "夹层有名片，姓林")
    dm.press("登记线索")
    dm.stands("查找中")
    road.trace(dm, via="电话", text="打名片上的电话", outcome="找到失主")

    _described_before_anything_is_shown(front, house, number)
    _rival_locks_it(front, dm, home)
    _manager_decides(pm, home)

    dm.go(home + "claim/")
    dm.follow("开始核对")
    expect(dm.main).to_contain_text("鳄鱼压纹")
    road.verify(dm, house.guard)
    dm.follow("签名归还")
    dm.draw()
    dm.tick("本人同意以电子方式签署")
    road.confirm(dm)
    dm.go(home)
    dm.stands("已归还")
    _sealed_slip(dm, house, number)


def _contents(dm: Hand) -> None:
    dm.fill("内含物 1", "名片")
    dm.main.locator("[name=count_1]").fill("3")
    dm.fill("内含物 2", "门禁卡")
    dm.unfold("里面有现金")
    dm.fill("50元 × 张", "1")
    dm.fill("10元 × 张", "2")


def _slip_to_sign_by_pen(dm: Hand, house: FoundHouse, number: str) -> None:
    """From the record, before anybody claims it: nothing is typed twice."""
    stub, client = halves(road.printed(dm, house.item_url(number, "paper/claim_slip/")))
    wanted = [number, "女士长夹", "鳄鱼压纹", SERIAL, "名片3", "FQ-0001", "周敏", "李强"]
    assert [word for word in wanted if word not in stub] == []
    assert [word for word in hidden(_item(number)) if word in client] == []


def _item(number: str) -> FoundItem:
    return fresh(FoundItem.objects.get(case__number=number))


def _described_before_anything_is_shown(front: Hand, house: FoundHouse, number: str) -> None:
    """L-E: nothing of the thing stands in the page, not even where nobody sees it."""
    front.go(house.item_url(number))
    front.follow("开始记录描述")
    secrets = [*hidden(_item(number)), "1500", "1,500", "名片", "FQ-0001", "2号柜"]
    page = front.page.content()
    assert [word for word in secrets if word in page] == []
    assert re.findall(r"/photos/\d+", page) == []
    road.describe(front, CLAIMED)
    front.says("描述已保存")
    page = front.page.content().replace(CLAIMED, "")
    assert [word for word in secrets if word in page] == []


def _rival_locks_it(front: Hand, dm: Hand, home: str) -> None:
    front.follow("另有人来认领")
    road.describe(front, RIVAL, name="周大海", phone="13800001111", submit="登记异议认领")
    front.says("物品锁定")
    dm.go(home)
    dm.stands("异议锁定")
    expect(dm.main.get_by_role("link", name="开始核对")).to_have_count(0)
    dm.go(home + "claim/")
    expect(dm.main).to_contain_text("等物业经理裁定")
    expect(dm.main.get_by_role("link", name="裁定异议")).to_have_count(0)


def _manager_decides(pm: Hand, home: str) -> None:
    pm.go("/")
    pm.main.get_by_role("link", name=re.compile("两人认领同一件物品")).first.click()
    pm.go(home + "claim/")
    pm.follow("裁定异议")
    pm.pick("谁的认领继续办", "第1位：林*")
    pm.fill("理由", "说得出断掉的拉链头")
    pm.press("确认裁定")
    pm.says("裁定已登记")


def _sealed_slip(dm: Hand, house: FoundHouse, number: str) -> None:
    data = road.printed(dm, house.item_url(number, "paper/claim_slip/"))
    stub, client = halves(data)
    both = [number, "林小雨", "周敏", "李强", "002X"]
    for half in (stub, client):
        assert [word for word in both if word not in half] == []
    assert "第一联" in stub
    assert "第二联" in client
    secret = [SERIAL, "FQ-0001", "鳄鱼", "拉链", "2号柜"]
    assert [word for word in secret if word not in stub] == []
    assert [word for word in secret if word in client] == []
    assert "110105" not in stub + client
