"""Stepping in, voiding, settling what was refused, and the alarm."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from propdesk.core import house_people
from propdesk.core.models import AuditEntry, Delivery, Notice, Shift, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.workflow import minding
from tests.desk.handover.shifts import Night, fresh, late, with_event
from tests.factories import MembershipFactory, web
from tests.factories import fresh as read
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


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
    row = night.taken(row, night.pm, answers)

    with refuses(ConflictError):
        workflow.settle_refused(row, "由工程部跟进", by=night.pm)


def test_manager_whose_shift_was_handed_over_for_him_does_not_settle_its_refusals() -> None:
    night = Night()
    night.new()
    MembershipFactory(user=night.dm, property=night.prop, role=Role.PROPERTY_MANAGER)
    row = workflow.draft(night.prop, by=night.pm, reason="周敏突然送医")
    row = night.offered_over(row)
    row = night.signed(row, row.lines.get().pk)
    left = read(night.dm)
    page = web(left).get(row.get_absolute_url())

    with refuses(ConflictError):
        workflow.settle_refused(row, "由工程部跟进", by=left)

    assert page.context["acts"]["settle_refused"] is False


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


def test_whoever_was_asked_to_come_is_told_that_it_is_void() -> None:
    night = Night()
    row = night.offered_over()

    workflow.void_handover(row, by=night.pm, reason="交错了班")

    told = Notice.objects.filter(rule="desk.handover_voided").values_list("recipient", flat=True)
    assert set(told) == {night.dm.pk, night.next.pk}


def test_void_draft_is_told_to_its_author_alone() -> None:
    night = Night()

    workflow.void_handover(night.drafted(), by=night.pm, reason="交错了班")

    told = Notice.objects.filter(rule="desk.handover_voided").values_list("recipient", flat=True)
    assert list(told) == [night.dm.pk]


@pytest.mark.parametrize(
    ("act", "rule"),
    [
        (lambda n, row: n.signed(row), "desk.handover_offered"),
        (lambda n, row: workflow.take_back(row, by=n.dm), "desk.handover_offered"),
        (lambda n, row: workflow.refresh(row, by=n.next), "desk.handover_offered"),
        (
            lambda n, row: workflow.void_handover(row, by=n.pm, reason="交错了班"),
            "desk.handover_offered",
        ),
        (
            lambda n, row: (workflow.refresh(row, by=n.next), n.offered_over(fresh(row))),
            "desk.handover_changed",
        ),
        (
            lambda n, row: workflow.settle_refused(
                n.signed(row, row.lines.get().pk), "由工程部跟进", by=n.pm
            ),
            "desk.handover_refused",
        ),
    ],
    ids=["accept", "take_back", "refresh", "void", "sign_again", "settle"],
)
def test_notice_of_what_is_done_waits_for_nobody(act: Any, rule: str, request: Any) -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    if request.node.callspec.id in {"refresh", "sign_again"}:
        night.new()

    act(night, row)

    told = Delivery.objects.filter(channel="inbox", notice__rule=rule)
    assert set(told.values_list("state", flat=True)) == {"acknowledged"}


def test_take_back_lets_the_outgoing_mend_his_words() -> None:
    night = Night()
    row = night.offered_over()

    row = workflow.take_back(row, by=night.dm)

    assert (row.status, row.outgoing_signed_at) == (S.DRAFT, None)
    assert AuditEntry.objects.filter(case=row.case, action="offer").count() == 1


def test_whoever_became_manager_may_step_in() -> None:
    night = Night()
    row = night.drafted()
    MembershipFactory(user=night.third, property=night.prop, role=Role.PROPERTY_MANAGER)

    row = workflow.take_over(
        row, by=type(night.third).objects.get(pk=night.third.pk), reason="不在"
    )

    assert row.outgoing == night.third


# --- the alarm -----------------------------------------------------------------------------


def test_alarm_rings_on_the_very_minute_and_once() -> None:
    night = Night()

    early = workflow.flag_late(late(night) - timedelta(seconds=1))
    rung = [workflow.flag_late(late(night)) for _twice in "ab"]

    told = Notice.objects.filter(rule="desk.handover_late").values_list("recipient", flat=True)
    assert (early, rung, set(told)) == (0, [1, 0], {night.dm.pk, night.next.pk, night.pm.pk})


@pytest.mark.parametrize("begun", [True, False], ids=["draft", "nothing"])
def test_alarm_of_a_shift_that_is_signed_waits_for_nobody(begun: bool) -> None:
    night = Night()
    row = night.drafted() if begun else None
    workflow.flag_late(late(night))
    told = Delivery.objects.filter(channel="inbox", notice__rule="desk.handover_late")
    before = told.filter(state="pending").count()

    night.signed(night.offered_over(row))

    assert (before > 0, told.exclude(state="acknowledged").count()) == (True, 0)


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


def test_alarm_rings_a_quarter_of_an_hour_into_a_shift_that_began_after_a_gap() -> None:
    night = Night()
    begins = night.shift.ends_at + timedelta(minutes=30)
    Shift.objects.filter(pk=night.after.pk).update(starts_at=begins)

    rung = [workflow.flag_late(begins + timedelta(minutes=n)) for n in (14, 15, 16)]

    due = Notice.objects.filter(rule="desk.handover_late").first().due_at
    assert (rung, due) == ([0, 1, 0], begins + timedelta(minutes=15))


def test_alarm_reads_the_shifts_that_ended_lately_and_no_others() -> None:
    night = Night()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = minding._late(late(night)).explain()

    assert "core_shift_ending" in plan


def test_alarm_costs_the_same_whatever_was_told_before(django_assert_num_queries: Any) -> None:
    night = Night()
    workflow.flag_late(late(night))

    with django_assert_num_queries(1):
        workflow.flag_late(late(night))
