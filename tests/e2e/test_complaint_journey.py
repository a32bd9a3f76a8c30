"""A complaint from the first words to the signed paper, twice round, by the people of a house."""

import io
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from propdesk.core.rendering import render_due
from tests.e2e import road
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand
from tests.e2e.team import Team
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e


def test_complaint_from_intake_to_the_signed_paper(desk: Desk, team: Team) -> None:
    team.sign(team.pm)
    dm, pm, works, head = (
        Hand(desk.page_as(user)) for user in (None, team.pm, team.engineer, team.head)
    )
    _log_in(dm, team)
    _intake_asks_little(dm)
    number = road.take_in(dm)
    home = team.url(f"incidents/{number}/")
    road.conduct(dm)
    road.record(dm)
    _over_the_limit(dm, pm, home)
    road.tell(dm)
    road.choose(dm, "1 今晚更换室内机风扇")
    road.promise(dm, quick=1)
    first_due = _promised(dm)

    _by_the_department(works, home)
    dm.go(home)
    _delay(dm)
    second_due = _promised(dm)
    road.resolve(dm)
    road.call_back(dm, "不满意", "半夜还是响了一次")
    expect(dm.main).to_contain_text("等待决定")
    _redo(pm, home)

    dm.go(home)
    dm.stands("重新处理")
    road.promise(dm, quick=0)
    works.go(home)
    road.start(works)
    dm.go(home)
    road.resolve(dm)
    road.call_back(dm, "满意", "安静了，谢谢")
    road.summarise(dm)
    _report_with_one_return(dm, head, pm, team, home)
    dm.go(home)
    road.close(dm)

    _once_more(dm, works, home)
    with time_machine.travel(timezone.now() + timedelta(minutes=9), tick=True):
        _too_late(dm, home)
        _second_report(dm, head, pm, team, home)
        text, disposition = _paper(dm, home)

    report_number = re.search(r"SG-\d{8}-\d{3}", text)
    assert report_number is not None
    assert f"{report_number[0]}_" in disposition
    assert disposition.endswith("_%E4%BA%8B%E6%95%85%E6%8A%A5%E5%91%8A.pdf")
    wanted = [number, "王女士", "A座1806", "已延期", "已兑现", "未兑现", "基本满意", "满意"]
    wanted += [first_due, second_due, "周敏", "韩冰", "张岚", "等配件到货"]
    assert [word for word in wanted if word not in text] == []


def _log_in(dm: Hand, team: Team) -> None:
    dm.go("/")
    dm.page.get_by_label("工号").fill(team.dm.username)
    dm.page.get_by_label("密码").fill(PASSWORD)
    dm.page.get_by_role("button", name="登录", exact=True).click()
    expect(dm.page).to_have_url(re.compile(team.url() + "$"))
    expect(dm.page.get_by_role("heading", level=1)).to_have_text("值班台")


def _intake_asks_little(dm: Hand) -> None:
    dm.page.get_by_role("link", name="登记投诉").first.click()
    expect(dm.page.get_by_role("heading", level=1)).to_have_text("登记投诉")
    required = dm.main.locator(".req").all_inner_texts()
    assert len(required) <= 4
    assert required[0] == "客户怎么说"


def _over_the_limit(dm: Hand, pm: Hand, home: str) -> None:
    road.offer(dm, cost="5000")
    expect(dm.main.locator("div.opt")).to_have_count(2)
    expect(dm.main.locator("div.opt").nth(1)).to_contain_text("待批准")
    pm.go("/")
    pm.main.get_by_role("link", name=re.compile("批准方案 2")).click()
    pm.follow("批准或不批准")
    pm.pick("决定", "批准")
    pm.fill("意见", "按同户型换房，费用本处承担")
    pm.press("作出决定")
    pm.says("已登记")
    dm.go(home)
    expect(dm.main.locator("div.opt").nth(1)).to_contain_text("张岚 已批准")


def _promised(dm: Hand) -> str:
    """The time of the promise that runs, as papers print it, without blanks."""
    due = dm.page.locator(".case-head time").get_attribute("datetime")
    moment = datetime.fromisoformat(str(due))
    return f"{timezone.localtime(moment):%m-%d%H:%M}"


def _by_the_department(works: Hand, home: str) -> None:
    works.go(home)
    road.start(works)
    works.pick("类别", "进展")
    works.fill("做了什么", "拆下室内机，确认支架松动，缺一件减振垫")
    works.press("登记进展")
    works.says("进展已登记")


def _delay(dm: Hand) -> None:
    dm.follow("申请延期")
    dm.fill("延误原因", "等配件到货")
    dm.quick_time(2)
    dm.press("登记延期")
    dm.says("延期已登记")
    ledger = dm.main.locator(".ledger").first
    expect(ledger).to_contain_text("已延期")
    expect(ledger).to_contain_text("等配件到货")


def _redo(pm: Hand, home: str) -> None:
    pm.go(home)
    pm.pick("决定", "重新处理")
    pm.fill("理由", "再派人到场，并陪客户试机一晚")
    pm.press("作出决定")
    pm.says("决定已登记")


def _report_with_one_return(dm: Hand, head: Hand, pm: Hand, team: Team, home: str) -> None:
    road.report(dm)
    dm.draw()
    road.submit(dm)

    head.go(team.url("sign/"))
    head.follow("去签批")
    head.unfold("退回修改")
    head.fill("退回原因", "请写明更换的配件型号")
    head.press("退回修改")
    head.says("已退回修改")

    dm.go(home + "report/")
    expect(dm.main).to_contain_text("签批人退回修改")
    expect(dm.main).to_contain_text("请写明更换的配件型号")
    dm.fill("采取的措施", "更换 FJ-2 型减振垫与支架，客户在场试机。")
    dm.press("保存报告")
    expect(dm.main.locator("canvas")).to_have_count(0)
    road.submit(dm)

    head.go(team.url("sign/"))
    head.follow("去签批")
    head.draw()
    head.fill("意见", "措施属实")
    head.fill("您的登录密码", PASSWORD)
    head.press("同意并签名")
    head.says("已签批")
    pm.go(team.url("sign/"))
    road.sign(pm, "同意")


def _once_more(dm: Hand, works: Hand, home: str) -> None:
    dm.follow("重新处理")
    dm.fill("原因", "第三天客户再次来电，风扇又响")
    dm.press("重新处理")
    dm.says("已重新处理")
    road.promise(dm, due=road.soon(7))
    works.go(home)
    road.start(works)


def _too_late(dm: Hand, home: str) -> None:
    dm.go(home)
    expect(dm.page.locator(".case-head .due.c-red")).to_be_visible()
    road.resolve(dm)
    expect(dm.main.locator(".ledger").first).to_contain_text("未兑现")
    road.call_back(dm, "基本满意", "这次好了")
    road.summarise(dm)


def _second_report(dm: Hand, head: Hand, pm: Hand, team: Team, home: str) -> None:
    road.report(dm)
    road.submit(dm)
    for hand in (head, pm):
        hand.go(team.url("sign/"))
        road.sign(hand, "同意结案")
    dm.go(home)
    road.close(dm)


def _paper(dm: Hand, home: str) -> tuple[str, str]:
    """Text and Content-Disposition of the sealed report; the test stands in for the worker."""
    address = f"{home}paper/incident_report/"
    waiting = dm.page.request.get(address)
    assert waiting.status == 202
    assert render_due(timezone.now()) > 0
    answer = dm.page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.body())).pages
    text = "".join(page.extract_text() for page in pages)
    return re.sub(r"\s+", "", text), answer.headers["content-disposition"]
