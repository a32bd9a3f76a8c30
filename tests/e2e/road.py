"""The road of a complaint from A to J, step by step, for whatever hand walks it."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.hands import Hand
from tests.factories import PASSWORD

WORDS = "空调夜里有异响，两晚没有睡好"
NUMBER = re.compile(r"TS-\d{8}-\d{3}")


def soon(minutes: int) -> str:
    """A moment from now as a time field takes it."""
    return f"{timezone.localtime(timezone.now() + timedelta(minutes=minutes)):%Y-%m-%dT%H:%M}"


def take_in(hand: Hand, words: str = WORDS) -> str:
    """登记投诉 on the intake page; returns the number."""
    hand.fill("房号或地点", "A-1806")
    hand.fill("客户姓名", "王晓梅")
    hand.pick("称呼", "女士")
    hand.fill("电话", "13800005678")
    hand.fill("客户怎么说", words)
    hand.press("登记，开始处理")
    hand.says(re.compile("已登记"))
    found = NUMBER.search(hand.page.url)
    assert found is not None
    return found[0]


def conduct(hand: Hand) -> None:
    """A–E: each said and done."""
    for letter in "AB":
        hand.pick(re.compile(f"^{letter} "), "做到了")
    hand.pick("是否单独会谈", "已单独会谈")
    for letter in "CDE":
        hand.pick(re.compile(f"^{letter} "), "做到了")
    hand.press("确认谈话要领")
    hand.says("谈话要领已确认")


def record(hand: Hand) -> None:
    """F: the points, read back to the guest."""
    hand.pick("投诉类别", "设施")
    hand.fill("要点记录", "主卧空调夜间有异响，连续两晚，影响睡眠。")
    hand.fill("问题症结", "室内机风扇支架松动")
    hand.fill("客户诉求", "今晚能安静入睡")
    hand.tick("要点已念给客户核对")
    hand.press("完成记录")
    hand.says("原文已固定")
    hand.stands("已记录")


def offer(hand: Hand, *, cost: str = "") -> None:
    """G: two options; ``cost`` in yuan of the second."""
    hand.fill("方案 1", "今晚更换室内机风扇")
    hand.fill("方案 2", "换到 A-1612 同户型")
    if cost:
        hand.main.get_by_label("费用（元）").nth(1).fill(cost)
    hand.tick("以上方案都确认办得到")
    hand.press("提出方案")
    hand.says("方案已登记")


def tell(hand: Hand) -> None:
    """G: the guest hears of the options."""
    hand.press("已告知客户")
    hand.says("已登记告知客户")
    hand.stands("待客户选定")


def choose(hand: Hand, option: str) -> None:
    """G: the guest takes one."""
    hand.pick("客户选定的方案", option)
    hand.press("登记客户选择")
    hand.says("客户的选择已登记")


def promise(hand: Hand, *, quick: int | None = 1, due: str = "") -> None:
    """H: a definite time, by one tap or typed."""
    if due:
        hand.fill("承诺完成时间", due)
    else:
        hand.quick_time(quick or 0)
    hand.select("执行部门", "工程部")
    hand.press("提交时限")
    hand.says("承诺时限已登记")
    hand.stands("处理中")


def start(hand: Hand) -> None:
    """I: the department begins."""
    hand.fill("做了什么", "带备件到场，停机检查")
    hand.press("登记开工")
    hand.says("进展已登记")


def resolve(hand: Hand, result: str = "已更换风扇，客户在场试机，异响消除") -> None:
    """I: resolved, with a result."""
    hand.follow("标记已解决")
    hand.fill("处理结果", result)
    hand.press("标记已解决")
    hand.says("已标记解决")
    hand.stands("待复查")


def call_back(hand: Hand, satisfaction: str, comment: str) -> None:
    """J: what the guest says."""
    hand.pick("满意度", satisfaction)
    hand.fill("客户意见（原话）", comment)
    hand.press("登记回访")
    hand.says("回访已登记")


def summarise(hand: Hand) -> None:
    """J: what happened and what came of it."""
    hand.fill("经过与措施", "客户当面反映空调异响，工程部到场更换风扇并试机。")
    hand.fill("改进建议", "风扇支架列入季度保养")
    hand.press("保存经过与结果")
    hand.says("经过与结果已保存")


def report(hand: Hand) -> None:
    """J: the report comes filled in; only what nobody could know is typed."""
    hand.follow("起草《事故报告》")
    expect(hand.field("事件经过")).to_have_value(re.compile("空调"))
    expect(hand.field("采取的措施")).not_to_have_value("")
    expect(hand.field("地点")).to_have_value(re.compile("1806"))
    hand.fill("报警或报主管部门", "未报警")
    hand.press("保存报告")
    hand.says("报告已保存")


def submit(hand: Hand) -> None:
    """J: the author signs with the password."""
    hand.fill("您的登录密码", PASSWORD)
    hand.press("签名并提交签批")
    hand.says("报告已提交签批")


def sign(hand: Hand, opinion: str) -> None:
    """J: the next box, from the inbox."""
    hand.follow("去签批")
    hand.fill("意见", opinion)
    hand.fill("您的登录密码", PASSWORD)
    hand.press("同意并签名")
    hand.says("已签批")


def close(hand: Hand) -> None:
    """J: closed, once nothing is missing."""
    hand.press("结案")
    hand.says("投诉已结案")
    hand.stands("已结案")
