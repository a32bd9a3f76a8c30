"""Copies of sealed papers: given by managers, logged whole, printed and sealed in their own right."""

import hashlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from PIL import Image
from psycopg import sql

from emergencies import workflow
from emergencies.queries import people
from incidents import workflow as complaints
from propdesk.core import appendices, case_people, copies, persons, rendering, sealing
from propdesk.core.appendices import Correction
from propdesk.core.copies import Order
from propdesk.core.models import (
    Attachment,
    AuditEntry,
    CopyHidden,
    Document,
    PaperCopy,
    RenderJob,
)
from propdesk.core.pdf import signing
from propdesk.core.pdf.render import RenderRefused
from propdesk.core.persons import Guest
from propdesk.core.roles import MANAGERS, Role
from propdesk.core.signatures import Second
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.core import paper_samples as samples
from tests.core.test_redaction import everything_in, incident
from tests.emergencies.journey import House as EventHouse
from tests.emergencies.journey import fresh
from tests.emergencies.recording import drafted, read, signed_off
from tests.factories import PASSWORD, PlaceFactory, member
from tests.incidents.journey import House
from tests.incidents.journey import fresh as incidents_fresh
from tests.incidents.moves import fingerprint, jpeg
from tests.incidents.test_reports_papers import printed, sealed_job, stored, text_of

pytestmark = pytest.mark.django_db
POLICE = Order("police", "民警 李明 010233", "立案调查", "南山派出所")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def sealed(house: House) -> Document:
    return sealed_row(house)


def sealed_row(house: House) -> Document:
    """A report that everybody signed, as a row; its PDF is not needed to give copies."""
    complaint = house.signed()
    job = sealed_job(complaint)
    document = Document.objects.create(
        case=complaint.case,
        report=job.report,
        kind="incident_report",
        number="SG-20261126-001",
        version=1,
        sealed=True,
        file="papers/none.pdf",
        sha256="0" * 64,
        data_sha256="0" * 64,
        pages=2,
        size=1,
        created_at=timezone.now(),
    )
    RenderJob.objects.filter(pk=job.pk).update(state="done", document=document)
    return Document.objects.select_related("case__property").get(pk=document.pk)


def refused(source: Document, order: Order, by: Any) -> dict[str, str]:
    before = fingerprint()
    with pytest.raises(RefusedInput) as caught:
        copies.give(source, order, by=by)
    assert fingerprint() == before
    return caught.value.errors


def test_give_logs_who_to_whom_and_why(house: House, sealed: Document) -> None:
    copy = copies.give(sealed, POLICE, by=house.pm)
    assert (copy.nr, copy.by, copy.recipient.name, copy.organisation, copy.purpose) == (
        1,
        house.pm,
        "民警 李明 010233",
        "南山派出所",
        "立案调查",
    )
    entry = AuditEntry.objects.filter(case=sealed.case).latest("seq")
    assert (entry.action, entry.by) == ("copy_given", house.pm)
    info = {"number": sealed.number, "nr": 1, "profile": "police"}
    assert entry.content == {"reason": "立案调查", "info": info}
    # Whom it went to is personal: it stands in the purgeable table alone.
    assert "李明" not in str(entry.content)
    job = RenderJob.objects.get(kind=f"copy:{copy.pk}")
    assert (job.sealed, job.state, job.requested_by) == (True, "pending", house.pm)


def test_copies_of_a_paper_are_numbered(house: House, sealed: Document) -> None:
    assert [copies.give(sealed, POLICE, by=house.pm).nr for _n in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("role", Role)
def test_only_managers_give(house: House, sealed: Document, role: Role) -> None:
    by = member(house.prop, role)
    before = fingerprint()
    if role in MANAGERS:
        copies.give(sealed, POLICE, by=by)
        assert fingerprint() != before
        return
    with pytest.raises(PermissionDenied):
        copies.give(sealed, POLICE, by=by)
    assert fingerprint() == before


@pytest.mark.parametrize("change", [{"sealed": False}, {"kind": "copy:1"}])
def test_draft_and_copy_are_not_copied(house: House, sealed: Document, change: Any) -> None:
    for name, value in change.items():
        setattr(sealed, name, value)
    before = fingerprint()
    with pytest.raises(ConflictError, match="只有签批封存的文书"):
        copies.give(sealed, POLICE, by=house.pm)
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"profile": "client"}, "profile"),
        ({"profile": "press"}, "profile"),
        ({"purpose": " "}, "purpose"),
        ({"recipient": ""}, "recipient"),
        ({"hidden": ("王",)}, "hidden"),
        ({"hidden": tuple(f"词{n}号" for n in range(21))}, "hidden"),
        ({"hidden": ("11", "王晓梅")}, "hidden"),
        ({"hidden": ("王" * 61,)}, "hidden"),
        ({"recipient": "李" * 61}, "recipient"),
    ],
)
def test_give_refuses_by_field(
    house: House, sealed: Document, change: dict[str, Any], field: str
) -> None:
    assert list(refused(sealed, replace(POLICE, **change), house.pm)) == [field]


