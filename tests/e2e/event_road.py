"""The road of a special event in the browser: start, answer, do, tell, sign, end; for any of the eight."""

import io
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import FilePayload, Locator, Page, expect
from pypdf import PdfReader

from emergencies import workflow
from propdesk.core import rendering
from propdesk.core.models import Place, User
from tests.e2e.conftest import Desk
from tests.e2e.hands import Hand
from tests.emergencies.journey import House, photo
from tests.factories import PASSWORD, PlaceFactory, PropertyFactory, ShiftFactory

NUMBER = re.compile(r"(?:SJ|YL|JJ)-\d{8}-\d{3}")
Said = dict[str, str]
"""What is typed or chosen, by label."""


class EventHouse(House):
    """蓝湾公寓 with buildings to choose places from; the duty manager and a guard are on shift."""

    def __init__(self) -> None:
        super().__init__(PropertyFactory(code="lanwan", name="蓝湾公寓"))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.prop.places.all().delete()  # the loose rooms of the workflow's tests
        self.block = self._place(Place.Kind.BUILDING, "A座", "A")
        self.tower = self._place(Place.Kind.BUILDING, "B座", "B")
        self.floor = self._place(Place.Kind.FLOOR, "18层", "A-18F", self.block)
        self.room = self._place(Place.Kind.ROOM, "1806", "A-1806", self.floor)
        self.other_room = self._place(Place.Kind.ROOM, "1807", "A-1807", self.floor)
        ground = self._place(Place.Kind.FLOOR, "1层", "A-1F", self.block)
        self.lobby = self._place(Place.Kind.SPOT, "大堂", "A-1F-L", ground)
        for user, role in ((self.dm, "duty_manager"), (self.guard, "security")):
            ShiftFactory(property=self.prop, user=user, role=role)

    def _place(self, kind: str, name: str, code: str, parent: Place | None = None) -> Place:
        return PlaceFactory(property=self.prop, kind=kind, name=name, code=code, parent=parent)

    def url(self, path: str = "") -> str:
        """The address of a page of the house."""
        return f"/p/{self.prop.code}/{path}"


def house() -> EventHouse:
    """A house with one person for every part of an event; its signers have signatures."""
    return EventHouse()


def moment(minutes: int = 0) -> str:
    """Now, or so many minutes from now, as a time field takes it."""
    return f"{timezone.localtime(timezone.now() + timedelta(minutes=minutes)):%Y-%m-%dT%H:%M}"


def picture() -> FilePayload:
    """A photo as a field takes it, another one at each call."""
    return {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo()}


