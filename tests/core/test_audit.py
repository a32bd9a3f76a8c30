"""The chain of a case: what an edit behind the application's back looks like."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import audit
from propdesk.core.models import AuditEntry, Case, Department, Report
from propdesk.core.transitions import ConflictError
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def problems(pk: int) -> list[str]:
    return audit.problems(Case.objects.get(pk=pk))


def test_save_writes_one_history_row_with_who_and_why():
    user = UserFactory()
    row = Department(property=House().prop, name="前厅部")

    audit.save(row, by=user, reason="新设")
    row.name = "前台"
    audit.save(row, "name", by=None, reason="改名")

    history = row.history.order_by("history_id")
    assert list(history.values_list("name", "history_user", "history_change_reason")) == [
        ("前厅部", user.pk, "新设"),
        ("前台", None, "改名"),
    ]


def test_save_writes_the_named_fields_only():
    row = DepartmentFactory(name="工程部", extension="1")
    row.name, row.extension = "维修部", "2"

    audit.save(row, "name", by=None, reason="改名")

    row.refresh_from_db()
    assert (row.name, row.extension) == ("维修部", "1")


def test_save_of_a_refused_row_says_the_sentence_of_its_constraint():
    first = DepartmentFactory(name="工程部")

    with refuses(ConflictError, match="已有同名部门"), transaction.atomic():
        audit.save(Department(property=first.property, name="工程部"), by=None, reason="x")


def test_save_of_a_row_refused_by_no_known_constraint_raises_it():
    row = Department(property_id=0, name="x")
    row.pk = DepartmentFactory().pk

    with refuses(IntegrityError), transaction.atomic():
        audit.save(row, by=None, reason="x")


def test_entries_of_a_case_are_numbered_and_chained():
    case = CaseFactory()

    for n in range(3):
        audit.record(case, by=None, action=f"act{n}", info={"n": n})

    entries = list(case.entries.order_by("seq"))
    assert [(e.seq, e.action) for e in entries] == [(1, "act0"), (2, "act1"), (3, "act2")]
    assert entries[1].hash == audit.chain_hash(entries[0].hash, entries[1])
    case.refresh_from_db()
    assert (case.version, case.audit_head) == (3, entries[2].hash)
    assert audit.problems(case) == []


def test_record_many_appends_to_each_chain_in_the_same_way():
    cases = [CaseFactory() for _each in range(3)]

    audit.record_many([audit.Act(case, "flag", None) for case in cases for _twice in range(2)])

    assert [list(c.entries.order_by("seq").values_list("seq", flat=True)) for c in cases] == [
        [1, 2]
    ] * 3
    assert [problems(case.pk) for case in cases] == [[]] * 3


def test_entries_name_the_house_of_their_case():
    one, many = CaseFactory(), CaseFactory()

    audit.record(one, by=None, action="act")
    audit.record_many([audit.Act(many, "flag", None)])

    entries = AuditEntry.objects.filter(case__in=[one, many]).order_by("case")
    assert [e.property_id for e in entries] == [one.property_id, many.property_id]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"action": "nothing"}, "第 2 条与前后不符"),
        ({"at": datetime(2020, 1, 1, tzinfo=UTC)}, "第 2 条与前后不符"),
        ({"content": {"reason": "别的", "info": {}}}, "第 2 条内容被改动"),
        ({"rows": []}, "第 2 条与前后不符"),
        ({"hash": "0" * 64}, "第 2 条与前后不符"),
    ],
    ids=["action", "time", "content", "rows", "hash"],
)
def test_altered_entry_is_seen(as_owner, change, sentence):
    complaint = House().recorded()
    with as_owner():
        AuditEntry.objects.filter(case=complaint.pk, seq=2).update(**change)

    assert sentence in problems(complaint.pk)


def test_removed_entry_is_seen(as_owner):
    complaint = House().recorded()
    with as_owner():
        AuditEntry.objects.filter(case=complaint.pk, seq=2).delete()

    assert problems(complaint.pk)[0] == "缺少第 2 条"


def test_chain_cut_short_is_seen(as_owner):
    complaint = House().recorded()
    with as_owner():
        AuditEntry.objects.filter(case=complaint.pk, seq=3).delete()

    assert "链尾与案件不符" in problems(complaint.pk)


def test_row_changed_outside_the_application_is_seen():
    complaint = House().resolved()

    Complaint.objects.filter(pk=complaint.pk).update(resolution="别的")

    assert problems(complaint.pk) == [f"incidents.complaint {complaint.pk} 在系统之外被改动"]


def test_row_added_to_no_entry_but_changed_by_the_application_is_not_blamed():
    house = House()
    complaint = moves.submitted(house)
    workflow.sign_report(Report.objects.get(), by=house.pm, password="test-Password-1")

    assert problems(complaint.pk) == []


def test_purged_content_keeps_the_chain_verifiable(as_owner):
    complaint = House().recorded()
    with as_owner():
        AuditEntry.objects.filter(case=complaint.pk).update(content=None)

    assert problems(complaint.pk) == []


def test_digest_is_the_same_before_and_after_a_round_through_the_database():
    house = House()
    complaint = moves.costly(house, "800.5")
    report = Report(
        case=complaint.case,
        property=house.prop,
        number="SG-20200101-001",
        loss_yuan=Decimal("12.3"),
        occurred_at=timezone.localtime(),
        improve_by=timezone.localdate() + timedelta(days=1),
        author=house.dm,
        created_at=timezone.now(),
    )
    report.save()
    rows = [complaint, complaint.options.last(), report, house.dm.signatures.get()]

    again = [type(row)._default_manager.get(pk=row.pk) for row in rows]

    assert [audit.digest_of(row) for row in rows] == [audit.digest_of(row) for row in again]
    assert len({audit.digest_of(row) for row in rows}) == len(rows)


def test_digest_of_json_does_not_hang_on_the_order_in_which_its_keys_were_put_in():
    house = House()
    values = {"result": "好", "by": {"name": 1, "id": 2}, "at": [{"bb": 1, "a": 2}]}
    entry = AuditEntry(case=house.new().case, seq=99, at=timezone.now(), action="x", content=values)
    entry.save()

    again = AuditEntry.objects.get(pk=entry.pk)

    assert list(again.content) != list(values)
    assert audit.digest_of(again) == audit.digest_of(entry)


def test_history_replayed_gives_the_current_row():
    house = House()
    house.closed()

    for model in (Complaint, Report):
        for row in model.objects.all():
            latest = row.history.latest("history_id")
            fields = [f.attname for f in model._meta.concrete_fields]
            assert {f: getattr(row, f) for f in fields} == {f: getattr(latest, f) for f in fields}
