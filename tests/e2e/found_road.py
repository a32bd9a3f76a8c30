"""The road of a found thing, step by step, for whatever hand walks it; and a thumb that is counted."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from propdesk.core import rendering
from propdesk.core.models import Place, User
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand, Name
from tests.factories import PASSWORD, PlaceFactory, PropertyFactory, ShiftFactory
from tests.lostfound.claiming import ID_CARD
from tests.lostfound.journey import House

WORDS = "黑色手机，屏幕右上角有裂纹，蓝色硅胶壳"
NUMBER = re.compile(r"SW-\d{8}-\d{3}")

WATCH = """() => {
  const typed = (field) => field.matches?.("textarea, input") &&
    !["file", "radio", "checkbox", "hidden", "submit"].includes(field.type);
  const tell = (what, of) => window.counted(what, of);
  addEventListener("pointerdown", (event) => {
    if (event.isTrusted) tell(typed(event.target) ? "into" : "tap", event.target.closest("a, button, label, summary, input, textarea")?.textContent.trim().slice(0, 12) ?? "");
  }, true);
  addEventListener("change", (event) => {
    if (event.target.type === "file") tell("tap", "photos");
  }, true);
  addEventListener("input", (event) => {
    if (typed(event.target) && event.target.value) tell("field", event.target.name);
  }, true);
}"""
"""Counts in the browser what a finger does: a tap into a text field belongs to that field."""


class Effort:
    """What somebody did with a phone, as the browser saw it."""

    def __init__(self, context: BrowserContext) -> None:
        self.seen: list[tuple[str, str]] = []
        context.expose_function("counted", lambda what, of: self.seen.append((what, of)))
        context.add_init_script(f"({WATCH})()")

    def start(self) -> None:
        """Count from here."""
        self.seen.clear()

    @property
    def taps(self) -> list[str]:
        """What was tapped, in order; choosing photos is one tap."""
        return [of for what, of in self.seen if what == "tap"]

    @property
    def fields(self) -> set[str]:
        """Names of the fields that were typed into."""
        return {of for what, of in self.seen if what == "field"}

    @property
    def entered(self) -> int:
        """How often a text field was tapped into."""
        return Counter(what for what, _of in self.seen)["into"]


class Thumb(Hand):
    """A finger on a touch screen."""

    def fill(self, label: str, text: str) -> None:
        self.field(label).tap()
        self.page.keyboard.insert_text(text)

    def pick(self, group: Name, choice: str) -> None:
        self.group(group).get_by_text(choice, exact=True).tap()

    def press(self, button: Name, *, scope: Locator | None = None) -> None:
        (scope or self.main).get_by_role("button", name=button).tap()

    def follow(self, link: Name) -> None:
        self.main.get_by_role("link", name=link).first.tap()

    def unfold(self, title: str) -> None:
        self.main.locator("summary", has_text=title).last.tap()

    def begin(self, kind: str) -> None:
        """登记 in the bar at the bottom, then what."""
        self.page.locator(".tabbar summary").tap()
        self.page.locator(".tabbar").get_by_role("link", name=kind).tap()


def phone(page: Page) -> tuple[Thumb, Effort]:
    """A thumb on this page, and what it costs."""
    effort = Effort(page.context)
    return Thumb(page), effort


@dataclass
class FoundHouse(House):
    """蓝湾公寓 with a building to choose places from; who is on duty is on the roster."""

    def __post_init__(self) -> None:
        super().__post_init__()
        building = self._place(Place.Kind.BUILDING, "B座", "B")
        floor = self._place(Place.Kind.FLOOR, "1层", "B-1F", building)
        self.sofa = self._place(Place.Kind.SPOT, "大堂沙发", "B-1F-SF", floor)
        self.room = self._place(Place.Kind.ROOM, "1806", "A-1806")
        for user, role in ((self.dm, "duty_manager"), (self.guard, "security")):
            ShiftFactory(property=self.prop, user=user, role=role)

    def _place(self, kind: str, name: str, code: str, parent: Place | None = None) -> Place:
        return PlaceFactory(property=self.prop, kind=kind, name=name, code=code, parent=parent)

    def url(self, path: str = "") -> str:
        """The address of a page of the house."""
        return f"/p/{self.prop.code}/{path}"

    def item_url(self, number: str, path: str = "") -> str:
        """The address of a page of a thing."""
        return self.url(f"lostfound/{number}/{path}")


def house() -> FoundHouse:
    """A house with one person for every part of a found thing; its signers have signatures."""
    return FoundHouse(PropertyFactory(code="lanwan", name="蓝湾公寓"))


def snapshots(folder: Path, number: int = 1, size: tuple[int, int] = (2400, 1800)) -> list[Path]:
    """Photos as a phone takes them: large, each another one."""
    found = []
    for n in range(number):
        path = folder / f"照片{n}.jpg"
        noise = Image.effect_noise(size, 30 + n).convert("RGB")
        noise.save(path, "JPEG", quality=80)
        found.append(path)
    return found


def photograph(hand: Hand, photos: list[Path]) -> None:
    """Choose photos, and see that the browser has shrunk them."""
    hand.main.locator("input[type=file][name=photo]").set_input_files(photos)
    expect(hand.main.locator(".thumbs li")).to_have_count(len(photos))


def choose(hand: Hand, name: str, photos: list[Path]) -> None:
    """Choose a photo for one of several fields of that kind."""
    hand.main.locator(f"input[type=file][name={name}]").set_input_files(photos[0])
    expect(hand.main.locator(".thumbs li")).to_have_count(1)


def numbered(hand: Hand) -> str:
    """The number in large type after logging."""
    big = hand.main.locator(".logged h1")
    expect(big).to_have_text(NUMBER)
    return big.inner_text()


def log(
    hand: Hand, house: FoundHouse, *, category: str, words: str, spot: str = "大堂沙发", **more: str
) -> str:
    """拾物登记 at a desk, without a photo; ``more``: other fields by label. Returns the number."""
    hand.go(house.url("lostfound/new/"))
    hand.pick("是什么", category)
    if not hand.main.locator("details.places[open]").count():
        hand.unfold("按楼栋选")
    hand.unfold("B座")
    hand.unfold("1层")
    hand.main.get_by_text(spot, exact=True).click()
    hand.fill("特征", words)
    hand.unfold("更多：")
    for label, text in ({"没有照片的原因": "相机坏了"} | more).items():
        hand.fill(label, text)
    hand.press("提交登记")
    return numbered(hand)


def receive(
    hand: Hand, house: FoundHouse, *, value: str = "1500", seal: str = "", clue: str = ""
) -> None:
    """接收入库 with the guard, who types his password beside the duty manager."""
    expect(hand.field("保安部").locator("option:checked")).to_have_text(
        f"{house.guard.name}（当班）"
    )
    # For what is counted by two it reads 须在本机确认.
    hand.fill(re.compile("^保安部密码（须?在本机确认）$"), PASSWORD)
    hand.select("存放位置", house.shelf.label)
    hand.fill("封签号", seal)
    hand.fill("估价（元）", value)
    hand.fill("估价依据", "同型号二手价")
    if clue:
        hand.pick("有没有失主的线索", "有线索")
        hand.fill("什么线索", clue)
    hand.press("接收入库")
    hand.says("已入库")


def trace(hand: Hand, *, via: str, text: str, outcome: str) -> None:
    """登记查找: one attempt."""
    hand.pick("怎么找的", via)
    hand.fill("问了谁、查了什么", text)
    hand.pick("结果", outcome)
    hand.press("登记查找")
    hand.says("查找已登记")


def describe(
    hand: Hand,
    words: str,
    *,
    name: str = "林小雨",
    phone: str = "13900002222",
    way: str = "",
    address: str = "",
    submit: str = "保存描述",
) -> None:
    """登记认领: his own words, and who he is."""
    hand.fill("认领人自己怎么说", words)
    hand.fill("认领人姓名", name)
    hand.fill("电话", phone)
    if way:
        hand.pick("认领方式", way)
    if address:
        hand.unfold("寄送地址")
        hand.fill("寄到或送到哪里", address)
    hand.press(submit)


def compare(hand: Hand, agree: int = 2) -> None:
    """核对: so many features agree."""
    for n in range(1, agree + 1):
        hand.main.locator(f"#div_id_agrees_{n}").get_by_text("相符", exact=True).click()


def verify(hand: Hand, second: User | None = None, *, id_number: str = ID_CARD) -> None:
    """核对、证件: two features agree, the paper was seen, a colleague stands beside."""
    compare(hand)
    hand.fill("证件号", id_number)
    if second:
        hand.select("一起核对的同事", f"{second.name}")
        hand.fill("他的密码（须在本机确认）", PASSWORD)
    hand.press("核对通过")
    hand.says("核对通过")


def confirm(hand: Hand) -> None:
    """归还: the duty manager and the guard type their passwords."""
    hand.fill("您的登录密码", PASSWORD)
    hand.fill("保安部密码（须在本机确认）", PASSWORD)
    hand.press("确认归还")
    hand.says("已归还")


def report_lost(hand: Hand) -> str:
    """登记遗失 while the guest is on the telephone; returns the number."""
    hand.pick("丢了什么", "手机")
    hand.fill("特征", "黑色的手机，右上角屏幕裂了，套着蓝色硅胶手机套")
    hand.fill("最后一次见到", ago(300))
    hand.fill("发现不见（不填就是现在）", ago(60))
    hand.fill("失主姓名", "林小雨")
    hand.fill("电话", "13900002222")
    hand.press("登记，马上比对")
    hand.says(re.compile("已登记"))
    number = re.search(r"BS-\d{8}-\d{3}", hand.page.url)
    assert number is not None
    return number[0]


def ago(minutes: int) -> str:
    """A moment before now as a time field takes it."""
    return f"{timezone.localtime(timezone.now() - timedelta(minutes=minutes)):%Y-%m-%dT%H:%M}"


def start_count(hand: Hand, house: FoundHouse) -> None:
    """开始盘点 with the guard beside."""
    hand.select("盘点哪里", f"{house.shelf.label}（{house.shelf.code}）")
    hand.select("监盘人（保安部）", house.guard.name)
    hand.fill("监盘人密码", PASSWORD)
    hand.press("开始盘点")


def scan(hand: Hand, tag: str) -> None:
    """One tag as a scanner types it, with the key it ends with."""
    before = int(hand.main.locator(".tally b").inner_text())
    hand.fill("扫描或输入标签号", tag)
    hand.page.keyboard.press("Enter")
    expect(hand.main.locator(".tally b")).to_have_text(str(before + 1))


def differences(hand: Hand) -> dict[str, str]:
    """What a count found: tag to word."""
    found = {}
    for row in hand.main.locator("tbody[data-rows] tr").all():
        tag = NUMBER.search(row.locator("td").nth(1).inner_text())
        assert tag is not None
        found[tag[0]] = row.locator(".st").first.inner_text().strip()
    return found


def old_book(day: str = "2026-11-20") -> bytes:
    """An old book as a CSV file: two good rows, one wrong in two cells, and one twice."""
    rows = [
        "原编号,物品名称,类别,特征,拾获时间,拾获地点,拾获人,接收日期,估价,存放位置",
        f"2026-031,折叠伞,雨伞,黑色,{day} 18:30,A座大堂,李强,{day},60.00,G2-1",
        f"2026-032,银行卡,银行卡,尾号 0417,{day},停车场,住户,{day},未估价,G2-2",
        f"2026-033,手机,电话,黑色,{day},A座大堂,李强,{day},很贵,G2-1",
        f"2026-031,折叠伞,雨伞,黑色,{day} 18:30,A座大堂,李强,{day},60.00,G2-1",
    ]
    return "\n".join(rows).encode("utf-8-sig")


def printed(hand: Hand, address: str) -> bytes:
    """The paper as the worker makes it; the test stands in for him."""
    waiting = hand.page.request.get(address)
    assert waiting.status == 202
    assert rendering.render_due(timezone.now()) > 0
    answer = hand.page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    return answer.body()


def at(desk: Desk, user: User, **options: Any) -> Hand:
    """The hand of somebody at a page of his own."""
    return Hand(desk.page_as(user, **options))
