"""《事故报告》 proposed from A–J: what a writer finds already filled in."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from incidents.reports import prefill
from propdesk.core import notices, signatures, signoff
from propdesk.core.models import Delivery, Report
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import PASSWORD, PlaceFactory, at, member
from tests.incidents.journey import POINTS, House, fresh

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent.parent / "core" / "data"
GUEST = Guest(name="欧阳𬀩晴", honorific="ms", phone="13866206620")
PROMISED, MOVED, MOVED_AGAIN = (
    at("2026-11-13 22:55"),
    at("2026-11-14 18:00"),
    at("2026-11-15 12:00"),
)


class Leak(House):
    """A leak at night: over the limit, moved twice, the second time told too late, three photos."""

    def __init__(self) -> None:
        with time_machine.travel(at("2026-11-12 08:00"), tick=False):
            super().__init__()
            self.prop.name = "云栖里服务式公寓物业管理处"
            self.prop.save()
            self.desk = member(self.prop, Role.FRONT_DESK, name="林晓楠")
            self.engineer.name = "何嘉懿"
            self.engineer.save()
            self.room = PlaceFactory(property=self.prop, label="A座 18层 1806", code="A-1806")
            for user, file in ((self.dm, "sig1"), (self.pm, "sig3"), (self.gm, "sig4")):
                signatures.keep(user, (DATA / f"{file}.png").read_bytes())

    def told_guest(self) -> Complaint:
        """From the first call to the promise, with an option beyond the limit approved."""
        clock = time_machine.travel(at("2026-11-12 21:47"), tick=False)
        with clock as now:
            intake = workflow.Intake(
                words="吊顶一直在滴水，水都流到书房了，我的电脑淋湿了。",
                guest=Guest(name="欧阳𬀩晴", honorific="ms", phone="13866206620", room=self.room),
                channel="phone",
                severity="major",
                place=self.room,
                received_at=at("2026-11-12 21:42"),
            )
            complaint = workflow.intake(self.prop, intake, by=self.desk)
            now.move_to(at("2026-11-12 22:10"))
            ticks = {letter: workflow.Tick(done=True) for letter in "ACDE"}
            ticks["B"] = workflow.Tick(done=False, reason="电话受理，没有换地方的必要")
            workflow.confirm_conduct(complaint, ticks, by=self.dm, private_talk="not_applicable")
            for number, caption in enumerate(("吊顶渗水点", "书房写字台", "阀门接头裂纹"), 1):
                data = (DATA / f"photo{number}.jpg").read_bytes()
                workflow.attach(complaint, data, by=self.dm, caption=caption)
            now.move_to(at("2026-11-12 22:20"))
            workflow.record(complaint, self.points(), by=self.dm)
            now.move_to(at("2026-11-12 22:31"))
            workflow.correct(
                fresh(complaint), "core_issue", "18层管井阀门接头开裂，水渗入吊顶", by=self.dm
            )
            self._agreed(fresh(complaint), now)
        return fresh(complaint)

    def points(self) -> workflow.Points:
        values = {name: getattr(POINTS, name) for name in POINTS.__dataclass_fields__}
        values |= {
            "guest": Guest(name="欧阳𬀩晴", honorific="ms", phone="13866206620", room=self.room),
            "severity": "major",
            "key_points": "卫生间吊顶滴水，流入书房，写字台受潮，笔记本电脑进水后关机。",
            "core_issue": "楼上管道漏水",
            "expectation": "尽快止水修好吊顶，电脑由物业负责，今晚不住湿的房间",
            "place": self.room,
            "place_note": "卫生间及书房",
            "occurred_at": at("2026-11-12 21:30"),
        }
        return workflow.Points(**values)

    def _agreed(self, complaint: Complaint, now: Any) -> None:
        now.move_to(at("2026-11-12 22:40"))
        offers = [
            workflow.Offer("当晚换到 A-2203，电脑送修", "凭购机凭证", Decimal(680)),
            workflow.Offer("原房除湿，电脑折价补偿", "客户同意评估价", Decimal(450)),
        ]
        first = workflow.offer(complaint, offers, by=self.dm)[0]
        now.move_to(at("2026-11-12 22:48"))
        workflow.decide_option(first, by=self.pm, approve=True, note="当晚无同型空房")
        now.move_to(at("2026-11-12 22:52"))
        workflow.tell_options(
            fresh(complaint), by=self.dm, told_at=at("2026-11-12 22:50"), told_via="in_person"
        )
        workflow.choose(fresh(complaint), first, by=self.dm, chosen_at=at("2026-11-12 22:51"))
        now.move_to(at("2026-11-12 22:55"))
        word = workflow.Word(PROMISED, at("2026-11-12 22:55"), "in_person")
        workflow.promise(fresh(complaint), word, by=self.dm, department=self.department)

    def worked(self) -> Complaint:
        """Two extensions, the second told after the time had passed; resolved in the third."""
        complaint = self.told_guest()
        with time_machine.travel(at("2026-11-12 23:05"), tick=False) as now:
            self._step(complaint, "started", "关闭18层管井支管总阀，漏水停止")
            now.move_to(at("2026-11-13 20:30"))
            self._step(complaint, "progress", "吊顶石膏板已拆除，除湿机运行")
            self._extend(complaint, MOVED, at("2026-11-13 20:25"), "品牌服务中心待件", self.dm)
            now.move_to(at("2026-11-14 19:10"))
            workflow.flag_due(timezone.now())
            for delivery in Delivery.objects.filter(recipient=self.pm, state="pending"):
                notices.acknowledge(delivery, by=self.pm)
            self._extend(complaint, MOVED_AGAIN, at("2026-11-14 19:05"), "检测结论晚到", self.pm)
            now.move_to(at("2026-11-15 10:20"))
            self._step(complaint, "done", "吊顶修复验收，电脑修好取回")
            workflow.resolve(
                fresh(complaint), by=self.dm, resolution="接头更换，吊顶修复，电脑修好交还客户"
            )
        return fresh(complaint)

    def _step(self, complaint: Complaint, kind: str, text: str) -> None:
        workflow.progress(fresh(complaint), by=self.engineer, kind=kind, text=text)

    def _extend(
        self, complaint: Complaint, due: datetime, told: datetime, why: str, by: Any
    ) -> None:
        workflow.extend(fresh(complaint), workflow.Word(due, told, "phone"), by=by, reason=why)

    def reviewed(self, satisfaction: str = "acceptable") -> Complaint:
        complaint = self.worked()
        with time_machine.travel(at("2026-11-16 10:30"), tick=False):
            workflow.call_back(
                complaint,
                by=self.dm,
                via="phone",
                asked_at=timezone.now(),
                satisfaction=satisfaction,
                comment="当晚处理得快，希望以后加强管道检查",
            )
            return workflow.summarise(
                fresh(complaint),
                by=self.dm,
                summary="18层管井阀门接头老化开裂，渗水进入1806书房。",
                result="接头、吊顶、电脑均已修复，客户签收。",
                lesson="12月15日前普查同批次接头。",
            )

    def submitted(self, complaint: Complaint | None = None) -> Report:
        """The proposal, submitted as it is: the writer adds nothing."""
        complaint = complaint or self.reviewed()
        with time_machine.travel(at("2026-11-16 11:00"), tick=False):
            report = workflow.start_report(complaint, prefill(complaint), by=self.dm)
            return workflow.submit_report(report, by=self.dm, password=PASSWORD)

    def signed(self, complaint: Complaint | None = None) -> Complaint:
        report = self.submitted(complaint)
        with time_machine.travel(at("2026-11-16 15:20"), tick=False) as now:
            workflow.sign_report(report, by=self.pm, password=PASSWORD, opinion="情况属实。")
            now.move_to(at("2026-11-17 09:05"))
            workflow.sign_report(report, by=self.gm, password=PASSWORD, opinion="请举一反三。")
        return fresh(report.case.complaint)


def test_prefill_fills_every_content_field() -> None:
    values = prefill(Leak().reviewed())

    assert set(values) == set(signoff.CONTENT)
    assert [name for name, value in values.items() if value in (None, "")] == [
        "witnesses",
        "cause_indirect",
    ]


def test_prefill_takes_times_place_and_cause_from_the_record_and_its_corrections() -> None:
    complaint = Leak().reviewed()
    values = prefill(complaint)

    assert values["severity"] == "major"
    assert values["secrecy"] == "internal"
    assert values["occurred_at"] == at("2026-11-12 21:30")
    assert values["discovered_at"] == at("2026-11-12 21:42")
    assert values["reported_at"] == at("2026-11-12 21:47")
    assert values["place"] == "A座 18层 1806 卫生间及书房"
    assert values["cause_direct"] == "18层管井阀门接头开裂，水渗入吊顶。"
    assert values["result"] == "接头、吊顶、电脑均已修复，客户签收。"
    assert values["improvement"] == "12月15日前普查同批次接头。"
    assert values["improve_department"] == complaint.department
    assert (values["injured"], values["loss_yuan"], values["police"]) == (0, 0, "未报警")
    assert values["reaction"] == "基本满意。客户意见：“当晚处理得快，希望以后加强管道检查”。"


def test_prefill_tells_the_course_in_order() -> None:
    paragraphs = prefill(Leak().reviewed())["narrative"].split("\n")

    assert paragraphs[0] == (
        "11月12日 21:42，客户欧阳𬀩晴（女士）来电反映“吊顶一直在滴水，水都流到书房了，"
        "我的电脑淋湿了”，由林晓楠受理，周敏跟进（谈话要领 B 不适用）。"
    )
    assert paragraphs[2] == (
        "提出方案：（1）当晚换到 A-2203，电脑送修（凭购机凭证，费用 680.00 元，张岚已批准）；"
        "（2）原房除湿，电脑折价补偿（客户同意评估价，费用 450.00 元）。"
        "11月12日 22:50 当面告知客户。11月12日 22:51 客户选定方案 1。"
    )
    assert paragraphs[3].split("。")[1:] == [
        "因品牌服务中心待件，11月13日 20:25 电话告知客户，"
        "时限由 11月13日 22:55 改为 11月14日 18:00",
        "因检测结论晚到，11月14日 19:05 电话告知客户，时限由 11月14日 18:00 改为 11月15日 12:00，"
        "告知时原时限已过，原承诺计为未兑现，经张岚批准",
        "",
    ]
    assert paragraphs[-1] == "小结：18层管井阀门接头老化开裂，渗水进入1806书房。"


def test_prefill_measures_are_the_steps_of_the_work_and_the_resolution() -> None:
    assert prefill(Leak().reviewed())["measures"].split("\n") == [
        "11-12 23:05 关闭18层管井支管总阀，漏水停止。（何嘉懿）",
        "11-13 20:30 吊顶石膏板已拆除，除湿机运行。（何嘉懿）",
        "11-15 10:20 吊顶修复验收，电脑修好取回。（何嘉懿）",
        "11-15 10:20 接头更换，吊顶修复，电脑修好交还客户。",
    ]


def test_prefill_is_accepted_as_it_stands() -> None:
    report = Leak().submitted()

    assert report.state == Report.State.SUBMITTED


def test_prefill_of_a_matter_of_safety_leaves_the_police_to_a_person() -> None:
    house = House()

    assert prefill(house.recorded(category="security"))["police"] == ""
    assert prefill(house.recorded(category="facility"))["police"] == "未报警"


def test_prefill_follows_a_corrected_category_and_time() -> None:
    complaint = House().recorded()
    house_dm = complaint.owner
    workflow.correct(complaint, "category", "安全", by=house_dm)
    workflow.correct(complaint, "occurred_at", "2026-11-02 23:15", by=house_dm)
    workflow.correct(complaint, "place", "B座 大堂", by=house_dm)
    values = prefill(complaint)

    assert values["police"] == ""
    assert values["occurred_at"] == at("2026-11-02 23:15")
    assert values["place"] == "B座 大堂"


def test_prefill_without_a_known_time_starts_from_the_receipt() -> None:
    complaint = House().recorded()

    assert prefill(complaint)["occurred_at"] == complaint.received_at


def test_prefill_of_a_fresh_complaint_is_nearly_empty() -> None:
    values = prefill(House().new())

    assert values["narrative"].count("\n") == 0
    assert [values[n] for n in ("measures", "result", "reaction", "improvement")] == [""] * 4
    assert values["improve_by"] is None


def test_prefill_after_reopening_tells_both_rounds() -> None:
    house = House()
    complaint = house.resolved(house.promised(house.reopened()))
    values = prefill(complaint)
    paragraphs = values["narrative"].split("\n")

    assert next(p for p in paragraphs if "第 2 轮" in p).endswith(
        "周敏决定重新处理（第 2 轮），原因：异响又出现。"
    )
    assert values["narrative"].count("解决：已更换风扇，异响消除，承诺已兑现。") == 2
    assert values["narrative"].count("客户表示满意：“还可以”。") == 1
    assert values["reaction"] == ""


def test_prefill_of_a_dissatisfied_guest_names_the_decision() -> None:
    house = House()
    complaint = house.reviewed("dissatisfied")
    workflow.decide_dissatisfied(complaint, by=house.pm, choice="close", reason="已尽力补救")

    assert prefill(complaint)["reaction"] == (
        "不满意。客户意见：“还可以”。张岚决定可以结案：已尽力补救。"
    )


def test_prefill_of_a_refusal_tells_why_and_who_decided() -> None:
    house = House()
    complaint = house.told()
    workflow.refuse(complaint, by=house.dm, reason="要求免一月房租")
    workflow.decide_refusal(fresh(complaint), by=house.pm, choice="new_options", reason="另拟方案")

    assert (
        "客户不接受，原因：要求免一月房租。张岚决定重新提出方案，理由：另拟方案。"
        in prefill(complaint)["narrative"]
    )


def test_prefill_of_an_anonymous_complaint_names_nobody() -> None:
    house = House()
    complaint = house.recorded(guest=Guest(), is_anonymous=True, anonymous_reason="电话未留姓名")

    assert "客户（匿名）当面反映" in prefill(complaint)["narrative"]


def test_prefill_never_exceeds_what_a_field_holds() -> None:
    house = House()
    complaint = house.recorded(key_points="漏" * 4990, core_issue="水" * 4990)
    values = prefill(complaint)

    assert len(values["narrative"]) == 5000
    assert values["narrative"].endswith("……（以下略）")
    assert max(len(v) for v in values.values() if isinstance(v, str)) == 5000