def test_guest_gets_the_accident_report_and_no_other() -> None:
    rows = {
        number: copies.profiles_for(Document(kind=kind, number=number))
        for kind, number in (
            ("record:7", "KS-20261126-001"),
            ("record:8", "SJ-20261126-001-03"),
            ("incident_report", "SG-20261126-001"),
            ("event_report", "SG-20261126-002"),
            ("claim_slip", "SW-20261126-001"),
            ("slip", "PC-20261126-001"),
        )
    }
    assert [number for number, readers in rows.items() if "client" in readers] == [
        "KS-20261126-001"
    ]


def test_printed_copy_says_what_it_is_and_leaves_out_what_it_must(house: House) -> None:
    complaint = house.signed()
    original = printed(sealed_job(complaint))
    order = Order("insurer", "张经理", "漏水理赔", "平安财险", ("空调",))
    copy = copies.give(original, order, by=house.pm)
    made = printed(RenderJob.objects.get(kind=copies.kind_of(copy)))
    text = everything_in(stored(made))
    assert "副本第1份（保险用）" in text
    assert ("密级：内部" in text, "密级：原件内部，本份仅供保险使用" in text) == (False, True)
    assert "平安财险张经理，用途：漏水理赔" in text
    assert ("空调" in text, "■■■" in text) == (False, True)
    assert original.number in text
    assert (made.sealed, made.seal is not None, made.signatures) == (True, True, 1)
    assert made.verify_code not in ("", original.verify_code)
    assert copies.paper_of(copy) == made