def words(pdf: bytes) -> str:
    """All words of a PDF, without the spaces the layout puts between them."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def hours_later(hours: float) -> None:
    """What the beat does a minute after that time: reminders of what is still open."""
    workflow.flag_due(timezone.now() + timedelta(hours=hours, minutes=1))


def lacking(text: str, *wanted: str) -> list[str]:
    """Which of the words a text does not have."""
    return [word for word in wanted if word not in text]


class Walker(Hand):
    """One person at one event: what he sees and does there, by the words on his screen."""

    def __init__(self, page: Page, place: EventHouse, number: str = "") -> None:
        super().__init__(page)
        self.house, self.number = place, number

    # --- coming ------------------------------------------------------------------------------

    @property
    def home(self) -> str:
        """The page of the event."""
        return self.house.url(f"emergencies/{self.number}/")

    def come(self, number: str = "") -> "Walker":
        """Open the page of the event, or of another one."""
        self.number = number or self.number
        self.go(self.home)
        return self

    def start(self, kind: str, *where: str) -> str:
        """Choose what, where (building, floor, room) and tap 启动; returns the number."""
        self.go(self.house.url("emergencies/"))
        self.main.get_by_role("list", name="启动预案").get_by_role("link", name=kind).click()
        *branches, spot = where
        form = self.page.locator("#start-form")
        if branches:
            fold = form.locator("details.places")
            if fold.get_attribute("open") is None:
                fold.locator("> summary").click()
            for name in branches:
                fold.locator("summary").get_by_text(name, exact=True).click()
            fold.locator("label.chip").get_by_text(spot, exact=True).click()
        else:
            form.locator(".near label").get_by_text(spot, exact=True).click()
        form.get_by_role("button", name="启动").click()
        self.says("已启动")
        self.number = self._number()
        return self.number

    def _number(self) -> str:
        found = NUMBER.search(self.page.url)
        assert found is not None, self.page.url
        return found[0]

    # --- questions ---------------------------------------------------------------------------

    def answer(self, **said: str) -> None:
        """One tap for each question, by its key: the word on the chip."""
        for key, word in said.items():
            asked = self.page.locator(f"form#fact-{key}")
            asked.get_by_role("button", name=word, exact=True).click()
            expect(self.page.locator(f"li#fact-{key} b")).to_have_text(word)

    def change(self, key: str, word: str, reason: str) -> None:
        """改答 with a reason."""
        fold = self.page.locator("details#answered")
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
        fold.locator(f"#fact-{key}").get_by_role("link", name="改答").click()
        self.main.locator("fieldset").get_by_text(word, exact=True).click()
        self.fill("改答的原因（必填）", reason)
        self.press("登记答案")
        expect(self.page.locator(f"li#fact-{key} b")).to_have_text(word)

    # --- steps -------------------------------------------------------------------------------

    def step(self, ident: str) -> Locator:
        """The line of a step."""
        return self.page.locator(f"#step-{ident}")

    def form(self, ident: str) -> Locator:
        """The form of a step: in the card of this minute, else unfolded at its line."""
        now, fold = self.page.locator(f"#now-{ident} form"), self.page.locator(f"#form-{ident}")
        expect(now.or_(fold).first).to_be_visible()
        if now.count():
            return now
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
        return fold.locator("form")

    @property
    def sheet(self) -> Locator:
        """The form of a page that has but one."""
        return self.main.locator("form.panel-body").first

    def put(self, form: Locator, said: Said) -> None:
        """Fill in a form: chips, lists and fields alike, by label; the first of several lines."""
        expect(form).to_be_visible()
        typed = self.page.locator(":not([type=radio])")
        for label, value in said.items():
            legend = self.page.locator("legend").get_by_text(label, exact=True)
            chips = form.locator("fieldset").filter(has=legend)
            field = chips.or_(form.get_by_label(label, exact=True).and_(typed)).first
            match field.evaluate("field => field.tagName"):
                case "FIELDSET":
                    field.get_by_text(value, exact=True).click()
                case "SELECT":
                    self.choose(field, value)
                case _:
                    field.fill(value)

    def choose(self, field: Locator, name: str) -> None:
        """Take a line of a list by the words in it."""
        line = field.locator("option").filter(has_text=name).first
        field.select_option(value=line.get_attribute("value") or "")

    def do(
        self,
        ident: str,
        said: Said | None = None,
        *,
        shows: bool = False,
        signs: bool = False,
        drawn_by: str = "",
        done: str = "已完成",
    ) -> None:
        """Do a step with its proof: what is typed, a photo (``shows``), one's own password
        (``signs``), or a signature of somebody else on this screen (``drawn_by``)."""
        form = self.form(ident)
        self.put(form, said or {})
        if shows:
            form.locator("input[type=file][name=photo]").set_input_files(picture())
            expect(form.locator(".thumbs li")).to_have_count(1)
        if signs:
            form.get_by_label("本人签名：登录密码").fill(PASSWORD)
        if drawn_by:
            form.get_by_label("请谁签名").fill(drawn_by)
            self.draw(form)
        form.get_by_role("button", name=re.compile("^(完成|登记这一次)$")).click()
        expect(self.step(ident)).to_contain_text(done)

    def tap(self, ident: str) -> None:
        """A step that asks for nothing: one tap."""
        card, line = self.page.locator(f"#now-{ident}"), self.step(ident)
        (card if card.count() else line).get_by_role("button", name="完成").click()
        expect(line).to_contain_text("已完成")

    def skip(self, ident: str, reason: str) -> None:
        """不需要, with a reason."""
        self.step(ident).get_by_role("link", name="不需要").click()
        self.fill("原因", reason)
        self.press("登记不需要")
        expect(self.step(ident)).to_contain_text("不需要")

    def lead_to(self, ident: str) -> str:
        """启动 the playbook a step leads to; its number. The screen then shows the new event."""
        here = self.page.url
        self.step(ident).get_by_role("button", name=re.compile("^启动.+预案$")).click()
        self.says("已启动")
        assert self.page.url != here
        return self._number()

    # --- notices -----------------------------------------------------------------------------

    def notice(self, ident: str) -> Locator:
        """The line of somebody to be told."""
        return self.page.locator(f"#notice-{ident}")

    def tell(self, ident: str, way: str) -> None:
        """已通知, by one tap on how."""
        line = self.notice(ident)
        line.get_by_role("button", name=way, exact=True).click()
        expect(line.locator("form")).to_have_count(0)

    def acknowledge(self, ident: str) -> None:
        """确认收到 of a call that waits for this person."""
        waiting = self.page.locator(f"form.ack[action$='/notices/{ident}/ack/']")
        waiting.get_by_role("button", name="确认收到").click()
        expect(waiting).to_have_count(0)

    def reads_notice(self, words: str) -> None:
        """Expect a line in his own list of notices."""
        self.go(self.house.url("notices/"))
        expect(self.main).to_contain_text(words)

    def act(self, link: str, said: Said, button: str, flash: str) -> None:
        """Follow a link of the page to a form, fill it in and press its button."""
        self.follow(link)
        self.put(self.sheet, said)
        self.press(button)
        self.says(flash)

    def meets(self, name: str, part: str, **more: str) -> None:
        """添加 somebody concerned, by name and part."""
        self.page.locator("#people").get_by_role("link", name="添加").click()
        self.put(self.sheet, {"身份": part, "姓名": name, **more})
        self.press("登记")
        expect(self.page.locator("#people")).to_contain_text(name)

    # --- the end -----------------------------------------------------------------------------

    def missing(self) -> list[str]:
        """What the page says is in the way, in its order: "step T32", "fact settled" …"""
        expect(self.page.locator("#closing")).to_be_visible()
        found = self.page.locator("ul.missing > li").all()
        ids = [str(one.get_attribute("id")) for one in found]
        return [" ".join(ident.split("-missing-")) for ident in ids]

    def each_leads_there(self) -> None:
        """Every line of what is missing is a link to a place that is then on the screen."""
        fold = self.page.locator("#missing")
        for n in range(self.page.locator("ul.missing a").count()):
            if fold.get_attribute("open") is None:
                fold.locator("> summary").click()
            link = self.page.locator("ul.missing a").nth(n)
            place = str(link.get_attribute("href"))
            link.click()
            assert self.page.url.endswith(place)
            expect(self.page.locator(place)).to_be_in_viewport()

    def is_kept_from_ending(self) -> None:
        """No button to end it here; who knows the address is told why and shown no form."""
        self._is_kept_from("end", "结束处置", "处置中")

    def is_kept_from_archiving(self) -> None:
        """The same of an event whose papers are not signed."""
        self._is_kept_from("archive", "归档", "待签批")

    def _is_kept_from(self, act: str, button: str, state: str) -> None:
        link = self.page.locator("#closing").get_by_role("link", name=button, exact=True)
        expect(link).to_have_count(0)
        self.go(f"{self.home}do/{act}/")
        expect(self.main.get_by_role("alert").first).to_be_visible()
        expect(self.main.get_by_role("button", name=button, exact=True)).to_have_count(0)
        self.come()
        expect(self.page.locator(".band h1")).to_contain_text(state)

    def end(self, summary: str) -> None:
        """结束处置, once nothing is missing."""
        self.page.locator("#closing").get_by_role("link", name="结束处置", exact=True).click()
        self.fill("处理结果", summary)
        self.press("结束处置")
        self.says("处置已结束")
        expect(self.page.locator(".band h1")).to_contain_text("待签批")

    def archive(self, result: str = "", *papers: str) -> None:
        """归档, once everything is signed; the page then holds the result and asks for nothing."""
        self.come()
        self.page.locator("#closing").get_by_role("link", name="归档", exact=True).click()
        self.press("归档")
        expect(self.page.locator(".band h1")).to_contain_text("已归档")
        expect(self.page.locator("#closing")).to_have_count(0)
        expect(self.main.get_by_role("button", name=re.compile("完成|登记|启动"))).to_have_count(0)
        expect(self.main.locator(".panel").filter(has_text="处理结果").first).to_contain_text(
            result
        )
        for paper in papers:
            expect(self.page.locator(f"#record-{paper}")).to_contain_text("已签")

    # --- papers ------------------------------------------------------------------------------

    def write(self, form: str, said: Said | None = None) -> None:
        """Write a paper that is filled in already, adding what is said, and sign as its author."""
        self.page.locator(f"#record-{form} a.what").click()
        self.put(self.sheet, said or {})
        self.press(re.compile("^保存(记录|报告)$"))
        self.says("已保存")
        self.fill("您的登录密码", PASSWORD)
        self.press(re.compile("^签名并提交"))
        self.says("已提交")

    def sign_next(self, title: str) -> None:
        """The paper that waits for this person, from his inbox."""
        self.go(self.house.url("sign/"))
        self.main.locator("li.task a.what").filter(has_text=title).first.click()
        self.main.get_by_role("link", name="去签名").or_(
            self.field("您的登录密码")
        ).first.wait_for()
        if self.main.get_by_role("link", name="去签名").count():
            self.follow("去签名")
        self.fill("您的登录密码", PASSWORD)
        self.press("同意并签名")
        self.says("已签")

    def has_signed(self, form: str, who: str, name: str) -> None:
        """Hand the screen over to somebody who is no colleague: he signs a paper on it."""
        self.come()
        self.page.locator(f"#record-{form} a.what").click()
        self.follow(re.compile(f"请{who}.*签名"))
        self.fill("不在列表里，填姓名", name)
        self.draw()
        self.tick("本人同意以电子方式签署")
        self.press("确认签名")

    def paper(self, form: str) -> str:
        """The words of a paper of the event, as the worker prints it."""
        self.come()
        if form == "incident_report":
            return words(self.printed(f"{self.home}report/paper/"))
        self.page.locator(f"#record-{form} a.what").click()
        link = self.main.get_by_role("link", name="打开文书").first
        return words(self.printed(str(link.get_attribute("href"))))

    def printed(self, address: str) -> bytes:
        """A paper as the worker makes it; the test stands in for him."""
        waiting = self.page.request.get(address)
        for _time in range(2):  # a paper that was sealed meanwhile moves the event on: made anew
            if waiting.status == 202:
                assert rendering.render_due(timezone.now()) > 0
                waiting = self.page.request.get(address)
        assert waiting.headers["content-type"] == "application/pdf"
        return waiting.body()


def at(desk: Desk, place: EventHouse, user: User, number: str = "", **options: Any) -> Walker:
    """Somebody at a screen of his own; with a number, on the page of that event."""
    walker = Walker(desk.page_as(user, **options), place, number)
    return walker.come() if number else walker
