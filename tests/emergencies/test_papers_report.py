"""《事故报告》 of an event: proposed from what was entered, signed by its list, printed, sealed."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from emergencies import reports
from emergencies.detail import Detail
from emergencies.models import Event
from emergencies.queries import evidence
from emergencies.queries import records as queries
from emergencies.reports import timeline
from emergencies.reports.dossier import gather
from incidents.workflow import link as link_complaint
from propdesk.core import signers, signoff
from propdesk.core.models import RenderJob, Report, User
from propdesk.core.persons import Guest
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, fresh, photo
from tests.emergencies.recording import (
    PASSWORD,
    W,
    made,
    printed,
    signed_off,
    stored,
    submitted,
    text_of,
)
from tests.emergencies.test_records_workflow import reported
from tests.factories import CaseFactory, web
from tests.factories import fresh as again
from tests.incidents.journey import House as Complaints
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def values(event: Event, house: House, **changes: Any) -> dict[str, Any]:
    return (
        reports.prefill_report(fresh(event))
        | {
            "cause_direct": "门没有锁好",
            "improvement": "加装门磁",
            "improve_department": house.security,
            "improve_by": timezone.localdate() + timedelta(days=30),
        }
        | changes
    )


def started(event: Event, house: House, by: User, **changes: Any) -> Report:
    return queries.report(W.start_report(fresh(event), values(event, house, **changes), by=by).pk)


def test_report_is_proposed_from_the_event() -> None:
    house = House()
    event = house.started("theft")
    W.add_party(event, "victim", Guest(name="王晓梅", honorific="ms"), by=house.dm)
    W.add_party(fresh(event), "witness", Guest(name="赵某"), by=house.dm, note="看见有人出门")
    W.list_losses(fresh(event), [W.Loss("银色手表", value=5200)], by=house.dm)
    house.answer(fresh(event), "forced_entry", "yes")
    event = house.called(fresh(event))
    found = reports.prefill_report(event)

    assert (found["place"], found["severity"], found["secrecy"]) == (
        "A座 1806",
        "major",
        "internal",
    )
    assert (found["occurred_at"], found["discovered_at"], found["reported_at"]) == (
        event.occurred_at,
        event.reported_at,
        event.reported_at,
    )
    assert found["witnesses"] == "赵某：看见有人出门"
    assert (found["injured"], found["loss_yuan"], found["result"]) == (0, 5200, "")
    assert found["police"].startswith("已报警，公安（110） ")
    lines = found["narrative"].splitlines()
    assert lines[0].startswith(
        f"{timezone.localtime(event.occurred_at):%Y-%m-%d %H:%M}，A座 1806发生"
    )
    assert lines[1] == "有关人员：受害人王晓梅（女士）、见证人赵某。"
    assert lines[2:] == ["以后的经过逐条列在上表，这里只补充表里没有的。"]


def test_report_tells_what_was_written_into_the_fields_of_a_step() -> None:
    house = House()
    event = house.answered(house.started("drunk_guest"), late=False, aggressive="yes")
    said = {"conduct": "大声骂人", "present": "李强", "handling": "陪同回房"}
    W.done(event, "A32", W.Proof(values=said), by=house.dm)
    W.done(fresh(event), "A10", W.Proof(values={"guest": "短发", "condition": "清醒"}), by=house.dm)
    event = fresh(event)
    dossier = gather(event.case, event.case.version)
    said_ = [text for _at, _by, text in timeline.lines(dossier, ())]

    assert next(line for line in said_ if "大声骂人" in line).endswith(
        "言行：大声骂人；在场人：李强；怎么处置的：陪同回房。"
    )
    assert sum("意识、呼吸、有没有外伤：清醒。" in line for line in said_) == 1
    assert [line for line in said_ if "短发" in line] == []
    assert reports.prefill_report(event)["improvement"] == ""


def test_report_prints_each_fact_of_the_course_once() -> None:
    house = House()
    event = house.answered(house.started("drunk_guest"), late=False, aggressive="yes")
    said = {"conduct": "大声骂人", "present": "李强", "handling": "陪同回房"}
    W.done(event, "A32", W.Proof(values=said), by=house.dm)
    W.note(fresh(event), "客户由朋友接走", by=house.dm)
    event = fresh(event)
    started(event, house, house.dm)

    paper = text_of(printed(fresh(event), W.REPORT_KIND, house.dm))

    course = ("大声骂人", "客户由朋友接走", "启动预案，现场指挥")
    assert {words: paper.count(words) for words in course} == dict.fromkeys(course, 1)
    assert paper.count("判断：") == event.answers.count()


def test_report_of_nothing_reported_says_so() -> None:
    house = House()
    event = house.started("power_outage")
    assert reports.prefill_report(event)["police"] == "未报警"


def test_report_goes_by_the_list_of_the_playbook_alone() -> None:
    house = House()
    event = house.ended("theft")
    assert [b.title for b in W.report_boxes(event, again(house.dm))] == [
        "填报人／值班经理",
        "保安部经理",
        "物业经理",
    ]
    assert [b.title for b in W.report_boxes(event, again(house.sec))] == [
        "填报人",
        "值班经理",
        "物业经理",
    ]


def test_report_needs_the_end_of_the_handling_and_every_field() -> None:
    house = House()
    event = house.started("theft")
    report = started(event, house, house.dm)
    with refuses(ConflictError, "不能提交《事故报告》"):
        W.submit_report(report, by=again(house.dm), password=PASSWORD)

    event = house.ended("theft")
    report = started(event, house, house.dm, cause_direct="", place="")
    with refuses(ConflictError) as caught:
        W.submit_report(report, by=again(house.dm), password=PASSWORD)
    assert [name for name, _said in caught.value.missing] == ["place", "cause_direct"]


def test_report_begun_before_the_end_waits_for_it_and_takes_its_result_over() -> None:
    house = House()
    event = house.ready("theft")
    started(event, house, house.dm, result="")
    client = web(house.dm)
    base = event.get_absolute_url()

    early = client.get(f"{base}report/submit/").content.decode()
    assert ("先结束处置" in early, 'name="password"' in early) == (True, False)
    event = fresh(W.end(fresh(event), by=event.commander, summary="已处置完毕，财物追回"))
    form = client.get(f"{base}report/").context["form"]

    assert form["result"].value() == "已处置完毕，财物追回"
    assert 'name="password"' in client.get(f"{base}report/submit/").content.decode()


def test_report_is_signed_in_order_and_counts_for_the_board() -> None:
    house = House()
    event = house.ended("theft")
    report = started(event, house, house.dm)
    W.submit_report(report, by=again(house.dm), password=PASSWORD)
    with refuses(PermissionDenied):
        W.sign_report(queries.report(report.pk), by=again(house.pm), password=PASSWORD)
    W.sign_report(queries.report(report.pk), by=again(house.sec), password=PASSWORD)
    with refuses(RefusedInput):
        W.send_back_report(queries.report(report.pk), by=again(house.pm), reason="")
    W.sign_report(queries.report(report.pk), by=again(house.pm), password=PASSWORD)

    assert queries.report(report.pk).state == Report.State.SIGNED
    assert "incident_report" in evidence.record_of(fresh(event)).signed


def test_report_of_a_restricted_event_waits_for_its_readers_alone() -> None:
    house = House()
    event = house.ended("medical")
    assert event.case.restricted
    by = event.commander
    report = started(event, house, by)
    with pytest.raises(RefusedInput) as refused:
        W.edit_report(report, {"secrecy": "internal"}, by=again(by))
    assert (list(refused.value.errors), queries.report(report.pk).secrecy) == (
        ["secrecy"],
        "confidential",
    )
    W.submit_report(report, by=again(by), password=PASSWORD)
    report = queries.report(report.pk)
    assert signoff.waiting_for(again(house.pm), house.prop) == [report]
    assert signers.Roster(timezone.now()).told(
        queries.report(report.pk), signoff.next_box(report), {by.pk}
    ) == [house.pm]
    event.readers.filter(user=house.pm).update(ended_at=timezone.now(), ended_by=by)

    assert signoff.waiting_for(again(house.pm), house.prop) == []
    assert signoff.waiting_for(again(house.gm), house.prop) == [report]
    told = signers.Roster(timezone.now()).told(
        queries.report(report.pk), signoff.next_box(report), {by.pk}
    )
    assert told == [house.gm]


def test_reopened_event_needs_a_new_version_and_an_event_without_one_takes_none() -> None:
    house = House()
    event = house.ended("drunk_guest", aggressive="yes")
    report = reported(house, event)
    W.reopen(fresh(event), by=house.pm, reason="客户又来")

    report.refresh_from_db()
    assert report.state == Report.State.SUPERSEDED
    newer = started(fresh(event), house, house.dm)
    assert (newer.number, newer.version) == (report.number, 2)

    drill = house.started("fire", is_drill=True)
    with refuses(ConflictError, "演练不写"):
        W.start_report(drill, {}, by=house.dm)


def test_what_a_report_prints_stands_still_under_its_signatures() -> None:
    house = House()
    other = CaseFactory(property=house.prop, number="TS-20200101-001", created_by=house.dm)
    event = house.called(house.answered(house.started("theft")), except_={"N1"})
    event = house.called(house.marked(event), except_={"N1"})
    W.override_end(event, by=house.gm, summary="已处置完毕", reason="保安没有确认")
    event = fresh(event)
    W.add_party(event, "victim", Guest(name="韩雪"), by=house.dm)
    (picture,) = W.attach(event, [photo()], by=house.dm)
    party = event.parties.get()
    report = started(event, house, house.dm)
    W.submit_report(report, by=again(house.dm), password=PASSWORD)
    read = record(event)
    printing = {
        "note": lambda e: W.note(e, "签字后补的一条", by=house.dm),
        "attach": lambda e: W.attach(e, [photo("red")], by=house.dm),
        "remove": lambda e: W.remove_attachment(e, picture, by=house.dm, reason="拍错"),
        "add": lambda e: W.add_party(e, "witness", Guest(name="路人"), by=house.dm),
        "edit": lambda e: W.edit_party(e, party, Guest(name="韩雪梅"), by=house.dm, reason="错字"),
        "link": lambda e: W.link(e, other.number, by=house.dm),
    }
    for act in printing.values():
        with refuses(ConflictError, "已提交签批"):
            act(fresh(event))
    W.acknowledge(fresh(event), "N1", by=again(house.guard))
    assert record(event) == read

    for who in (house.sec, house.pm):
        W.sign_report(queries.report(report.pk), by=again(who), password=PASSWORD)
    job = RenderJob.objects.get(kind=W.REPORT_KIND, sealed=True)
    assert job.case_version == fresh(event).case.version
    paper = reports.event_report(job).paper
    sealed = paper.to_data()
    assert (paper.state, paper.status) == ("sealed", "已签批")
    assert {name: sealed[name] for name in ("timeline", "notifications", "parties")} == {
        name: read[name] for name in ("timeline", "notifications", "parties")
    }
    for act in printing.values():
        with refuses(ConflictError, "已签批，这一项不能再改"):
            act(fresh(event))
    page = Detail.load(again(house.dm), house.prop, event.case.number, timezone.now())
    assert {name for name, _act in page.menu} & {"note", "photo", "party", "link"} == set()
    assert [name for name in ("attach", "edit_party") if page.may[name]] == []
    complaint = Complaints(house.prop).new()
    with refuses(ConflictError, "已签批，这一项不能再改"):
        link_complaint(complaint, event.case.number, by=complaint.owner)
    W.list_losses(fresh(event), [W.Loss("戒指")], by=house.dm)
    W.correct_place(fresh(event), house.other_room, "", by=house.dm, reason="听错")
    W.review(fresh(event), "响应快", [], by=house.pm)
    assert reports.event_report(job).paper.to_data() == sealed

    W.reopen(fresh(event), by=house.pm, reason="又丢了一件")
    W.note(fresh(event), "又丢了一件", by=house.dm)
    assert reports.event_report(job).paper.to_data() == sealed


def record(event: Event) -> dict[str, Any]:
    """What the report of the event prints now."""
    case = fresh(event).case
    job = RenderJob(case=case, kind=W.REPORT_KIND, case_version=case.version)
    said = reports.event_report(job).paper.to_data()
    return {k: v for k, v in said.items() if k not in ("frozen_at", "audit_head", "verify_code")}


def test_report_prints_the_event_and_is_sealed_with_its_last_signature() -> None:
    house = House()
    event = house.ended("drunk_guest", aggressive="yes")
    line = W.note(event, "客户由朋友接走", by=house.dm)
    signed_off(house, submitted(event, "disturbance_record", house.dm))
    report = reported(house, event)
    draft = text_of(printed(event, W.REPORT_KIND, house.dm))
    assert "草稿（未签批）" not in draft
    document = made(RenderJob.objects.get(kind=W.REPORT_KIND, sealed=True))
    said = text_of(stored(document))
    for words in (
        report.number,
        "类别：醉客等级：一般状态：已签批",
        "现场指挥周敏",
        "保存期限三年",
        f"{line.text}。",
        "通知记录",
        "通知对象时间方式是否确认",
        "填报人／值班经理（同一人）",
        "物业经理（审核）",
        document.verify_code,
    ):
        assert words in said, words
    assert "投诉处理过程" not in said
    assert "现场指挥周敏（" not in said


def test_report_says_whom_the_event_called_and_who_confirmed() -> None:
    house = House()
    event = house.called(house.started("power_outage"))
    job = RenderJob(case=event.case, kind=W.REPORT_KIND, case_version=event.case.version)
    W.start_report(event, reports.prefill_report(event), by=house.dm)
    job.case_version = fresh(event).case.version
    found = {
        row.to: (row.via, row.confirmed) for row in reports.event_report(job).paper.notifications
    }
    call = event.calls.get(role="duty_engineer")
    at = f"{timezone.localtime(call.acked_at):%m-%d %H:%M}"
    assert found["值班工程师 接警台 08"][1] == f"郑浩 {at} 确认"
