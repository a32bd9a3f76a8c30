"""Many rows in one statement: what it leaves behind is what single saves leave."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import workflow
from propdesk.core import audit, bulk, notices
from propdesk.core.models import (
    AuditEntry,
    Case,
    Delivery,
    Department,
    Notice,
    StaffSignature,
    Task,
)
from propdesk.core.notices import Message
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import CaseFactory, DepartmentFactory, PropertyFactory, UserFactory, at
from tests.incidents import moves
from tests.incidents.journey import House as ComplaintHouse
from tests.incidents.moves import refuses
from tests.lostfound.journey import House

pytestmark = pytest.mark.django_db


def plain(row: Any, *but: str) -> dict[str, Any]:
    """The columns of a row read anew, without ``but``."""
    found = type(row)._default_manager.get(pk=row.pk)
    columns = {f.attname: getattr(found, f.attname) for f in row._meta.concrete_fields}
    return {name: value for name, value in columns.items() if name not in but}


def department(prop, name: str) -> Department:
    return Department(property=prop, name=name, extension="8001")


# --- the same as single saves ----------------------------------------------------------------


def test_sheet_adds_a_row_and_its_version_as_a_single_save_does():
    user, prop, other = UserFactory(), PropertyFactory(), PropertyFactory()
    one, two = department(prop, "前厅部"), department(other, "前厅部")

    audit.save(one, by=user, reason="新设")
    page = bulk.Sheet(user, "新设")
    bulk.number([two])
    page.add([two])
    page.write()

    assert plain(one, "id", "property_id") == plain(two, "id", "property_id")
    versions = [row.history.get() for row in (one, two)]
    without = ("history_id", "history_date", "id", "property_id")
    assert plain(versions[0], *without) == plain(versions[1], *without)
    assert versions[1].history_date == page.at
    assert audit.digest_of(two) == audit.digest_of(Department.objects.get(pk=two.pk))


def test_sheet_changes_the_named_fields_only_as_a_single_save_does():
    user = UserFactory()
    one, two = DepartmentFactory(name="甲"), DepartmentFactory(name="乙")
    for row in (one, two):
        row.name, row.extension = "维修部", "2"

    audit.save(one, "name", by=user, reason="改名")
    page = bulk.Sheet(user, "改名")
    page.change([two], "name")
    page.write()

    assert plain(one, "id", "property_id") == plain(two, "id", "property_id")
    assert plain(two)["extension"] == ""
    versions = [row.history.latest() for row in (one, two)]
    without = ("history_id", "history_date", "id", "property_id")
    assert plain(versions[0], *without) == plain(versions[1], *without)


def test_sheet_chains_entries_as_a_single_record_does():
    user, moment = UserFactory(), at("2026-11-23 14:00")
    one, two = CaseFactory(), CaseFactory()
    rows = [DepartmentFactory(property=case.property) for case in (one, two)]
    told = {"reason": "到期", "info": {"n": 1, "text": "中文", "none": None}}

    for case, row in ((one, rows[0]), (two, rows[1])):
        for action in ("first", "second"):
            if case is one:
                audit.record(case, row, by=user, action=action, occurred_at=moment, **told)
    page = bulk.Sheet(user, "到期")
    page.acts(
        [
            audit.Act(two, action, user, occurred_at=moment, rows=[rows[1]], **told)
            for action in ("first", "second")
        ]
    )
    page.write()

    entries = [list(AuditEntry.objects.filter(case=case).order_by("seq")) for case in (one, two)]
    without = ("id", "case_id", "property_id", "at", "rows", "hash")
    assert [plain(e, *without) for e in entries[0]] == [plain(e, *without) for e in entries[1]]
    for case in (one, two):
        case.refresh_from_db()
        assert (case.version, audit.problems(case)) == (2, [])


def test_sheet_tells_as_put_does_and_leaves_out_what_was_told():
    people = (UserFactory(), UserFactory())
    cases = [CaseFactory(), CaseFactory()]
    due = at("2026-11-23 14:00")
    one, two = (
        [
            Message(
                c.property, "r", "文字", f"{c.pk}:{n}", people, case=c, due_at=due, merged=n == 1
            )
            for n in range(2)
        ]
        for c in cases
    )

    notices.put(one)
    for _again in range(2):
        page = bulk.Sheet(None, "")
        page.tell(two)
        page.write()

    assert told(cases[0]) == told(cases[1])
    assert [len(rows) for rows in told(cases[1])] == [4, 4]


def told(case: Case) -> list[list[dict[str, Any]]]:
    """Notices and deliveries of a case, without what differs between two cases."""
    without = ("id", "case_id", "property_id", "key", "created_at", "next_try_at", "notice_id")
    notes = Notice.objects.filter(case=case).order_by("key", "recipient")
    deliveries = Delivery.objects.filter(notice__case=case)
    deliveries = deliveries.order_by("notice__key", "recipient", "channel")
    return [[plain(row, *without) for row in rows] for rows in (notes, deliveries)]


def test_every_row_of_a_house_written_anew_is_the_same(as_owner):
    """Each type of column survives the way through JSON."""
    found = House()
    workflow.announce(
        found.traced(),
        by=found.dm,
        published_on=timezone.localdate(),
        channel="board",
    )
    complaints = ComplaintHouse()
    complaints.offered()
    moves.photographed(complaints)
    before = moves.fingerprint()

    written = set()
    with as_owner():
        for model in apps.get_models():
            rows = list(model._default_manager.all()) if model._meta.managed else []
            names = [f.name for f in model._meta.concrete_fields if not f.primary_key]
            # Some tables refuse to be written again at all, whatever the values.
            with suppress(IntegrityError), transaction.atomic():
                bulk.write(updates=[bulk.Update(rows, names)] if names else [])
                written |= {model._meta.label} if rows else set()

    assert moves.fingerprint() == before
    assert {"core.Clock", "core.PropertySettings", "lostfound.MatchProfile"} <= written
    assert {"core.AuditEntry", "lostfound.FoundItem", "lostfound.HistoricalFoundItem"} <= written


# --- one statement ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 300])
def test_sheet_is_one_statement_for_any_number_of_rows(count):
    prop, user = PropertyFactory(), UserFactory()
    cases = [CaseFactory(property=prop, created_by=user) for _n in range(count)]
    rows = [department(prop, f"部门{n}") for n in range(count)]

    with CaptureQueriesContext(connection) as captured:
        bulk.number(rows)
        page = bulk.Sheet(user, "x")
        page.add(rows)
        page.acts(audit.Act(c, "act", user) for c in cases)
        page.tell(Message(prop, "r", "t", f"k{c.pk}", (user,), case=c) for c in cases)
        page.write()

    assert len(captured) == 2
    assert Department.objects.filter(property=prop).count() == count
    assert (AuditEntry.objects.count(), Delivery.objects.count()) == (count, count)


def test_nothing_to_write_is_no_statement():
    page = bulk.Sheet(None, "x")
    page.add([])
    page.acts([])
    page.tell([])

    with CaptureQueriesContext(connection) as captured:
        page.write()
        bulk.write()
        bulk.number([], [])

    assert len(captured) == 0


def test_number_gives_each_row_of_each_model_its_own_key():
    case = CaseFactory()
    taken = DepartmentFactory(property=case.property)
    departments = [department(case.property, f"部门{n}") for n in range(3)]
    tasks = [
        Task(
            case=case,
            property=case.property,
            kind=f"k{n}",
            role=Role.STAFF,
            text="x",
            created_at=timezone.now(),
        )
        for n in range(2)
    ]

    bulk.number(departments, tasks)
    bulk.write([bulk.Insert(departments), bulk.Insert(tasks)])

    assert len({row.pk for row in departments} | {taken.pk}) == 4
    assert Department.objects.filter(pk__in=[row.pk for row in departments]).count() == 3
    assert Task.objects.filter(pk__in=[row.pk for row in tasks]).count() == 2
    assert DepartmentFactory(property=case.property).pk not in {row.pk for row in departments}


# --- refusals --------------------------------------------------------------------------------


def test_row_refused_by_a_constraint_says_its_sentence_and_nothing_is_written():
    first = DepartmentFactory(name="工程部")
    case = CaseFactory(property=first.property)

    with refuses(ConflictError, match="已有同名部门"), transaction.atomic():
        page = bulk.Sheet(None, "x")
        page.acts([audit.Act(case, "act", None)])
        rows = [department(first.property, "新的"), department(first.property, "工程部")]
        bulk.number(rows)
        page.add(rows)
        page.write()


def test_row_that_is_gone_is_not_passed_over():
    here, gone = DepartmentFactory(), DepartmentFactory()
    Department.objects.filter(pk=gone.pk).delete()

    with refuses(LookupError, match="1 of 2 rows of core_department"), transaction.atomic():
        bulk.write(updates=[bulk.Update([here, gone], ["name"])])


def test_row_updated_twice_is_refused_before_anything_is_sent():
    row = DepartmentFactory()

    with refuses(ValueError, match="twice"):
        bulk.write(updates=[bulk.Update([row], ["name"]), bulk.Update([row], ["extension"])])


def test_unknown_field_is_refused():
    row = DepartmentFactory()

    with refuses(FieldDoesNotExist):
        bulk.write(updates=[bulk.Update([row], ["nonsense"])])


def test_value_without_a_place_in_a_row_is_refused():
    row = CaseFactory()
    row.opened_at = timedelta(days=1)

    with refuses((TypeError, AttributeError)):
        bulk.write(updates=[bulk.Update([Case(pk=row.pk, opened_at=object())], ["opened_at"])])


def test_bytes_are_the_same_bytes():
    user, image = UserFactory(), bytes(range(256))
    row = StaffSignature(user=user, image=image, sha256="0" * 64, created_at=timezone.now())

    bulk.write([bulk.Insert([row])])

    assert bytes(StaffSignature.objects.get(user=user).image) == image


def test_decimal_keeps_its_cents():
    settings = PropertyFactory().settings
    settings.dm_limit_yuan = Decimal("1234567.89")

    page = bulk.Sheet(None, "x")
    page.change([settings], "dm_limit_yuan")
    page.write()

    assert plain(settings)["dm_limit_yuan"] == Decimal("1234567.89")
    assert settings.history.latest().dm_limit_yuan == Decimal("1234567.89")
