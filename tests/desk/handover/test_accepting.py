"""The second signature: what switches with it, who may give it, and what is kept confidential."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from emergencies.models import Event
from incidents import workflow as incidents
from propdesk.core import audit, duty, signatures
from propdesk.core.models import Case, Membership, Notice, RenderJob, Shift, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import queries, roster, workflow
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.workflow import Answer
from tests.desk.handover.left import short
from tests.desk.handover.shifts import Night, fresh, said, with_event
from tests.factories import PASSWORD, DepartmentFactory, DeputyFactory, member
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


def test_accept_switches_command_only_now_and_closes_the_case() -> None:
    night = Night()
    event = with_event(night)
    row = night.offered_over()
    assert fresh(event).commander == night.dm

    row = night.signed(row)

    assert (fresh(event).commander, row.status, row.incoming, row.case.is_open) == (
        night.next,
        S.SIGNED,
        night.next,
        False,
    )
    assert RenderJob.objects.filter(case=row.case, kind="handover", sealed=True).count() == 1
    assert audit.problems(fresh(row).case) == audit.problems(event.case) == []


def test_complaints_of_who_leaves_pass_to_who_comes_and_history_shows_both() -> None:
    """C-C: the change of shift moves it; what is refused or another's stays where it is."""
    night = Night()
    taken, refused, others = night.new(), night.new(), night.new(by=night.third)
    row = night.offered_over()
    assert fresh(taken).owner == night.dm

    night.signed(row, row.lines.get(case=refused.case).pk)

    assert [fresh(c).owner for c in (taken, refused, others)] == [night.next, night.dm, night.third]
    versions = taken.history.order_by("history_date", "history_id")
    last = versions.last()
    assert [v.owner for v in versions][-2:] == [night.dm, night.next]
    assert (last.history_user, last.history_change_reason) == (
        night.next,
        f"交接班 {row.case.number}",
    )
    entry = taken.case.entries.order_by("seq").last()
    assert (entry.action, entry.by, entry.content["info"]) == (
        "hand_over",
        night.next,
        {"from": night.dm.pk, "to": night.next.pk},
    )
    assert audit.problems(fresh(taken).case) == []


def test_who_signed_for_the_shift_is_on_duty_from_then_on() -> None:
    """Five minutes before the hour: what comes in is no longer of him who went home."""
    night = Night()
    night.signed()
    desk = member(night.prop, Role.FRONT_DESK)
    now = timezone.now()

    complaint = night.new(by=desk)

    assert complaint.owner == night.next
    assert duty.on_duty(night.prop, Role.DUTY_MANAGER, at=now) == [night.next]
    here, coming = roster.now_and_next(night.prop, now)
    assert ([shift.user for shift in here], coming) == ([night.next], [])
    plan = [fresh(shift) for shift in (night.shift, night.after)]
    assert [(s.starts_at, s.ends_at) for s in plan] == [
        (night.shift.starts_at, night.shift.ends_at),
        (night.after.starts_at, night.after.ends_at),
    ]


def test_accepted_complaint_of_who_left_earlier_passes_and_one_given_to_him_later_stays() -> None:
    night = Night()
    refused, given = night.new(), night.new()
    row = night.offered_over()
    night.signed(row, *row.lines.values_list("pk", flat=True))
    incidents.hand_over(fresh(given), by=night.pm, to=night.third, reason="请赵宁看一下")
    incidents.hand_over(fresh(given), by=night.pm, to=night.dm, reason="请周敏明天继续")
    Shift.objects.filter(pk=night.after.pk).update(starts_at=timezone.now())
    row = workflow.draft(night.prop, by=night.next)

    night.taken(night.offered_over(row), night.pm)

    assert [fresh(c).owner for c in (refused, given)] == [night.pm, night.dm]


