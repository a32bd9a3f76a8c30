"""A night at the desk: three registers on one board, then the next shift takes over."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Locator, expect

from emergencies.models import Event
from incidents.workflow import sweep
from lostfound.models import StoragePlace
from propdesk.core import signatures
from propdesk.core.models import Place, Shift
from propdesk.core.roles import Role
from propdesk.desk.handover.models import Handover
from tests.e2e import found_road, handover_road, road
from tests.e2e.conftest import Desk
from tests.e2e.event_road import EventHouse, Walker, at
from tests.e2e.hands import Hand
from tests.factories import DepartmentFactory, ShiftFactory, member
from tests.incidents import journey as complaints
from tests.incidents.journey import drawn

pytestmark = pytest.mark.e2e
LIVE = 8_000
"""Milliseconds: a board asks every five seconds, and two busy cores take their time to answer."""
AREAS = ("大厅", "后台", "设备", "消防通道", "外围")


class NightHouse(EventHouse):
    """蓝湾公寓 with a cupboard and a department; ``next`` has the shift after ``dm``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        ground = self._place(Place.Kind.FLOOR, "1层", "B-1F", self.tower)
        self.sofa = self._place(Place.Kind.SPOT, "大堂沙发", "B-1F-SF", ground)
        self.shelf = StoragePlace.objects.create(
            property=self.prop, name="2号柜 上层", label="2号柜 上层", code="G2-1"
        )
        DepartmentFactory(property=self.prop, name="工程部")
        self.next = member(self.prop, Role.DUTY_MANAGER, name="李静")
        signatures.keep(self.next, drawn())
        Shift.objects.filter(user=self.dm).update(ends_at=timezone.now() + timedelta(minutes=10))
        ShiftFactory(
            property=self.prop,
            user=self.next,
            label="晚班",
            starts_at=timezone.now() + timedelta(minutes=10),
        )


def test_three_registers_come_to_one_board_and_go_to_the_next_shift(desk: Desk) -> None:
    desk.allow(422)
    house = NightHouse()
    dm, guard, front = (
        at(desk, house, user, width=width, touch=width < 700)
        for user, width in ((house.dm, 1280), (house.guard, 390), (house.desk, 1280))
    )
    dm.go(house.url())
    for quiet in ("两小时内没有到期的事", "没有等您办理的事"):
        expect(dm.main).to_contain_text(quiet)

    thing = _guard_hands_in_a_telephone(dm, guard, house)
    event = _drunk_guest_comes_by_himself(dm, front)
    complaint = _guest_complains(dm, house)
    with time_machine.travel(timezone.now() + timedelta(minutes=9), tick=True):
        _slipped_promise_stands_first(dm, complaint)
        _shift_is_handed_over(dm, house, event, complaint)
        later = at(desk, house, house.next)
        later.go(house.url())
        expect(_line(later, event)).to_contain_text(f"指挥 {house.next.name}")
        expect(_task(later, complaint)).to_contain_text(house.next.name)
        # The telephone lies in the cupboard and was counted: it asks nobody for anything.
        expect(later.main).not_to_contain_text(thing)


def _line(hand: Hand, number: str) -> Locator:
    return hand.main.locator("li").filter(has_text=number)


def _task(hand: Hand, number: str) -> Locator:
    return hand.main.locator("li.task").filter(has_text=number)


def _guard_hands_in_a_telephone(dm: Walker, guard: Walker, house: NightHouse) -> str:
    """It comes to the open board of the duty manager by itself; one tap leads to the act."""
    thumb = found_road.Thumb(guard.page)
    number = found_road.log(thumb, house, category="手机", words=found_road.WORDS)
    expect(_task(dm, number)).to_contain_text("待接收", timeout=LIVE)
    _task(dm, number).get_by_role("link", name="接收入库").click()
    found_road.receive(dm, house)
    dm.go(house.url())
    expect(_task(dm, number)).to_have_count(0)
    return number