@pytest.mark.parametrize("written", ["诸葛大力", "老诸葛", "小诸葛", "诸葛先生", "诸葛某", "诸葛"])
def test_name_to_be_taken_out_goes_as_he_is_addressed_too(
    house: House, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    said = replace(incident(), measures=f"{written}也在场，已登记")
    monkeypatch.setattr(copies, "_record_of", lambda _document: said)
    order = Order("insurer", "张经理", "理赔", "", ("诸葛大力",))
    copy = copies.give(sealed_row(house), order, by=house.pm)

    told = copies._paper(copy).measures

    assert (written in told, "也在场" in told) == (written == "诸葛", True)


def test_copy_is_signed_by_nobody_but_the_house() -> None:
    """Its boxes still show who signed the original, but that record was another one."""
    chains = {
        state: sealing._chain(RenderJob(), replace(samples.incident(), state=state))  # type: ignore[arg-type]
        for state in ("sealed", "copy")
    }
    assert {state: len(chain) for state, chain in chains.items()} == {"sealed": 4, "copy": 0}


def test_printed_copy_is_the_same_twice(house: House) -> None:
    complaint = house.signed()
    original = printed(sealed_job(complaint))
    copy = copies.give(original, Order("insurer", "张经理", "理赔"), by=house.pm)
    job = RenderJob.objects.get(kind=copies.kind_of(copy))
    first = copies.build(job)
    # Whom a copy names belongs to the case from then on, and to no other copy, before or after.
    copies.give(original, Order("police", "李明", "立案", "", ("空调",)), by=house.pm)
    later = case_people.people_of(original.case).values_list("name", flat=True)
    assert {"空调", "李明"} <= set(later)
    assert copies.build(job).paper == first.paper
    after = copies.give(original, Order("insurer", "张经理", "理赔"), by=house.pm)
    texts = [str(copies.build(row).paper.to_data()) for row in (job, copies.job_of(after))]
    assert ["空调" in text for text in texts] == [True, True]


def insurers_text(house: EventHouse, source: Document, profile: str = "insurer") -> str:
    """All that is anywhere in the sealed bytes of a copy."""
    copy = copies.give(source, Order(profile, "张经理", "理赔"), by=house.pm)
    return everything_in(stored(printed(RenderJob.objects.get(kind=copies.kind_of(copy)))))


def accident(**values: str) -> tuple[EventHouse, Any, Document]:
    """A sealed 《客户事故报告》 of an event with two people hurt, a witness in its values only."""
    house = EventHouse()
    event = house.started("medical")
    for name, phone in (("林晓楠", "13800006620"), ("赵国强", "13911112222")):
        workflow.add_party(fresh(event), "injured", Guest(name=name, phone=phone), by=house.dm)
    record = drafted(fresh(event), "guest_accident_report", event.commander, **values)
    record = read(workflow.submit_record(record, by=event.commander, password=PASSWORD))
    record = signed_off(house, record)
    job = rendering.request(
        fresh(event).case, workflow.paper_kind(record), by=house.pm, sealed=True
    )
    made = printed(job)
    return house, event, Document.objects.select_related("case__property").get(pk=made.pk)


def test_people_named_in_values_only_are_known_to_the_case() -> None:
    _house, event, _source = accident()
    named = set(people.known_people(fresh(event)))
    assert named <= set(case_people.people_of(event.case).values_list("pk", flat=True))


def test_copy_of_one_guest_shows_no_other_who_was_hurt() -> None:
    house, _event, source = accident(cause="林晓楠与赵国强相撞，赵国强电话13911112222。")
    whole = text_of(stored(source))
    assert [word in whole for word in ("赵国强", "13911112222", "王晓梅")] == [True, True, True]
    (mine,) = case_people.clients_of(rendering.maker_of(source))
    for profile in ("client", "insurer"):
        text = insurers_text(house, source, profile)
        others = {"林晓楠", "赵国强", "王晓梅"} - {mine.name}
        assert {name for name in others if name in text} == set()
        assert "13911112222" not in text or mine.name == "赵国强"


def test_report_of_an_event_is_about_the_one_who_suffered() -> None:
    house = EventHouse()
    event = house.started("theft")

    def about(part: str, name: str) -> list[str]:
        workflow.add_party(fresh(event), part, Guest(name=name), by=house.dm)
        job = RenderJob(case=event.case, kind="event_report")
        return [person.name for person in case_people.clients_of(job)]

    assert about("guest", "赵国强") == ["赵国强"]
    assert about("victim", "韩雪") == ["韩雪"]
    assert about("witness", "王晓梅") == ["韩雪"]
    assert about("injured", "韩雪") == ["韩雪", "韩雪"]
    assert about("injured", "林晓楠") == []


def test_name_that_was_put_right_later_goes_too() -> None:
    house, event, source = accident(cause="赵国强电话13911112222推倒客户。")
    party = fresh(event).parties.get(person__name="赵国强")
    now = Guest(name="赵国刚", phone="13911113333")
    workflow.edit_party(fresh(event), party, now, by=house.dm, reason="写错")
    text = insurers_text(house, source)
    mine = {person.name for person in case_people.clients_of(rendering.maker_of(source))}
    gone = {"赵国强", "赵国刚"} if mine != {"赵国刚"} else set()
    assert {word for word in gone | {"13911112222", "13911113333"} if word in text} == set()


def test_room_goes_by_every_name_it_ever_had(house: House) -> None:
    room = PlaceFactory(property=house.prop, code="B-0907", label="B座 9层 0907室")
    room.save()
    guest = persons.create(house.prop, Guest(name="赵国强", room=room))
    room.code, room.label = "C-0907", "C座 9层 0907室"
    room.save()

    states = copies._ever([guest], PaperCopy(at=timezone.now()))

    rooms = {(state.room.code, state.room.label) for state in states if state.room}
    assert rooms == {("B-0907", "B座 9层 0907室"), ("C-0907", "C座 9层 0907室")}


def test_copy_says_what_was_sealed_whatever_became_of_the_rows(as_owner: Any) -> None:
    house, event, source = accident(cause="原来的起因说明。")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE emergencies_eventrecord DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE emergencies_eventrecord SET values = jsonb_set(values, '{cause}', '\"改过的起因。\"')"
        )
        cursor.execute("ALTER TABLE emergencies_eventrecord ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    text = insurers_text(house, source, "police")
    assert ("原来的起因说明" in text, "改过的起因" in text) == (True, False)
    assert event.case.number


def test_no_copy_of_a_file_that_was_changed(house: House) -> None:
    original = printed(sealed_job(house.signed()))
    path = Path(original.file.path)
    path.write_bytes(path.read_bytes().replace(b"%PDF-1", b"%PDF-2", 1))
    copy = copies.give(original, POLICE, by=house.pm)
    with pytest.raises(RenderRefused, match="请先核验"):
        copies.build(copies.job_of(copy))


def test_copy_shows_the_photo_that_was_sealed_whatever_lies_on_the_disk(house: House) -> None:
    complaint = house.reviewed()
    complaints.attach(complaint, jpeg("red"), by=house.dm)
    original = printed(sealed_job(house.signed(incidents_fresh(complaint))))
    copy = copies.give(original, POLICE, by=house.pm)
    photo = Attachment.objects.get(case=original.case)
    Path(photo.print_file.path).write_bytes(jpeg("blue"))

    body, _mime = copies.build(copies.job_of(copy)).assets["pd:photo-1"]
    red, _green, blue = Image.open(io.BytesIO(body)).getpixel((3, 3))
    assert (red > 200, blue < 60) == (True, True)

    Path(photo.file.path).write_bytes(jpeg("blue"))
    with pytest.raises(RenderRefused, match="照片与封存时不符"):
        copies.build(copies.job_of(copy))


def test_copy_shows_no_signature_but_the_sealed_one(house: House, as_owner: Any) -> None:
    original = printed(sealed_job(house.signed()))
    copy = copies.give(original, POLICE, by=house.pm)
    assert [name for name in copies.build(copies.job_of(copy)).assets if "sign" in name]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_staffsignature DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_staffsignature SET image = 'x'")
        cursor.execute("ALTER TABLE core_staffsignature ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(RenderRefused, match="签名与封存时不符"):
        copies.build(copies.job_of(copy))


@pytest.mark.parametrize("field", ["sha256", "data_sha256"])
def test_no_copy_of_a_file_whose_record_is_not_the_one_sealed(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr(rendering, "stored", lambda _source: b"file")
    monkeypatch.setattr(signing, "attached", lambda _data: b"record")
    hashes = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in (("sha256", b"file"), ("data_sha256", b"record"))
    }
    with pytest.raises(ValueError, match="Expecting value"):  # both are right, so it is read
        copies._record_of(Document(**hashes))
    with pytest.raises(RenderRefused, match="请先核验"):
        copies._record_of(Document(**hashes | {field: "0" * 64}))


def test_copy_names_the_appendices_of_its_original(house: House) -> None:
    original = printed(sealed_job(house.signed()))
    said = Correction("时间", "21:00", "21:10", "监控")
    second = Second(house.dm, PASSWORD)
    row = appendices.append(original, said, second, by=house.pm, password=PASSWORD)
    copy = copies.give(original, POLICE, by=house.pm)
    assert f"原件另有更正附录：{row.number}。" in (
        copies.build(copies.job_of(copy)).paper.note or ""
    )


def test_appendix_is_no_paper_for_the_guest_and_none_is_put_on_a_copy(house: House) -> None:
    original = printed(sealed_job(house.signed()))
    readers = {
        number: copies.profiles_for(Document(kind="appendix:1", number=number))
        for number in ("KS-1-附1", "JB-1-附1")
    }
    assert readers == {"KS-1-附1": ["internal", "police", "insurer"], "JB-1-附1": ["internal"]}
    copy = copies.give(original, POLICE, by=house.pm)
    made = printed(copies.job_of(copy))
    with pytest.raises(ConflictError, match="副本"):
        appendices.append(
            made,
            Correction("时间", "", "早", "监控"),
            Second(house.dm, PASSWORD),
            by=house.pm,
            password=PASSWORD,
        )


def test_waiting_copy_has_a_job(house: House, sealed: Document) -> None:
    copy = copies.give(sealed, POLICE, by=house.pm)
    assert copies.paper_of(copy) is None
    assert copies.job_of(copy).kind == f"copy:{copy.pk}"
    assert copies.KIND in rendering.BUILDERS


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE core_papercopy SET purpose = 'x'", "core_papercopy_append_only"),
        ("DELETE FROM core_papercopy", "core_papercopy_append_only"),
        (
            "UPDATE core_copyhidden SET person_id = (SELECT min(id) FROM core_person)",
            "core_copyhidden_append_only",
        ),
        ("DELETE FROM core_copyhidden", "core_copyhidden_append_only"),
        (
            "INSERT INTO core_papercopy (case_id, source_id, nr, profile, organisation, recipient_id, purpose, by_id, at)"
            " SELECT case_id, source_id, nr, profile, organisation, recipient_id, purpose, by_id, at FROM core_papercopy",
            "core_papercopy_nr",
        ),
        (
            "INSERT INTO core_papercopy (case_id, source_id, nr, profile, organisation, recipient_id, purpose, by_id, at)"
            " SELECT case_id, source_id, 9, profile, organisation, recipient_id, '', by_id, at FROM core_papercopy",
            "core_papercopy_purpose",
        ),
    ],
)
def test_database_keeps_the_log(house: House, sealed: Document, statement: str, name: str) -> None:
    copies.give(sealed, Order("police", "李明", "立案", "", ("王晓梅",)), by=house.pm)
    assert CopyHidden.objects.count() == PaperCopy.objects.count() == 1
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_names_in_the_log_are_nowhere_but_in_persons(house: House, sealed: Document) -> None:
    copies.give(sealed, Order("police", "李明明", "立案", "", ("赵小满",)), by=house.pm)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        holding = []
        for table in tables:
            statement = sql.SQL("SELECT count(*) FROM {} t WHERE t::text ~ %s")
            cursor.execute(statement.format(sql.Identifier(table)), ["李明明|赵小满"])
            if cursor.fetchone()[0]:
                holding.append(table)
    assert [name for name in holding if not re.match(r"core_person", name)] == []
