"""Sign-off: boxes, four eyes, deputies, sending back, reminders (decisions 13 and 32)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from incidents import workflow
from propdesk.core import audit, sign_reminders, signatures, signoff
from propdesk.core.models import Case, Notice, Report, ReportBox
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.queries import shell_counts
from tests.factories import (
    PASSWORD,
    CaseFactory,
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    UserFactory,
    at,
    fresh,
    member,
)
from tests.incidents import moves
from tests.incidents.journey import House, drawn
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
R = Role


def with_signature(user):
    signatures.keep(user, drawn())
    return fresh(user)


def sign(report, by, **changes):
    return signoff.sign(report, **({"by": by, "password": PASSWORD} | changes))


def written_by(house, by):
    """A report this person wrote and submitted."""
    complaint = moves.drafted(house)
    report = workflow.edit_report(Report.objects.get(case=complaint.case), {}, by=fresh(by))
    return workflow.submit_report(report, by=fresh(by), password=PASSWORD)


def boxes(report):
    return list(
        ReportBox.objects.filter(report=report, round=report.round)
        .order_by("position")
        .values_list("role", "decision")
    )


# --- signing -------------------------------------------------------------------------------


def test_submitting_signs_the_first_box_and_tells_the_next():
    house = House()

    report = written_by(house, house.dm)

    assert boxes(report) == [(R.DUTY_MANAGER, "approved"), (R.PROPERTY_MANAGER, "pending")]
    told = Notice.objects.filter(rule="core.sign")
    assert list(told.values_list("recipient", flat=True)) == [house.pm.pk]
    assert signoff.waiting_for(fresh(house.pm), house.prop) == [report]
    assert signoff.waiting_for(fresh(house.gm), house.prop) == []


def test_last_signature_makes_the_report_signed_and_tells_the_author():
    house = House()
    report = written_by(house, house.dm)

    signed = sign(report, house.pm, opinion="情况属实")

    assert (signed.state, signed.signed_at is None) == ("signed", False)
    box = signed.boxes.get(position=2)
    assert (box.signer, box.opinion, box.on_behalf_of) == (house.pm, "情况属实", None)
    assert box.content_sha == signoff.content_sha(signed)
    told = Notice.objects.filter(rule="core.report_signed")
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]
    assert audit.problems(Case.objects.get(pk=report.case_id)) == []


def test_second_press_of_the_same_button_is_the_same_signature():
    house = House()
    complaint = moves.drafted(house)
    report = Report.objects.get(case=complaint.case)
    opened = signoff.seen(report)
    first = {"by": house.dm, "password": PASSWORD, "seen": opened}
    workflow.submit_report(report, **first)
    before = fingerprint()
    assert workflow.submit_report(report, **first).state == "submitted"
    for other in ({"by": house.pm}, {"seen": "0" * 32}):
        with pytest.raises((ConflictError, PermissionDenied)):
            workflow.submit_report(report, **first | other)
    assert fingerprint() == before

    second = {"by": house.pm, "password": PASSWORD}
    second["seen"] = signoff.seen(Report.objects.get(case=complaint.case))
    workflow.sign_report(report, **second)
    before = fingerprint()
    assert workflow.sign_report(report, **second).state == "signed"
    with pytest.raises((ConflictError, PermissionDenied)):
        workflow.sign_report(report, **second | {"seen": ""})
    assert fingerprint() == before


def test_report_altered_behind_the_application_is_signed_by_nobody(as_owner):
    house = House()
    report = written_by(house, house.dm)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_report DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_report SET narrative = '没有这回事', loss_yuan = 99999")
        cursor.execute("ALTER TABLE core_report ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    before = fingerprint()

    with pytest.raises(ConflictError, match="与前面签名时不一致"):
        sign(report, house.pm)

    assert fingerprint() == before
    assert len(audit.problems(Case.objects.get(pk=report.case_id))) == 1
    assert signoff.send_back(report, by=house.pm, reason="内容不对").state == "sent_back"
    author, boss = report.boxes.order_by("position").values_list("content_sha", flat=True)
    assert author != boss


@pytest.mark.parametrize("who", ["author", "deputy-of-author", "outsider"])
def test_sign_is_refused_to(who):
    house = House()
    deputy = with_signature(UserFactory())
    author = fresh(house.pm) if who == "deputy-of-author" else house.dm
    report = written_by(house, author)
    by = {
        "author": house.dm,
        "deputy-of-author": deputy,
        "outsider": with_signature(member(House().prop, R.GENERAL_MANAGER)),
    }[who]
    if who == "deputy-of-author":
        DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
        MembershipFactory(user=house.pm, property=house.prop, role=R.GENERAL_MANAGER)
        DeputyFactory(
            for_membership=house.pm.memberships.get(role=R.GENERAL_MANAGER), by_user=deputy
        )
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        sign(report, fresh(by))

    assert fingerprint() == before
    assert signoff.waiting_for(fresh(by), house.prop) == []


def test_same_person_never_signs_two_boxes():
    house = House()
    both = with_signature(member(house.prop, R.PROPERTY_MANAGER))
    MembershipFactory(user=both, property=house.prop, role=R.GENERAL_MANAGER)
    complaint = house.resolved(house.promised(house.recorded(severity="major")))
    workflow.call_back(
        complaint, by=house.dm, via="phone", asked_at=timezone.now(), satisfaction="satisfied"
    )
    workflow.summarise(complaint, by=house.dm, summary="经过", result="结果")
    report = workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    report = sign(report, fresh(both))
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        sign(report, fresh(both))
    assert fingerprint() == before

    assert sign(report, house.gm).state == "signed"


def test_report_of_the_property_manager_goes_one_rank_up():
    house = House()
    other = with_signature(member(house.prop, R.PROPERTY_MANAGER))

    report = written_by(house, house.pm)

    with refuses(PermissionDenied):
        sign(report, other)
    assert sign(report, house.gm).state == "signed"


def test_deputy_signs_for_the_person_he_stands_in_for():
    house = House()
    deputy = with_signature(UserFactory())
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    report = written_by(house, house.dm)

    signed = sign(report, fresh(deputy))

    box = signed.boxes.get(position=2)
    assert (box.signer, box.on_behalf_of) == (deputy, house.pm)


def test_deputy_of_author_and_of_another_manager_signs_for_the_other():
    house = House()
    MembershipFactory(user=house.gm, property=house.prop, role=R.PROPERTY_MANAGER)
    deputy = with_signature(UserFactory())
    for manager in (house.gm, house.pm):
        DeputyFactory(
            for_membership=manager.memberships.get(role=R.PROPERTY_MANAGER), by_user=deputy
        )
    report = written_by(house, house.gm)

    signed = sign(report, fresh(deputy))

    assert signed.boxes.get(position=2).on_behalf_of == house.pm


@pytest.mark.parametrize(
    ("changes", "field"), [({"password": "wrong"}, "password"), ({}, "signature")]
)
def test_sign_needs_the_password_and_a_signature_on_file(changes, field):
    house = House()
    report = written_by(house, house.dm)
    by = house.pm if changes else member(house.prop, R.PROPERTY_MANAGER)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        sign(report, by, **changes)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_department_box_is_for_the_manager_of_that_department():
    house = House()
    wanted = with_signature(member(house.prop, R.DEPARTMENT_MANAGER, department=house.department))
    other = with_signature(
        member(house.prop, R.DEPARTMENT_MANAGER, department=DepartmentFactory(property=house.prop))
    )
    report = written_by(house, house.dm)
    told = Notice.objects.filter(rule="core.sign").values_list("recipient", flat=True)
    assert list(told) == [wanted.pk]

    for early in (other, house.pm):
        with refuses(PermissionDenied):
            sign(report, early)

    sign(report, wanted)
    assert sign(report, house.pm).state == "signed"


def test_nobody_who_wrote_part_of_the_report_signs_it_nor_his_deputy():
    house = House()
    deputy = with_signature(UserFactory())
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    report = Report.objects.get(case=moves.drafted(house).case)
    report = workflow.edit_report(report, {"narrative": "物业经理写的"}, by=house.pm)
    report = workflow.edit_report(report, {"police": "未报警。"}, by=house.dm)
    report = workflow.submit_report(report, by=house.dm, password=PASSWORD)

    for by in (house.pm, deputy):
        assert signoff.waiting_for(fresh(by), house.prop) == []
        with refuses(PermissionDenied):
            sign(report, fresh(by))
    told = Notice.objects.filter(rule="core.sign").values_list("recipient", flat=True)
    assert list(told) == [house.gm.pk]
    assert sign(report, house.gm).state == "signed"


def test_manager_who_sent_back_without_writing_signs_later():
    house = House()
    report = signoff.send_back(written_by(house, house.dm), by=house.pm, reason="补")
    report = workflow.edit_report(report, {"police": "未报警。"}, by=house.dm)
    report = workflow.submit_report(report, by=house.dm, password=PASSWORD)

    assert sign(report, fresh(house.pm)).state == "signed"


def test_rank_in_another_department_does_not_sign_for_this_one():
    house = House()
    other = DepartmentFactory(property=house.prop)
    member(house.prop, R.DEPARTMENT_MANAGER, department=house.department)
    stranger = with_signature(member(house.prop, R.DEPARTMENT_MANAGER, department=other))
    MembershipFactory(user=stranger, property=house.prop, role=R.STAFF, department=house.department)
    report = written_by(house, house.dm)

    with refuses(PermissionDenied):
        sign(report, fresh(stranger))
    assert signoff.waiting_for(fresh(stranger), house.prop) == []
    assert shell_counts(fresh(stranger), house.prop, timezone.now())["sign"] == 0


def signed_as_head(house):
    """A report the property manager signed as head of the department; his own box is next."""
    MembershipFactory(
        user=house.pm,
        property=house.prop,
        role=R.DEPARTMENT_MANAGER,
        department=house.department,
    )
    return sign(written_by(house, house.dm), fresh(house.pm))


@pytest.mark.parametrize("act", ["sign", "send_back"])
def test_general_manager_steps_in_where_the_property_manager_has_signed_already(act):
    house = House()

    report = signed_as_head(house)

    assert signoff.waiting_for(fresh(house.pm), house.prop) == []
    assert signoff.waiting_for(fresh(house.gm), house.prop) == [report]
    assert shell_counts(fresh(house.gm), house.prop, timezone.now())["sign"] == 1
    told = Notice.objects.filter(rule="core.sign", recipient=house.gm)
    assert told.count() == 1
    if act == "sign":
        assert sign(report, fresh(house.gm)).state == "signed"
        assert report.boxes.get(position=3).on_behalf_of is None
    else:
        back = signoff.send_back(report, by=fresh(house.gm), reason="补")
        assert back.state == "sent_back"


def test_general_manager_does_not_step_in_while_another_property_manager_may_sign():
    house = House()
    other = with_signature(member(house.prop, R.PROPERTY_MANAGER))
    report = signed_as_head(house)

    with refuses(PermissionDenied):
        sign(report, fresh(house.gm))
    told = Notice.objects.filter(rule="core.sign", text__contains="物业经理")
    assert list(told.values_list("recipient", flat=True)) == [other.pk]
    assert sign(report, other).state == "signed"


def test_inbox_is_not_filled_by_reports_whose_turn_is_another_box():
    house = House()
    for n in range(51):
        report = Report.objects.create(
            case=CaseFactory(property=house.prop),
            property=house.prop,
            number=f"SG-{n}",
            author=house.dm,
            created_at=T0,
            state="submitted",
            round=1,
            submitted_at=T0 + timedelta(seconds=n),
        )
        asked = [R.PROPERTY_MANAGER] if n == 50 else [R.DUTY_MANAGER, R.PROPERTY_MANAGER]
        for position, role in enumerate(asked, start=1):
            ReportBox.objects.create(
                report=report, round=1, position=position, role=role, title=role
            )

    assert signoff.waiting_for(fresh(house.pm), house.prop) == [report]
    assert shell_counts(fresh(house.pm), house.prop, timezone.now())["sign"] == 1


def test_report_takes_the_severity_of_the_complaint_when_it_is_submitted():
    house = House()
    complaint = moves.drafted(house)
    workflow.change_severity(complaint, by=house.dm, severity="major", reason="有人受伤")
    report = Report.objects.get(case=complaint.case)

    report = workflow.submit_report(report, by=house.dm, password=PASSWORD)

    assert report.severity == "major"
    assert report.boxes.get(position=1).content_sha == signoff.content_sha(report)
    assert audit.problems(Case.objects.get(pk=report.case_id)) == []


# --- sending back --------------------------------------------------------------------------


def test_report_sent_back_is_signed_anew_by_everybody():
    house = House()
    report = written_by(house, house.dm)

    back = signoff.send_back(report, by=house.pm, reason="原因不清")

    assert back.state == "sent_back"
    told = Notice.objects.filter(rule="core.report_sent_back")
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]
    again = workflow.submit_report(back, by=house.dm, password=PASSWORD)
    assert (again.round, boxes(again)) == (
        2,
        [(R.DUTY_MANAGER, "approved"), (R.PROPERTY_MANAGER, "pending")],
    )
    assert sign(again, house.pm).state == "signed"


def test_signature_of_an_earlier_round_is_none_of_the_next():
    house = House()
    complaint = moves.drafted(house)
    workflow.change_severity(complaint, by=house.dm, severity="major", reason="有人受伤")
    report = Report.objects.get(case=complaint.case)
    workflow.submit_report(report, by=house.dm, password=PASSWORD)
    said = {"by": fresh(house.pm), "password": PASSWORD}
    workflow.sign_report(report, **said)
    workflow.send_back_report(report, by=house.gm, reason="补写")
    workflow.submit_report(Report.objects.get(pk=report.pk), by=house.dm, password=PASSWORD)
    now = Report.objects.get(pk=report.pk)

    workflow.sign_report(now, **said, seen=signoff.seen(now))

    assert boxes(Report.objects.get(pk=report.pk))[:2] == [
        (R.DUTY_MANAGER, "approved"),
        (R.PROPERTY_MANAGER, "approved"),
    ]


def test_report_is_not_sent_back_without_a_reason():
    house = House()
    report = written_by(house, house.dm)

    with refuses(RefusedInput):
        signoff.send_back(report, by=house.pm, reason="")


def test_report_in_sign_off_is_not_edited():
    house = House()
    report = written_by(house, house.dm)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.edit_report(report, {"narrative": "别的"}, by=house.dm)

    assert fingerprint() == before


def test_report_is_submitted_by_its_author():
    house = House()
    complaint = moves.drafted(house)

    with refuses(ConflictError):
        workflow.submit_report(
            Report.objects.get(case=complaint.case), by=house.pm, password=PASSWORD
        )


def test_report_is_out_from_submit_until_it_is_sent_back_or_superseded():
    house = House()
    complaint = moves.drafted(house)
    report = Report.objects.get(case=complaint.case)
    found = [signoff.is_out(report.case)]
    report = workflow.submit_report(report, by=house.dm, password=PASSWORD)
    found.append(signoff.is_out(report.case))
    report = signoff.send_back(report, by=house.pm, reason="补")
    found.append(signoff.is_out(report.case))
    report = workflow.submit_report(report, by=house.dm, password=PASSWORD)
    sign(report, house.pm)
    found.append(signoff.is_out(report.case))
    signoff.supersede(report.case, by=house.pm, reason="重新处理")
    found.append(signoff.is_out(report.case))

    assert found == [False, True, False, True, False]


# --- reminders -----------------------------------------------------------------------------


def reminded():
    return Notice.objects.filter(rule=signoff.SIGN_LATE).order_by("recipient")


def test_reminder_goes_once_to_whose_turn_it_is_stamped_with_the_due_time():
    house = House()
    other = member(house.prop, R.PROPERTY_MANAGER)
    with time_machine.travel(T0, tick=False) as clock:
        written_by(house, house.dm)
        clock.shift(timedelta(hours=24))
        assert sign_reminders.flag_due(timezone.now()) == 0
        clock.shift(1)

        fired = [sign_reminders.flag_due(timezone.now()) for _twice in range(2)]

    assert fired == [1, 0]
    assert list(reminded().values_list("recipient", "due_at")) == [
        (house.pm.pk, T0 + timedelta(hours=24)),
        (other.pk, T0 + timedelta(hours=24)),
    ]
    case = Case.objects.get()
    assert audit.problems(case) == []
    assert case.entries.get(action="flag").occurred_at == T0 + timedelta(hours=24)


def test_reminder_goes_to_the_general_manager_who_steps_in():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        signed_as_head(house)
        clock.shift(timedelta(hours=25))
        sign_reminders.flag_due(timezone.now())

    assert list(reminded().values_list("recipient", flat=True)) == [house.gm.pk]


def test_reminder_of_a_department_box_goes_to_that_department_only():
    house = House()
    wanted = member(house.prop, R.DEPARTMENT_MANAGER, department=house.department)
    member(house.prop, R.DEPARTMENT_MANAGER, department=DepartmentFactory(property=house.prop))
    with time_machine.travel(T0, tick=False) as clock:
        written_by(house, house.dm)
        clock.shift(timedelta(hours=25))
        sign_reminders.flag_due(timezone.now())

    assert list(reminded().values_list("recipient", flat=True)) == [wanted.pk]


@pytest.mark.parametrize("end", ["signed", "sent_back", "voided"])
def test_reminder_of_a_report_that_does_not_wait_never_fires(end):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        report = written_by(house, house.dm)
        if end == "signed":
            sign(report, house.pm)
        elif end == "sent_back":
            signoff.send_back(report, by=house.pm, reason="补")
        else:
            workflow.void(report.case.complaint, by=house.pm, reason="重复")
        clock.shift(timedelta(hours=25))
        fired = sign_reminders.flag_due(timezone.now())

    assert (fired, reminded().count()) == (0, 0)


def test_signature_drawn_anew_replaces_the_old_which_stays_on_its_papers():
    house = House()
    report = written_by(house, house.dm)
    old = report.boxes.get(position=1).signature

    new = signatures.keep(house.dm, drawn())

    old.refresh_from_db()
    assert (old.ended_at is None, signatures.current(house.dm)) == (False, new)
    assert report.boxes.get(position=1).signature == old


def test_signature_that_is_no_picture_is_refused():
    user = UserFactory()

    with refuses(RefusedInput) as refusal:
        signatures.keep(user, b"nothing")

    assert list(refusal.value.errors) == ["signature"]
