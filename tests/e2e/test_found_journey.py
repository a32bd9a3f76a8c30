"""A found thing from hand-in to the signed slip, and what else may become of it, at a desk."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from lostfound import workflow
from lostfound.models import FoundItem
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import FoundHouse, at
from tests.e2e.hands import Hand
from tests.factories import PASSWORD
from tests.lostfound.claiming import PASSPORT, described, hidden, verified
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
    more = {"物品名称": "女士长夹", "序列号、尾号": SERIAL}
    number = road.log(guard, house, category="钱包", words=FEATURES, **more)
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

    _described_before_anything_is_shown(front, dm, house, number)
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


def _described_before_anything_is_shown(
    front: Hand, dm: Hand, house: FoundHouse, number: str
) -> None:
    """L-E: nothing of the thing stands in the page, not even where nobody sees it."""
    front.go(house.item_url(number))
    front.follow("开始记录描述")
    secrets = [*hidden(_item(number)), "1,500", "名片", "FQ-0001", "2号柜"]
    dm.go(house.item_url(number))
    for_staff = dm.page.content()
    assert [word for word in secrets if word not in for_staff] == []
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


def test_colleague_of_security_takes_it_over_and_is_reminded_after_two_hours(desk: Desk) -> None:
    house = road.house()
    cleaner, guard, dm = (at(desk, user) for user in (house.cleaner, house.guard, house.dm))
    number = road.log(cleaner, house, category="眼镜", words="玳瑁框眼镜，左脚贴了胶布")
    home = house.item_url(number)

    guard.go(home)
    guard.press("我已接手")
    guard.says("已登记接手")
    expect(guard.main.locator(".stations > li")).to_have_count(2)
    expect(guard.main.locator(".stations .here")).to_contain_text("李强")
    warning = f"【仍未上交值班经理】{number} · 眼镜"
    workflow.flag_due(timezone.now() + timedelta(minutes=119))
    dm.go(house.url("notices/"))
    expect(dm.main).not_to_contain_text(warning)
    workflow.flag_due(timezone.now() + timedelta(minutes=121))
    for hand in (dm, guard):
        hand.go(house.url("notices/"))
        expect(hand.main).to_contain_text(warning)
    cleaner.go(house.url("notices/"))
    expect(cleaner.main).not_to_contain_text(warning)

    dm.go(home)
    road.receive(dm, house, value="80")
    dm.stands("在库")
    expect(dm.main.locator(".stations > li")).to_have_count(3)


def test_finder_without_an_account_stands_on_record_masked(desk: Desk) -> None:
    house = road.house()
    front, dm = at(desk, house.desk), at(desk, house.dm)
    finder = {"拾获人（没有账号的）": "访客王先生", "拾获人电话": "13800005678"}
    number = road.log(front, house, category="雨伞", words="红色格子折叠伞", **finder)

    dm.go(house.item_url(number))
    facts = dm.main.locator(".facts").first
    expect(facts).to_contain_text("访客王先生")
    expect(facts).to_contain_text("138****5678")
    assert "13800005678" not in dm.page.content()
    expect(dm.main.locator(".stations > li").first).to_contain_text("访客王先生")
    expect(dm.main.locator(".stations .here")).to_contain_text("钱婷")
    dm.follow("查看完整")
    dm.fill("事由", "问拾获经过")
    dm.press("查看完整号码")
    expect(dm.main.locator("[data-until]")).to_have_text("13800005678")


def test_thing_is_taken_back_to_its_owner(desk: Desk) -> None:
    house = road.house()
    item = house.stored(value=Decimal(60), seal="FQ-7")
    dm = at(desk, house.dm)
    dm.go(item.get_absolute_url())
    dm.follow("开始记录描述")
    road.describe(dm, CLAIMED, way="送还上门", address="A座1806")
    dm.follow("开始核对")
    road.verify(dm)
    dm.follow("签名归还")
    dm.fill("费用（元）", "0")
    dm.draw()
    dm.tick("本人同意以电子方式签署")
    road.confirm(dm)

    home = house.item_url(item.case.number)
    stub, client = halves(road.printed(dm, home + "paper/claim_slip/"))
    assert "送还上门" in stub
    assert "送还上门" in client
    assert "A座1806" not in client


def test_somebody_else_collects_it_with_a_letter_of_authority(desk: Desk, tmp_path: Path) -> None:
    desk.allow(422)
    house = road.house()
    item = described(house, house.stored(value=Decimal(60)), way="proxy")
    dm = at(desk, house.dm)
    dm.go(house.item_url(item.case.number, "claim/"))
    dm.follow("开始核对")
    road.compare(dm)
    dm.fill("证件号", PASSPORT)
    dm.pick("证件类型", "护照")
    dm.fill("代领人姓名", "林大川")
    dm.fill("代领人电话", "13900003333")
    dm.press("核对通过")
    expect(dm.main.get_by_role("alert").first).to_contain_text("委托书")
    road.choose(dm, "authorisation", road.snapshots(tmp_path))
    dm.fill("证件号", PASSPORT)
    dm.press("核对通过")
    dm.says("核对通过")
    dm.follow("签名归还")
    expect(dm.main).to_contain_text("林大川 签名")
    dm.draw()
    dm.tick("本人同意以电子方式签署")
    road.confirm(dm)

    stub, client = halves(road.printed(dm, house.item_url(item.case.number, "paper/claim_slip/")))
    for half in (stub, client):
        assert "林小雨" in half
        assert "林大川" in half
    assert "委托" in stub


def test_sent_by_post_and_signed_on_paper_waits_for_its_scan(desk: Desk, tmp_path: Path) -> None:
    desk.allow(422)
    house = road.house()
    item = house.stored(value=Decimal(60))
    dm = at(desk, house.dm)
    home = house.item_url(item.case.number)
    dm.go(home)
    dm.follow("开始记录描述")
    road.describe(dm, CLAIMED, way="邮寄", address="深圳市福田区某路1号")
    dm.follow("开始核对")
    road.verify(dm)
    dm.follow("签名归还")
    dm.pick("认领人怎样签名", "签在纸质认领单上，扫描件稍后补传")
    dm.fill("您的登录密码", PASSWORD)
    dm.fill("保安部密码（须在本机确认）", PASSWORD)
    dm.press("确认归还")
    expect(dm.main.get_by_role("alert").first).to_contain_text("快递单号")
    dm.fill("快递公司", "顺丰")
    dm.fill("快递单号", "SF1234567")
    dm.fill("费用（元）", "23.50")
    road.confirm(dm)
    expect(dm.main).to_contain_text("SF1234567")
    expect(dm.main).to_contain_text("扫描件还没有补传")

    workflow.flag_due(timezone.now() + timedelta(days=2))
    dm.go(house.url("notices/"))
    expect(dm.main).to_contain_text(f"【认领单签名件还没有补传】{item.case.number}")
    dm.go(home + "claim/")
    dm.follow("补传签名件")
    road.choose(dm, "photo", road.snapshots(tmp_path))
    dm.press("保存签名件")
    dm.says("签名件已保存")
    expect(dm.main).to_contain_text("签名件已补传")
    stub, _client = halves(road.printed(dm, home + "paper/claim_slip/"))
    assert [word for word in ("邮寄", "顺丰", "SF1234567", "23.50") if word not in stub] == []


def test_signature_is_still_there_after_a_wrong_password(desk: Desk) -> None:
    desk.allow(422)
    house = road.house()
    item = verified(house, house.stored(value=Decimal(60)))
    dm = at(desk, house.dm)
    dm.go(house.item_url(item.case.number, "claim/1/sign/"))
    dm.draw()
    dm.tick("本人同意以电子方式签署")
    dm.fill("您的登录密码", "not-his-own")
    dm.press("确认归还")
    expect(dm.main.get_by_role("alert").first).to_contain_text("密码不对")
    road.confirm(dm)

    item.refresh_from_db()
    assert item.status == "returned"
