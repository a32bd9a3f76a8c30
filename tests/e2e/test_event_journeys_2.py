"""An injury and a death as the SOP tells them, from the first tap to the archive (E-5, E-6)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e import event_registers as registers
from tests.e2e import event_road as road
from tests.e2e.conftest import Desk
from tests.e2e.event_road import EventHouse, Walker, at, moment
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e
PREVENTION = "怎么防止再发生"
SIX = {
    "起因": "大堂地面有水滑倒",
    "程度": "中",
    "受伤部位": "右手腕",
    "怎么处理的": "冷敷固定后送医",
    PREVENTION: "雨天铺防滑垫并放警示牌",
}
"""The accident as 《客户事故报告》 wants it, beside its time and place."""
HIS_WORDS = {"客户陈述（原话）；说不了话的写明情况": "脚下一滑就倒了"}
TELLING = ("死亡", "遗体", "封条", "封存", "1806")
"""No list, notice or title of a death says any of these."""
WAITING = [
    "fact police_released",
    "fact body_removed",
    *(f"step X{n}" for n in (22, 23, 30, 32, 40, 41)),
    *(f"rule C{n}" for n in (1, 2, 3, 5)),
]
"""What a death still wants while the room is sealed."""


# --- E-5: medical --------------------------------------------------------------------------------


def test_guest_is_hurt_on_the_premises(desk: Desk) -> None:
    house = road.house()
    house.prop.settings.hospital_name = "市第一人民医院"
    house.prop.settings.save()
    desk.allow(409, 422)
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("医疗急救", "A座", "1层", "大堂")
    said = {"breathing": "正常", "ambulance": "已叫", "kind": "受伤", "on_premises": "是"}
    guard.answer(**said, infectious="否", guardian_absent="是")
    guard.do("M10", {"打 120 的时间": moment()})
    dm = at(desk, house, house.dm, number)
    _three_are_told(desk, dm)

    guard.come()
    guard.do("M15", {"救护车到达": moment(), "救护车离开": moment()})
    _to_the_hospital(dm)
    _what_keeps_it_open(dm)
    _how_it_came_about(desk, dm, guard)
    dm.do("M40", {"问候时间": moment(), "对方说了什么（愿意说的才记）": "已回家休养"})
    dm.end("已送医，地面已换防滑垫")
    _accident_report_goes_round(desk, dm)


def _three_are_told(desk: Desk, dm: Walker) -> None:
    """总物业经理, 医务人员, 120: each with its time; whoever must know confirms it himself."""
    house = dm.house
    registers.minutes_later(6)
    at(desk, house, house.pm).reads_notice(f"【第1次提醒，仍未确认】{dm.number}")
    medic = at(desk, house, house.medic, dm.number, width=390, touch=True)
    medic.do("M14", {"做了什么": "冷敷，固定手腕"})
    dm.do("M11", {"报告时间": moment()})
    told = {"告知时间": moment(), "谁到场": "医务人员", "到场时间": moment()}
    dm.do("M12", told)
    for notice in ("N1", "N2", "N3"):
        expect(dm.notice(notice)).to_contain_text(re.compile(r"\d\d:\d\d"))
    assert "rule C1" in dm.missing()
    gm = at(desk, house, house.gm, dm.number, width=390, touch=True)
    gm.acknowledge("N2")
    dm.come()
    expect(dm.notice("N2")).to_contain_text("陈国栋")
    assert "rule C1" not in dm.missing()


def _to_the_hospital(dm: Walker) -> None:
    """送公寓指定的医院; the crew may decide otherwise, and then why is written down."""
    expect(dm.step("M20")).to_contain_text("市第一人民医院")
    other = {"实际送到哪里": "其他医院", "实际医院": "骨科医院"}
    registers.is_refused(dm, "M20", other, "请填写“改送或没送的原因”")
    dm.do("M20", other | {"改送或没送的原因": "急救人员决定，骨折就近"})
    went = {"陪同员工（工号）": "1030", "带走的证件和物品（清点签字）": "护照、手机"}
    dm.do("M21", went | {"联系到谁": "客户的姐姐"})


def _what_keeps_it_open(dm: Walker) -> None:
    dm.answer(died="否")
    care = ["step M30", "step M31", "step M32", "step M33", "step M40"]
    assert dm.missing() == [*care, "rule C3", "rule C4"]
    dm.each_leads_there()
    dm.is_kept_from_ending()


def _how_it_came_about(desk: Desk, dm: Walker, guard: Walker) -> None:
    """起因、程度、处理办法 …, and what is to keep it from happening again: none is left out."""
    guard.come()
    spot = {"地面": "有水，湿滑", "照明": "正常", "警示牌": "没有放"}
    guard.do("M30", spot, shows=True)
    dm.come()
    without = {label: words for label, words in SIX.items() if label != PREVENTION}
    registers.is_refused(dm, "M31", without, PREVENTION)
    dm.do("M31", SIX)
    pm = at(desk, dm.house, dm.house.pm, dm.number)
    day = f"{timezone.localdate():%Y-%m-%d}"
    pm.do("M32", {"改了什么": "铺防滑垫", "责任部门": "工程部", "验收日期": day}, shows=True)
    pm.do("M33", {"保险报案": "不到理赔额"})
    dm.come()


def _accident_report_goes_round(desk: Desk, dm: Walker) -> None:
    """《客户事故报告》: without 防止再发 nobody can submit it."""
    house = dm.house
    dm.page.locator("#record-guest_accident_report a.what").click()
    sheet = dm.main.locator("form.panel-body")
    person = {"性别": "女", "年龄段": "18至59岁", "国籍或地区": "中国", "意识": "清醒"} | HIS_WORDS
    dm.put(sheet, person | registers.DUE | {"客户：不在列表里": "王晓梅", "防止再发的建议": ""})
    dm.press("保存记录")
    assert registers.what_it_lacks(dm) == ["没有写防止再发的建议，不能提交。"]
    dm.fill("您的登录密码", PASSWORD)
    dm.press(re.compile("^签名并提交"))
    expect(dm.main.get_by_role("alert")).to_contain_text("防止再发的建议")
    dm.main.locator("ul.missing a").click()
    dm.fill("防止再发的建议", SIX[PREVENTION])
    dm.press("保存记录")
    dm.fill("您的登录密码", PASSWORD)
    dm.press(re.compile("^签名并提交"))
    dm.says("已提交")
    pm, gm = at(desk, house, house.pm), at(desk, house, house.gm)
    pm.sign_next("保密事项")
    gm.sign_next("保密事项")
    paper = dm.paper("guest_accident_report")
    six = ["KS-", "大堂", *(re.sub("\\s", "", words) for words in SIX.values()), "骨科医院"]
    assert [word for word in six if word not in paper] == []
    dm.come()
    causes = {"直接原因": "地面有水", "间接原因": "没有警示", "改进建议": "雨天铺垫"}
    dm.write("incident_report", registers.REPORT | causes | registers.DUE)
    pm.sign_next("事故报告")
    dm.archive()


def test_illness_asks_for_no_accident_report(desk: Desk) -> None:
    house = road.house()
    dm = at(desk, house, house.dm)
    dm.start("医疗急救", "A座", "18层", "1806")
    dm.answer(breathing="正常", ambulance="客户本人拒绝", kind="急病", on_premises="是")
    for step in ("M30", "M31", "M32", "M33"):
        expect(dm.page.locator("#steps-off").locator(f"#step-{step}")).to_have_count(1)
    expect(dm.page.locator("#record-guest_accident_report")).to_have_count(0)
    expect(dm.page.locator("#record-incident_report")).to_have_count(1)
    assert "rule C3" not in dm.missing()


# --- E-6: death ----------------------------------------------------------------------------------


def test_death_is_kept_from_others_until_the_police_release_the_room(desk: Desk) -> None:
    house = road.house()
    desk.allow(404, 409, 422)
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("客户死亡", "A座", "18层", "1806")
    said = {"certainly_dead": "是", "at_premises": "是", "suspicious": "否", "foreign": "否"}
    guard.answer(**said)
    seen = {
        "发现时间": moment(),
        "走过哪里、碰过什么": "只到门口",
        "看到的样子（只写看见的）": "倒在床边",
    }
    guard.do("X11", seen)
    guard.go(house.url("emergencies/"))
    dm, sec, gm = (at(desk, house, user, number) for user in (house.dm, house.sec, house.gm))
    _told_quietly(dm, sec, gm)
    called = {"报警时间": moment(), "到场民警": "刘警官", "警号": "012345"}
    dm.do("X13", called)
    assert guard.page.request.get(guard.home).status == 404  # it is in hand; who found it goes
    _room_is_sealed(sec, house)
    _of_another_shift_knows_nothing(desk, house, number)
    _looked_at_each_shift(sec)
    _what_keeps_it_open_until_release(dm)
    _police_release_it(gm, sec)
    _by_the_staff_exit(sec, gm)
    _seal_stands_on_paper(sec, dm)


def _told_quietly(dm: Walker, sec: Walker, gm: Walker) -> None:
    """Notices and lists of those who may know say the number, and nothing else."""
    for hand, call in ((gm, "N1"), (sec, "N2")):
        hand.reads_notice(f"【紧急】{dm.number} · 保密事项")
        assert [word for word in TELLING if word in hand.main.inner_text()] == []
        hand.come()
        hand.acknowledge(call)
    dm.do("X12", {"报告总物业经理的时间": moment(), "报告保安部的时间": moment()})
    sec.do("X14", {"做了什么": "请人绕行，派人引路"})
    doctor = {"确认的医生或民警": "急救医生", "单位": "急救中心"}
    dm.do("X15", doctor | {"确认时间": moment()})


def _room_is_sealed(sec: Walker, house: EventHouse) -> None:
    """封条: number, place, photo, two witnesses; from here the room is 封存."""
    sec.do("X20", {"进出登记（谁、几点进、几点出、做什么）": "民警两人十点进"})
    registers.to_register(sec, "X21")
    registers.put_seal(sec, "FQ-0001", house.guard, house.guard2)
    expect(sec.page.locator(".band")).to_contain_text("封存中")
    sec.go(f"{sec.home}seals/")
    said = sec.page.locator("section[id^=seal-]")
    for word in ("1806", "FQ-0001", "马涛", "李强、赵刚", "已全部作废", "照片"):
        expect(said).to_contain_text(word)
    expect(sec.main).to_contain_text("只有总物业经理能登记公安解除")
    expect(sec.main.get_by_role("link", name="登记公安解除")).to_have_count(0)


def _of_another_shift_knows_nothing(desk: Desk, house: EventHouse, number: str) -> None:
    """A duty manager of another shift: 404 on the event, its seals, papers; in no list or count."""
    other = at(desk, house, house.dm2, number)
    ask = other.page.request
    paths = ("", "seals/", "records/", "timeline/", "history/", "report/", "do/end/", "live/")
    found = {path: ask.get(f"{other.home}{path}").status for path in paths}
    assert found == dict.fromkeys(paths, 404)
    for page in ("emergencies/", "emergencies/?state=all", "", "notices/", "sign/"):
        other.go(house.url(page))
        said = other.main.inner_text().replace("客户死亡", "")  # the playbook anybody may start
        assert [word for word in (*TELLING, number, "保密") if word in said] == []
    other.go(house.url("search/?q=1806"))
    expect(other.main).not_to_contain_text(number)


def _looked_at_each_shift(sec: Walker) -> None:
    """A whole shift without a look is told in neutral words; a look is one line with who and when."""
    registers.minutes_later(36 * 60)
    sec.reads_notice(f"【上一班没有核查】{sec.number} · 保密事项")
    sec.go(f"{sec.home}seals/")
    registers.check_seal(sec)
    expect(sec.step("X23")).to_contain_text("共 2 次")


def _what_keeps_it_open_until_release(dm: Walker) -> None:
    dm.come()
    assert dm.missing() == WAITING
    expect(dm.step("X34")).to_contain_text("看判断")
    dm.each_leads_there()
    dm.is_kept_from_ending()
    dm.go(f"{dm.home}seals/")
    expect(dm.main.get_by_role("link", name="清点遗物")).to_have_count(0)


def _police_release_it(gm: Walker, sec: Walker) -> None:
    """Only with the document, the officer and the time; then two open the door."""
    gm.go(f"{gm.home}seals/")
    gm.follow("登记公安解除")
    registers.release_seal(gm, gm.house.sec, shows=False)
    expect(gm.main.get_by_role("alert")).to_contain_text("文书照片")
    registers.release_seal(gm, gm.house.sec, 公安文书号="", 民警姓名="")
    expect(gm.main.get_by_role("alert")).to_contain_text("公安文书号")
    registers.release_seal(gm, gm.house.sec)
    gm.says("已登记公安解除")
    expect(gm.step("X32")).to_contain_text("已完成")
    sec.go(f"{sec.home}seals/")
    registers.open_seal(sec, gm.house.pm)
    expect(sec.page.locator(".band")).not_to_contain_text("封存中")


def _by_the_staff_exit(sec: Walker, gm: Walker) -> None:
    """尸体必须从员工进出口运出: another way needs what the general manager says."""
    left = {"离开时间": moment(), "车辆": "殡仪馆车", "交接人": "殡仪馆老陈"}
    registers.is_refused(sec, "X30", {"走哪条路": "其他路线"} | left, "总物业经理说明的理由")
    sec.do("X30", {"走哪条路": "员工通道"} | left)
    gm.come()
    gm.answer(body_removed="是")


def _seal_stands_on_paper(sec: Walker, dm: Walker) -> None:
    """《封条记录》 with the signature of a witness; what is left to do is no longer the police's."""
    sec.come()
    sec.write("seal_record")
    sec.has_signed("seal_record", "见证人", "物业见证人")
    paper = sec.paper("seal_record")
    wanted = ["FQ-0001", "李强", "赵刚", "刘建国", "012345", "城公（解）字〔2026〕7号"]
    assert [word for word in wanted if word not in paper] == []
    dm.come()
    assert dm.missing() == [*(f"step X{n}" for n in (22, 33, 34, 40, 41)), "rule C3"]


