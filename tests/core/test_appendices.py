"""After sealing a correction is an appendix: numbered, signed, sealed, and named by the verify page."""

import contextlib
import dataclasses

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import appendices, audit, rendering, signatures, verifying
from propdesk.core.appendices import Correction
from propdesk.core.models import Appendix, Case, Document, Notice, RenderJob, ReportBox
from propdesk.core.roles import DUTY, Role
from propdesk.core.signatures import Second
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.core.test_copies import sealed_row
from tests.core.test_verifying import Sealed
from tests.factories import PASSWORD, DeputyFactory, fresh, member
from tests.incidents.journey import House, drawn
from tests.incidents.test_reports_papers import stored, text_of

pytestmark = pytest.mark.django_db
SAID = Correction("财物损失", "无", "空调风扇一台，300 元", "事后核对维修单")


def state():
    """All that an appendix would write."""
    return (
        Appendix.objects.count(),
        RenderJob.objects.count(),
        Notice.objects.count(),
        list(Case.objects.order_by("pk").values_list("version", "audit_head")),
    )


def written(sealed, by=None, second=None, password=PASSWORD, **changes):
    said = dataclasses.replace(SAID, **changes)
    beside = Second(second or sealed.house.dm, PASSWORD)
    by = by or sealed.house.pm
    return appendices.append(sealed.document, said, beside, by=by, password=password)


def test_appendices_are_numbered_chained_and_sealed_beside_the_paper():
    sealed = Sealed()
    before = stored(sealed.document)

    rows = [written(sealed), written(sealed, by=sealed.house.gm, subject="发生时间")]
    rendering.render_due(timezone.now())

    number = sealed.document.number
    assert [row.number for row in rows] == [f"{number}-附1", f"{number}-附2"]
    papers = Document.objects.filter(kind__startswith="appendix:").order_by("pk")
    assert [(p.number, p.sealed, p.version, p.signatures) for p in papers] == [
        (f"{number}-附1", True, 1, 3),
        (f"{number}-附2", True, 2, 3),
    ]
    sealed.document.refresh_from_db()
    assert stored(sealed.document) == before
    case = Case.objects.get(pk=sealed.document.case_id)
    assert audit.problems(case) == []
    entry = case.entries.filter(action="paper_append").order_by("seq").first()
    assert (entry.content["reason"], entry.content["info"]) == (
        SAID.reason,
        {"number": f"{number}-附1"},
    )


def test_papers_of_one_number_share_the_numbers_of_their_appendices():
    house = House()
    first = sealed_row(house)
    second = Document.objects.create(
        **{name: getattr(first, name) for name in ("case", "number", "sealed", "file", "sha256")},
        **{name: getattr(first, name) for name in ("data_sha256", "pages", "size", "created_at")},
        kind="record:2",
        version=2,
    )

    rows = [
        appendices.append(paper, SAID, Second(house.dm, PASSWORD), by=house.pm, password=PASSWORD)
        for paper in (first, second, first)
    ]

    assert [row.number for row in rows] == [f"{first.number}-附{n}" for n in (1, 2, 3)]
    assert appendices.numbers_of(second) == [f"{first.number}-附2"]


def test_paper_says_what_is_right_and_names_the_original():
    sealed = Sealed()
    written(sealed)
    row = written(sealed, subject="发生时间")
    rendering.render_due(timezone.now())

    text = text_of(stored(Document.objects.get(kind=appendices.kind_of(row))))

    original = sealed.document
    wanted = (
        "更正附录",
        original.number,
        original.verify_code,
        original.sha256,
        f"{original.number}-附1",
    )
    wanted += (
        "发生时间",
        "空调风扇一台，300元",
        "事后核对维修单",
        "张岚",
        row.number,
        "复核人",
        sealed.house.dm.name,
    )
    assert [each for each in wanted if each not in text] == []


def test_verify_page_of_the_original_names_its_appendices_and_both_are_unchanged():
    sealed = Sealed()
    row = written(sealed)
    rendering.render_due(timezone.now())
    own = Document.objects.get(kind=appendices.kind_of(row))

    first, second = (
        verifying.by_code(code)[0] for code in (sealed.document.verify_code, own.verify_code)
    )

    assert (first.appendices, str(first.says)) == ((row.number,), "same")
    assert (second.kind, second.appendices, str(second.says)) == ("更正附录", (), "same")
    assert [str(each.says) for each in second.findings] == ["same"] * 5


def test_signers_of_the_paper_are_told_by_number_alone():
    sealed = Sealed()
    row = written(sealed)

    notice = Notice.objects.get(rule="core.appendix")
    told = {delivery.recipient for delivery in notice.deliveries.all()}
    assert (notice.text, told) == (f"【更正附录】{row.number}", {sealed.house.dm})


def test_nobody_is_told_of_a_confidential_case():
    sealed = Sealed()
    sealed.complaint.case.restricted = True
    sealed.complaint.case.save(update_fields=["restricted"])

    written(sealed)

    assert Notice.objects.filter(rule="core.appendix").count() == 0


@pytest.mark.parametrize("role", [Role.DUTY_MANAGER, Role.ADMIN, Role.STAFF, Role.SECURITY_MANAGER])
def test_append_is_refused_to_others_and_changes_nothing(role):
    sealed = Sealed()
    by = member(sealed.house.prop, role)
    signatures.keep(by, drawn())
    before = state()

    with pytest.raises(PermissionDenied):
        written(sealed, by=by)

    assert state() == before