def test_deputy_of_whom_the_roster_names_is_told_may_be_chosen_and_takes_over() -> None:
    night = Night()
    deputy = member(night.prop, Role.FRONT_DESK, name="代班")
    signatures.keep(deputy, drawn())
    DeputyFactory(for_membership=night.next.memberships.get(), by_user=deputy)
    row = night.offered_over()

    offered = {
        user.pk
        for user in queries.incoming(row, timezone.now(), roster.after(night.prop, row.ends_at))
    }
    row = night.taken(row, read(deputy))

    assert {name for name, _text in told("desk.handover_offered")} == {"李静", "代班"}
    assert (deputy.pk in offered, row.incoming) == (True, deputy)
    assert duty.on_duty(night.prop, Role.DUTY_MANAGER, at=timezone.now()) == [night.next, deputy]


def test_confidential_complaint_passes_to_nobody_who_may_not_read_it() -> None:
    night = Night()
    complaint = night.new()
    Case.objects.filter(pk=complaint.pk).update(restricted=True)
    row = night.offered_over()
    line = row.lines.get(case=complaint.case)

    with refuses(RefusedInput) as refused:
        night.signed(row)
    night.signed(row, line.pk)

    assert list(refused.value.errors) == [f"line_{line.pk}"]
    assert fresh(complaint).owner == night.dm


def test_statements_of_the_second_signature_do_not_grow_with_complaints() -> None:
    counts = []
    for number in (1, 3):
        night = Night()
        for _n in range(number):
            night.new()
        row = night.offered_over()
        answers = night.answers(row)
        with CaptureQueriesContext(connection) as caught:
            workflow.accept(row, answers, PASSWORD, by=night.next, seen=row.content_sha)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_refused_line_goes_to_the_property_manager_and_keeps_its_commander() -> None:
    night = Night()
    event = with_event(night)
    managers = set(duty.holders(night.prop, Role.PROPERTY_MANAGER).values_list("pk", flat=True))
    row = night.offered_over()
    line = row.lines.get(kind="event")

    row = night.signed(row, line.pk)

    task = Task.objects.get(case=row.case, kind=workflow.REFUSED)
    told = Notice.objects.filter(rule="desk.handover_refused").values_list("recipient", flat=True)
    assert (fresh(event).commander, row.case.is_open, task.role, set(told)) == (
        night.dm,
        True,
        Role.PROPERTY_MANAGER,
        managers,
    )
    assert (fresh(line).decision, fresh(line).reason) == ("refused", "钥匙没有交到手")


def told(rule: str) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(rule=rule).order_by("pk")
    return list(rows.values_list("recipient__name", "text"))


def test_count_that_does_not_tally_is_a_task_of_the_property_manager() -> None:
    night = Night()
    row = workflow.offer(short(night), PASSWORD, by=night.dm)

    row = night.signed(row)

    task = Task.objects.get(case=row.case)
    text = f"【清点不符】{row.case.number} · 1 项与应有数不符，请处理"
    assert (task.kind, task.role, task.text) == (workflow.SHORT, Role.PROPERTY_MANAGER, text)
    assert (night.pm.name, text) in told("desk.handover_short")
    assert row.case.is_open
    assert audit.problems(fresh(row).case) == []

    row = workflow.settle_refused(row, "工程部当天归还", by=night.gm)

    assert (row.case.is_open, fresh(task).outcome) == (False, "settled")


def test_fault_of_the_patrol_is_told_to_the_manager_of_its_department() -> None:
    night = Night()
    row = workflow.offer(short(night), PASSWORD, by=night.dm)
    department = row.patrol.get(area="back").department
    head = member(night.prop, Role.DEPARTMENT_MANAGER, department=department, name="陈工")
    member(night.prop, Role.DEPARTMENT_MANAGER, department=DepartmentFactory(property=night.prop))

    night.signed(row)

    text = f"【巡查异常】{row.case.number} · 后台，工程部跟进，详情请问值班经理"
    assert told("desk.handover_patrol") == [(head.name, text)]
    notice = Notice.objects.get(rule="desk.handover_patrol")
    assert (notice.case, notice.due_at) == (None, row.patrol.get(area="back").due_at)


def test_fault_of_a_department_without_a_manager_is_told_to_the_property_manager() -> None:
    night = Night()
    row = workflow.offer(short(night), PASSWORD, by=night.dm)

    night.signed(row)

    managers = duty.holders(night.prop, Role.PROPERTY_MANAGER)
    names = {name for name, _text in told("desk.handover_patrol")}
    assert names == set(managers.values_list("name", flat=True))


