"""What may be needed at any time: owner, severity, security, guest, photos, links."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from incidents import workflow
from propdesk.core import audit, persons
from propdesk.core.models import Attachment, CaseLink, Clock, Notice, PersonChange, Task, Unmasking
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, CaseFactory, at, fresh, member
from tests.incidents import moves
from tests.incidents.journey import GUEST, POINTS, House
from tests.incidents.journey import fresh as read
from tests.incidents.moves import fingerprint, jpeg, refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
HOUR = timedelta(hours=1)


# --- C-C: the owner ------------------------------------------------------------------------


def test_hand_over_moves_the_owner_tells_him_and_keeps_both_in_history():
    house = House()
    complaint = house.new()

    moved = workflow.hand_over(complaint, by=house.dm, to=fresh(house.pm), reason="交班")

    assert moved.owner == house.pm
    owners = moved.history.order_by("history_id").values_list("owner", flat=True)
    assert list(owners) == [house.dm.pk, house.pm.pk]
    told = Notice.objects.filter(rule="incidents.handed_over")
    assert list(told.values_list("recipient", flat=True)) == [house.pm.pk]
    entry = complaint.case.entries.get(action="hand_over")
    assert entry.content == {
        "reason": "交班",
        "info": {"from": house.dm.pk, "to": house.pm.pk},
    }


@pytest.mark.parametrize("role", sorted(set(Role) - {"duty_manager", "property_manager"}))
def test_hand_over_only_to_somebody_who_can_carry_it_on(role):
    house = House()
    complaint = house.new()
    to = member(house.prop, Role(role))
    before = fingerprint()

    if role == Role.GENERAL_MANAGER:
        assert workflow.hand_over(complaint, by=house.dm, to=to, reason="交班").owner == to
        return
    with pytest.raises(RefusedInput) as refusal:
        workflow.hand_over(complaint, by=house.dm, to=to, reason="交班")

    assert list(refusal.value.errors) == ["to"]
    assert fingerprint() == before


def test_hand_over_to_the_same_or_to_a_leaver_is_refused():
    house = House()
    complaint = house.new()
    leaver = member(house.prop, Role.DUTY_MANAGER, is_active=False)

    with refuses(ConflictError):
        workflow.hand_over(complaint, by=house.pm, to=house.dm, reason="交班")
    with refuses(RefusedInput):
        workflow.hand_over(complaint, by=house.pm, to=leaver, reason="交班")


# --- severity ------------------------------------------------------------------------------


def pending(complaint):
    rows = Clock.objects.filter(
        case=complaint.pk, rule="incidents.promise_late", stopped_at=None, fired_at=None
    )
    return list(rows.values_list("due_at", flat=True))


@time_machine.travel(T0, tick=False)
def test_severity_change_arms_the_clock_of_the_new_severity():
    house = House()
    complaint = house.new()

    changed = workflow.change_severity(complaint, by=house.dm, severity="major", reason="漏水扩大")

    assert (changed.severity, changed.next_due_at) == ("major", T0 + HOUR)
    assert pending(complaint) == [T0 + HOUR]
    told = Notice.objects.filter(rule="incidents.severity")
    assert list(told.values_list("recipient", "urgent")) == [(house.pm.pk, True)]


@time_machine.travel(T0, tick=False)
def test_severity_there_and_back_leaves_the_first_clock_running():
    house = House()
    complaint = house.new()

    workflow.change_severity(complaint, by=house.dm, severity="serious", reason="误选")
    workflow.change_severity(complaint, by=house.pm, severity="normal", reason="更正")

    assert pending(complaint) == [T0 + 24 * HOUR]


def test_severity_of_a_later_round_counts_from_its_beginning():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        closed = house.closed()
        clock.shift(50 * HOUR)
        complaint = workflow.reopen(closed, by=house.dm, reason="又响了")
        clock.shift(HOUR / 4)

        workflow.change_severity(complaint, by=house.dm, severity="serious", reason="两晚没睡")

    assert pending(complaint) == [T0 + 54 * HOUR]


def test_severity_after_the_promise_moves_no_clock():
    house = House()
    complaint = house.started()
    due = complaint.next_due_at

    workflow.change_severity(complaint, by=house.dm, severity="major", reason="扩大")

    assert (pending(complaint), read(complaint).next_due_at) == ([], due)


@pytest.mark.parametrize(
    ("severity", "reason", "error"),
    [
        ("normal", "x", ConflictError),
        ("critical", "x", ConflictError),
        ("major", "", RefusedInput),
    ],
    ids=["the-same", "unknown", "no-reason"],
)
def test_severity_refusals(severity, reason, error):
    house = House()
    complaint = house.new()
    before = fingerprint()

    with pytest.raises(error):
        workflow.change_severity(complaint, by=house.dm, severity=severity, reason=reason)

    assert fingerprint() == before


@pytest.mark.parametrize("ready", [moves.submitted, House.signed], ids=["in-sign-off", "signed"])
def test_severity_rests_while_its_report_is_signed(ready):
    house = House()
    complaint = ready(house)

    with refuses(ConflictError):
        workflow.change_severity(complaint, by=house.dm, severity="major", reason="扩大")


# --- C-B: security -------------------------------------------------------------------------


def test_call_for_security_is_a_task_and_an_urgent_notice():
    house = House()
    guard = member(house.prop, Role.SECURITY)
    chief = member(house.prop, Role.SECURITY_MANAGER)
    complaint = house.new()

    task = workflow.call_security(complaint, by=house.dm)

    assert (task.role, task.case_id) == (Role.SECURITY, complaint.pk)
    told = Notice.objects.filter(rule="incidents.security").order_by("recipient")
    assert list(told.values_list("recipient", "urgent")) == [(guard.pk, True), (chief.pk, True)]


def test_call_for_security_waits_until_they_came():
    house = House()
    guard = member(house.prop, Role.SECURITY)
    complaint = moves.secured(house)
    before = fingerprint()
    with pytest.raises(ConflictError):
        workflow.call_security(complaint, by=house.dm)
    assert fingerprint() == before

    workflow.security_arrived(complaint, by=guard, outcome="已劝离")

    task = Task.objects.get()
    assert (task.done_by, task.outcome) == (guard, "已劝离")
    with pytest.raises(ConflictError):
        workflow.security_arrived(complaint, by=guard, outcome="又来")
    assert workflow.call_security(complaint, by=house.dm).done_at is None


# --- the guest -----------------------------------------------------------------------------


def test_guest_is_corrected_with_a_log_beside_him_and_no_name_in_the_chain():
    house = House()
    complaint = house.recorded()

    workflow.edit_guest(
        complaint, replace(GUEST, phone="13900001111"), by=house.dm, reason="客户来电更正"
    )

    change = PersonChange.objects.get()
    assert (change.field, change.old, change.new, change.reason) == (
        "phone",
        "13800005678",
        "13900001111",
        "客户来电更正",
    )
    entry = complaint.case.entries.get(action="edit_guest")
    assert entry.content["info"] == {"fields": ["phone"]}
    assert "13900001111" not in str(list(complaint.case.entries.values()))


def test_guest_without_a_change_or_without_a_name_is_refused():
    house = House()
    complaint = house.recorded()
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.edit_guest(complaint, GUEST, by=house.dm, reason="无")
    with pytest.raises(RefusedInput):
        workflow.edit_guest(complaint, replace(GUEST, name=""), by=house.dm, reason="删名")

    assert fingerprint() == before


def test_phone_is_shown_for_a_minute_to_whoever_gave_a_purpose():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.new()
        workflow.unmask(complaint, by=house.dm, reason="回电说明进展")

        assert persons.unmasked(complaint.guest, "phone", house.dm)
        assert not persons.unmasked(complaint.guest, "phone", house.pm)
        clock.shift(60)
        assert not persons.unmasked(complaint.guest, "phone", house.dm)
    assert Unmasking.objects.get().reason == "回电说明进展"


@pytest.mark.parametrize(("field", "reason"), [("phone", " "), ("name", "回电话")])
def test_phone_is_not_shown_without_a_purpose(field, reason):
    house = House()
    complaint = house.new()

    with refuses(RefusedInput):
        workflow.unmask(complaint, by=house.dm, reason=reason, field=field)

    assert Unmasking.objects.count() == 0


# --- photos and links ----------------------------------------------------------------------


def test_photo_is_kept_once_and_struck_out_never_deleted():
    house = House()
    complaint = moves.photographed(house)
    photo = Attachment.objects.get()
    with refuses(ConflictError):
        workflow.attach(complaint, jpeg(), by=house.pm)

    workflow.remove_attachment(photo, by=house.pm, reason="拍到了别的客户")

    photo.refresh_from_db()
    assert (photo.removed_by, photo.removed_reason) == (house.pm, "拍到了别的客户")
    assert photo.file.storage.exists(photo.file.name)
    with refuses(ConflictError):
        workflow.remove_attachment(photo, by=house.pm, reason="再撤")
    assert audit.problems(read(complaint).case) == []


def test_photo_that_is_none_is_refused_in_words():
    house = House()
    complaint = house.new()
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.attach(complaint, b"no picture", by=house.dm)

    assert list(refusal.value.errors) == ["photo"]
    assert fingerprint() == before


def test_photos_of_one_upload_are_kept_all_or_none():
    house = House()
    complaint = house.new()
    storage = Attachment._meta.get_field("file").storage

    def stored() -> list[str]:
        return [str(p) for p in sorted(Path(storage.location).rglob(f"{complaint.pk}-*"))]

    before, files = fingerprint(), stored()
    with pytest.raises(RefusedInput):
        workflow.attach_all(complaint, [jpeg("red"), jpeg("blue"), b"none"], by=house.dm)
    assert (fingerprint(), stored()) == (before, files)

    rows = workflow.attach_all(complaint, [jpeg("red"), jpeg("blue")], by=house.dm, caption="走廊")
    assert [row.caption for row in rows] == ["走廊", "走廊"]
    assert len(stored()) == len(files) + 4


def test_photo_is_not_struck_out_without_a_reason():
    house = House()
    moves.photographed(house)

    with refuses(RefusedInput):
        workflow.remove_attachment(Attachment.objects.get(), by=house.dm, reason="")


def test_link_is_written_into_both_chains():
    house = House()
    one, two = house.new(), house.new()

    workflow.link(two, f" {one.case.number.lower()} ", by=house.dm, note="同一次停电")

    row = CaseLink.objects.get()
    assert (row.a_id, row.b_id, row.note) == (one.pk, two.pk, "同一次停电")
    for complaint, other in ((one, two), (two, one)):
        entry = complaint.case.entries.get(action="link")
        assert entry.content["info"] == {"number": other.case.number}
        assert audit.problems(read(complaint).case) == []


def test_link_refusals():
    house = House()
    complaint = house.new()
    CaseFactory(property=house.prop, number="TS-20200101-009", restricted=True)
    CaseFactory(number="TS-20200101-008")
    before = fingerprint()

    for number in (complaint.case.number, "TS-20200101-009", "TS-20200101-008", ""):
        with pytest.raises(RefusedInput):
            workflow.link(complaint, number, by=house.dm)

    assert fingerprint() == before


def test_link_exists_once_whichever_side_asks():
    house = House()
    one, two = house.new(), house.new()
    workflow.link(one, two.case.number, by=house.dm)

    with refuses(ConflictError, match="已经关联"):
        workflow.link(two, one.case.number, by=house.dm)


def test_nothing_is_typed_into_the_future():
    house = House()
    later = timezone.now() + HOUR
    complaint = house.told()

    with refuses(RefusedInput):
        workflow.choose(complaint, complaint.options.first(), by=house.dm, chosen_at=later)


# --- what was ever major -------------------------------------------------------------------


def lowered(house, *, at_intake):
    complaint = house.new(severity="major") if at_intake else house.new()
    if not at_intake:
        workflow.change_severity(complaint, by=house.dm, severity="major", reason="扩大")
    workflow.change_severity(complaint, by=house.pm, severity="normal", reason="核实不重大")
    return complaint


@pytest.mark.parametrize("at_intake", [True, False], ids=["intake", "raised"])
def test_lowering_from_major_tells_the_general_manager_and_keeps_his_signature(at_intake):
    house = House()

    complaint = lowered(house, at_intake=at_intake)

    told = Notice.objects.filter(rule="incidents.severity", recipient=house.gm)
    assert [n.text for n in told] == [f"【等级改为一般，原重大】{complaint.case.number} · 投诉"]
    assert workflow.was_major(read(complaint))


def test_never_major_is_not_signed_by_the_general_manager():
    house = House()
    complaint = house.new(severity="serious")

    assert not workflow.was_major(complaint)


def test_report_of_what_was_major_goes_to_the_general_manager():
    house = House()
    complaint = house.conduct(lowered(house, at_intake=True))
    complaint = workflow.record(complaint, POINTS, by=house.dm)
    complaint = house.resolved(house.promised(complaint))
    complaint = asked_and_summed_up(house, complaint)

    report = workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)

    roles = report.boxes.order_by("position").values_list("role", flat=True)
    assert list(roles) == [Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER]


def asked_and_summed_up(house, complaint):
    workflow.call_back(
        complaint, by=house.dm, via="phone", asked_at=timezone.now(), satisfaction="satisfied"
    )
    return workflow.summarise(read(complaint), by=house.dm, summary="经过", result="结果")


def test_lowering_at_f_is_the_managers_too():
    house = House()
    complaint = house.conduct(house.new(severity="serious"))

    recorded = workflow.record(complaint, POINTS, by=house.pm)

    assert recorded.severity == "normal"
