"""停电包 and its blank forms: numbers used up by paper only, each settled once (F11)."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from propdesk.core import blanks, orphans, rendering
from propdesk.core.models import AuditEntry, BlankForm, Case, Document, OutagePack, Property, User
from propdesk.core.roles import DUTY, Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PropertyFactory, member
from tests.incidents.journey import House
from tests.incidents.moves import fingerprint
from tests.lostfound.journey import House as Found

pytestmark = pytest.mark.django_db
IN_A_PACK = sum(count for _form, count in blanks.FORMS)


def printed(
    pack: OutagePack, file: str = "papers/none.pdf", made_at: datetime | None = None
) -> OutagePack:
    """As if the worker had made the PDF."""
    job = pack.job
    assert job is not None
    job.document = Document.objects.create(
        property=pack.property,
        kind=blanks.KIND,
        number=pack.number,
        version=1,
        sealed=False,
        file=file,
        sha256="0" * 64,
        data_sha256="0" * 64,
        verify_code="",
        audit_head="",
        pages=3,
        size=1,
        created_at=made_at or timezone.now(),
    )
    job.state = "done"
    job.save()
    return OutagePack.objects.select_related("job__document", "document", "property").get(
        pk=pack.pk
    )


def taken(house: Any, by: User | None = None) -> OutagePack:
    pack = printed(blanks.make(house.prop, by=house.dm))
    return blanks.take(pack, by=by or house.dm)


def sheet(pack: OutagePack, form: str = "complaint") -> BlankForm:
    return pack.blanks.filter(form=form, settled_at=None).order_by("serial")[0]


# --- made and taken ------------------------------------------------------------------------


def test_pack_numbers_each_blank_form() -> None:
    house = House()
    pack = blanks.make(house.prop, by=house.dm)
    rows = list(pack.blanks.order_by("serial"))
    day = f"{timezone.localdate():%Y%m%d}"
    assert [row.serial for row in rows] == [f"KB-{day}-{n:03}" for n in range(1, IN_A_PACK + 1)]
    assert pack.number == f"TD-{day}-001"
    assert {row.form for row in rows} == set(BlankForm.Form.values)
    assert pack.job is not None
    assert (pack.job.kind, pack.job.params, pack.job.state) == (
        blanks.KIND,
        {"pack": pack.pk},
        "pending",
    )


def test_pack_nobody_took_is_made_anew_with_the_same_numbers() -> None:
    house = House()
    first = printed(blanks.make(house.prop, by=house.dm))
    again = blanks.make(house.prop, by=house.dm)
    assert again.pk == first.pk
    assert again.job_id != first.job_id
    assert blanks.finished(again) == first.job.document  # type: ignore[union-attr]
    assert BlankForm.objects.count() == IN_A_PACK


def test_pack_in_the_making_is_not_begun_twice() -> None:
    house = House()
    first = blanks.make(house.prop, by=house.dm)
    assert blanks.make(house.prop, by=house.dm).job_id == first.job_id


def test_taken_pack_is_followed_by_new_numbers() -> None:
    house = House()
    first = taken(house)
    second = blanks.make(house.prop, by=house.dm)
    assert second.pk != first.pk
    assert BlankForm.objects.count() == 2 * IN_A_PACK
    assert not set(first.blanks.values_list("serial")) & set(second.blanks.values_list("serial"))


def test_take_twice_keeps_the_first_taker() -> None:
    house = House()
    pack = taken(house)
    again = blanks.take(pack, by=house.pm)
    assert (again.taken_by, again.taken_at) == (house.dm, pack.taken_at)


def test_take_before_it_is_printed_is_refused() -> None:
    house = House()
    pack = blanks.make(house.prop, by=house.dm)
    before = fingerprint()
    with pytest.raises(ConflictError, match="还没有做好"):
        blanks.take(pack, by=house.dm)
    assert fingerprint() == before


@pytest.mark.parametrize("role", sorted(set(Role) - DUTY))
def test_others_neither_make_nor_take_nor_settle(role: Role) -> None:
    house = House()
    pack = taken(house)
    other = member(house.prop, role)
    blank, before = sheet(pack), fingerprint()
    for act in (
        lambda: blanks.make(house.prop, by=other),
        lambda: blanks.take(pack, by=other),
        lambda: blanks.enter(blank, None, by=other),
        lambda: blanks.void([blank], "没有用到", by=other),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert fingerprint() == before


# --- the night -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "now", "due"),
    [
        ("2026-11-26T02:59+08:00", "2026-11-26T03:00+08:00", 1),
        ("2026-11-26T03:00+08:00", "2026-11-27T02:59+08:00", 0),
        ("2026-11-25T23:00+08:00", "2026-11-26T02:00+08:00", 0),
        ("2026-11-25T02:00+08:00", "2026-11-26T02:00+08:00", 1),
    ],
)
def test_night_makes_one_pack_from_three_on(made: str, now: str, due: int) -> None:
    house = House()
    blanks.make(house.prop, by=None, now=datetime.fromisoformat(made))
    OutagePack.objects.update(job=None)
    assert blanks.make_nightly(datetime.fromisoformat(now)) == due
    assert blanks.make_nightly(datetime.fromisoformat(now)) == 0


def test_night_passes_a_house_without_its_first_answers() -> None:
    PropertyFactory(settings__first_run_done_at=None)
    assert blanks.make_nightly(timezone.now()) == 0


def test_night_asks_once_when_nothing_is_due(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for _n in range(3):
        blanks.make(PropertyFactory(), by=None)
    with django_assert_num_queries(1):
        assert blanks.make_nightly(timezone.now()) == 0


# --- entered and voided --------------------------------------------------------------------


def test_enter_settles_the_number_and_the_case_says_so() -> None:
    house = House()
    blank, complaint = sheet(taken(house)), house.new()
    row = blanks.enter(blank, complaint.case, by=house.dm)
    assert (row.case, row.settled_by, row.void_reason) == (complaint.case, house.dm, "")
    entry = AuditEntry.objects.filter(case=complaint.case).latest("seq")
    assert (entry.action, entry.by, entry.content["info"]) == (
        "blank_entered",
        house.dm,
        {"serial": blank.serial},
    )
    assert blanks.attached(AuditEntry.objects.filter(case=complaint.case)) == (
        f"空白表 {blank.serial}（手写，{timezone.localtime(entry.at):%Y-%m-%d %H:%M} 补录）",
    )


def test_number_stays_out_until_it_is_settled() -> None:
    house = House()
    pack = taken(house)
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        blanks.make_nightly(timezone.now())
    assert pack.blanks.filter(settled_at=None).count() == IN_A_PACK
    blanks.enter(sheet(pack), house.new().case, by=house.dm)
    blanks.void([sheet(pack)], "没有用到", by=house.dm)
    assert pack.blanks.filter(settled_at=None).count() == IN_A_PACK - 2


@pytest.mark.parametrize(
    ("case", "sentence"),
    [("none", "没有这个编号"), ("other", "没有这个编号"), ("kind", "要补录成")],
)
def test_enter_refuses_what_does_not_belong(case: str, sentence: str) -> None:
    house, elsewhere = House(), House()
    blank = sheet(taken(house), "found" if case == "kind" else "complaint")
    given: dict[str, Case | None] = {
        "none": None,
        "other": elsewhere.new().case,
        "kind": house.new().case,
    }
    before = fingerprint()
    with pytest.raises(RefusedInput) as refused:
        blanks.enter(blank, given[case], by=house.dm)
    assert list(refused.value.errors) == ["number"]
    assert sentence in refused.value.errors["number"]
    assert fingerprint() == before


def test_case_that_was_over_before_the_sheet_existed_settles_none() -> None:
    house = House()
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        complaint = house.closed()
    blank = sheet(taken(house))
    before = fingerprint()
    with pytest.raises(RefusedInput, match="以前就办完了"):
        blanks.enter(blank, complaint.case, by=house.dm)
    assert fingerprint() == before


def test_case_settles_one_sheet_of_a_kind() -> None:
    """Else one complaint would make every sheet of the night disappear."""
    house = House()
    pack, complaint = taken(house), house.new()
    first = blanks.enter(sheet(pack), complaint.case, by=house.dm)
    before = fingerprint()
    with pytest.raises(RefusedInput, match=f"已由{first.serial}补录"):
        blanks.enter(sheet(pack), complaint.case, by=house.dm)
    assert fingerprint() == before
    again = blanks.enter(first, complaint.case, by=house.dm, reason="核对过")
    assert again.case == complaint.case


def test_thing_two_people_claimed_settles_a_slip_of_each() -> None:
    house = Found()
    pack, item = taken(house), house.logged()
    for _person in "ab":
        blanks.enter(sheet(pack, "claim"), item.case, by=house.dm)
    assert item.case.blank_forms.count() == 2


def test_unopened_pack_has_no_numbers_to_settle() -> None:
    house = House()
    pack = printed(blanks.make(house.prop, by=house.dm))
    complaint, before = house.new(), None
    before = fingerprint()
    with pytest.raises(ConflictError, match="还没有取用"):
        blanks.enter(sheet(pack), complaint.case, by=house.dm)
    with pytest.raises(ConflictError, match="还没有取用"):
        blanks.void([sheet(pack)], "没有用到", by=house.dm)
    assert fingerprint() == before


def test_settled_number_changes_only_with_a_reason() -> None:
    house = House()
    blank, first, second = sheet(taken(house)), house.new(), house.new()
    blanks.enter(blank, first.case, by=house.dm)
    before = fingerprint()
    with pytest.raises(RefusedInput) as refused:
        blanks.enter(blank, second.case, by=house.dm)
    assert list(refused.value.errors) == ["reason"]
    assert fingerprint() == before
    row = blanks.enter(blank, second.case, by=house.dm, reason="写错了编号")
    assert row.case == second.case
    assert blanks.attached(AuditEntry.objects.filter(case=first.case)) == ()
    assert len(blanks.attached(AuditEntry.objects.filter(case=second.case))) == 1


def test_void_needs_a_reason_and_unlinks_the_case() -> None:
    house = House()
    blank, complaint = sheet(taken(house)), house.new()
    blanks.enter(blank, complaint.case, by=house.dm)
    with pytest.raises(RefusedInput):
        blanks.void([blank], "  ", by=house.dm)
    (row,) = blanks.void([blank], "写坏了", by=house.pm)
    assert (row.case, row.void_reason, row.settled_by) == (None, "写坏了", house.pm)
    assert blanks.attached(AuditEntry.objects.filter(case=complaint.case)) == ()


def test_stale_form_does_not_undo_what_a_colleague_did() -> None:
    house = House()
    pack = taken(house)
    blank, complaint = sheet(pack), house.new()
    blanks.enter(blank, complaint.case, by=house.pm)
    before = fingerprint()
    for act in (
        lambda: blanks.void([blank], "没有用到", by=house.dm, seen=""),
        lambda: blanks.enter(blank, complaint.case, by=house.dm, reason="x1", seen=""),
    ):
        with pytest.raises(ConflictError, match="刚由同事办过"):
            act()
    assert fingerprint() == before
    blank.refresh_from_db()
    seen = blanks.state_of(blank)
    (row,) = blanks.void([blank], "写坏了", by=house.dm, seen=seen)
    assert row.void_reason == "写坏了"


def test_one_house_that_raises_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = PropertyFactory(), PropertyFactory()
    make = blanks.make

    def broken(prop: Property, **options: Any) -> OutagePack:
        if prop == first:
            raise OSError("disk full")
        return make(prop, **options)

    monkeypatch.setattr(blanks, "make", broken)
    assert blanks.make_nightly(timezone.now()) == 1
    assert list(OutagePack.objects.values_list("property", flat=True)) == [second.pk]
    monkeypatch.setattr(blanks, "make", make)
    assert blanks.make_nightly(timezone.now()) == 1


# --- what the database itself refuses ------------------------------------------------------


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE core_blankform SET serial = 'KB-1'", "core_blankform_serial_frozen"),
        (
            "UPDATE core_blankform SET settled_at = NULL, settled_by_id = NULL, case_id = NULL,"
            " void_reason = '' WHERE settled_at IS NOT NULL",
            "core_blankform_stays_settled",
        ),
        (
            "UPDATE core_blankform SET case_id = NULL WHERE case_id IS NOT NULL",
            "core_blankform_settled",
        ),
        ("DELETE FROM core_blankform", "core_blankform_serial_frozen"),
        ("UPDATE core_outagepack SET number = 'TD-1'", "core_outagepack_number_frozen"),
        (
            "UPDATE core_outagepack SET taken_at = NULL, taken_by_id = NULL",
            "core_outagepack_taken_frozen",
        ),
        (
            "UPDATE core_outagepack SET taken_by_id = (SELECT max(id) FROM core_user)",
            "core_outagepack_taken_frozen",
        ),
    ],
)
def test_database_keeps_numbers(statement: str, name: str) -> None:
    house = House()
    blanks.enter(sheet(taken(house)), house.new().case, by=house.dm)
    member(house.prop, Role.STAFF)
    with (
        pytest.raises(IntegrityError) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_database_holds_one_pack_ready() -> None:
    house = House()
    first = blanks.make(house.prop, by=house.dm)
    with pytest.raises(IntegrityError, match="core_outagepack_one_ready"), transaction.atomic():
        OutagePack.objects.create(property=house.prop, number="TD-X", made_at=first.made_at)


def test_newest_pdf_is_kept_when_drafts_go(settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path
    house, then = House(), timezone.now() - timedelta(hours=30)
    paths = [tmp_path / f"papers/{timezone.localtime(then):%Y/%m}/{n}.pdf" for n in range(2)]
    for path in paths:
        printed(blanks.make(house.prop, by=house.dm), str(path.relative_to(tmp_path)), then)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (then.timestamp(), then.timestamp()))
    orphans.sweep(timezone.now())
    assert [path.exists() for path in paths] == [False, True]


def test_rendering_is_asked_for_without_a_person() -> None:
    house = House()
    job = rendering.request_list(house.prop, blanks.KIND, {}, by=None)
    assert job.requested_by is None
