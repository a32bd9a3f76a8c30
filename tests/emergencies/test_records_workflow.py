"""Papers of events: filled in, submitted, signed in order by four eyes, frozen, sealed at the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.utils import timezone

from emergencies import playbooks, reports
from emergencies.models import Event, EventRecord, RecordBox
from emergencies.queries import evidence, prefill
from emergencies.queries import records as queries
from propdesk.core import audit
from propdesk.core.models import Person, RenderJob, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, S, fresh, photo
from tests.emergencies.recording import (
    PASSWORD,
    W,
    drafted,
    filled,
    job,
    outside,
    read,
    signed_off,
    submitted,
    who_may,
)
from tests.emergencies.test_damage_pages import web
from tests.factories import fresh as again
from tests.factories import member
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
State = EventRecord.State
D = RecordBox.Decision


def drunk(house: House) -> Event:
    """A rude drunk guest: 《醉酒闹事记录》 is needed."""
    event = house.answered(house.started("drunk_guest"), aggressive="yes")
    W.add_party(event, "guest", Guest(name="刘洋", phone="13800005678"), by=house.dm)
    return fresh(event)


def hurt(house: House) -> Event:
    """Hurt on the premises: 《客户事故报告》 is needed."""
    event = house.started("medical")
    said = {"kind": "injury", "on_premises": "yes"}
    for key, value in said.items():
        if any(q.fact.key == key for q in evidence.look(event).questions):
            house.answer(event, key, value)
    return fresh(event)


def states(record: EventRecord) -> list[tuple[str, str]]:
    return [(b.title, b.decision) for b in queries.boxes(read(record))]


# --- filled in -----------------------------------------------------------------------------


def test_paper_is_filled_in_from_steps_answers_notices_and_people() -> None:
    house = House()
    event = drunk(house)
    guest = event.parties.get()
    values = {"condition": "叫得醒", "companions": "", "guest": {"person": guest.person_id}}
    W.done(event, "A10", W.Proof(values=values), by=house.dm)
    found = prefill.proposed(playbooks.form("disturbance_record"), prefill.Sources(fresh(event)))

    assert (found["guest"], found["resident"], found["consciousness"]) == (
        guest.person,
        False,
        "awake",
    )
    assert found["police"] is False
    assert (found["conduct"], found["measures"], found["care_call"]) == (None, None, None)


def test_person_of_a_step_is_found_by_every_way_he_is_kept() -> None:
    house = House()
    event = drunk(house)
    form = playbooks.form("disturbance_record")
    guest = event.parties.get().person
    ways: list[tuple[Any, Any]] = [({"person": guest.pk}, guest), ("穿蓝衣的男子", "穿蓝衣的男子")]
    for seen, (kept, wanted) in enumerate(ways):
        proof = W.Proof(values={"guest": kept, "condition": "叫得醒"})
        W.done(fresh(event), "A10", proof, by=house.dm, seen=seen)
        found = prefill.proposed(form, prefill.Sources(fresh(event)))
        said = getattr(found["guest"], "name", "")
        assert wanted in (found["guest"], said), kept


def test_start_keeps_people_by_number_and_their_names_in_person_alone() -> None:
    house = House()
    event = drunk(house)
    party = event.parties.get().person
    record = drafted(event, "disturbance_record", house.dm, guest=party, present="两名保安")

    assert record.values["guest"] == {"person": party.pk}
    assert (record.values["resident"], record.values["police"]) == (False, False)
    assert (record.state, record.number, record.version) == ("draft", event.case.number, 1)

    other = W.edit_record(
        record, filled(event, "disturbance_record", house.dm, guest=Guest(name="赵某")), by=house.dm
    )
    person = Person.objects.get(name="赵某")
    assert read(other).values["guest"] == {"person": person.pk}
    assert "赵某" not in str(list(event.case.entries.values_list("content", flat=True)))


def test_start_refuses_a_second_one_one_not_needed_and_somebody_of_another_case() -> None:
    house = House()
    event = drunk(house)
    stranger = Person.objects.create(property=house.prop, name="旁人")
    values = filled(event, "disturbance_record", house.dm)
    with refuses(RefusedInput, "有关人员"):
        W.start_record(event, "disturbance_record", values | {"guest": stranger}, by=house.dm)
    W.start_record(event, "disturbance_record", values, by=house.dm)

    with refuses(ConflictError, "已经起草"):
        W.start_record(fresh(event), "disturbance_record", values, by=house.dm)
    with refuses(ConflictError, "没有这份记录"):
        W.start_record(fresh(event), "fire_record", {}, by=house.dm)

    calm = house.answered(house.started("drunk_guest"))
    with refuses(ConflictError, "不需要"):
        W.start_record(calm, "disturbance_record", values, by=house.dm)


def test_statements_are_as_many_as_there_are() -> None:
    house = House()
    event = house.started("theft")
    first = drafted(event, "statement", house.guard2)
    second = drafted(event, "statement", house.guard)

    assert [(r.seq, r.several, r.author) for r in (first, second)] == [
        (1, True, house.guard2),
        (2, True, house.guard),
    ]
    W.submit_record(first, by=house.guard2, password=PASSWORD)
    signed_off(house, first)
    assert "statement" not in evidence.record_of(fresh(event)).signed
    signed_off(house, submitted_again(second, house.guard))
    assert "statement" in evidence.record_of(fresh(event)).signed


def submitted_again(record: EventRecord, by: User) -> EventRecord:
    return read(W.submit_record(read(record), by=by, password=PASSWORD))


def test_edit_over_a_colleague_s_newer_words_conflicts() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm)
    from propdesk.core import stale

    form = playbooks.form("disturbance_record")
    seen = stale.seen(W.written(record, form))
    values = filled(event, "disturbance_record", house.dm, conduct="大声吵闹")
    W.edit_record(record, values, by=house.guard)

    with refuses(ConflictError, "别人改过"):
        W.edit_record(read(record), values | {"conduct": "摔了杯子"}, by=house.dm, seen=seen)
    assert read(record).author == house.guard


# --- submitted -----------------------------------------------------------------------------


def test_submit_lists_what_is_missing_and_changes_nothing() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm, conduct="", present="")

    with refuses(ConflictError, "没有填完") as caught:
        W.submit_record(record, by=house.dm, password=PASSWORD)

    assert [name for name, _said in caught.value.missing] == ["f_conduct", "f_present"]


def test_submit_takes_the_author_his_password_and_freezes() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.dm)
    with refuses(RefusedInput, "密码不对"):
        W.submit_record(record, by=house.dm, password="wrong")
    with refuses(ConflictError, "填写人本人"):
        W.submit_record(record, by=house.pm, password=PASSWORD)

    record = submitted_again(record, house.dm)
    assert (record.state, record.round, len(record.content_sha)) == ("submitted", 1, 64)
    assert states(record) == [("填报人／值班经理", "approved"), ("保安部", "pending")]
    with refuses(ConflictError, "不能再改"):
        W.edit_record(record, record.values, by=house.dm)
    with refuses(ConflictError, "不能再改"):
        W.submit_record(record, by=house.dm, password=PASSWORD)


def test_accident_report_without_prevention_is_refused_whatever_the_form_says() -> None:
    house = House()
    event = hurt(house)
    record = drafted(event, "guest_accident_report", house.dm, prevention="  ")
    with refuses(ConflictError) as caught:
        W.submit_record(record, by=house.dm, password=PASSWORD)

    assert dict(caught.value.missing)["f_prevention"] == "没有写防止再发的建议，不能提交。"
    assert record.number.startswith("KS-")


def test_accident_report_asks_for_the_six_elements() -> None:
    form = playbooks.form("guest_accident_report")
    needed = {f.key for f in form.fields if f.required}
    assert needed >= {"cause", "severity", "handling", "prevention", "guest"}
    from emergencies.playbooks import records

    assert {f.key for f in records.head() if f.required} >= {"occurred_at", "place"}


# --- signed --------------------------------------------------------------------------------


def test_boxes_are_signed_in_order_and_by_nobody_twice() -> None:
    house = House()
    event = hurt(house)
    record = submitted(event, "guest_accident_report", house.dm)

    with refuses(PermissionDenied, "不是由您签名"):
        W.sign_record(record, by=again(house.gm), password=PASSWORD)
    with refuses(PermissionDenied):
        W.sign_record(record, by=again(house.dm), password=PASSWORD)
    W.sign_record(record, by=again(house.pm), password=PASSWORD, opinion="属实")
    with refuses(PermissionDenied):
        W.sign_record(read(record), by=again(house.pm), password=PASSWORD)
    W.sign_record(read(record), by=again(house.gm), password=PASSWORD)

    record = read(record)
    assert (record.state, record.signed_at is not None) == ("signed", True)
    assert states(record) == [
        ("填报人／值班经理", "approved"),
        ("物业经理", "approved"),
        ("总物业经理", "approved"),
    ]
    assert {b.content_sha for b in queries.boxes(record)} == {record.content_sha}
    assert "guest_accident_report" in evidence.record_of(fresh(event)).signed
    assert audit.problems(fresh(event).case) == []


def test_whoever_edited_an_earlier_draft_signs_nothing() -> None:
    house = House()
    event = drunk(house)
    record = drafted(event, "disturbance_record", house.guard)
    values = filled(event, "disturbance_record", house.dm)
    W.edit_record(record, values, by=house.dm)
    record = submitted_again(record, house.dm)

    with refuses(PermissionDenied):
        W.sign_record(record, by=again(house.guard), password=PASSWORD)
    W.sign_record(record, by=again(house.guard2), password=PASSWORD)
    assert read(record).state == "signed"


def test_deputy_of_the_author_signs_nothing_in_his_name() -> None:
    from tests.factories import DeputyFactory

    house = House()
    event = hurt(house)
    record = submitted(event, "guest_accident_report", house.dm)
    W.sign_record(record, by=again(house.pm), password=PASSWORD)
    held = house.pm.memberships.get()
    other = member(house.prop, Role.STAFF, name="代理")
    DeputyFactory(for_membership=held, by_user=other)

    assert not queries.turns(again(other), house.prop).exists()
    assert queries.turns(again(house.gm), house.prop).count() == 1


def test_sent_back_says_why_and_is_signed_anew() -> None:
    house = House()
    event = drunk(house)
    record = submitted(event, "disturbance_record", house.dm)
    with refuses(RefusedInput, "原因"):
        W.send_back_record(record, by=again(house.guard), reason=" ")
    W.send_back_record(record, by=again(house.guard), reason="时间不对")
    record = read(record)
    assert (record.state, states(record)[1]) == ("sent_back", ("保安部", "sent_back"))

    values = filled(event, "disturbance_record", house.dm, conduct="21时大声吵闹")
    W.edit_record(record, values, by=house.dm)
    record = submitted_again(record, house.dm)
    assert (record.round, states(record)[1]) == (2, ("保安部", "pending"))
    W.sign_record(record, by=again(house.guard), password=PASSWORD)
    assert read(record).state == "signed"


def test_guest_signs_on_the_screen_before_the_next_box() -> None:
    house = House()
    event = house.started("theft")
    record = submitted(event, "theft_statement", house.guard)
    assert states(record) == [
        ("填报人", "approved"),
        ("客户", "pending"),
        ("值班经理", "pending"),
    ]
    with refuses(PermissionDenied):
        W.sign_record(record, by=again(house.dm), password=PASSWORD)
    with refuses(RefusedInput, "同意以电子方式"):
        W.take_signature(record, outside(consents=False), by=house.guard)
    with refuses(RefusedInput, "是谁"):
        W.take_signature(record, outside(""), by=house.guard)
    W.take_signature(record, outside("欧阳静"), by=house.guard)

    box = queries.boxes(read(record))[1]
    assert (box.decision, box.way, box.person.name, box.taken_by) == (
        "approved",
        "drawn",
        "欧阳静",
        house.guard,
    )
    assert box.person_signature is not None
    assert box.person_signature.content_sha == record.content_sha
    W.sign_record(read(record), by=again(house.dm), password=PASSWORD)
    assert read(record).state == "signed"


def test_signed_on_paper_waits_for_one_scan_and_no_other() -> None:
    house = House()
    event = house.started("theft")
    record = submitted(event, "theft_statement", house.dm)
    with refuses(RefusedInput, "早于上一步"):
        early = timezone.now() - timedelta(days=1)
        W.take_signature(record, outside(drawn=b"", signed_at=early), by=house.dm)
    W.take_signature(record, outside(drawn=b"", consents=False), by=house.dm)
    record = read(record)
    box = queries.boxes(record)[0]
    assert (record.state, box.way, box.scan) == ("signed", "paper", None)

    box = W.add_scan(record, box, photo(), by=house.dm)
    assert box.scan is not None
    with refuses(ConflictError, "不能替换"):
        W.add_scan(read(record), box, photo(), by=house.dm)
    with refuses(ConflictError, "不是纸质签名"):
        W.add_scan(read(record), queries.boxes(record)[1], photo(), by=house.dm)


def test_photo_of_the_signed_sheet_is_kept_at_once_and_printed_as_paper() -> None:
    house = House()
    event = house.started("theft")
    record = submitted(event, "theft_statement", house.dm)
    W.take_signature(record, outside(drawn=b"", scan=photo()), by=house.dm)

    box = queries.boxes(read(record))[0]
    assert (box.way, box.scan is not None, box.person_signature) == ("paper", True, None)
    assert audit.problems(fresh(event).case) == []


def test_guest_who_does_not_sign_is_told_of_on_the_paper() -> None:
    house = House()
    event = house.started("theft")
    record = submitted(event, "theft_statement", house.dm)
    with refuses(RefusedInput, "为什么没有签"):
        W.decline_signature(record, by=house.dm, password=PASSWORD, reason="")
    W.decline_signature(record, by=house.dm, password=PASSWORD, reason="已离店，电话不接")

    record = read(record)
    box = queries.boxes(record)[0]
    assert (record.state, box.decision, box.opinion, box.taken_by) == (
        "signed",
        "declined",
        "已离店，电话不接",
        house.dm,
    )


def test_new_version_leaves_the_signed_one_as_it_is() -> None:
    house = House()
    event = drunk(house)
    record = signed_off(house, submitted(event, "disturbance_record", house.dm))
    sha = record.content_sha
    with refuses(PermissionDenied):
        W.rewrite_record(record, by=house.dm, reason="写错了")
    with refuses(RefusedInput, "另写新版"):
        W.rewrite_record(record, by=house.pm, reason=" ")
    newer = W.rewrite_record(record, by=house.pm, reason="时间写错了")

    record = read(record)
    assert (record.state, record.content_sha, record.boxes.count()) == ("superseded", sha, 2)
    assert (newer.version, newer.number, newer.values) == (2, record.number, record.values)
    assert "disturbance_record" not in evidence.record_of(fresh(event)).signed


# --- restricted ----------------------------------------------------------------------------


def test_paper_of_a_restricted_event_is_nobody_s_who_may_not_read_it() -> None:
    house = House()
    event = hurt(house)
    record = submitted(event, "guest_accident_report", event.commander)
    assert event.case.restricted

    for name in ("dm2", "desk"):
        by = again(getattr(house, name))
        with refuses(Http404):
            W.sign_record(record, by=by, password=PASSWORD)
        assert queries.waiting_for(by, house.prop) == []
        assert queries.one(by, house.prop, event.case.number, record.pk) is None
    assert queries.waiting_for(again(house.pm), house.prop) == [record]


def test_notice_of_a_turn_names_neither_form_nor_person_of_what_is_restricted() -> None:
    house = House()
    event = hurt(house)
    submitted(event, "guest_accident_report", event.commander)

    rows = event.case.notices.filter(rule="emergencies.sign")
    told = {(row.text, row.recipient) for row in rows}
    assert told == {(f"【待签名】{event.case.number} · 保密事项 · 物业经理", house.pm)}


# --- what the database itself refuses ------------------------------------------------------


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("eventrecord", "\"values\" = '{}'"),
        ("eventrecord", "tables = '{}'"),
        ("eventrecord", "content_sha = repeat('0', 64)"),
        ("eventrecord", "author_id = author_id + 1"),
        ("eventrecord", "form = 'statement'"),
        ("eventrecord", "state = 'draft', round = 0, submitted_at = NULL, signed_at = NULL"),
        ("recordbox", "opinion = 'x'"),
        ("recordbox", "signer_id = NULL"),
        ("recordbox", "decision = 'pending'"),
        ("recordbox", "title = 'x'"),
        ("recordbox", "content_sha = repeat('0', 64)"),
    ],
)
def test_signed_paper_is_frozen_for_sql(table: str, change: str) -> None:
    house = House()
    record = signed_off(house, submitted(drunk(house), "disturbance_record", house.dm))
    key = "id" if table == "eventrecord" else "record_id"
    statement = f"UPDATE emergencies_{table} SET {change} WHERE {key} = %s"  # noqa: S608 -- fixed

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [record.pk])


def test_box_half_decided_and_a_second_box_of_one_person_are_refused_by_sql() -> None:
    house = House()
    record = submitted(drunk(house), "disturbance_record", house.dm)
    waiting = record.boxes.get(decision=D.PENDING)
    changes = [
        "decision = 'approved'",
        f"decision = 'approved', signer_id = {house.dm.pk}",
        "decision = 'sent_back'",
        "party = 'guest'",
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE emergencies_recordbox SET {change} WHERE id = {waiting.pk}")  # noqa: S608 -- fixed
    twin = RecordBox(
        record=record,
        round=1,
        position=9,
        role=Role.SECURITY,
        title="x",
        decision=D.APPROVED,
        signer=house.dm,
        signature=record.boxes.get(position=1).signature,
        decided_at=timezone.now(),
        content_sha="0" * 64,
    )
    with pytest.raises(ConflictError, match="不能签两栏"), transaction.atomic():
        audit.save(twin, by=house.dm, reason="x")


# --- the end of the event ------------------------------------------------------------------


def test_archive_waits_for_the_papers_and_asks_for_their_sealed_bytes() -> None:
    house = House()
    event = house.ended("drunk_guest", aggressive="yes")
    with refuses(ConflictError, "还没有签完"):
        W.archive(event, by=house.pm)
    record = signed_off(house, submitted(event, "disturbance_record", event.commander))
    report = reported(house, event)
    W.archive(fresh(event), by=house.pm)

    jobs = RenderJob.objects.filter(case=event.case, sealed=True).order_by("pk")
    assert [(j.kind, j.report) for j in jobs] == [
        ("event_report", report),
        (f"record:{record.pk}", None),
    ]
    # The report with its last signature, the record with the archive.
    acts = [event.case.entries.get(seq=job.case_version).action for job in jobs]
    assert acts == ["report_sign", "archive"]
    with refuses(ConflictError):
        W.rewrite_record(read(record), by=house.pm, reason="x")


def test_nothing_printed_beside_a_signed_record_comes_in_after_its_author_submitted_it() -> None:
    house = House()
    event = house.ended("drunk_guest", aggressive="yes")
    record = submitted(event, "disturbance_record", event.commander)
    before = said(record)
    W.attach(fresh(event), [photo("red")], by=house.dm, caption="提交以后补的照片")
    for party in event.parties.all():
        W.edit_party(fresh(event), party, Guest(name="改名"), by=house.dm, reason="更正")
    assert said(read(record)) == before

    signed_off(house, read(record))
    reported(house, event)
    W.archive(fresh(event), by=house.pm)
    waiting = RenderJob.objects.get(kind=W.paper_kind(record), sealed=True)

    sealed = reports.event_record(waiting).paper
    assert (sealed.photos, sealed.attachments) == (before.photos, before.attachments)


def said(record: EventRecord) -> Any:
    """The paper as it would be printed now, without the head of the chain and its moment."""
    at_random = {"record_url": "", "verify_code": "", "frozen_at": ""}
    return replace(reports.event_record(job(record)).paper, audit_head=None, **at_random)


def test_archive_waits_for_the_sheet_of_whoever_signed_on_paper() -> None:
    house = House()
    event = house.ended("theft")
    record = submitted(event, "theft_statement", event.commander)
    while (record := read(record)).state == "submitted":
        box = record.boxes.filter(decision="pending").order_by("position").first()
        if box.party:
            W.take_signature(record, outside(drawn=b"", consents=False), by=house.dm)
        else:
            W.sign_record(record, by=again(who_may(house, record)), password=PASSWORD)
    reported(house, event)
    box = record.boxes.get(way="paper")
    shelf = web(house.dm).get(fresh(event).get_absolute_url() + "records/").content.decode()
    with refuses(ConflictError, "还没有签完"):
        W.archive(fresh(event), by=house.pm)

    W.add_scan(record, box, photo(), by=house.dm)
    W.archive(fresh(event), by=house.pm)

    assert "待补传签名件" in shelf
    assert fresh(event).status == "archived"


def reported(house: House, event: Event):  # type: ignore[no-untyped-def]
    """《事故报告》 written, submitted and signed by all."""
    from emergencies import reports
    from propdesk.core import signoff
    from propdesk.core.models import Report

    by = event.commander
    values = reports.prefill_report(fresh(event)) | {
        "cause_direct": "饮酒过量",
        "improvement": "加派人手",
        "improve_department": house.security,
        "improve_by": timezone.localdate() + timedelta(days=30),
    }
    report = W.start_report(fresh(event), values, by=by)
    W.submit_report(queries.report(report.pk), by=by, password=PASSWORD)
    people = [house.sec, house.pm, house.gm]
    while (report := queries.report(report.pk)).state == Report.State.SUBMITTED:
        box = signoff.next_box(report)
        who = next(u for u in people if signoff.may_sign(report, box, again(u)))
        W.sign_report(report, by=again(who), password=PASSWORD)
    return report


def test_drill_is_archived_with_its_own_record_alone() -> None:
    house = House()
    event = house.started("fire", is_drill=True)
    W.end(event, by=house.dm, summary="疏散用时四分钟")
    with refuses(ConflictError, "演练记录"):
        W.archive(fresh(event), by=house.pm)
    record = submitted(fresh(event), "drill_record", house.dm)
    assert (record.number, [b.title for b in queries.boxes(record)]) == (
        event.case.number,
        ["填报人", "保安部", "物业经理"],
    )
    signed_off(house, record)
    W.archive(fresh(event), by=house.pm)
    assert fresh(event).status == S.ARCHIVED
