"""C-H and C-I: the promised time, its extensions, the work and its result."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from incidents import deadlines, queries, workflow
from incidents.forms import ExtendForm, ProgressForm
from incidents.models import Complaint, Promise
from propdesk.core.models import Clock, Notice, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import DepartmentFactory, at, member
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.journey import fresh as read
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
HOUR = timedelta(hours=1)


def promise(house, complaint, word, **changes):
    values = {"by": house.dm, "department": house.department} | changes
    return workflow.promise(complaint, word, **values)


def running(complaint):
    """(rule, due) of the clocks that still run."""
    rows = Clock.objects.filter(case=complaint.pk, stopped_at=None, fired_at=None)
    return {
        (rule.removeprefix("incidents."), due) for rule, due in rows.values_list("rule", "due_at")
    }


# --- C-H -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "told", "field"),
    [
        (timedelta(0), timedelta(0), "due_at"),
        (-HOUR, timedelta(0), "due_at"),
        (timedelta(minutes=4), timedelta(0), "due_at"),
        (timedelta(days=91), timedelta(0), "due_at"),
        (HOUR, timedelta(minutes=1), "told_at"),
        (HOUR, -2 * HOUR, "told_at"),
    ],
    ids=["now", "past", "too-soon", "too-far", "told-in-future", "told-before-receipt"],
)
def test_promise_refusals(due, told, field):
    house = House()
    complaint = house.chosen()
    now = timezone.now()
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        promise(house, complaint, workflow.Word(now + due, now + told, "phone"))

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_promise_before_a_choice_conflicts():
    house = House()
    complaint = house.told()

    with refuses(ConflictError):
        promise(house, complaint, house.word())

    assert complaint.promises.count() == 0


def test_promise_for_a_department_of_another_house_is_refused():
    house = House()
    complaint, elsewhere = house.chosen(), DepartmentFactory()

    with refuses(RefusedInput) as refusal:
        promise(house, complaint, house.word(), department=elsewhere)

    assert list(refusal.value.errors) == ["department"]


@pytest.mark.parametrize("hours", [-1, 4], ids=["past", "after-the-promise"])
def test_promise_contact_lies_between_now_and_the_promise(hours):
    house = House()
    word = house.word(3, next_contact_at=timezone.now() + hours * HOUR)
    complaint = house.chosen()

    with refuses(RefusedInput) as refusal:
        promise(house, complaint, word)

    assert list(refusal.value.errors) == ["next_contact_at"]


@time_machine.travel(T0, tick=False)
def test_promise_starts_the_work_and_its_clocks():
    house = House()
    word = house.word(10, next_contact_at=T0 + 2 * HOUR)

    row = promise(house, house.chosen(), word)

    complaint = read(row.complaint)
    assert (complaint.status, complaint.department, complaint.current_due_at) == (
        "in_progress",
        house.department,
        T0 + 10 * HOUR,
    )
    assert row.what == "更换风扇"
    assert running(complaint) == {
        ("not_started", T0 + HOUR / 2),
        ("due_soon", T0 + 8 * HOUR),
        ("overdue", T0 + 10 * HOUR),
        ("escalated", T0 + 34 * HOUR),
        ("contact_due", T0 + 2 * HOUR),
    }


def test_promise_tells_the_department_once():
    house = House()
    house.promised()

    told = Notice.objects.filter(rule="incidents.assigned")
    assert list(told.values_list("recipient", flat=True)) == [house.engineer.pk]


@pytest.mark.parametrize(
    ("severity", "hours", "told"),
    [
        ("normal", 168, False),
        ("normal", 168.1, True),
        ("serious", 48, False),
        ("serious", 48.1, True),
        ("major", 24, False),
        ("major", 24.1, True),
    ],
)
def test_promise_above_the_ceiling_is_told_to_the_property_manager(severity, hours, told):
    house = House()
    complaint = house.chosen(house.recorded(severity=severity))

    promise(house, complaint, house.word(hours))

    noticed = Notice.objects.filter(rule="incidents.ceiling")
    assert list(noticed.values_list("recipient", flat=True)) == ([house.pm.pk] if told else [])


def test_promised_time_cannot_be_overwritten_even_by_sql():
    house = House()
    row = house.promised().promises.get()

    with refuses(IntegrityError, match="frozen"), transaction.atomic():
        Promise.objects.filter(pk=row.pk).update(due_at=row.due_at + HOUR)
    with (
        refuses(IntegrityError, match="frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE incidents_promise SET due_at = now() WHERE id = %s", [row.pk])

    assert Promise.objects.get(pk=row.pk).due_at == row.due_at


def test_median_of_five_finished_cases_warns_of_a_tight_promise():
    house = House()
    for days in range(4):
        with time_machine.travel(T0 - timedelta(days=10 - days), tick=False) as clock:
            complaint = house.started()
            clock.shift(6 * HOUR)
            workflow.resolve(complaint, by=house.dm, resolution="好")

    def tight(span) -> bool:
        return deadlines.is_tight(span, queries.speed_samples(house.prop, "facility", T0))

    assert not tight(HOUR)
    with time_machine.travel(T0 - HOUR, tick=False):
        house.resolved()
    assert (tight(HOUR), tight(6 * HOUR), tight(7 * HOUR)) == (True, False, False)
    assert queries.speed_samples(house.prop, "noise", T0) == []
    assert queries.speed_samples(House().prop, "facility", T0) == []
    assert queries.speed_samples(house.prop, "facility", T0 + timedelta(days=91)) == []


# --- C-I: extending ------------------------------------------------------------------------


def test_extension_in_time_moves_the_promise_and_keeps_the_old_row():
    house = House()
    complaint = house.started()
    old = complaint.promises.get()

    new = workflow.extend(complaint, house.word(6), by=house.dm, reason="配件未到")

    old.refresh_from_db()
    assert (old.outcome, new.outcome, new.seq) == ("moved", "open", 2)
    assert old.due_at == complaint.current_due_at
    assert read(complaint).current_due_at == new.due_at
    entry = complaint.case.entries.get(action="extend")
    assert entry.content["info"] == {
        "old_due_at": old.due_at.isoformat(),
        "due_at": new.due_at.isoformat(),
        "via": "in_person",
        "in_time": True,
    }


def test_extension_told_late_is_recorded_and_the_promise_counts_as_broken():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        clock.shift(4 * HOUR)

        new = workflow.extend(complaint, house.word(6), by=house.dm, reason="忘了通报")

    assert list(complaint.promises.order_by("seq").values_list("outcome", flat=True)) == [
        "broken",
        "open",
    ]
    assert complaint.case.entries.get(action="extend").content["info"]["in_time"] is False
    assert new.due_at == T0 + 10 * HOUR


def test_extension_registered_after_expiry_never_turns_green():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        clock.shift(4 * HOUR)

        word = house.word(6, told_at=T0 + 2 * HOUR)
        workflow.extend(complaint, word, by=house.dm, reason="当时已通报")

    assert complaint.promises.get(seq=1).outcome == "broken"


def test_extension_at_the_very_due_moment_is_in_time():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        clock.shift(3 * HOUR)

        workflow.extend(complaint, house.word(6), by=house.dm, reason="配件未到")

    assert complaint.promises.get(seq=1).outcome == "moved"


def test_second_extension_of_a_duty_manager_is_refused_and_of_a_manager_kept():
    house = House()
    complaint = moves.extended(house)
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        workflow.extend(complaint, house.word(9), by=house.dm, reason="还没到")
    assert fingerprint() == before

    third = workflow.extend(complaint, house.word(9), by=house.pm, reason="还没到")
    assert (third.seq, third.approved_by) == (3, house.pm)


def test_extension_of_a_new_round_is_the_duty_managers_again():
    house = House()
    complaint = house.reopened()
    promise(house, complaint, house.word(3))

    new = workflow.extend(complaint, house.word(6), by=house.dm, reason="配件未到")

    assert (new.cycle, new.seq) == (2, 2)


@pytest.mark.parametrize(
    ("word", "reason", "field"),
    [
        ({"hours": 6}, "", "reason"),
        ({"hours": 3}, "配件", "due_at"),
        ({"hours": 2}, "配件", "due_at"),
        ({"hours": 6, "told_at": T0 + HOUR * 1.5}, "配件", "told_at"),
        ({"hours": 6, "told_at": T0 - HOUR / 60}, "配件", "told_at"),
    ],
    ids=["no-reason", "same-time", "earlier", "told-in-future", "told-before-the-promise"],
)
def test_extension_refusals(word, reason, field):
    house = House()
    with time_machine.travel(T0 - HOUR / 2, tick=False) as clock:
        complaint = house.chosen()
        clock.move_to(T0)
        promise(house, complaint, house.word(3))
        clock.move_to(T0 + HOUR)
        hours = word.pop("hours")
        changed = house.word(hours - 1, **word)
        before = fingerprint()

        with pytest.raises(RefusedInput) as refusal:
            workflow.extend(complaint, changed, by=house.dm, reason=reason)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def test_promise_told_before_its_round_began_is_refused():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.closed()
        clock.shift(HOUR)
        complaint = workflow.reopen(complaint, by=house.dm, reason="又响")
        clock.shift(HOUR)
        before = fingerprint()

        with pytest.raises(RefusedInput) as refusal:
            promise(house, complaint, house.word(3, told_at=T0 + HOUR - HOUR / 60))

        assert list(refusal.value.errors) == ["told_at"]
        assert fingerprint() == before
        assert promise(house, complaint, house.word(3, told_at=T0 + HOUR)).cycle == 2


def test_options_told_before_their_round_began_are_refused():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.closed()
        clock.shift(HOUR)
        complaint = house.offered(workflow.reopen(complaint, by=house.dm, reason="又响"))
        told = {"by": house.dm, "told_via": "phone"}

        with refuses(RefusedInput) as refusal:
            workflow.tell_options(complaint, told_at=T0, **told)

        assert list(refusal.value.errors) == ["told_at"]
        assert workflow.tell_options(complaint, told_at=T0 + HOUR, **told).cycle == 2


@time_machine.travel(T0, tick=False)
def test_extension_stops_the_old_clocks_and_starts_its_own():
    house = House()
    complaint = house.promised()

    workflow.extend(complaint, house.word(10), by=house.dm, reason="配件未到")

    assert running(complaint) == {
        ("not_started", T0 + HOUR / 2),
        ("due_soon", T0 + 8 * HOUR),
        ("overdue", T0 + 10 * HOUR),
        ("escalated", T0 + 34 * HOUR),
    }


def test_extension_is_no_new_task_for_the_department():
    house = House()
    moves.extended(house)

    texts = Notice.objects.filter(rule="incidents.assigned").order_by("pk")
    assert [text[:5] for text in texts.values_list("text", flat=True)] == [
        "【新任务】",
        "【时限已改",
    ]


# --- C-I: working --------------------------------------------------------------------------


def test_progress_starts_once_and_ends_the_reminder():
    house = House()
    complaint = house.started()

    assert complaint.started_at is not None
    assert "not_started" not in {rule for rule, _due in running(complaint)}
    with refuses(ConflictError):
        workflow.progress(complaint, by=house.engineer, kind="started", text="又到场")


def test_progress_done_before_the_start_conflicts():
    house = House()
    complaint = house.promised()

    with refuses(ConflictError):
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好")


def test_progress_done_tells_the_owner_once():
    house = House()
    complaint = house.started()

    workflow.progress(complaint, by=house.engineer, kind="done", text="修好")

    with refuses(ConflictError):
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好了")
    told = Notice.objects.filter(rule="incidents.department_done")
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]


def test_progress_contact_stops_the_contact_clock():
    house = House()
    complaint = house.chosen()
    promise(house, complaint, house.word(3, next_contact_at=timezone.now() + HOUR))

    workflow.progress(complaint, by=house.dm, kind="contact", text="已电话说明")

    assert "contact_due" not in {rule for rule, _due in running(complaint)}


@pytest.mark.parametrize(
    ("text", "shift", "field"),
    [("", timedelta(0), "text"), ("修", timedelta(minutes=1), "occurred_at")],
)
def test_progress_refusals(text, shift, field):
    house = House()
    complaint = house.started()

    with refuses(RefusedInput) as refusal:
        workflow.progress(
            complaint,
            by=house.engineer,
            kind="progress",
            text=text,
            occurred_at=timezone.now() + shift,
        )

    assert list(refusal.value.errors) == [field]


def test_progress_of_another_department_is_refused():
    house = House()
    complaint = house.started()
    other = member(house.prop, Role.ENGINEERING, department=DepartmentFactory(property=house.prop))

    with refuses(PermissionDenied):
        workflow.progress(complaint, by=other, kind="progress", text="看了看")


def test_progress_found_not_done_is_the_departments_again():
    house = House()
    complaint = house.started()
    workflow.progress(complaint, by=house.engineer, kind="done", text="修好")

    workflow.progress(complaint, by=house.dm, kind="not_done", text="仍有异响")

    assert read(complaint).department_done_at is None
    told = Notice.objects.filter(rule="incidents.not_done")
    assert list(told.values_list("recipient", flat=True)) == [house.engineer.pk]
    workflow.progress(complaint, by=house.engineer, kind="done", text="重新修好")
    assert read(complaint).department_done_at is not None


def test_progress_found_not_done_is_for_the_duty_manager_once_it_was_reported():
    house = House()
    complaint = house.started()
    with pytest.raises(ConflictError):
        workflow.progress(complaint, by=house.dm, kind="not_done", text="仍有异响")
    workflow.progress(complaint, by=house.engineer, kind="done", text="修好")
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        workflow.progress(complaint, by=house.engineer, kind="not_done", text="仍有异响")

    assert fingerprint() == before


@pytest.mark.parametrize(
    ("who", "done", "offered"),
    [("dm", True, True), ("dm", False, False), ("engineer", True, False)],
)
def test_progress_form_offers_not_done_to_whom_it_is_for(who, done, offered):
    house = House()
    complaint = house.started()
    if done:
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好")

    form = ProgressForm(complaint=read(complaint), user=getattr(house, who))

    assert ("not_done" in dict(form.fields["kind"].choices)) is offered


# --- C-I: the result -----------------------------------------------------------------------


def test_result_before_the_start_conflicts():
    house = House()
    complaint = house.promised()

    with refuses(ConflictError):
        workflow.resolve(complaint, by=house.dm, resolution="好")


@pytest.mark.parametrize(
    ("resolution", "shift", "field"),
    [("", timedelta(0), "resolution"), ("好", timedelta(minutes=1), "resolved_at")],
)
def test_result_refusals(resolution, shift, field):
    house = House()
    complaint = house.started()

    with refuses(RefusedInput) as refusal:
        workflow.resolve(
            complaint, by=house.dm, resolution=resolution, resolved_at=timezone.now() + shift
        )

    assert list(refusal.value.errors) == [field]
    assert complaint.promises.get().outcome == "open"


@pytest.mark.parametrize(
    ("done_after", "resolved_after", "typed_after", "outcome"),
    [
        (None, 3, None, "kept"),
        (None, 3.01, None, "broken"),
        (None, 4, 2, "broken"),
        (2, 5, None, "kept"),
        (3.5, 5, 2, "broken"),
    ],
    ids=["at-the-moment", "late", "late-with-an-early-time", "done-in-time", "done-late"],
)
def test_promise_is_kept_only_if_that_is_on_record_in_time(
    done_after, resolved_after, typed_after, outcome
):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        if done_after:
            clock.move_to(T0 + done_after * HOUR)
            workflow.progress(complaint, by=house.engineer, kind="done", text="修好")
        clock.move_to(T0 + resolved_after * HOUR)
        typed = T0 + typed_after * HOUR if typed_after else None

        workflow.resolve(complaint, by=house.dm, resolution="好", resolved_at=typed)

    assert complaint.promises.get().outcome == outcome


@pytest.mark.parametrize("not_done", [False, True], ids=["extended", "found-not-done"])
def test_promise_is_not_kept_by_a_report_older_than_the_extension(not_done):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好")
        clock.shift(HOUR)
        if not_done:
            workflow.progress(complaint, by=house.dm, kind="not_done", text="仍有异响")
        else:
            workflow.extend(complaint, house.word(6), by=house.dm, reason="没有修好")
        clock.shift(30 * HOUR)

        workflow.resolve(complaint, by=house.dm, resolution="好")

    last = complaint.promises.order_by("seq").last()
    assert (last.outcome, last.ended_at) == ("broken", T0 + 31 * HOUR)


def test_report_of_the_department_after_the_extension_keeps_the_promise():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好")
        workflow.extend(complaint, house.word(6), by=house.dm, reason="没有修好")
        clock.shift(HOUR)
        workflow.progress(complaint, by=house.engineer, kind="done", text="修好")
        clock.shift(30 * HOUR)

        workflow.resolve(complaint, by=house.dm, resolution="好")

    last = complaint.promises.order_by("seq").last()
    assert (last.outcome, last.ended_at) == ("kept", T0 + HOUR)


@time_machine.travel(T0, tick=False)
def test_result_stops_the_promise_and_starts_the_review():
    complaint = House().resolved()

    assert (complaint.status, complaint.next_due_at) == ("resolved", T0 + 24 * HOUR)
    assert running(complaint) == {
        ("review_remind", T0 + 24 * HOUR),
        ("review_escalated", T0 + 48 * HOUR),
    }


def test_same_promised_time_in_a_second_round_is_watched_again():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.reopened()
        first = complaint.promises.get(cycle=1)
        clock.shift(HOUR / 2)
        word = workflow.Word(first.due_at, T0 + HOUR / 2, "phone")

        promise(house, complaint, word)

    assert ("overdue", first.due_at) in running(complaint)


def test_open_promise_exists_exactly_while_the_work_goes_on():
    house = House()
    counts = {
        status: Promise.objects.filter(
            complaint=house.at(status), outcome=Promise.Outcome.OPEN
        ).count()
        for status in Complaint.Status.values
    }

    assert counts == {status: int(status == "in_progress") for status in Complaint.Status.values}


# --- asking for another extension ----------------------------------------------------------


def test_request_for_another_extension_moves_nothing_and_tells_the_manager():
    house = House()
    complaint = moves.extended(house)
    due = complaint.current_due_at

    row = workflow.ask_extension(
        complaint, by=house.dm, reason="缺配件", wish_at=due + timedelta(hours=2)
    )

    wish = timezone.localtime(due + timedelta(hours=2))
    assert row.text == f"希望延到 {wish:%m-%d %H:%M}：缺配件"
    assert (read(complaint).current_due_at, row.kind) == (due, "asked")
    task = Task.objects.get(kind="extend")
    assert (task.role, task.done_at) == (Role.PROPERTY_MANAGER, None)
    told = Notice.objects.filter(rule="incidents.extension_asked")
    assert list(told.values_list("recipient", "urgent")) == [(house.pm.pk, True)]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda h, c: workflow.extend(c, h.word(30), by=h.pm, reason="同意"), "extended"),
        (lambda h, c: workflow.resolve(c, by=h.dm, resolution="修好"), "resolved"),
        (lambda h, c: workflow.void(c, by=h.pm, reason="重复"), "voided"),
        (lambda h, c: workflow.decline_extension(c, by=h.pm, reason="按原时限"), "declined"),
    ],
    ids=["extended", "resolved", "voided", "declined"],
)
def test_request_ends_with_its_answer_or_the_work(answer, outcome):
    house = House()
    complaint = moves.asked_again(house)

    answer(house, complaint)

    task = Task.objects.get(kind="extend")
    assert (task.outcome, task.done_at is None) == (outcome, False)


def test_declined_extension_keeps_the_time_and_tells_who_asked():
    house = House()
    complaint = moves.asked_again(house)
    due = complaint.current_due_at

    row = workflow.decline_extension(complaint, by=house.pm, reason="客人明早退房")

    assert (row.kind, row.text) == ("declined", "客人明早退房")
    assert read(complaint).current_due_at == due
    told = Notice.objects.filter(rule="incidents.extension_answered")
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]


@pytest.mark.parametrize("kind", ["started", "progress"])
def test_work_is_not_reported_from_before_its_round(kind):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        closed = house.closed()
        clock.shift(timedelta(hours=50))
        complaint = workflow.reopen(closed, by=house.dm, reason="又响")
        workflow.promise(complaint, house.word(), by=house.dm, department=house.department)
        complaint = read(complaint)
        early = timezone.now() - timedelta(hours=1)
        before = fingerprint()

        with pytest.raises(RefusedInput) as refusal:
            workflow.progress(complaint, by=house.dm, kind=kind, text="到场", occurred_at=early)

        assert (list(refusal.value.errors), fingerprint()) == (["occurred_at"], before)


# --- granting it ---------------------------------------------------------------------------


def test_granted_extension_is_told_and_entered_by_who_asked():
    house = House()
    complaint = moves.asked_again(house)
    due = complaint.current_due_at
    workflow.grant_extension(complaint, by=house.pm, reason="配件确在途中")
    granted = read(complaint)
    told = Notice.objects.filter(rule="incidents.extension_answered")

    row = workflow.extend(granted, house.word(8.9), by=house.dm, reason="配件在途")

    assert granted.current_due_at == due
    assert list(told.values_list("recipient", flat=True)) == [house.dm.pk]
    assert (row.seq, row.approved_by, row.told_by) == (3, house.pm, house.dm)


def test_granted_extension_ends_at_the_time_that_was_asked_for():
    house = House()
    complaint = moves.granted(house)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.extend(complaint, house.word(9.5), by=house.dm, reason="配件在途")

    assert (list(refusal.value.errors), fingerprint()) == (["due_at"], before)


def test_grant_is_used_up_by_one_extension():
    house = House()
    complaint = moves.granted(house)
    workflow.extend(complaint, house.word(8), by=house.dm, reason="配件在途")
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        workflow.extend(read(complaint), house.word(8.5), by=house.dm, reason="又缺")

    assert fingerprint() == before


def test_form_of_a_granted_extension_proposes_its_time_and_words():
    house = House()
    complaint = moves.granted(house)

    form = ExtendForm(complaint=complaint, user=house.dm)

    asked = queries.wish(complaint, "ask_extension")
    assert (form.initial["due_at"], form.initial["reason"]) == (asked.until, "又缺配件")


def test_manager_goes_beyond_a_grant_on_his_own_word():
    house = House()
    complaint = moves.granted(house)
    other = member(house.prop, Role.PROPERTY_MANAGER)

    row = workflow.extend(complaint, house.word(60), by=other, reason="停产")

    assert row.approved_by == other


def test_new_request_does_not_stretch_an_old_grant():
    house = House()
    complaint = moves.granted(house)
    wish = timezone.now() + timedelta(hours=300)
    workflow.ask_extension(complaint, by=house.dm, reason="还要更久", wish_at=wish)
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        workflow.extend(read(complaint), house.word(200), by=house.dm, reason="更久")

    assert (list(refusal.value.errors), fingerprint()) == (["due_at"], before)


# --- whose word proves that the work was done ----------------------------------------------


@pytest.mark.parametrize(
    ("who", "outcome"), [("engineer", "kept"), ("dm", "broken")], ids=["department", "owner"]
)
def test_promise_is_kept_by_the_word_of_the_department_only(who, outcome):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        clock.shift(timedelta(hours=1))
        workflow.progress(complaint, by=getattr(house, who), kind="done", text="好了")
        clock.shift(timedelta(hours=4))

        workflow.resolve(read(complaint), by=house.dm, resolution="修好")

    assert complaint.promises.get().outcome == outcome


def test_ceiling_of_a_managers_own_promise_is_for_the_rank_above():
    house = House()
    complaint = house.chosen()

    workflow.promise(complaint, house.word(24 * 80), by=house.pm, department=house.department)

    told = Notice.objects.filter(rule="incidents.ceiling")
    assert list(told.values_list("recipient", flat=True)) == [house.gm.pk]
