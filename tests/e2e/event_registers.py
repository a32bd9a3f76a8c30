"""Registers and papers of events in the browser: seals, belongings, head count, households, records."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from emergencies import workflow
from propdesk.core.models import User
from tests.e2e.event_road import Said, Walker, moment, picture
from tests.factories import PASSWORD

REPORT = {"报警或报主管部门": "未报警", "责任部门": "保安部"}
"""What nobody could fill in but the writer of a 《事故报告》."""
DUE = {"完成期限": "2030-01-31"}
POLICE = {
    "民警姓名": "刘建国",
    "警号": "012345",
    "民警单位": "城南派出所",
    "怎么通知的": "书面送达",
    "公安文书号": "城公（解）字〔2026〕7号",
    "封条": "完好",
}
"""What a release of the police says, but for its moment and its picture."""


def minutes_later(minutes: int) -> None:
    """What the beat does then: reminders of what is still open, the next rung of every call."""
    now = timezone.now() + timedelta(minutes=minutes, seconds=1)
    workflow.flag_due(now)
    workflow.climb(now)


def is_refused(hand: Walker, step: str, said: Said, why: str) -> None:
    """The page says why a step cannot be done yet, and keeps what was typed."""
    form = hand.form(step)
    hand.put(form, said)
    form.get_by_role("button", name="完成").click()
    expect(hand.main.get_by_role("alert")).to_contain_text(why)
    for label, value in said.items():
        typed = hand.field(label).and_(hand.page.locator("input, textarea"))
        if typed.count():
            expect(typed).to_have_value(value)
    hand.come()


def to_register(hand: Walker, step: str) -> None:
    """到登记里办, from the card of this minute or the line of the step."""
    card = hand.page.locator(f"#now-{step}")
    place = card if card.count() else hand.step(step)
    place.get_by_role("link", name="到登记里办").click()


def show(hand: Walker, name: str = "photo") -> None:
    """Choose a photo for the field of this name, and see that the browser has shrunk it."""
    shown = hand.main.locator(".thumbs li")
    before = shown.count()
    hand.main.locator(f"input[type=file][name={name}]").set_input_files(picture())
    expect(shown).to_have_count(before + 1)


def beside(hand: Walker, second: User) -> None:
    """A second person stands there and types his password on this screen."""
    hand.select("第二个人", second.name)
    hand.fill("第二个人的登录密码", PASSWORD)


# --- seals ---------------------------------------------------------------------------------------


def put_seal(hand: Walker, number: str, first: User, second: User, **said: str) -> None:
    """贴封条: number, photo, cards cancelled, two witnesses; ``said``: other fields by label."""
    hand.follow("贴封条")
    wanted = {"封条编号": number, "房卡": "已全部作废"}
    seen = {"第一名见证人": first.name, "第二名见证人": second.name}
    hand.put(hand.main.locator("form.panel-body"), wanted | seen | said)
    show(hand)
    hand.press("登记封存")
    hand.says("已封存")


def check_seal(hand: Walker, *, broken: str = "") -> None:
    """核查封条: intact, or what was seen, with a photo."""
    hand.follow("核查封条")
    hand.pick("封条", "不完好" if broken else "完好")
    if broken:
        hand.fill("看到的情况", broken)
        show(hand)
    hand.press("登记核查")
    hand.says("已登记核查")


def release_seal(hand: Walker, second: User, *, shows: bool = True, **but: str) -> None:
    """登记公安解除, with the paper of the police and a second person; ``but``: what is left out."""
    hand.put(hand.main.locator("form.panel-body"), POLICE | {"公安解除的时间": moment()} | but)
    if shows:
        show(hand)
    beside(hand, second)
    hand.press("登记公安解除")


def open_seal(hand: Walker, second: User) -> None:
    """启封, by two."""
    hand.follow("启封")
    beside(hand, second)
    hand.press("登记启封")
    hand.says("已登记启封")


# --- belongings ----------------------------------------------------------------------------------


def count_belongings(hand: Walker, second: User, *things: Said) -> None:
    """清点遗物 by two: each thing by the names of its fields; ``in_safe`` is a box to tick."""
    hand.follow("清点遗物")
    for n, thing in enumerate(things, start=1):
        line = hand.main.locator(f"[name=text_{n}]")
        if not line.is_visible():
            hand.press("再加一行")
        for name, value in thing.items():
            field = hand.main.locator(f"[name={name}_{n}]")
            field.check() if name == "in_safe" else field.fill(value)
    show(hand)
    beside(hand, second)
    hand.press("两人清点完毕")
    hand.says("清单已保存")


def hand_over_belongings(hand: Walker, second: User, *lines: str, **who: str) -> None:
    """移交遗物: these lines to an heir, who signs on the screen."""
    hand.follow("移交遗物")
    for line in lines:
        hand.main.get_by_role("group", name="这次移交哪些").get_by_text(line).click()
    receiver = {
        "移交给": "继承人",
        "接收人姓名": "吴秀英",
        "证件类型": "护照",
        "证件号": "E12345678",
        "凭什么手续": "继承公证书〔2026〕88号",
    }
    hand.put(hand.main.locator("form.panel-body"), receiver | who)
    hand.draw()
    beside(hand, second)
    hand.press("登记移交")
    hand.says("已登记移交")


# --- head count ----------------------------------------------------------------------------------


def sweep_floor(
    hand: Walker, floor: str, doors: int, *, found: int = 0, last: bool = False
) -> None:
    """登记清查 of one floor."""
    hand.follow("登记清查")
    said = {"哪一层": floor, "做了记号的门": str(doors), "找到几人": str(found)}
    hand.put(hand.main.locator("form.panel-body"), said)
    if last:
        hand.tick("要查的楼层都查完了")
    hand.press("这一层查完了")
    hand.says("已登记")


def roll_call(
    hand: Walker, of: str, expected: int, present: int, *, found: str = "", **gone: str
) -> None:
    """点名 of one list; ``gone``: who did not answer, by name or room; ``found``: who was missing."""
    hand.follow("点名")
    said = {"点的是哪张名单": of, "应到": str(expected), "实到": str(present)}
    hand.put(hand.main.locator("form.panel-body"), said)
    if found:
        hand.pick(re.compile(f"^此前没到：{found}"), "找到了")
    for field, value in gone.items():
        hand.main.locator(f"[name={field}_1]").fill(value)
    if expected > present and not gone:
        hand.tick("其余没到的还不知道是谁，先登记人数")
    hand.press("登记点名")
    hand.says("已登记点名")


def counted(hand: Walker) -> dict[str, str]:
    """What each list says: 应到, 实到, 缺."""
    rows = hand.page.locator("#roll-call .who-row").filter(has=hand.page.locator("b + .num"))
    found = {}
    for row in rows.all():
        found[row.locator("b").inner_text()] = row.locator("b + .num").inner_text()
    return found


def hand_to_fire_service(hand: Walker) -> None:
    """移交消防: who is not found is in their hands from here."""
    hand.follow("移交消防")
    said = {"接手的消防指挥": "孙队长", "消防单位": "城南消防站", "交了什么": "名单、钥匙、平面图"}
    hand.put(hand.main.locator("form.panel-body"), said)
    hand.press("登记移交消防")
    hand.says("已登记移交消防")


# --- households ----------------------------------------------------------------------------------


def households(hand: Walker) -> Any:
    """The part of the page that lists who is affected."""
    return hand.page.locator("#affected")


def add_affected(hand: Walker, rooms: str = "", **said: str) -> None:
    """登记受影响客户: rooms, or other fields by label."""
    households(hand).get_by_role("link", name="添加").click()
    hand.put(hand.main.locator("form.panel-body"), ({"房号": rooms} if rooms else {}) | said)
    hand.press("登记受影响客户")
    hand.says("已登记")


def inform_all(hand: Walker, way: str) -> None:
    """登记已告知, everybody at once."""
    households(hand).get_by_role("link", name="登记已告知").click()
    hand.tick("下面的都已告知")
    hand.pick("怎么告知的", way)
    hand.press("登记已告知")
    hand.says("已登记告知")


def link_claim(hand: Walker, where: str, number: str) -> None:
    """关联诉求: the complaint of a household."""
    row = households(hand).locator(".who-row", has_text=where)
    row.get_by_role("link", name="关联诉求").click()
    hand.fill("编号", number)
    hand.press("关联诉求")
    hand.says("已关联")


# --- papers --------------------------------------------------------------------------------------


def what_it_lacks(hand: Walker) -> list[str]:
    """What the page before the signature says is not filled in yet."""
    hand.says("已保存")
    lines = hand.main.locator("ul.missing li")
    return [line.inner_text().strip() for line in lines.all()]


def signed_by(hand: Walker, form: str) -> list[str]:
    """Who has signed a paper, in the order of its boxes."""
    hand.come()
    hand.page.locator(f"#record-{form} a.what").click()
    boxes = hand.main.locator("ol.ledger li .l2 span:first-child")
    expect(boxes.first).to_be_visible()
    return [re.sub(r"\s.*", "", box.inner_text()) for box in boxes.all()]
