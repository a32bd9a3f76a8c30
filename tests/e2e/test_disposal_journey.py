"""From the last day to the sealed paper: asked by two, reviewed, decided by 总物业经理, carried out by two."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from lostfound import workflow
from lostfound.models import DisposalBatch, FoundItem
from tests.e2e import found_road as road
from tests.e2e.conftest import Desk
from tests.e2e.found_road import FoundHouse, at
from tests.e2e.hands import Hand
from tests.factories import PASSWORD
from tests.lostfound import claiming, disposing
from tests.lostfound.journey import fresh
from tests.lostfound.printing import text_of

pytestmark = pytest.mark.e2e
SINCE = timedelta(days=120)
GUARD = "保安部密码（须在本机确认）"


def kept(house: FoundHouse, count: int) -> list[FoundItem]:
    """Things whose last day is over, and which nobody has seen to yet."""
    with disposing.on(timezone.now() - SINCE):
        return [disposing.cheap(house) for _n in range(count)]


def test_expired_things_from_the_sweep_to_the_sealed_paper(desk: Desk) -> None:
    house = road.house()
    dm, pm, gm = (at(desk, user) for user in (house.dm, house.pm, house.gm))
    items = kept(house, 3)
    workflow.flag_due(timezone.now())

    paper = _asked(dm, house)
    _reviewed(pm, paper)
    _not_decided_by(pm, paper)
    _decided(gm, paper, items)
    _claim_goes_first(house, items[2])
    _carried_out(dm, paper, items)

    assert [fresh(item).get_status_display() for item in items] == [
        "已移交公安",
        "已处置",
        "待认领核对",
    ]
    batch = DisposalBatch.objects.get()
    said = text_of(road.printed(dm, house.item_url(batch.case.number, "paper/disposal_approval/")))
    wanted = [
        batch.case.number,
        "张岚",
        "陈国栋",
        "周敏",
        "李强",
        "接收字第7号",
        "未起算",
        "被认领",
    ]
    assert [word for word in wanted if word not in said] == []


def _asked(dm: Hand, house: FoundHouse) -> str:
    dm.go(house.url("lostfound/"))
    dm.go(house.url("lostfound/disposal/"))
    dm.follow("草拟审批单")
    dm.follow("全选本页")
    dm.fill("申请意见", "已查找并公告，无人认领")
    dm.press("列入审批单")
    dm.says("已列入 CZ-")
    dm.fill("您的登录密码（签名）", PASSWORD)
    dm.fill(GUARD, PASSWORD)
    dm.press("共同签名，提交审核")
    dm.says("已提交")
    expect(dm.main.locator("h1 .st")).to_have_text("待物业经理审核")
    return dm.page.url


def _reviewed(pm: Hand, paper: str) -> None:
    pm.go(paper)
    pm.pick("审核结果", "同意，报总物业经理")
    pm.fill("审核意见（退回必填）", "属实")
    pm.fill("您的登录密码（签名）", PASSWORD)
    pm.press("提交审核意见")
    pm.says("审核意见已登记")


def _not_decided_by(pm: Hand, paper: str) -> None:
    expect(pm.main).to_contain_text("下一步：总物业经理批示")
    expect(pm.main.get_by_role("link", name="逐件批示")).to_have_count(0)


def _decided(gm: Hand, paper: str, items: list[FoundItem]) -> None:
    gm.go(paper)
    gm.follow("逐件批示")
    for item, way in zip(items, ("移交公安", "捐赠", "销毁"), strict=True):
        line = gm.group(item.case.number)
        line.get_by_text(way, exact=True).click()
    gm.fill("没有单独写理由的，都用这一条", "无人认领，已不能使用")
    gm.fill("您的登录密码（签名）", PASSWORD)
    gm.press("批示并签名")
    gm.says("已批示")
    expect(gm.main.locator("h1 .st")).to_have_text("待执行")
    expect(gm.main.get_by_text("早于法定期限处理")).to_have_count(2)


def _claim_goes_first(house: FoundHouse, item: FoundItem) -> None:
    claiming.described(house, fresh(item))


def _carried_out(dm: Hand, paper: str, items: list[FoundItem]) -> None:
    dm.go(paper)
    expect(dm.main.get_by_text("被认领，不再处置")).to_have_count(1)
    expect(dm.main.get_by_role("link", name="登记销毁")).to_have_count(0)
    for way, receiver in (("移交公安", "南山派出所 警号012345"), ("捐赠", "社区慈善超市")):
        dm.follow(f"登记{way}（1件）")
        dm.fill("凭证", "接收字第7号")
        dm.fill("接收单位或经办人警号", receiver)
        dm.fill(GUARD, PASSWORD)
        dm.press("登记执行")
        dm.says("执行已登记")
    expect(dm.main.locator("h1 .st")).to_have_text("已办结")
