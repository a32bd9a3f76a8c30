"""From the draft to both signatures: what happens, and what is refused and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from emergencies import workflow as emergencies
from emergencies.models import Event
from incidents import workflow as incidents
from propdesk.core import audit, duty, house_people
from propdesk.core.models import AuditEntry, Membership, Notice, RenderJob, Shift, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import roster, workflow
from propdesk.desk.handover.models import CountItem, Handover, HandoverLine
from propdesk.desk.handover.workflow import Answer, ChangedError, Patrolled, Written
from tests.desk.handover.shifts import AREAS, Night, fresh
from tests.emergencies.journey import House as EventHouse
from tests.factories import PASSWORD, DeputyFactory, MembershipFactory, member
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


def with_event(night: Night, kind: str = "theft", *, by: Any = None) -> Event:
    """A running event of the house, which ``by`` (the outgoing manager) commands."""
    house = EventHouse(prop=night.prop)
    event = house.started(kind)
    by = by or night.dm
    if event.commander_id != by.pk and not event.case.restricted:
        emergencies.take_command(event, by=by)
    return fresh(event)


# --- the draft -----------------------------------------------------------------------------


def test_draft_numbers_the_record_and_lists_what_is_open() -> None:
    night = Night()
    complaint = night.new()

    row = night.drafted()

    assert (row.case.number[:3], row.outgoing, row.status, row.until) == (
        "JB-",
        night.dm,
        S.DRAFT,
        night.after.ends_at,
    )
    assert [line.key for line in row.lines.all()] == [f"complaint:{complaint.pk}"]
    assert sorted(row.patrol.values_list("area", flat=True)) == sorted(AREAS)
    assert audit.problems(row.case) == []


def test_draft_of_a_colleague_is_for_a_manager_with_a_reason() -> None:
    night = Night()

    with refuses(PermissionDenied):
        workflow.draft(night.prop, by=night.third)
    with refuses(RefusedInput):
        workflow.draft(night.prop, by=night.pm)
    row = workflow.draft(night.prop, by=night.pm, reason="周敏突然送医")

    assert (row.outgoing, row.on_behalf_of, row.takeover_reason) == (
        night.pm,
        night.dm,
        "周敏突然送医",
    )


def test_draft_is_refused_while_another_is_open() -> None:
    night = Night()
    row = night.drafted()

    with refuses(ConflictError) as refused:
        night.drafted()

    assert row.case.number in str(refused.value)


def test_house_without_a_roster_hands_over_all_the_same() -> None:
    night = Night()
    Shift.objects.update(cancelled_at=timezone.now())

    row = workflow.draft(night.prop, by=night.third)

    assert (row.shift, row.ends_at - row.starts_at, row.until - row.ends_at) == (
        None,
        roster.WITHOUT_ROSTER,
        roster.WITHOUT_ROSTER,
    )


def test_next_step_of_an_event_comes_from_its_playbook() -> None:
    night = Night()
    event = with_event(night)

    line = night.drafted().lines.get(key=f"event:{event.pk}")

    assert (line.holder, line.next_step != "", "周敏" in line.state) == (night.dm, True, True)


# --- writing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (lambda row: Written(counts={_count(row): (Decimal(99), "")}), "word_"),
        (lambda row: Written(patrol={"lobby": Patrolled(False, "灯坏了")}), "note_lobby"),
        (lambda row: Written(patrol={"lobby": Patrolled(False)}), "note_lobby"),
    ],
    ids=["difference without a word", "fault nobody follows", "fault without a word"],
)
def test_write_is_refused_in_words(said: Callable[[Handover], Written], field: str) -> None:
    night = Night()
    row = night.drafted()

    with refuses(RefusedInput) as refused:
        workflow.write(row, said(row), by=night.dm)

    assert [name.startswith(field) for name in refused.value.errors] == [True]


def _count(row: Handover) -> int:
    return int(row.counts.order_by("seq")[0].pk)


def test_write_keeps_a_difference_with_its_word() -> None:
    night = Night()
    row = night.drafted()

    workflow.write(row, Written(counts={_count(row): (Decimal(2), "多出两处旧封条")}), by=night.dm)

    count = row.counts.get(pk=_count(row))
    assert (count.actual, count.word) == (Decimal(2), "多出两处旧封条")


def test_department_of_another_house_is_refused() -> None:
    night = Night()
    row = night.drafted()
    foreign = Night().department
    fault = Patrolled(False, "灯坏了", foreign, timezone.now())

    with refuses(RefusedInput):
        workflow.write(row, Written(patrol={"lobby": fault}), by=night.dm)


# --- the first signature -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left_out", "place"), [("steps", "lines"), ("counts", "counts"), ("patrol", "patrol")]
)
def test_shift_is_not_closed_with_anything_unticked(left_out: str, place: str) -> None:
    night = Night()
    night.new()
    row = night.drafted()
    whole = night.whole(row)
    said = {n: getattr(whole, n) for n in ("steps", "counts", "patrol") if n != left_out}
    workflow.write(row, Written(**said), by=night.dm)

    with refuses(ConflictError) as refused:
        workflow.offer(row, PASSWORD, by=night.dm)

    assert [where for where, _sentence in refused.value.missing] == [place]


def test_offer_signs_and_tells_whom_the_roster_names() -> None:
    night = Night()
    before = night.new()

    row = night.offered_over()

    assert (row.status, row.outgoing_signature.user, len(row.content_sha)) == (
        S.OFFERED,
        night.dm,
        64,
    )
    assert [each["number"] for each in row.happened] == [before.case.number]
    told = Notice.objects.filter(rule="desk.handover_offered").values_list("recipient", flat=True)
    assert list(told) == [night.next.pk]


def test_wrong_password_of_the_outgoing_signs_nothing() -> None:
    night = Night()
    row = night.written()

    with refuses(RefusedInput) as refused:
        workflow.offer(row, "wrong", by=night.dm)

    assert list(refused.value.errors) == ["password"]


@pytest.mark.parametrize("signed", [False, True], ids=["first signature", "second signature"])
def test_case_that_came_up_meanwhile_is_drafted_anew(signed: bool) -> None:
    night = Night()
    night.new()
    row = night.offered_over() if signed else night.written()
    late = night.new()
    answers = night.answers(row)

    with refuses(ChangedError) as refused:
        if signed:
            workflow.accept(row, answers, PASSWORD, by=night.next)
        else:
            workflow.offer(row, PASSWORD, by=night.dm)

    assert late.case.number in str(refused.value)


def test_refresh_touches_changed_lines_only_and_keeps_what_was_typed() -> None:
    night = Night()
    changed, same, gone = night.new(), night.new(), night.new()
    row = night.drafted()
    said = {n.pk: (f"下一步 {n.seq}", True) for n in row.lines.all()}
    workflow.write(row, Written(steps=said), by=night.dm)
    incidents.change_severity(changed, by=night.dm, severity="major", reason="有人受伤")
    incidents.void(gone, by=night.pm, reason="重复登记")
    new = night.new()

    found = workflow.refresh(row, by=night.dm)

    lines = {n.key: n for n in row.lines.all()}
    of = {name: lines[f"complaint:{c.pk}"] for name, c in _named(changed, same, gone, new).items()}
    assert (len(found.new), len(found.altered), len(found.gone)) == (1, 1, 1)
    assert {name: n.is_told for name, n in of.items()} == {
        "changed": False,
        "same": True,
        "gone": True,
        "new": False,
    }
    assert [n.next_step for n in of.values()] == ["下一步 1", "下一步 2", "下一步 3", ""]
    assert (of["gone"].dropped_at is None, of["same"].dropped_at) == (False, None)
    assert audit.problems(fresh(row).case) == []


def _named(*rows: Any) -> dict[str, Any]:
    return dict(zip(("changed", "same", "gone", "new"), rows, strict=True))


def test_what_was_settled_and_comes_back_is_the_same_line() -> None:
    night = Night()
    complaint = night.new()
    row = night.drafted()
    HandoverLine.objects.update(dropped_at=timezone.now())

    workflow.refresh(row, by=night.dm)

    line = row.lines.get()
    assert (line.key, line.dropped_at) == (f"complaint:{complaint.pk}", None)


def test_refresh_of_what_has_not_changed_writes_nothing() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    before = fingerprint()

    assert not workflow.refresh(row, by=night.next)
    assert fingerprint() == before


def test_change_after_the_first_signature_takes_it_back_and_says_so() -> None:
    night = Night()
    row = night.offered_over()
    night.new()

    workflow.refresh(row, by=night.next)

    row = fresh(row)
    told = Notice.objects.filter(rule="desk.handover_changed").values_list("recipient", flat=True)
    assert (row.status, row.outgoing_signature, row.content_sha, list(told)) == (
        S.DRAFT,
        None,
        "",
        [night.dm.pk],
    )


def test_changed_expectation_is_counted_again() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    row = night.written()
    workflow.change_count(item, "部", Decimal(7), by=night.pm, active=True, reason="报废一部")

    with refuses(ChangedError):
        workflow.offer(row, PASSWORD, by=night.dm)
    workflow.refresh(row, by=night.dm)

    count = row.counts.get(key=f"item:{item.pk}")
    assert (count.expected, count.actual) == (Decimal(7), None)


# --- the second signature ------------------------------------------------------------------


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


def test_refused_lines_are_settled_by_a_manager_once() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    row = night.signed(row, row.lines.get().pk)

    with refuses(RefusedInput):
        workflow.settle_refused(row, "", by=night.pm)
    row = workflow.settle_refused(row, "由工程部跟进", by=night.pm)
    with refuses(ConflictError):
        workflow.settle_refused(row, "再来一次", by=night.gm)

    done = Task.objects.get(case=row.case, kind=workflow.REFUSED)
    assert (row.settled_by, row.case.is_open, done.done_by) == (night.pm, False, night.pm)


def test_manager_who_took_over_does_not_settle_his_own_refusals() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    answers = night.answers(row, row.lines.get().pk)
    row = workflow.accept(row, answers, PASSWORD, by=night.pm)

    with refuses(ConflictError):
        workflow.settle_refused(row, "由工程部跟进", by=night.pm)


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
        workflow.accept(row, said, PASSWORD, by=night.next)

    assert list(refused.value.errors) == [f"{field}{row.lines.get().pk}"]


def test_wrong_password_of_the_incoming_switches_nothing() -> None:
    night = Night()
    with_event(night)
    row = night.offered_over()

    with refuses(RefusedInput) as refused:
        workflow.accept(row, night.answers(row), "wrong", by=night.next)

    assert list(refused.value.errors) == ["password"]


def test_nobody_takes_over_from_himself_nor_as_his_deputy() -> None:
    night = Night()
    row = night.offered_over()
    held = Membership.objects.get(user=night.dm, role=Role.DUTY_MANAGER)
    other = member(night.prop, Role.FRONT_DESK)
    DeputyFactory(for_membership=held, by_user=other)

    for user in (night.dm, other):
        with refuses(ConflictError):
            workflow.accept(row, night.answers(row), PASSWORD, by=user)


def test_only_whom_the_roster_names_or_a_manager_takes_over() -> None:
    night = Night()
    row = night.offered_over()

    with refuses(ConflictError) as refused:
        workflow.accept(row, night.answers(row), PASSWORD, by=night.third)
    workflow.accept(row, night.answers(row), PASSWORD, by=night.pm)

    assert "李静" in str(refused.value)


def test_without_a_roster_the_first_takes_over_and_is_put_on_it() -> None:
    night = Night()
    Shift.objects.filter(pk=night.after.pk).update(cancelled_at=timezone.now())
    row = night.offered_over()

    row = workflow.accept(row, night.answers(row), PASSWORD, by=night.third)
    with refuses(ConflictError) as refused:
        workflow.accept(row, night.answers(row), PASSWORD, by=night.next)

    shift = Shift.objects.get(user=night.third)
    assert (row.incoming, shift.role, "赵宁" in str(refused.value)) == (
        night.third,
        Role.DUTY_MANAGER,
        True,
    )


def test_others_are_told_who_took_over() -> None:
    night = Night()
    row = night.offered_over()

    workflow.accept(row, night.answers(row), PASSWORD, by=night.pm)

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
        workflow.write(row, Written(steps={line.pk: ("等公安", True)}), by=night.dm)


def test_command_of_a_confidential_event_moves_to_its_readers_alone() -> None:
    night = Night()
    event = with_event(night, "death")
    Event.objects.filter(pk=event.pk).update(commander=night.dm)
    row = night.offered_over()
    line = row.lines.get(key=f"event:{event.pk}")

    with refuses(RefusedInput) as refused:
        workflow.accept(row, night.answers(row), PASSWORD, by=night.next)
    seals = [n.pk for n in row.lines.filter(case=event.case)]
    night.signed(row, *seals)

    assert (list(refused.value.errors), fresh(event).commander) == ([f"line_{line.pk}"], night.dm)
    assert not event.readers.filter(user=night.next).exists()


# --- stepping in, voiding ------------------------------------------------------------------


def test_manager_goes_on_with_what_somebody_left_and_the_left_is_told() -> None:
    night = Night()
    event = with_event(night)
    row = night.drafted()
    house_people.deactivate_user(night.prop, night.dm, by=night.pm, reason="离职")

    with refuses(RefusedInput):
        workflow.take_over(row, by=night.pm, reason="")
    row = workflow.take_over(row, by=night.pm, reason="已离职")
    row = night.signed(night.offered_over(row))

    assert (row.outgoing, row.on_behalf_of, fresh(event).commander) == (
        night.pm,
        night.dm,
        night.next,
    )


def test_void_keeps_the_number_and_lets_the_shift_begin_anew() -> None:
    night = Night()
    row = night.drafted()

    with refuses(RefusedInput):
        workflow.void_handover(row, by=night.pm, reason="")
    workflow.void_handover(row, by=night.pm, reason="交错了班")
    again = night.drafted()

    numbers = [int(each.case.number[-3:]) for each in (row, again)]
    assert (fresh(row).status, numbers[1] - numbers[0]) == (S.VOIDED, 1)


def test_take_back_lets_the_outgoing_mend_his_words() -> None:
    night = Night()
    row = night.offered_over()

    row = workflow.take_back(row, by=night.dm)

    assert (row.status, row.outgoing_signed_at) == (S.DRAFT, None)
    assert AuditEntry.objects.filter(case=row.case, action="offer").count() == 1


# --- the alarm -----------------------------------------------------------------------------


def late(night: Night) -> Any:
    return night.shift.ends_at + timedelta(minutes=15)


def test_alarm_rings_on_the_very_minute_and_once() -> None:
    night = Night()

    early = workflow.flag_late(late(night) - timedelta(seconds=1))
    rung = [workflow.flag_late(late(night)) for _twice in "ab"]

    told = Notice.objects.filter(rule="desk.handover_late").values_list("recipient", flat=True)
    assert (early, rung, set(told)) == (0, [1, 0], {night.dm.pk, night.next.pk, night.pm.pk})


def test_signed_shift_rings_no_alarm() -> None:
    night = Night()
    night.signed()

    assert workflow.flag_late(late(night)) == 0


def test_unsigned_offer_rings_and_names_its_case() -> None:
    night = Night()
    row = night.offered_over()

    workflow.flag_late(late(night))

    notice = Notice.objects.filter(rule="desk.handover_late").first()
    assert (notice.case, notice.urgent) == (row.case, True)


def test_last_shift_of_the_day_and_one_who_stays_ring_no_alarm() -> None:
    night, stays = Night(), Night()
    night.after.delete()
    Shift.objects.filter(pk=stays.after.pk).update(user=stays.dm)

    assert workflow.flag_late(late(night)) == 0
    assert workflow.flag_late(late(stays)) == 0


def test_alarm_costs_the_same_whatever_was_told_before(django_assert_num_queries: Any) -> None:
    night = Night()
    workflow.flag_late(late(night))

    with django_assert_num_queries(1):
        workflow.flag_late(late(night))


# --- the log and the counts ----------------------------------------------------------------


def test_log_is_put_right_by_a_further_entry() -> None:
    night = Night()
    first = workflow.log(night.prop, "3号电梯停运", by=night.dm)

    second = workflow.log(night.prop, "是4号电梯", by=night.next, corrects=first)

    assert (second.corrects, second.shift, fresh(first).text) == (
        first,
        night.shift,
        "3号电梯停运",
    )


@pytest.mark.parametrize(
    ("text", "hours", "error"),
    [(" ", 0, RefusedInput), ("电梯停运", 1, RefusedInput)],
    ids=["nothing said", "time to come"],
)
def test_log_is_refused(text: str, hours: int, error: type[Exception]) -> None:
    night = Night()
    at = timezone.now() + timedelta(hours=hours)

    with refuses(error):
        workflow.log(night.prop, text, by=night.dm, occurred_at=at)


def test_entry_of_another_house_is_not_corrected() -> None:
    foreign = workflow.log((other := Night()).prop, "别处的事", by=other.dm)
    night = Night()

    with refuses(ConflictError):
        workflow.log(night.prop, "更正", by=night.dm, corrects=foreign)


def test_count_of_one_name_is_listed_once() -> None:
    night = Night()
    workflow.list_count(night.prop, "总钥匙", "串", Decimal(12), by=night.pm)

    with refuses(ConflictError):
        workflow.list_count(night.prop, "总钥匙", "把", Decimal(1), by=night.pm)

    assert CountItem.objects.count() == 1


def test_count_is_changed_with_a_reason() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "备用金", "元", Decimal(2000), by=night.pm)

    with refuses(RefusedInput):
        workflow.change_count(item, "元", Decimal(1), by=night.pm, active=True, reason="")
    workflow.change_count(
        item, "元", Decimal(3000), by=night.pm, active=False, reason="改由财务保管"
    )

    assert (fresh(item).expected, fresh(item).is_active) == (Decimal(3000), False)


def test_whoever_became_manager_may_step_in() -> None:
    night = Night()
    row = night.drafted()
    MembershipFactory(user=night.third, property=night.prop, role=Role.PROPERTY_MANAGER)

    row = workflow.take_over(
        row, by=type(night.third).objects.get(pk=night.third.pk), reason="不在"
    )

    assert row.outgoing == night.third