def test_nothing_is_asked_nor_told_when_all_is_in_order() -> None:
    night = Night()

    row = night.signed()

    assert (row.case.is_open, Task.objects.filter(case=row.case).exists()) == (False, False)
    assert told("desk.handover_patrol") == told("desk.handover_short") == []


@pytest.mark.parametrize(
    ("answers", "field"),
    [({}, "line_"), ({"accepted": False}, "reason_")],
    ids=["no answer", "refused without a reason"],
)
def test_every_line_is_answered(answers: dict[str, Any], field: str) -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    said = {row.lines.get().pk: Answer(**answers)} if answers else {}

    with refuses(RefusedInput) as refused:
        night.taken(row, night.next, said)

    assert list(refused.value.errors) == [f"{field}{row.lines.get().pk}"]


def test_wrong_password_of_the_incoming_switches_nothing() -> None:
    night = Night()
    with_event(night)
    row = night.offered_over()

    with refuses(RefusedInput) as refused:
        night.taken(row, night.next, password="wrong")

    assert list(refused.value.errors) == ["password"]


def test_nobody_takes_over_from_himself_nor_as_his_deputy() -> None:
    night = Night()
    row = night.offered_over()
    held = Membership.objects.get(user=night.dm, role=Role.DUTY_MANAGER)
    other = member(night.prop, Role.FRONT_DESK)
    DeputyFactory(for_membership=held, by_user=other)

    for user in (night.dm, other):
        with refuses(ConflictError):
            night.taken(row, user)


def test_only_whom_the_roster_names_or_a_manager_takes_over() -> None:
    night = Night()
    row = night.offered_over()

    with refuses(ConflictError) as refused:
        night.taken(row, night.third)
    night.taken(row, night.pm)

    assert "李静" in str(refused.value)


def test_without_a_roster_the_first_takes_over_and_is_put_on_it() -> None:
    night = Night()
    Shift.objects.filter(pk=night.after.pk).update(cancelled_at=timezone.now())
    row = night.offered_over()

    row = night.taken(row, night.third)
    with refuses(ConflictError) as refused:
        night.taken(row, night.next)

    shift = Shift.objects.get(user=night.third)
    assert (row.incoming, shift.role, "赵宁" in str(refused.value)) == (
        night.third,
        Role.DUTY_MANAGER,
        True,
    )


def test_others_are_told_who_took_over() -> None:
    night = Night()
    row = night.offered_over()

    night.taken(row, night.pm)

    told = Notice.objects.filter(rule="desk.handover_signed").values_list("recipient", flat=True)
    assert set(told) == {night.dm.pk, night.next.pk}


# --- confidential cases --------------------------------------------------------------------


def test_confidential_event_is_its_number_and_nothing_else() -> None:
    night = Night()
    event = with_event(night, "death")

    line = night.drafted().lines.get(key=f"event:{event.pk}")

    assert (line.title, line.state, line.due_at, line.holder, line.next_step) == (
        "保密事项",
        "",
        None,
        None,
        "",
    )
    assert line.case == event.case


def test_words_about_a_confidential_case_are_refused() -> None:
    night = Night()
    event = with_event(night, "death")
    row = night.drafted()
    line = row.lines.get(key=f"event:{event.pk}")

    with refuses(RefusedInput):
        workflow.write(row, said(row, steps={line.pk: ("等公安", True)}), by=night.dm)


def test_command_of_a_confidential_event_moves_to_its_readers_alone() -> None:
    night = Night()
    event = with_event(night, "death")
    Event.objects.filter(pk=event.pk).update(commander=night.dm)
    row = night.offered_over()
    line = row.lines.get(key=f"event:{event.pk}")

    with refuses(RefusedInput) as refused:
        night.taken(row, night.next)
    seals = [n.pk for n in row.lines.filter(case=event.case)]
    night.signed(row, *seals)

    assert (list(refused.value.errors), fresh(event).commander) == ([f"line_{line.pk}"], night.dm)
    assert not event.readers.filter(user=night.next).exists()
