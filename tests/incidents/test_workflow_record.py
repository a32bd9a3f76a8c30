"""C-A … C-F: taking in, the conduct of the talk, the record."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import audit, drafts, search
from propdesk.core.models import Case, Clock, Notice, Person
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import ShiftFactory, at, member
from tests.incidents.journey import GUEST, POINTS, House, fresh
from tests.incidents.moves import conducted, fingerprint, refuses

pytestmark = pytest.mark.django_db
DONE = workflow.Tick(done=True)
ALL = dict.fromkeys("ABCDE", DONE)


# --- C-A -----------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", list("ABCDE"))
def test_record_with_one_letter_unanswered_is_refused_naming_it(left_out):
    house = House()
    complaint = house.new()
    ticks = {letter: DONE for letter in "ABCDE" if letter != left_out}
    workflow.confirm_conduct(complaint, ticks, by=house.dm, private_talk="private")
    before = fingerprint()

    with pytest.raises(ConflictError) as refusal:
        workflow.record(complaint, POINTS, by=house.dm)

    assert [letter for letter, _sentence in refusal.value.missing] == [left_out]
    assert fingerprint() == before


def test_record_of_a_letter_passes_with_a_not_applicable():
    house = House()
    complaint = house.new(channel="letter")
    ticks = ALL | {"A": workflow.Tick(done=False, reason="来信投诉，没有谈话")}
    workflow.confirm_conduct(complaint, ticks, by=house.dm, private_talk="not_applicable")

    recorded = workflow.record(complaint, POINTS, by=house.dm)

    assert recorded.status == "recorded"
    step = recorded.steps.get(letter="A")
    assert (step.done, step.reason) == (False, "来信投诉，没有谈话")


def test_conduct_not_applicable_without_a_reason_is_refused():
    house = House()
    complaint = house.new(channel="letter")

    with refuses(RefusedInput) as refusal:
        workflow.confirm_conduct(complaint, {"A": workflow.Tick(done=False)}, by=house.dm)

    assert list(refusal.value.errors) == ["reason_A"]
    assert complaint.steps.count() == 0


def test_conduct_answered_anew_keeps_both_answers_in_history():
    house = House()
    complaint = house.conduct(house.new())

    workflow.confirm_conduct(
        complaint, {"A": workflow.Tick(done=False, reason="客户书面补充")}, by=house.pm
    )

    step = complaint.steps.get(letter="A")
    assert (step.done, step.by) == (False, house.pm)
    assert [row.done for row in step.history.order_by("history_id")] == [True, False]


def test_conduct_answered_the_same_way_writes_no_second_row():
    house = House()
    complaint = house.conduct(house.new())

    workflow.confirm_conduct(complaint, {"A": DONE}, by=house.pm)

    step = complaint.steps.get(letter="A")
    assert (step.by, step.history.count()) == (house.dm, 1)


def test_conduct_of_an_unknown_letter_conflicts():
    house = House()
    complaint = house.new()

    with refuses(ConflictError):
        workflow.confirm_conduct(complaint, {"F": DONE}, by=house.dm)


# --- C-B -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "talk", "reason", "field"),
    [
        ("in_person", "not_possible", "", "private_talk_reason"),
        ("in_person", "not_applicable", "", "private_talk"),
        ("in_person", "", "", "private_talk"),
        ("phone", "", "", "private_talk"),
    ],
    ids=["not-private", "in-person-is-applicable", "unanswered", "unanswered-by-phone"],
)
def test_conduct_of_a_talk_that_was_not_private_needs_its_reason(channel, talk, reason, field):
    house = House()
    complaint = house.new(channel=channel)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.confirm_conduct(
            complaint, {"B": DONE}, by=house.dm, private_talk=talk, private_talk_reason=reason
        )

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("channel", "talk", "reason"),
    [
        ("in_person", "private", ""),
        ("in_person", "not_possible", "客户坚持在大堂谈"),
        ("phone", "not_applicable", ""),
        ("phone", "not_possible", ""),
    ],
)
def test_conduct_keeps_how_the_talk_was_held(channel, talk, reason):
    house = House()
    complaint = house.new(channel=channel)

    workflow.confirm_conduct(
        complaint, {"B": DONE}, by=house.dm, private_talk=talk, private_talk_reason=reason
    )

    complaint = fresh(complaint)
    assert (complaint.private_talk, complaint.private_talk_reason) == (talk, reason)


# --- C-A: intake ---------------------------------------------------------------------------


@time_machine.travel(at("2026-11-23 14:05"), tick=False)
def test_intake_gives_a_number_an_owner_and_running_clocks():
    house = House()

    complaint = house.new(severity="serious")

    received = at("2026-11-23 14:05")
    assert complaint.case.number == "TS-20261123-001"
    assert (complaint.status, complaint.owner, complaint.received_by) == (
        "intake",
        house.dm,
        house.dm,
    )
    assert complaint.next_due_at == received + timedelta(hours=4)
    assert set(Clock.objects.values_list("rule", "due_at")) == {
        ("incidents.record_remind", received + timedelta(minutes=30)),
        ("incidents.promise_late", received + timedelta(hours=4)),
    }


@pytest.mark.parametrize(
    ("severity", "minutes"), [("normal", 1440), ("serious", 240), ("major", 60)]
)
def test_intake_starts_the_clock_of_its_severity(severity, minutes):
    complaint = House().new(severity=severity)

    assert complaint.next_due_at - complaint.received_at == timedelta(minutes=minutes)


def test_intake_takes_the_limits_of_its_own_house():
    house = House()
    house.prop.settings.promise_within_normal = 90
    house.prop.settings.save()

    complaint = house.new()

    assert complaint.next_due_at - complaint.received_at == timedelta(minutes=90)


def test_intake_by_the_front_desk_belongs_to_the_duty_manager_on_shift():
    house = House()
    on_shift = member(house.prop, Role.DUTY_MANAGER)
    ShiftFactory(property=house.prop, user=on_shift)
    desk = member(house.prop, Role.FRONT_DESK)

    complaint = house.new(by=desk)

    assert (complaint.received_by, complaint.owner) == (desk, on_shift)
    assert list(Notice.objects.values_list("recipient", "rule")) == [
        (on_shift.pk, "incidents.intake")
    ]


def test_intake_in_a_house_without_a_duty_manager_belongs_to_whoever_took_it():
    house = House()
    house.dm.memberships.update(ends_on="2020-02-01")
    desk = member(house.prop, Role.FRONT_DESK)

    assert house.new(by=desk).owner == desk


def test_intake_of_a_major_complaint_tells_the_property_manager_at_once():
    house = House()

    house.new(severity="major")

    assert list(Notice.objects.values_list("recipient", "rule", "urgent")) == [
        (house.pm.pk, "incidents.intake", True)
    ]


def test_intake_notice_names_nobody_and_no_room():
    house = House()
    house.new(severity="major", place_note="A座1806")

    (text,) = Notice.objects.values_list("text", flat=True)

    assert not any(secret in text for secret in (GUEST.name, GUEST.phone, "1806", "空调"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"words": ""}, "words"),
        ({"is_anonymous": True}, "anonymous_reason"),
        ({"received_at": timedelta(minutes=1)}, "received_at"),
        ({"received_at": timedelta(days=-31)}, "received_at"),
    ],
    ids=["no-words", "anonymous-without-reason", "in-the-future", "long-ago"],
)
def test_intake_refusals(changes, field):
    house = House()
    if "received_at" in changes:
        changes = {"received_at": timezone.now() + changes["received_at"]}
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        house.new(**changes)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_intake_entered_late_is_due_from_the_receipt():
    house = House()
    received = timezone.now() - timedelta(hours=3)

    complaint = house.new(received_at=received)

    assert complaint.next_due_at == received + timedelta(hours=24)
    assert complaint.case.opened_at == received
    assert complaint.case.entries.get().occurred_at == received


def test_intake_of_the_same_form_twice_is_one_complaint_and_one_number():
    house = House()
    data = workflow.Intake(words="空调有异响", guest=GUEST)
    workflow.intake(house.prop, data, by=house.dm, token="t1")
    before = fingerprint()

    with pytest.raises(drafts.DoubleSubmitError):
        workflow.intake(house.prop, data, by=house.dm, token="t1")

    assert fingerprint() == before
    assert drafts.token_url(house.dm, "t1") == Complaint.objects.get().get_absolute_url()


# --- C-D -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guest", "anonymous", "reason", "field"),
    [
        (Guest(name="", honorific="ms"), False, "", "name"),
        (Guest(name="王晓梅"), False, "", "name"),
        (Guest(), True, "", "anonymous_reason"),
    ],
    ids=["no-name", "no-honorific", "anonymous-without-reason"],
)
def test_record_needs_name_and_honorific_or_anonymous_with_reason(guest, anonymous, reason, field):
    house = House()
    complaint = conducted(house)
    points = replace(POINTS, guest=guest, is_anonymous=anonymous, anonymous_reason=reason)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.record(complaint, points, by=house.dm)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


# --- C-E, C-F ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"core_issue": ""}, "core_issue"),
        ({"expectation": ""}, "expectation"),
        ({"key_points": ""}, "key_points"),
        ({"category": ""}, "category"),
        ({"place_note": ""}, "place_note"),
        ({"read_back": False}, "read_back_reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_record_names_each_missing_point(changes, field):
    house = House()
    complaint = conducted(house)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.record(complaint, replace(POINTS, **changes), by=house.dm)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_record_of_what_has_not_happened_yet_is_refused():
    house = House()
    complaint = conducted(house)
    points = replace(POINTS, occurred_at=timezone.now() + timedelta(minutes=5))

    with refuses(RefusedInput) as refusal:
        workflow.record(complaint, points, by=house.dm)

    assert list(refusal.value.errors) == ["occurred_at"]


def test_record_keeps_who_wrote_it_when_and_the_guest_as_corrected():
    house = House()
    complaint = conducted(house)
    guest = replace(GUEST, name="王小梅")

    recorded = workflow.record(complaint, replace(POINTS, guest=guest), by=house.pm)

    assert (recorded.status, recorded.recorded_by) == ("recorded", house.pm)
    person = Person.objects.get(pk=recorded.guest_id)
    assert person.name == "王小梅"
    change = person.changes.get()
    assert (change.field, change.old, change.new, change.by) == (
        "name",
        "王晓梅",
        "王小梅",
        house.pm,
    )


def test_record_stops_its_reminder_and_follows_a_raised_severity():
    house = House()
    complaint = conducted(house)

    recorded = workflow.record(complaint, replace(POINTS, severity="major"), by=house.dm)

    running = Clock.objects.filter(stopped_at=None).values_list("rule", "due_at")
    due = recorded.received_at + timedelta(hours=1)
    assert list(running) == [("incidents.promise_late", due)]
    assert recorded.next_due_at == due


def test_options_before_the_record_is_complete_conflict():
    house = House()
    complaint = conducted(house)

    with refuses(ConflictError):
        workflow.offer(complaint, [workflow.Offer("换房")], by=house.dm)

    assert complaint.options.count() == 0


def test_correction_leaves_the_original_and_adds_author_and_time():
    house = House()
    complaint = house.recorded()

    first = workflow.correct(complaint, "key_points", "三晚没有睡好。", by=house.pm)
    second = workflow.correct(complaint, "key_points", "三晚半。", by=house.dm)

    complaint = fresh(complaint)
    assert complaint.key_points == POINTS.key_points
    assert (first.old, first.text, first.by) == (POINTS.key_points, "三晚没有睡好。", house.pm)
    assert (second.old, second.text) == ("三晚没有睡好。", "三晚半。")
    assert workflow.current_text(complaint, "key_points") == "三晚半。"


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [("key_points", POINTS.key_points, "text"), ("owner", "别人", "field")],
    ids=["nothing-new", "unknown-field"],
)
def test_correction_refusals(field, text, error):
    house = House()
    complaint = house.recorded()

    with refuses(RefusedInput) as refusal:
        workflow.correct(complaint, field, text, by=house.dm)

    assert list(refusal.value.errors) == [error]
    assert complaint.corrections.count() == 0


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("place", "A座1806 主卧"),
        ("category", "设施"),
        ("occurred_at", "2026-11-20 22:10"),
        ("core_issue", "室内机风扇异响"),
    ],
)
def test_current_text_of_each_field_reads_as_people_write_it(field, text):
    house = House()
    complaint = house.recorded(occurred_at=at("2026-11-20 22:10"))

    assert workflow.current_text(complaint, field) == text


def test_words_of_record_and_correction_are_found_by_search():
    house = House()
    complaint = house.recorded()
    workflow.correct(complaint, "expectation", "想换到安静的楼层", by=house.dm)

    def found(words: str) -> list[int]:
        return list(search.hits(house.prop, words).values_list("case", flat=True))

    assert found("风扇异响") == [complaint.pk]
    assert found("安静的楼层") == [complaint.pk]
    assert found("王晓梅 1806") == [complaint.pk]
    assert found("水管") == []


def test_correction_and_resolution_stay_found_when_the_words_are_rewritten():
    house = House()
    complaint = house.started()
    workflow.correct(complaint, "key_points", "紫色鹦鹉", by=house.dm)

    workflow.resolve(complaint, by=house.dm, resolution="更换风扇支架")

    for words in ("紫色鹦鹉", "风扇支架"):
        found = search.hits(house.prop, words).values_list("case", flat=True)
        assert list(found) == [complaint.pk]


def test_search_stays_inside_the_house():
    house, other = House(), House()
    house.recorded()

    assert list(search.hits(other.prop, "风扇")) == []


def test_case_is_anchored_in_its_chain_from_the_first_word():
    complaint = House().recorded()

    entries = list(complaint.case.entries.order_by("seq").values_list("seq", "action"))
    assert entries == [(1, "intake"), (2, "confirm_conduct"), (3, "record")]
    assert audit.problems(Case.objects.get(pk=complaint.pk)) == []