def _drunk_guest_comes_by_himself(dm: Walker, front: Walker) -> str:
    number = front.start("醉客", "A座", "18层", "1806")
    expect(_line(dm, number)).to_contain_text(f"指挥 {dm.house.dm.name}", timeout=LIVE)
    _line(dm, number).get_by_role("link").first.click()
    dm.number = number
    dm.do("A10", {"意识、呼吸、有没有外伤": "能答话，呼吸平稳，没有外伤"})
    return number


def _guest_complains(dm: Walker, house: NightHouse) -> str:
    """A–H, with a promise of five minutes; the board counts them down and names the next act."""
    dm.go(house.url())
    dm.follow("登记投诉")
    number = road.take_in(dm)
    for step in (road.conduct, road.record, road.offer, road.tell):
        step(dm)
    road.choose(dm, "1 今晚更换室内机风扇")
    road.promise(dm, due=road.soon(5))
    dm.go(house.url())
    expect(_task(dm, number)).to_contain_text("剩余")
    expect(_task(dm, number).get_by_role("link", name="跟踪进度")).to_be_visible()
    return number


def _slipped_promise_stands_first(dm: Walker, number: str) -> None:
    """The sweep has seen it: red, first, counted, told, and acknowledged."""
    assert sweep.flag_due(timezone.now()) > 0
    dm.go(dm.house.url())
    expect(dm.main.locator("li.task").first).to_contain_text(number)
    expect(dm.main.locator("li.task").first).to_contain_text("逾期")
    expect(dm.main.locator(".figures a").first).to_contain_text(re.compile(r"逾期\s*1"))
    dm.reads_notice(number)
    late = _line(dm, number).filter(has_text="已逾期")
    late.get_by_role("button", name="确认收到").click()
    expect(late).to_contain_text("已确认")


def _shift_is_handed_over(dm: Walker, house: NightHouse, *numbers: str) -> None:
    """Every open thing of the registers is a line; command changes hands with the last signature."""
    dm.go(house.url("handover/"))
    dm.follow("开始交班")
    dm.press("列出未结事项")
    expect(dm.main.get_by_label("已告知接班人")).to_have_count(len(numbers))
    handover_road.tell(dm, *numbers)
    handover_road.count(dm, "2号柜", 1)
    handover_road.count(dm, "门上封条", 0)
    handover_road.in_order(dm, *AREAS)
    handover_road.sign(dm)
    dm.follow("逐条接班")
    handover_road.take(dm, *numbers)
    event = Event.objects.select_related("commander").get()
    assert event.commander == house.dm
    handover_road.come(dm, house.next)
    assert Handover.objects.get().status == Handover.Status.SIGNED


def test_notice_is_acknowledged_on_a_telephone(desk: Desk) -> None:
    """The badge falls, the ladder stops, and who asked for help sees that somebody is coming."""
    house = NightHouse()
    guard = at(desk, house, house.guard, width=390, touch=True)
    guard.go(house.url())
    number = at(desk, house, house.desk).start("醉客", "A座", "18层", "1806")
    bell = guard.page.get_by_role("link", name=re.compile("^通知"))
    expect(bell).to_contain_text("1", timeout=LIVE)

    bell.tap()
    line = _line(guard, number)
    expect(line).to_contain_text("未确认")
    line.get_by_role("button", name="确认收到").tap()
    expect(line).to_contain_text("已确认")
    expect(bell).not_to_contain_text("1")
    assert "1806" not in line.inner_text()


def test_board_that_hears_nothing_says_so_and_keeps_the_keyboard_where_it_was(desk: Desk) -> None:
    desk.allow(503)
    house = complaints.House()
    first = house.new()
    hand = Hand(desk.page_as(house.dm))
    hand.go(f"/p/{house.prop.code}/")
    link = hand.main.locator(f"#see-{first.case.number}")
    link.focus()

    hand.page.route("**/live/**", lambda route: route.fulfill(status=503))
    hand.says("这一页可能不是最新的")
    house.new()
    hand.page.unroute("**/live/**")
    expect(hand.main.get_by_text("受理中")).to_have_count(2)
    expect(hand.page.locator("#flash")).to_be_empty()
    expect(link).to_be_focused()
