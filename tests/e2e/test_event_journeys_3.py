"""A power cut, a fire and a rehearsal as the SOP tells them, from the first tap on (E-7, E-8)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e import event_registers as registers
from tests.e2e import event_road as road
from tests.e2e import road as complaints
from tests.e2e.conftest import Desk
from tests.e2e.event_road import EventHouse, Walker, at, moment

pytestmark = pytest.mark.e2e
RESET = dict.fromkeys([f"{thing}已复位" for thing in ("报警主机", "喷淋", "防火门", "电梯")], "是")
"""Everything a fire or a false alarm leaves to be reset."""


# --- E-7: power outage ---------------------------------------------------------------------------


def test_power_is_out_in_the_whole_area(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("停电", "A座")
    dm = at(desk, house, house.dm, number)
    engineer = at(desk, house, house.duty_engineer, number, width=390, touch=True)
    dm.acknowledge("N1")
    engineer.acknowledge("N2")
    dm.answer(lift_trapped="是", scope="周边也停", planned="否", backup="已投入", vulnerable="是")

    _people_in_the_lift_come_first(guard, engineer)
    _supplier_is_asked(dm)
    _residents_hear_of_it_every_half_hour(dm)
    _those_who_need_power_are_looked_after(desk, house, number, guard)
    _power_is_back(desk, engineer, dm)
    _households_are_told(dm)
    dm.end("供电恢复，逐户告知")
    _outage_is_signed_off(desk, dm, engineer)


def _people_in_the_lift_come_first(guard: Walker, engineer: Walker) -> None:
    guard.come()
    expect(guard.page.locator(".dial a").first).to_have_text("119")
    guard.do("P10", {"查了几台电梯": "2", "应急照明亮吗": "是"})
    engineer.come()
    rescue = {"梯号": "A1", "困了几人": "2", "救援到场时间": moment(), "救出时间": moment()}
    engineer.do("P11", rescue)
    expect(engineer.notice("N7")).to_contain_text("电话")
    engineer.do("P20", {"停电开始时间": moment(), "原因（初步判断）": "外线失电，周边全黑"})
    engineer.do("P23", {"投入时间": moment(), "带了哪些负荷": "消防、监控、应急照明"})


def _supplier_is_asked(dm: Walker) -> None:
    """配合工程部 … 问清原因及何时恢复: without the answer the event never ends."""
    dm.come()
    found = dm.missing()
    assert [one for one in found if one in ("step P22", "rule C2")] == ["step P22", "rule C2"]
    dm.is_kept_from_ending()
    answer = {"停电原因（对方答复）": "变电站检修跳闸", "预计恢复时间": moment(90)}
    dm.do("P22", {"联系时间": moment(), "对方工号": "0086", "工单号": "GD-77"} | answer)
    assert [one for one in dm.missing() if one in ("step P22", "rule C2")] == []


def _residents_hear_of_it_every_half_hour(dm: Walker) -> None:
    first = {"对客户说了什么": "外线停电，供电部门在抢修", "怎么发的": "住户群"}
    dm.do("P30", first, done="共 1 次")
    warning = f"【该再查看或更新一次了】{dm.number}"
    registers.minutes_later(29)
    dm.go(dm.house.url("notices/"))
    expect(dm.main).not_to_contain_text(warning)
    registers.minutes_later(31)
    dm.page.reload()
    expect(dm.main).to_contain_text(warning)
    dm.come()
    dm.do("P30", {"对客户说了什么": "预计一个半小时后来电", "怎么发的": "广播"}, done="共 2 次")


def _those_who_need_power_are_looked_after(
    desk: Desk, house: EventHouse, number: str, guard: Walker
) -> None:
    front = at(desk, house, house.desk, number)
    front.do("P32", {"做了什么": "给 1806 送了移动电源"})
    guard.come()
    guard.do("P31")


def _power_is_back(desk: Desk, engineer: Walker, dm: Walker) -> None:
    dm.come()
    dm.answer(restored="是")
    steps = ["step P40", "step P41", "step P42"]
    assert dm.missing() == [*steps, "rule C1", "rule C3", "rule C5"]
    engineer.come()
    reset = {f"{thing}已复位": "是" for thing in ("电梯", "消防主机", "水泵", "门禁")}
    engineer.do("P40", {"来电时间": moment()} | reset)
    works = at(desk, dm.house, dm.house.engineering, dm.number)
    works.do("P42", {"原因分析": "供电部门变电站跳闸", "改进措施": "备用电源加带电梯"})


def _households_are_told(dm: Walker) -> None:
    """向客户做好解释和善后: each household told, what it asks for is a complaint of its own."""
    house = dm.house
    dm.go(house.url("incidents/new/"))
    claim = complaints.take_in(dm, "停电三小时，冰箱里的食品坏了")
    dm.come()
    registers.add_affected(dm, "A-1806", 损失或诉求="冰箱食品")
    registers.add_affected(dm, "A-1807")
    registers.link_claim(dm, "1806", claim)
    assert dm.missing() == ["step P41", "rule C3", "rule C5"]
    dm.each_leads_there()
    registers.is_refused(dm, "P41", {"影响户数": "2", "还没告知的户数": "0"}, "还有2户没有登记告知")
    registers.inform_all(dm, "电话")
    expect(registers.households(dm)).to_contain_text("已告知 2 / 2")
    dm.do("P41", {"影响户数": "2", "还没告知的户数": "0"})
    assert dm.missing() == []


def _outage_is_signed_off(desk: Desk, dm: Walker, engineer: Walker) -> None:
    engineer.come()
    engineer.write("outage_record")
    dm.sign_next("停电记录")
    dm.come()
    dm.write("incident_report", registers.REPORT)
    at(desk, dm.house, dm.house.pm).sign_next("事故报告")
    paper = dm.paper("outage_record")
    wanted = ["变电站检修跳闸", "0086", "预计一个半小时后来电", "A1", "供电部门变电站跳闸"]
    assert [word for word in wanted if word not in paper] == []
    dm.archive()


# --- E-8: fire -----------------------------------------------------------------------------------


def test_fire_ends_only_when_everybody_is_counted(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("火警", "A座", "18层", "1806")
    _119_before_anything(guard)
    guard.acknowledge("N1")
    guard.answer(confirmed="真的起火，或核实不了", evacuate="整栋疏散", trapped="否")
    guard.answer(injured="否", small="是", source="探测器")
    _everybody_is_told_at_once(desk, guard)

    _guard_at_the_fire(guard)
    engineer = at(desk, house, house.engineering, number, width=390, touch=True)
    engineer.do("R23", {"做了哪些联动、几点": "电梯迫降，排烟已开"})
    dm = at(desk, house, house.dm, number)
    for notice, way in (("N3", "对讲机"), ("N4", "对讲机"), ("N6", "广播")):
        dm.tell(notice, way)
    _floor_by_floor(desk, house, number)
    front = at(desk, house, house.desk, number, width=390, touch=True)
    _one_does_not_answer(front)
    _kept_open_by_one(dm)
    _he_is_found(front, dm)
    _all_clear(desk, dm, engineer)
    dm.end("起火房间已扑灭，全部人员点到")
    _fire_is_signed_off(desk, dm)


def _119_before_anything(guard: Walker) -> None:
    """拨打 119 stands first on the screen, and is ticked with no question answered."""
    first = guard.page.locator("main a[href^='tel:']").first
    expect(first).to_have_attribute("href", "tel:119")
    guard.page.locator("details#later > summary").click()
    guard.tell("N2", "电话")
    expect(guard.page.locator("#questions")).to_contain_text("还有 4 题")


def _everybody_is_told_at_once(desk: Desk, guard: Walker) -> None:
    house, called = guard.house, [f"notice-N{n}" for n in range(1, 8)]
    shown = guard.page.locator("#told > [id^=notice-]")
    expect(shown).to_have_count(7)
    assert [str(one.get_attribute("id")) for one in shown.all()] == called
    gm = at(desk, house, house.gm, guard.number, width=390, touch=True)
    gm.acknowledge("N5")
    for user in (house.dm, house.engineering, house.cleaner):
        at(desk, house, user).reads_notice(f"【紧急】{guard.number}")


def _guard_at_the_fire(guard: Walker) -> None:
    seen = {"报警点位": "18层3号探测器", "核实时间": moment(), "核实人": "李强"}
    guard.do("R10", seen | {"什么在烧": "厨房油锅"})
    guard.do("R20", {"打 119 的时间": moment()})
    guard.do("R21", {"做了什么": "消防主机已转自动"})
    guard.do("R31", {"做了什么": "两个楼梯口有人守"})
    guard.do(
        "R33", {"消防到场时间": moment(), "交了什么（平面图、钥匙、被困信息）": "平面图、钥匙"}
    )


def _floor_by_floor(desk: Desk, house: EventHouse, number: str) -> None:
    """先着火层，再上层，后下层: each floor with its doors, the last one ends the step."""
    cleaner = at(desk, house, house.cleaner, number, width=390, touch=True)
    registers.to_register(cleaner, "R30")
    registers.sweep_floor(cleaner, "A-18F", 12, found=1)
    expect(cleaner.step("R30")).not_to_contain_text("已完成")
    for floor, last in (("19层", False), ("17层", True)):
        cleaner.go(f"{cleaner.home}headcount/")
        registers.sweep_floor(cleaner, floor, 12, last=last)
    expect(cleaner.step("R30")).to_contain_text("已完成")
    cleaner.go(f"{cleaner.home}headcount/")
    floors = cleaner.page.locator("#floors .who-row b")
    expect(floors).to_have_text([re.compile("18层"), "19层", "17层"])


def _one_does_not_answer(front: Walker) -> None:
    """应到、实到、缺: three lists; whoever is missing stands by name and room."""
    registers.to_register(front, "R32")
    registers.roll_call(front, "在住", 40, 39, name="王晓梅", room="A-1806")
    for name, people in (("访客", 3), ("员工", 12)):
        front.go(f"{front.home}headcount/")
        registers.roll_call(front, name, people, people)
    front.go(f"{front.home}headcount/")
    assert registers.counted(front) == {
        "在住": "应到 40，实到 39，缺 1",
        "访客": "应到 3，实到 3，缺 0",
        "员工": "应到 12，实到 12，缺 0",
    }
    expect(front.page.locator("#roll-call")).to_contain_text("王晓梅")


def _kept_open_by_one(dm: Walker) -> None:
    dm.come()
    dm.answer(fire_out="是")
    assert dm.missing() == ["step R40", "step R41", "step R42", "rule C2", "rule C3"]
    dm.each_leads_there()
    dm.is_kept_from_ending()


def _he_is_found(front: Walker, dm: Walker) -> None:
    registers.roll_call(front, "在住", 40, 40, found="王晓梅")
    dm.come()
    assert dm.missing() == ["step R40", "step R41", "step R42", "rule C3"]


def _all_clear(desk: Desk, dm: Walker, engineer: Walker) -> None:
    sec = at(desk, dm.house, dm.house.sec, dm.number)
    sec.do("R40", {"做了什么": "拉警戒线，等消防同意"})
    dm.do("R41", {"做了什么": "分批返回，1806 安排换房"})
    engineer.come()
    engineer.do("R42", RESET)
    dm.come()


def _fire_is_signed_off(desk: Desk, dm: Walker) -> None:
    """Papers go round; a real fire waits for the general manager alone."""
    house, sec, gm = dm.house, at(desk, dm.house, dm.house.sec), at(desk, dm.house, dm.house.gm)
    sec.come(dm.number)
    sec.write("fire_record")
    dm.sign_next("火警记录")
    front = at(desk, house, house.desk, dm.number)
    front.write("evacuation_rollcall")
    dm.sign_next("疏散点名表")
    dm.come()
    causes = {"直接原因": "油锅无人看管", "间接原因": "没有提醒", "改进建议": "入住时讲用火"}
    dm.write("incident_report", registers.REPORT | causes | registers.DUE)
    sec.sign_next("事故报告")
    dm.come()
    assert dm.missing() == ["record fire_record", "record incident_report", "rule C4"]
    expect(dm.page.locator("#closing").get_by_role("link", name="归档")).to_have_count(0)
    for title in ("火警记录", "事故报告"):
        gm.sign_next(title)
    paper = dm.paper("fire_record")
    wanted = ["厨房油锅", "18层3号探测器", "探测器", "李强", "55", "电梯迫降"]
    assert [word for word in wanted if word not in paper] == []
    dm.archive()


def test_fire_service_takes_over_who_is_not_found(desk: Desk) -> None:
    house = road.house()
    dm = at(desk, house, house.dm)
    dm.start("火警", "A座", "18层", "1806")
    dm.answer(confirmed="真的起火，或核实不了", evacuate="疏散本层和上下层")
    for name, expected, present in (("在住", 9, 8), ("访客", 0, 0), ("员工", 2, 2)):
        dm.go(f"{dm.home}headcount/")
        registers.roll_call(dm, name, expected, present)
    assert "rule C2" in dm.missing()
    dm.go(f"{dm.home}headcount/")
    expect(dm.page.locator("#roll-call")).to_contain_text("缺 1 人")
    registers.hand_to_fire_service(dm)
    assert "rule C2" not in dm.missing()
    expect(dm.step("R35")).to_contain_text("没找到几人：1")
    dm.go(f"{dm.home}headcount/")
    expect(dm.page.locator("#roll-call")).to_contain_text("孙队长")
    expect(dm.page.locator("#roll-call")).to_contain_text("已移交消防")

    registers.roll_call(dm, "访客", 1, 0)
    assert "rule C2" in dm.missing()


def test_false_alarm_needs_its_cause_alone(desk: Desk) -> None:
    house = road.house()
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("火警", "A座", "1层", "大堂")
    guard.acknowledge("N1")
    guard.answer(confirmed="误报", evacuate="不疏散", source="手动报警按钮", fire_out="是")
    guard.do("R10", {"报警点位": "大堂1号按钮", "核实时间": moment(), "核实人": "李强"})
    dm = at(desk, house, house.dm, number)
    assert dm.missing() == ["step R11", "step R42", "rule C3"]
    guard.do("R11", {"误报原因": "客人误按按钮"})
    engineer = at(desk, house, house.engineering, number)
    engineer.do("R42", RESET)
    dm.come()
    dm.end("误按，已复位，向住户说明")

    assert dm.missing() == ["record fire_record"]
    at(desk, house, house.sec, number).write("fire_record")
    dm.sign_next("火警记录")
    assert "客人误按按钮" in dm.paper("fire_record")
    dm.archive()


def test_started_by_mistake_keeps_its_number_and_its_reason(desk: Desk) -> None:
    house = road.house()
    front = at(desk, house, house.desk, width=390, touch=True)
    number = front.start("火警", "A座", "1层", "大堂")
    expect(front.main.get_by_role("link", name="误启动，作废")).to_have_count(0)
    pm = at(desk, house, house.pm, number)
    pm.follow("误启动，作废")
    pm.fill("原因", "点错了，本来要报停电")
    pm.press("作废，是误启动")
    expect(pm.main).to_contain_text("误启动，已作废：点错了，本来要报停电")
    pm.go(house.url("emergencies/?state=all"))
    expect(pm.main).to_contain_text(number)


# --- 演练 ----------------------------------------------------------------------------------------


def test_rehearsal_is_recorded_and_reviewed(desk: Desk) -> None:
    house = road.house()
    sec = at(desk, house, house.sec)
    number = _rehearsal_begins(sec)
    at(desk, house, house.cleaner).reads_notice(f"【演练】【紧急】{number}")
    guard = at(desk, house, house.guard, number, width=390, touch=True)
    guard.acknowledge("N1")
    dm = at(desk, house, house.dm, number)
    dm.answer(confirmed="真的起火，或核实不了", evacuate="整栋疏散")
    guard.do("R21", {"做了什么": "按分工就位"})
    dm.end("疏散用时四分钟")
    _rehearsal_is_written_up(desk, guard, dm)
    _what_is_to_be_better(desk, dm)


def _rehearsal_begins(sec: Walker) -> str:
    """From the page that says when each is due; its number is YL, its band says 演练."""
    sec.go(sec.house.url("emergencies/drills/"))
    due = sec.main.locator(".drill-row", has_text="火警")
    expect(due).to_contain_text("还没有演练过")
    due.get_by_role("link", name="开始演练").click()
    sec.page.locator("#start-form .near label").get_by_text("A座", exact=True).click()
    sec.page.locator("#start-form").get_by_role("button", name="启动").click()
    expect(sec.page.locator(".band")).to_contain_text("演练")
    found = road.NUMBER.search(sec.page.url)
    assert found is not None
    assert found[0].startswith("YL-")
    sec.number = found[0]
    return found[0]


def _rehearsal_is_written_up(desk: Desk, guard: Walker, dm: Walker) -> None:
    """What was left out stands in the record, not in the way; without the record no archive."""
    dm.come()
    assert dm.missing() == ["record drill_record"]
    guard.come()
    said = {"模拟情景": "18层厨房起火", "类型": "全员演练", "参加人数": "36", "报警方式": "电话"}
    more = {
        "疏散用时（分钟）（没有就不填）": "4",
        "存在的问题": "17层广播听不清",
        "改进": "换扬声器",
    }
    guard.write("drill_record", said | more)
    at(desk, dm.house, dm.house.pm).sign_next("演练记录")
    paper = dm.paper("drill_record")
    wanted = [dm.number, "18层厨房起火", "17层广播听不清", "换扬声器", "36"]
    assert [word for word in wanted if word not in paper] == []


def _what_is_to_be_better(desk: Desk, dm: Walker) -> None:
    pm = at(desk, dm.house, dm.house.pm, dm.number)
    pm.page.locator("#review").get_by_role("link", name="登记复盘").click()
    due = f"{timezone.localdate() + timedelta(days=7):%Y-%m-%d}"
    said = {"做得好的和要改进的": "就位快，广播差", "整改措施 1": "换17层扬声器"}
    pm.put(pm.main.locator("form.panel-body"), said | {"责任人": "吴磊", "完成期限": due})
    pm.press("登记复盘")
    pm.says("复盘已登记")
    works = at(desk, dm.house, dm.house.engineering, dm.number)
    works.page.locator("#review").get_by_role("link", name="登记完成").click()
    works.fill("做了什么", "已换新扬声器")
    works.press("登记完成")
    expect(works.page.locator("#review")).to_contain_text("未完成 0")
    dm.archive()
