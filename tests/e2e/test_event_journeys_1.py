"""Four special events as the SOP tells them, from the first tap to the archive (E-1 … E-4)."""

import pytest
from playwright.sync_api import expect

from tests.e2e import event_road as road
from tests.e2e.conftest import Desk
from tests.e2e.event_road import Walker, at, hours_later, lacking, moment
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e


def test_theft_is_left_to_security(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    front = at(desk, house, house.desk, width=390, touch=True)
    number = front.start("客户财物失窃", "A座", "18层", "1806")
    guard = at(desk, house, house.guard, number, width=390, touch=True)
    guard.acknowledge("N1")
    dm = at(desk, house, house.dm, number)
    expect(dm.notice("N1")).to_contain_text("李强")
    dm.answer(place="房内", police_requested="是", major_loss="否", forced_entry="否")
    steps = [f"step T{n}" for n in (10, 11, 12, 13, 20, 21, 26, 22, 23, 25, 30, 32)]
    rules = ["rule C1", "rule C2", "rule C3", "rule C5"]
    assert dm.missing() == ["fact item_recovered", *steps, "notice N3", *rules]

    _guest_is_heard(dm)
    _scene_is_kept(guard)
    _recording_is_asked_for_until_it_is_exported(guard)
    guard.do("T26", {"到场民警": "警号012345", "受案回执编号": "城公受〔2026〕88号"})
    dm.come().do("T30", {"告诉客户的时间": moment(), "客户的反应": "同意等核查结果"})
    dm.answer(item_recovered="否")
    assert dm.missing() == ["step T32", "rule C1"]
    dm.each_leads_there()
    dm.is_kept_from_ending()

    found = {"核查结论": "房门记录只有客户本人进出"}
    found["防范措施（锁具、监控盲区、钥匙管理）"] = "退房前提醒使用保险箱"
    at(desk, house, house.sec, number).do("T32", found)
    dm.come().end("移交公安调查，客户知情")
    _theft_is_signed_off(desk, dm)


def _guest_is_heard(dm: Walker) -> None:
    """Security takes over; what was lost and seen stands in the guest's words; 110 is his choice."""
    dm.meets("王晓梅", "客户", 电话="13800005678")
    dm.do("T11", {"到场的保安员": "李强", "到场时间": moment()})
    dm.page.locator("#losses").get_by_role("link", name="添加").click()
    dm.put(dm.sheet, {"物品 1": "银色手表", "特征": "刻字母", "客户自述价值（元）": "5200"})
    dm.press("登记")
    dm.says("已登记")
    seen = {"最后放在哪里": "床头柜", "这段时间谁进来过": "没有别人"}
    dm.do("T10", seen | {"做了什么": "回房就不见了"})
    dm.do("T12", {"客户怎么选": "请我们代打"})
    dm.do("T13", {"做了什么": "失物登记里没有"})


def _scene_is_kept(guard: Walker) -> None:
    guard.come().do("T20", {"做了什么": "门锁完好，已守住"}, shows=True)
    guard.do("T21", {"报警时间": moment()})
    expect(guard.notice("N3")).to_contain_text("电话")
    guard.do("T23", {"做了什么": "门锁记录三条，都是客户"}, shows=True)
    guard.do("T25", {"谈话内容（照原话）": "我没有进过这间房"}, drawn_by="孙丽")


def _recording_is_asked_for_until_it_is_exported(guard: Walker) -> None:
    expect(guard.step("T22").locator("time[data-due]")).to_contain_text("3小时")
    lines = guard.main.locator("li").filter(has_text=guard.number)
    for told, hours in enumerate((3.9, 4), start=1):
        hours_later(hours)
        guard.go(guard.house.url("notices/"))
        expect(lines.filter(has_text="【仍有步骤未办】")).to_have_count(told)
    for told, days in enumerate((7, 20, 27), start=1):
        hours_later(days * 24)
        guard.page.reload()
        expect(lines.filter(has_text="【请尽快办理】")).to_have_count(told)
    guard.come().do("T22", {"录像": "已导出", "监控调取登记号": "JK-0088"})


def _theft_is_signed_off(desk: Desk, dm: Walker) -> None:
    """The guest's statement and the report go round; then nothing is in the way."""
    dm.come()
    assert dm.missing() == ["record theft_statement", "record incident_report", "rule C4"]
    dm.write("theft_statement")
    dm.has_signed("theft_statement", "客户", "王晓梅")
    wrote = {"直接原因": "不明，待公安查", "责任部门": "保安部"}
    dm.come().write("incident_report", wrote)
    for manager in (dm.house.sec, dm.house.pm):
        at(desk, dm.house, manager).sign_next("事故报告")
    dm.archive("移交公安调查，客户知情", "theft_statement", "incident_report")
    statement = dm.paper("theft_statement")
    assert lacking(statement, "王晓梅", "银色手表", "5,200.00", "床头柜", "周敏") == []
    report = dm.paper("incident_report")
    told = [dm.number, "客户财物失窃", "A座18层1806", "城公受〔2026〕88号", "待公安查"]
    told += ["房门记录只有客户", "退房前提醒", "移交公安", "周敏", "马涛", "张岚", "5,200.00"]
    assert lacking(report, *told) == []
    assert "13800005678" not in report


def test_damage_is_told_disputed_decided_and_charged(desk: Desk) -> None:
    house = road.house()
    desk.allow(409, 422)
    cleaner = at(desk, house, house.cleaner, width=390, touch=True)
    number = cleaner.start("客户损坏财物", "A座", "18层", "1806")
    dm = at(desk, house, house.dm, number)
    dm.answer(cause="意外", hazard="否")
    found = {"发现时间": moment(), "发现人": "孙丽", "做了什么": "台灯灯罩裂开，地毯有水渍"}
    dm.do("D10", found, shows=True)
    at(desk, house, house.engineering, number, width=390).do(
        "D12", {"意见": "更换", "判断依据": "灯罩摔裂，不是老化"}
    )

    _is_priced(dm)
    cashier = at(desk, house, house.cashier, number)
    _nothing_is_posted(cashier, "客户还不知道金额")
    hours_later(1)
    dm.reads_notice(f"【仍有步骤未办】{number}")
    said = {"怎么告知的": "电话", "客户的意见": "有异议", "客户的异议": "灯早就裂了"}
    dm.come().act("告知客户", said, "登记告知", "已登记")
    _dispute_stops_everything(dm, cashier)
    _manager_takes_something_off(at(desk, house, house.pm, number))
    dm.come()
    dm.act("告知客户", {"怎么告知的": "当面", "客户的意见": "同意赔偿"}, "登记告知", "已登记")
    _signed_amount_is_what_is_posted(dm, cashier)

    cleaner.come().do("D40", {"完成时间": moment(), "实际费用": "168.00"})
    dm.come()
    assert dm.missing() == []
    dm.end("客户已赔偿，台灯已更换")
    dm.archive("客户已赔偿，台灯已更换")
    _two_copies_say_the_same(dm)


def _is_priced(dm: Walker) -> None:
    """Two lines, one worn; the page says the sum in figures and in words."""
    dm.come()
    dm.page.locator("#damage").get_by_role("link", name="核价").click()
    dm.put(dm.sheet, {"物品 1": "台灯", "单位": "盏", "单价（元）": "180", "折旧（%）": "20"})
    dm.press("再加一行")
    for name, value in (("item_2", "地毯清洗"), ("quantity_2", "2"), ("price_2", "33.35")):
        dm.sheet.locator(f"[name={name}]").fill(value)
    dm.fill("价格依据", "公示价目第3页")
    dm.press("保存明细")
    dm.says("明细已保存")
    expect(dm.page.locator("#damage .total")).to_contain_text("¥210.70 人民币贰佰壹拾元柒角整")


def _nothing_is_posted(cashier: Walker, why: str) -> None:
    """The cashier has no button; whoever knows the address is told why and shown no form."""
    cashier.come()
    slip = cashier.page.locator("#damage")
    expect(slip.locator(".next-act")).to_contain_text(why)
    expect(slip.get_by_role("link", name="登记入账")).to_have_count(0)
    cashier.go(f"{cashier.home}do/post-damage/")
    expect(cashier.main.get_by_role("alert").first).to_contain_text("客户签字以后才能入账")
    expect(cashier.main.get_by_role("button", name="登记入账")).to_have_count(0)


def _post(cashier: Walker, amount: str) -> None:
    cashier.go(f"{cashier.home}do/post-damage/")
    paid = {"付款": "计入客户总账", "客户总账账号": "A-1806", "凭证号或收据号": "PZ-0087"}
    cashier.put(cashier.sheet, paid | {"入账金额（元）": amount})
    cashier.fill("收银员签名：登录密码", PASSWORD)
    cashier.press("登记入账")


def _dispute_stops_everything(dm: Walker, cashier: Walker) -> None:
    """What the guest objects waits for a manager: the page says so, and so does the closing."""
    _nothing_is_posted(cashier, "客户有异议，等经理批示")
    sums = dm.page.locator("#damage")
    expect(sums).to_contain_text("“灯早就裂了”")
    expect(sums.get_by_role("link", name="批示赔偿")).to_have_count(0)
    assert dm.missing() == ["step D32", "step D40", "notice N3", "rule C3", "rule C4", "rule C5"]
    dm.each_leads_there()
    dm.is_kept_from_ending()


def _manager_takes_something_off(pm: Walker) -> None:
    pm.acknowledge("N3")
    ruled = {"怎么处理": "减免", "减免多少（元）": "30.65", "理由": "灯用了三年"}
    pm.act("批示赔偿", ruled | {"经理签名：登录密码": PASSWORD}, "批示", "已批示")


def _signed_amount_is_what_is_posted(dm: Walker, cashier: Walker) -> None:
    """Both sign 180.05; the cashier can post nothing else."""
    dm.follow("签赔偿单")
    dm.fill("不在列表里，填姓名", "刘洋")
    dm.draw()
    dm.tick("客户同意以电子方式签署")
    dm.fill("值班经理签名：登录密码", PASSWORD)
    dm.press("双方签字")
    dm.says("已签字，收银员已收到通知")
    cashier.reads_notice("【已签字，请入账】PC-")
    _post(cashier, "210.70")
    expect(cashier.main).to_contain_text("入账金额要等于客户签字的金额 ¥180.05")
    _post(cashier, "180.05")
    cashier.says("已入账")


def _two_copies_say_the_same(dm: Walker) -> None:
    slip = dm.page.locator("#damage")
    expect(slip.locator(".panel-head")).to_contain_text("已入账")
    expect(slip.locator(".total")).to_contain_text("¥180.05 人民币壹佰捌拾元零伍分")
    paper = road.words(dm.printed(f"{dm.home}damage/paper/"))
    stub, line, client = paper.partition("裁切线")
    assert line
    number = slip.locator(".panel-head .num").inner_text()
    both = [number, "客户财物损坏赔偿单", "刘洋", "台灯", "地毯清洗", "PZ-0087"]
    both += ["¥180.05", "人民币壹佰捌拾元零伍分"]
    assert lacking(stub, *both, "第一联存根", "减免", "灯用了三年", "周敏", "许倩") == []
    assert lacking(client, *both, "第二联客户") == []


def test_drunk_guest_is_led_away_watched_and_written_down(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    guard = at(desk, house, house.guard, width=390, touch=True)
    number = guard.start("醉客", "A座", "1层", "大堂")
    guard.acknowledge("N1")
    dm = at(desk, house, house.dm, number)
    calm = {"danger": "否", "fighting": "否", "damage": "否"}
    dm.answer(consciousness="迷糊，能叫醒", aggressive="是", resident="是", **calm)
    dm.do("A10", {"意识、呼吸、有没有外伤": "能答话，呼吸平稳，没有外伤"})
    dm.do("A20")

    at(desk, house, house.sec).reads_notice(f"【紧急】{number}")
    _guards_see_him_to_his_room(guard)
    dm.come().tell("N2", "电话")
    steps, rules = ["step A30", "step A32", "step A33"], ["rule C2", "rule C3", "rule C4"]
    assert dm.missing() == ["fact settled", *steps, *rules]
    dm.each_leads_there()
    dm.is_kept_from_ending()
    _he_is_looked_after_every_half_hour(guard)
    _the_manager_writes_it_down(dm)
    _the_record_is_signed_before_it_is_filed(desk, dm)


def _guards_see_him_to_his_room(guard: Walker) -> None:
    guard.come()
    escorts = {"陪同保安一（工号）": "1030 李强", "陪同保安二（工号）": "1031 赵刚"}
    guard.do("A21", escorts | {"进房时间": moment()})
    guard.do("A23", {"做了什么": "劝停推搡，请围观的人离开"})


def _he_is_looked_after_every_half_hour(guard: Walker) -> None:
    """A missed round is asked for again; each look is a line with its time."""
    guard.come().do("A30", {"这次看到的情况": "侧躺，呼吸平稳"}, done="共 1 次")
    late = f"【该再查看或更新一次了】{guard.number}"
    hours_later(0.45)
    guard.go(guard.house.url("notices/"))
    expect(guard.main).not_to_contain_text(late)
    hours_later(0.5)
    guard.reads_notice(late)
    guard.come().do("A30", {"这次看到的情况": "睡着了，叫得应"}, done="共 2 次")


def _the_manager_writes_it_down(dm: Walker) -> None:
    """Rough conduct: nothing is archived before the duty manager of the shift has signed."""
    dm.come().answer(settled="是")
    seen = {"言行（只写看到听到的）": "在大堂大声骂人，推了保安一下", "在场人": "李强、赵刚"}
    dm.do("A32", seen | {"怎么处置的": "两名保安陪同回房，每半小时看一次"})
    assert dm.missing() == ["step A33", "rule C3"]
    dm.do("A33", {"回访情况": "电话问候，客户致歉"})
    dm.end("客户酒醒，没有损失")


def _the_record_is_signed_before_it_is_filed(desk: Desk, dm: Walker) -> None:
    papers = ("disturbance_record", "incident_report")
    assert dm.missing() == [*(f"record {paper}" for paper in papers), "rule C2"]
    dm.each_leads_there()
    dm.is_kept_from_archiving()
    dm.write("disturbance_record", {"当事人": "吴先生"})
    dm.come().write("incident_report")
    at(desk, dm.house, dm.house.guard).sign_next("醉酒闹事记录")
    at(desk, dm.house, dm.house.pm).sign_next("事故报告")
    dm.archive("客户酒醒，没有损失", *papers)
    told = [dm.number, "吴先生", "大声骂人", "1030李强", "1031赵刚", "侧躺", "叫得应", "周敏"]
    assert lacking(dm.paper("disturbance_record"), *told) == []
    told = [dm.number, "醉客", "大堂", "两名保安陪同回房", "客户酒醒", "未报警", "张岚"]
    assert lacking(dm.paper("incident_report"), *told) == []


def test_guest_who_cannot_be_woken_goes_to_the_medics_once(desk: Desk) -> None:
    house = road.house()
    guard = at(desk, house, house.guard, width=390, touch=True)
    drunk = guard.start("醉客", "A座", "1层", "大堂")
    guard.answer(consciousness="叫不醒")
    expect(guard.main.get_by_role("link", name="120").first).to_have_attribute("href", "tel:120")
    dm = at(desk, house, house.dm, drunk)
    medical = dm.lead_to("A11")
    dm.come().do("A11")
    expect(dm.main.locator(".menu-list").get_by_text(medical)).to_have_count(1)


def test_fight_of_a_drunk_guest_goes_to_security_police_and_medics(desk: Desk) -> None:
    house = road.house()
    desk.allow(409)
    guard = at(desk, house, house.guard, width=390, touch=True)
    drunk = guard.start("醉客", "A座", "1层", "大堂")
    dm = at(desk, house, house.dm, drunk)
    dm.answer(consciousness="清醒", fighting="是")
    fight = _opened_once(dm, guard)

    _security_comes_first(dm, guard)
    _words_are_never_demanded(dm)
    medical = _somebody_is_hurt(dm)
    _evidence_is_kept(guard)
    dm.come(fight).do("F31", {"做了什么": "双方分开离开，已安抚住户"})
    steps, rules = ["step F13", "step F30", "step F32"], ["rule C1", "rule C2"]
    assert dm.missing() == [*steps, "notice N2", *rules]
    dm.each_leads_there()
    dm.is_kept_from_ending()

    _police_take_over(guard)
    wrote = {"经过和处置": "两人酒后争吵，持瓶推打", "防范建议": "大堂夜间双岗"}
    at(desk, house, house.sec, fight).do("F32", wrote)
    dm.come().change("ongoing", "否", "双方已分开")
    dm.end("移交公安，伤者送医")
    _fight_is_signed_off(desk, dm, guard)
    dm.come(drunk)
    expect(dm.step("A12")).to_contain_text(fight)
    expect(dm.main.locator(".menu-list").get_by_text(fight)).to_have_count(1)
    dm.come(fight)
    expect(dm.main.locator(".menu-list").get_by_text(drunk)).to_have_count(1)
    expect(dm.step("F14")).to_contain_text(medical)


def _opened_once(dm: Walker, guard: Walker) -> str:
    """Two screens show the button: the slower tap leads to what the faster one has started."""
    guard.page.route("**/live/**", lambda route: route.fulfill(status=204))
    guard.come()
    fight = dm.lead_to("A12")
    assert guard.lead_to("A12") == fight
    guard.number = fight
    dm.come().do("A12")
    dm.number = fight
    return fight


def _security_comes_first(dm: Walker, guard: Walker) -> None:
    """The guards were called with the tap; that it was done is the first thing to be written."""
    guard.reads_notice(f"【紧急】{guard.number}")
    guard.come().acknowledge("N1")
    dm.come()
    expect(dm.page.locator(".panel.now .l0 .meta").first).to_have_text("F10")
    dm.do("F10", {"通知保安部的时间": moment()})


def _words_are_never_demanded(dm: Walker) -> None:
    """劝阻 where it is possible, never with a weapon about; nothing waits for it."""
    dm.answer(ongoing="是", weapon="否", group="否", injured="否", damage="否", minor_involved="否")
    expect(dm.step("F11")).to_contain_text("可做可不做")
    assert {"step F11", "step F13"} & set(dm.missing()) == set()
    dm.change("weapon", "是", "看到他手里有酒瓶")
    expect(dm.page.locator("#steps-off #step-F11")).to_have_count(1)
    assert "step F13" in dm.missing()


def _somebody_is_hurt(dm: Walker) -> str:
    dm.change("injured", "是", "额头流血")
    medical = dm.lead_to("F14")
    expect(dm.page.locator(".band h1")).to_contain_text("医疗急救")
    dm.come().do("F14")
    expect(dm.step("F14").get_by_role("button", name="启动")).to_have_count(0)
    return medical


def _evidence_is_kept(guard: Walker) -> None:
    guard.come().do("F12", {"做了什么": "两人到场，双方分开"})
    guard.do("F20", {"录像": "没有镜头照到", "查了哪些镜头": "大堂一号、二号"})
    seen = {"当事人或目击人：不在列表里": "前台钱婷", "情况说明（照原话）": "他们吵起来就动了手"}
    guard.do("F21", seen, drawn_by="钱婷")


def _police_take_over(guard: Walker) -> None:
    """A weapon, so 110; nothing ends without whom it was handed to and the number of the receipt."""
    guard.come().do("F13", {"报警时间": moment(), "离开的人的特征、方向、车牌": "没有人离开"})
    expect(guard.notice("N2")).to_contain_text("电话")
    handed = {"民警": "警号012345", "单位": "城南派出所", "移交时间": moment()}
    handed |= {"移交了什么（人员、物品、录像）": "当事两人、酒瓶一个"}
    guard.do("F30", handed | {"回执编号": "城公接〔2026〕9号"}, drawn_by="刘建国")


def _fight_is_signed_off(desk: Desk, dm: Walker, guard: Walker) -> None:
    papers = ("incident_report", "police_handover")
    assert dm.missing() == [*(f"record {paper}" for paper in papers), "rule C4"]
    guard.come().write("police_handover")
    guard.has_signed("police_handover", "公安", "刘建国")
    wrote = {"直接原因": "酒后争吵", "责任部门": "保安部", "受伤人数": "1"}
    dm.come().write("incident_report", wrote)
    for manager in (dm.house.sec, dm.house.pm):
        at(desk, dm.house, manager).sign_next("事故报告")
    dm.archive("移交公安，伤者送医", *papers)
    told = [dm.number, "城南派出所", "城公接〔2026〕9号", "酒瓶一个", "刘建国", "李强"]
    assert lacking(dm.paper("police_handover"), *told) == []
    told = [dm.number, "打架斗殴", "大堂", "两人酒后争吵", "大堂夜间双岗", "1人", "已报警"]
    told += ["城公接〔2026〕9号", "移交公安", "周敏", "马涛", "张岚"]
    assert lacking(dm.paper("incident_report"), *told) == []
