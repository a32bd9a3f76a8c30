"""The printed report and record as data: every table of the forms, read from the case."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import workflow
from incidents.models import Complaint
from incidents.reports import complaint_record, incident_report, timeline
from propdesk.core import rendering
from propdesk.core.models import RenderJob, Report
from propdesk.core.papers import ComplaintRecordPaper, IncidentReportPaper, Override
from propdesk.core.pdf.render import RenderRefused
from propdesk.core.rendering import Sheet
from tests.factories import PASSWORD, DeputyFactory
from tests.incidents.journey import House, fresh
from tests.incidents.moves import jpeg, refuses
from tests.incidents.test_reports_prefill import Leak

pytestmark = pytest.mark.django_db

REPORT_BUDGET = 25


def job(complaint: Complaint, kind: str = "incident_report", **fields: object) -> RenderJob:
    """A job nobody has to save: builders only read it."""
    case = fresh(complaint).case
    return RenderJob(case=case, kind=kind, case_version=case.version, **fields)


def report_of(complaint: Complaint, **fields: object) -> IncidentReportPaper:
    paper = incident_report(job(complaint, **fields)).paper
    assert isinstance(paper, IncidentReportPaper)
    return paper


def record_of(complaint: Complaint, **fields: object) -> ComplaintRecordPaper:
    paper = complaint_record(job(complaint, "complaint_record", **fields)).paper
    assert isinstance(paper, ComplaintRecordPaper)
    return paper


def sealed(complaint: Complaint) -> Sheet:
    queued = RenderJob.objects.get(case=complaint.case, kind="incident_report", sealed=True)
    return incident_report(queued)


def test_report_head_names_number_class_and_state() -> None:
    complaint = Leak().signed()
    report = Report.objects.get(case=complaint.case)
    paper = sealed(complaint).paper

    assert (paper.number, paper.category, paper.severity, paper.status, paper.secrecy) == (
        report.number,
        "设施",
        "重大",
        "已签批",
        "内部",
    )
    assert (paper.state, paper.frozen_at) == ("sealed", "2026-11-17 09:05")
    assert paper.organisation == "云栖里服务式公寓物业管理处"


def test_report_steps_say_what_was_done_when_and_by_whom() -> None:
    steps = report_of(Leak().signed()).steps

    assert "".join(step.letter for step in steps) == "ABCDEFGHIJ"
    assert [(s.record, s.done_at, s.by) for s in steps if s.letter in "BFGHIJ"] == [
        ("不适用：电话受理，没有换地方的必要。", "11-12 22:10", "周敏"),
        ("要点已记录，客户已核对。更正 1 处。", "11-12 22:20", "周敏"),
        ("告知方案 2 种，选定 1：当晚换到 A-2203，电脑送修。", "11-12 22:51", "周敏"),
        ("11-13 22:55 前完成，工程部执行。", "11-12 22:55", "周敏"),
        (
            "11-12 23:05 开工；延期 2 次（1 次告知已晚）；已解决，承诺已兑现。",
            "11-15 10:20",
            "周敏",
        ),
        ("回访结果：基本满意。", "11-16 10:30", "周敏"),
    ]


def test_report_ledger_keeps_every_promised_time_with_its_outcome() -> None:
    rows = report_of(Leak().signed()).promises

    assert [(r.original, r.due, r.reason, r.told_at, r.told_via, r.outcome) for r in rows] == [
        ("", "11-13 22:55", "", "11-12 22:55", "当面", "已延期"),
        ("11-13 22:55", "11-14 18:00", "品牌服务中心待件", "11-13 20:25", "电话", "未兑现"),
        ("11-14 18:00", "11-15 12:00", "检测结论晚到", "11-14 19:05", "电话", "已兑现"),
    ]


def test_report_prints_approvals_with_reason_and_name() -> None:
    assert report_of(Leak().signed()).overrides == (
        Override("方案 1（680.00 元）已批准", "当晚无同型空房", "张岚", "11-12 22:48"),
        Override("第 2 次延期", "检测结论晚到", "张岚", "11-14 19:10"),
    )


def test_report_timeline_is_in_the_order_of_events() -> None:
    lines = report_of(Leak().signed()).timeline

    assert [(e.at, e.by, e.text) for e in lines][:6] == [
        ("11-12 21:42", "林晓楠", "受理投诉：电话"),
        ("11-12 22:48", "张岚", "批准方案 1：当晚无同型空房"),
        ("11-12 22:50", "周敏", "当面告知客户方案 1、2"),
        ("11-12 22:51", "周敏", "客户选定方案 1"),
        ("11-12 22:55", "周敏", "当面告知客户：11-13 22:55 前完成"),
        ("11-12 23:05", "何嘉懿", "开工：关闭18层管井支管总阀，漏水停止"),
    ]
    assert ("11-14 18:00", "系统", "提醒：已逾期") in [(e.at, e.by, e.text) for e in lines]
    assert [e.at for e in lines] == sorted(str(e.at) for e in lines)


def test_report_names_who_was_told_and_who_confirmed() -> None:
    rows = {(n.to, n.via): n.confirmed for n in report_of(Leak().signed()).notifications}

    assert rows["物业经理 张岚", "站内（待批准）"] == "已确认 11-14 19:10"
    assert rows["工程部 何嘉懿", "站内（新任务）"] == "未确认"
    assert rows["值班经理 周敏", "站内（即将到期）"] == "已合并"


def test_report_party_is_named_in_full_with_a_masked_phone() -> None:
    paper = report_of(Leak().signed())

    assert [(p.name, p.identity, p.room, p.phone) for p in paper.parties] == [
        ("欧阳𬀩晴（女士）", "住户", "A座 18层 1806", "138****6620")
    ]
    assert "13866206620" not in str(paper.to_data())


def test_report_correction_stands_beside_the_original() -> None:
    assert [field.value for field in report_of(Leak().signed()).extra_fields] == [
        "问题症结：18层管井阀门接头开裂，水渗入吊顶（原记：楼上管道漏水；周敏 11-12 22:31）"
    ]


def test_report_boxes_carry_drawn_signatures_in_order() -> None:
    complaint = Leak().signed()
    sheet = sealed(complaint)
    boxes = sheet.paper.signatures

    assert [(b.role, b.name, b.opinion, b.date, b.merged) for b in boxes] == [
        ("填报人／值班经理", "周敏", "", "2026年11月16日", True),
        ("物业经理（审核）", "张岚", "情况属实。", "2026年11月16日", False),
        ("总物业经理（批示）", "陈国栋", "请举一反三。", "2026年11月17日", False),
    ]
    rows = Report.objects.get(case=complaint.case).boxes.order_by("position")
    assert [sheet.assets[b.signature or ""][0] for b in boxes] == [
        bytes(row.signature.image) for row in rows.select_related("signature") if row.signature
    ]


def test_report_photos_are_the_print_copies_of_those_that_stand() -> None:
    house = Leak()
    complaint = house.reviewed()
    struck = complaint.case.attachments.order_by("pk").first()
    assert struck is not None
    workflow.remove_attachment(struck, by=house.dm, reason="拍错了")
    sheet = complaint_record(job(complaint, "complaint_record"))

    assert [p.caption for p in sheet.paper.photos] == [
        "书房写字台（周敏 11-12 22:10）",
        "阀门接头裂纹（周敏 11-12 22:10）",
    ]
    kept = complaint.case.attachments.filter(removed_at=None).order_by("pk")
    with kept[0].print_file.open("rb") as stored:
        assert sheet.assets["pd:photo-1"] == (stored.read(), "image/jpeg")
    assert len(sheet.paper.attachments) == 1
    assert sheet.paper.attachments[0].endswith("：拍错了）")


def test_report_without_one_is_refused_in_words() -> None:
    asked = job(House().resolved())

    with refuses(RenderRefused, match="还没有《事故报告》"):
        incident_report(asked)


def test_report_draft_has_empty_boxes_of_its_route() -> None:
    house = House()
    complaint = house.reviewed()
    house.report(complaint)
    paper = report_of(complaint)

    assert (paper.state, paper.stamp) == ("draft", "")
    assert [(b.role, b.name, b.signature) for b in paper.signatures] == [
        ("填报人／值班经理", None, None),
        ("物业经理（审核）", None, None),
    ]


def test_report_sent_back_shows_why_and_no_signature() -> None:
    house = House()
    complaint = house.reviewed()
    report = workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    workflow.send_back_report(report, by=house.pm, reason="原因不清")
    box = report_of(complaint).signatures[1]

    assert (box.name, box.opinion, box.signature) == ("张岚", "退回修改：原因不清", None)


def test_report_signed_by_a_deputy_says_for_whom() -> None:
    house = House()
    complaint = house.reviewed()
    report = workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    held = house.pm.memberships.get()
    deputy = house.gm
    DeputyFactory(for_membership=held, by_user=deputy)
    deputy.__dict__.pop("_standings", None)
    workflow.sign_report(report, by=deputy, password=PASSWORD)
    box = report_of(complaint).signatures[1]

    assert (box.name, box.opinion, box.deputy_note) == ("陈国栋", "同意", "代签：陈国栋代张岚")


def test_report_is_read_up_to_the_entry_that_asked_for_it() -> None:
    house = House()
    before = sealed(house.signed()).paper
    complaint = Complaint.objects.get(case__number=before.related)
    workflow.close(fresh(complaint), by=house.dm)
    workflow.reopen(fresh(complaint), by=house.dm, reason="异响又出现")
    after = sealed(fresh(complaint)).paper

    assert after == before
    assert after.status == "已签批"


def test_code_follows_the_content_and_stands_in_the_address() -> None:
    house = House()
    complaint = house.reviewed()
    house.report(complaint)
    first, again = report_of(complaint), report_of(complaint)
    workflow.attach(fresh(complaint), jpeg(), by=house.dm, caption="补充")

    assert first.verify_code == again.verify_code
    assert first.record_url == f"/v/{first.verify_code}"
    assert first.with_verify_code(rendering.key()).verify_code == first.verify_code
    assert report_of(complaint).verify_code != first.verify_code
    assert first.audit_head == complaint.case.entries.order_by("-seq")[1].hash


def test_code_address_carries_the_public_host(settings: object) -> None:
    settings.PROPDESK_PUBLIC_URL = "https://desk.example.com/"  # type: ignore[attr-defined]
    paper = record_of(House().new())

    assert paper.record_url == f"https://desk.example.com/v/{paper.verify_code}"


def test_record_of_a_signed_case_is_a_copy_that_says_whose_signatures_it_shows() -> None:
    complaint = Leak().signed()
    number = Report.objects.get(case=complaint.case).number
    paper = record_of(complaint)

    assert (paper.state, paper.number) == ("copy", complaint.case.number)
    assert paper.note == f"签名与意见取自《事故报告》{number}。"
    assert [(b.role, b.name, b.signature is None) for b in paper.signatures] == [
        ("接诉人", "林晓楠", True),
        ("填报人／值班经理", "周敏", False),
        ("物业经理（审核）", "张岚", False),
        ("总物业经理（批示）", "陈国栋", False),
    ]


def test_record_lists_options_with_cost_and_approval() -> None:
    paper = record_of(Leak().signed())

    assert [(o.text, o.due, o.cost, o.approval, o.chosen) for o in paper.options] == [
        ("1. 当晚换到 A-2203，电脑送修", "11-15 12:00", "680.00", "张岚 已批准", True),
        ("2. 原房除湿，电脑折价补偿", "", "450.00", "权限内", False),
    ]
    assert paper.choice == "方案 1，11-12 22:51"


def test_record_review_ticks_the_answer_of_the_guest() -> None:
    paper = record_of(Leak().signed())

    assert [(t.label, t.chosen) for t in paper.satisfaction] == [
        ("满意", False),
        ("基本满意", True),
        ("不满意", False),
        ("联系不上", False),
    ]
    assert paper.guest_opinion == "当晚处理得快，希望以后加强管道检查"
    assert paper.measures == "接头更换，吊顶修复，电脑修好交还客户"


def test_record_of_a_voided_complaint_says_why() -> None:
    complaint = House().voided()
    paper = record_of(complaint)

    assert (paper.state, paper.void_reason, paper.status) == ("void", "重复登记", "已作废")
    assert [t.label for t in paper.valid if t.chosen] == ["否"]
    assert [o.rule for o in paper.overrides] == ["作废"]
    assert paper.stamp.startswith("作废 ")


def test_record_of_an_anonymous_complaint_shows_no_person() -> None:
    house = House()
    complaint = house.recorded(is_anonymous=True, anonymous_reason="不愿留名")
    paper = record_of(complaint)

    assert (paper.guest_name, paper.honorific, paper.phone) == ("不愿留名", "", "")
    assert [t.label for t in paper.anonymous if t.chosen] == ["是"]
    assert "不适用（匿名）" in [t.label for t in paper.satisfaction]


def test_record_of_an_override_prints_what_was_missing() -> None:
    house = House()
    complaint = house.reviewed()
    workflow.close(complaint, by=house.pm, override="客户已退租")
    paper = record_of(complaint)

    assert [(o.rule, o.reason, o.by) for o in paper.overrides] == [
        ("越过门槛结案：《事故报告》未签批", "客户已退租", "张岚")
    ]
    assert (paper.status, [t.label for t in paper.valid if t.chosen]) == ("已结案", ["是"])


def test_record_after_reopening_marks_the_rounds() -> None:
    house = House()
    paper = record_of(house.promised(house.reopened()))

    assert [o.text for o in paper.options] == [
        "第1轮 1. 今晚换到 A-1612",
        "第1轮 2. 更换风扇",
        "第2轮 1. 今晚换到 A-1612",
        "第2轮 2. 更换风扇",
    ]
    assert (paper.steps[9].record or "").startswith("第1轮：回访结果：满意。")
    assert [o.rule for o in paper.overrides] == ["重新处理"]


def test_record_of_a_fresh_complaint_leaves_blanks() -> None:
    paper = record_of(House().new())

    assert [step.record for step in paper.steps] == [""] * 10
    assert [b.role for b in paper.signatures] == ["接诉人", "值班经理", "部门经理", "物业经理"]
    assert [t.chosen for t in paper.checked_with_guest] == [False, False]


def test_statements_do_not_grow_with_the_rows() -> None:
    house = House()
    complaint = house.reviewed()
    house.report(complaint)
    few = _statements(complaint)
    for number in range(6):
        workflow.attach(fresh(complaint), jpeg(f"#0000{number}0"), by=house.dm)
        workflow.correct(fresh(complaint), "key_points", f"更正 {number}", by=house.dm)
        workflow.call_security(fresh(complaint), by=house.dm)
        workflow.security_arrived(fresh(complaint), by=house.dm, outcome="已劝离")
    many = _statements(complaint)

    assert few == many
    assert max(many) <= REPORT_BUDGET


def _statements(complaint: Complaint) -> tuple[int, int]:
    counts = []
    for build, kind in ((incident_report, "incident_report"), (complaint_record, "record")):
        asked = job(complaint, kind)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            build(asked)
        counts.append(len(queries))
    return counts[0], counts[1]


def test_timeline_knows_every_act_the_code_records() -> None:
    root = Path(workflow.__file__).parents[2]
    sources = [*(root / "incidents" / "workflow").glob("*.py")]
    sources += [root / "propdesk" / "core" / name for name in ("cases.py", "signoff.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    acts = set(re.findall(r'action="(\w+)"', text))

    assert acts - timeline.QUIET - timeline.LINES.keys() == set()
    assert len(acts) > 25