def test_death_in_hospital_leaves_belongings_and_a_record(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    dm = at(desk, house, house.dm)
    number = dm.start("客户死亡", "A座", "18层", "1806")
    dm.answer(certainly_dead="是", at_premises="否", suspicious="否", foreign="否")
    for step in ("X13", "X20", "X21", "X23", "X30", "X32", "X34"):
        expect(dm.page.locator("#steps-off").locator(f"#step-{step}")).to_have_count(1)
    seen = {"走过哪里、碰过什么": "没有进房", "看到的样子（只写看见的）": "医院来电告知"}
    dm.do("X11", {"发现时间": moment()} | seen)
    sec, gm = (at(desk, house, user, number) for user in (house.sec, house.gm))
    _told_quietly(dm, sec, gm)

    dm.come()
    assert dm.missing() == ["step X22", "step X33", "step X40", "step X41", "rule C3"]
    dm.each_leads_there()
    dm.is_kept_from_ending()
    sec.do("X22", {"做了什么": "录像、门锁记录已备份"})
    _belongings_go_to_the_heir(sec)
    gm.come()
    contact = {"唯一对外联系人": "张岚", "给员工安排了什么关怀": "心理辅导"}
    gm.do("X41", contact)
    dm.come()
    dm.do("X40", {"经过（照时间写）": "医院来电，家属到场"}, signs=True)
    dm.end("遗物已移交家属")
    _death_is_filed(desk, dm, sec)


def _belongings_go_to_the_heir(sec: Walker) -> None:
    """两个人清点造册, cash in the safe; handed over against papers and a signature."""
    second = sec.house.pm
    registers.to_register(sec, "X33")
    bag = {"text": "黑色行李箱", "found_in": "衣柜"}
    cash = {"text": "现金", "count": "12", "denomination": "100", "in_safe": ""}
    registers.count_belongings(sec, second, bag, cash)
    sec.go(f"{sec.home}seals/")
    expect(sec.page.locator("#belongings")).to_contain_text("保管中")
    registers.hand_over_belongings(sec, second, "黑色行李箱", "现金")
    expect(sec.step("X33")).to_contain_text("已完成")


def _death_is_filed(desk: Desk, dm: Walker, sec: Walker) -> None:
    """记录由总物业经理签批并归档; titles say 保密事项."""
    pm, gm = (at(desk, dm.house, user, dm.number) for user in (dm.house.pm, dm.house.gm))
    dm.write("death_record")
    sec.sign_next("保密事项")
    sec.come()
    sec.write("belongings_inventory")
    pm.sign_next("保密事项")
    sec.has_signed("belongings_inventory", "接收人", "吴秀英")
    dm.come()
    causes = {"直接原因": "以公安结论为准", "间接原因": "无", "改进建议": "无"}
    dm.write("incident_report", registers.REPORT | causes | registers.DUE)
    dm.come()
    assert dm.missing() == ["record death_record", "record incident_report", "rule C4"]
    gm.sign_next("事故报告")
    gm.sign_next("保密事项")
    paper = dm.paper("belongings_inventory")
    assert [word for word in ("黑色行李箱", "吴秀英", "〔2026〕88号") if word not in paper] == []
    dm.archive()
