"""Copies of sealed papers: given by managers, logged whole, printed and sealed in their own right."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg import sql

from propdesk.core import copies, rendering
from propdesk.core.copies import Order
from propdesk.core.models import (
    AuditEntry,
    CopyHidden,
    Document,
    PaperCopy,
    Person,
    RenderJob,
)
from propdesk.core.roles import MANAGERS, Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import member
from tests.incidents.journey import House
from tests.incidents.moves import fingerprint
from tests.incidents.test_reports_papers import printed, sealed_job, stored, text_of

pytestmark = pytest.mark.django_db
POLICE = Order("police", "民警 李明 010233", "立案调查", "南山派出所")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def sealed(house: House) -> Document:
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
    ],
)
def test_give_refuses_by_field(
    house: House, sealed: Document, change: dict[str, Any], field: str
) -> None:
    from dataclasses import replace

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
    text = text_of(stored(made))
    assert "副本第1份（保险用）" in text
    assert "平安财险张经理，用途：漏水理赔" in text
    assert ("空调" in text, "■■■" in text) == (False, True)
    assert original.number in text
    assert (made.sealed, made.seal is not None, made.signatures) == (True, True, 1)
    assert made.verify_code not in ("", original.verify_code)
    assert copies.paper_of(copy) == made


def test_printed_copy_is_the_same_twice(house: House) -> None:
    complaint = house.signed()
    original = printed(sealed_job(complaint))
    copy = copies.give(original, POLICE, by=house.pm)
    job = RenderJob.objects.get(kind=copies.kind_of(copy))
    first = copies.build(job)
    Person.objects.create(property=house.prop, name="后来的人")
    assert copies.build(job).paper == first.paper


def test_waiting_copy_has_a_job(house: House, sealed: Document) -> None:
    copy = copies.give(sealed, POLICE, by=house.pm)
    assert copies.paper_of(copy) is None
    assert copies.job_of(copy).kind == f"copy:{copy.pk}"
    assert copies.KIND in rendering.BUILDERS


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