@pytest.mark.parametrize("field", ["subject", "text", "reason"])
def test_append_without_a_field_is_refused_and_changes_nothing(field):
    sealed = Sealed()
    before = state()

    with pytest.raises(RefusedInput) as refused:
        written(sealed, **{field: "  "})

    assert list(refused.value.errors) == [field]
    assert state() == before


def test_append_with_a_wrong_password_changes_nothing():
    sealed = Sealed()
    before = state()

    with pytest.raises(RefusedInput) as refused:
        written(sealed, password="wrong")

    assert list(refused.value.errors) == ["password"]
    assert state() == before


@pytest.mark.parametrize(
    ("role", "field"),
    [
        (None, "second"),
        (Role.STAFF, "second"),
        (Role.SECURITY_MANAGER, "second"),
        (Role.DUTY_MANAGER, "second_password"),
    ],
)
def test_second_who_is_the_first_or_no_manager_or_has_no_signature_changes_nothing(role, field):
    sealed = Sealed()
    second = member(sealed.house.prop, role) if role else sealed.house.pm
    before = state()

    with pytest.raises(RefusedInput) as refused:
        written(sealed, second=second)

    assert list(refused.value.errors) == [field]
    assert state() == before


def test_deputy_of_the_writer_does_not_read_over_what_he_wrote():
    sealed = Sealed()
    deputy = member(sealed.house.prop, Role.STAFF)
    signatures.keep(deputy, drawn())
    DeputyFactory(for_membership=sealed.house.pm.memberships.get(), by_user=deputy)
    before = state()

    with pytest.raises(RefusedInput) as refused:
        written(sealed, second=fresh(deputy))

    assert (list(refused.value.errors), state()) == (["second"], before)
    assert written(sealed, by=sealed.house.gm, second=fresh(deputy)).second == deputy


def test_one_of_the_two_holds_the_rank_of_the_highest_box():
    sealed = Sealed()
    box = ReportBox.objects.filter(report=sealed.document.report).last()
    house, roles = sealed.house, {Role.GENERAL_MANAGER}
    assert appendices.readers(sealed.document, house.prop, house.pm) == DUTY
    with as_signed_by(Role.GENERAL_MANAGER):
        assert appendices.readers(sealed.document, house.prop, house.pm) == roles
        assert appendices.readers(sealed.document, house.prop, house.gm) == DUTY
        before = state()
        with pytest.raises(RefusedInput, match="总物业经理") as refused:
            written(sealed)
        assert (list(refused.value.errors), state()) == (["second"], before)
        assert written(sealed, second=house.gm).second == house.gm
    assert box.role == Role.PROPERTY_MANAGER


@contextlib.contextmanager
def as_signed_by(role):
    """The paper as if somebody of this rank had signed it, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(appendices.HIGHEST, "incident_report", lambda _paper: [role])
        yield


def test_wrong_password_of_the_second_changes_nothing():
    sealed = Sealed()
    before = state()

    with pytest.raises(RefusedInput) as refused:
        appendices.append(
            sealed.document,
            SAID,
            Second(sealed.house.dm, "wrong"),
            by=sealed.house.pm,
            password=PASSWORD,
        )

    assert list(refused.value.errors) == ["second_password"]
    assert state() == before


def test_append_to_a_draft_or_to_an_appendix_is_a_conflict():
    sealed = Sealed()
    row = written(sealed)
    rendering.request(sealed.complaint.case, "complaint_record", by=sealed.house.dm)
    rendering.render_due(timezone.now())
    before = state()

    for paper in (
        Document.objects.get(sealed=False),
        Document.objects.get(kind=appendices.kind_of(row)),
    ):
        with pytest.raises(ConflictError):
            appendices.append(
                paper,
                SAID,
                Second(sealed.house.dm, PASSWORD),
                by=sealed.house.pm,
                password=PASSWORD,
            )

    assert state() == before


@pytest.mark.parametrize(
    "change", ["UPDATE core_appendix SET text = 'x'", "DELETE FROM core_appendix"]
)
def test_guard_refuses_to_change_an_appendix_by_sql(change):
    row = written(Sealed())

    with pytest.raises(IntegrityError, match="core_appendix"), transaction.atomic():
        connection.cursor().execute(change)

    row.refresh_from_db()
    assert row.text == SAID.text


def test_appendix_changed_by_sql_is_told_on_its_own_verify_page(as_owner):
    sealed = Sealed()
    row = written(sealed)
    rendering.render_due(timezone.now())
    own = Document.objects.get(kind=appendices.kind_of(row))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_appendix DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_appendix SET text = '3 元'")
        cursor.execute("ALTER TABLE core_appendix ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    changed = [f.what for f in verifying.by_code(own.verify_code)[0].findings if f.says != "same"]

    assert changed == ["数据库里的登记", "留痕链"]


def test_passwords_are_hashed_before_the_case_is_locked(monkeypatch):
    sealed = Sealed()
    locked_before = []
    real = signatures.prove

    def prove(*args):
        locked_before.append(any("FOR NO KEY UPDATE" in each["sql"] for each in captured))
        return real(*args)

    monkeypatch.setattr(signatures, "prove", prove)
    with CaptureQueriesContext(connection) as captured:
        written(sealed)

    assert locked_before == [False, False]
    assert any("FOR NO KEY UPDATE" in each["sql"] for each in captured)


def test_who_may_not_append_locks_nothing_and_has_no_password_tried(monkeypatch):
    sealed = Sealed()
    by = member(sealed.house.prop, Role.DUTY_MANAGER)
    monkeypatch.setattr(signatures, "confirmed", None)

    with CaptureQueriesContext(connection) as captured, pytest.raises(PermissionDenied):
        written(sealed, by=by)

    assert not any("FOR NO KEY UPDATE" in each["sql"] for each in captured)
