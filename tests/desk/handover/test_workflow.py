"""From the draft to the first signature: what happens, and what is refused and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from propdesk.core import audit
from propdesk.core.models import Notice, Shift
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import queries, roster, workflow
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.workflow import Patrolled, Written
from tests.desk.handover.shifts import AREAS, Night, said, with_event
from tests.factories import PASSWORD, ShiftFactory
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


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


def test_draft_of_a_colleague_says_whose_shift_it_is() -> None:
    night = Night()

    with refuses(PermissionDenied) as refused:
        workflow.draft(night.prop, by=night.third)

    assert str(refused.value).startswith("这一班是周敏的，由本人交班")


def test_draft_beside_a_shift_that_is_handed_over_names_who_is_on_duty() -> None:
    night = Night()
    night.signed()

    for user in (night.third, night.dm):
        with refuses(ConflictError) as refused:
            workflow.draft(night.prop, by=user)
        assert str(refused.value).startswith("现在当班的是李静，这一班已经交接过")

    assert workflow.draft(night.prop, by=night.pm).shift is None


def test_shift_that_nobody_handed_over_is_not_due_after_a_younger_one() -> None:
    night = Night()
    now = timezone.now()
    older = ShiftFactory(
        property=night.prop,
        user=night.third,
        starts_at=now - timedelta(hours=10),
        ends_at=now - timedelta(hours=2),
    )
    before = roster.due(night.prop, now, night.third)
    night.signed()

    assert (before, roster.due(night.prop, now, night.third)) == (older, None)


def test_draft_begun_by_mistake_is_discarded_and_blocks_nobody() -> None:
    night = Night()
    row = night.drafted()

    with refuses(RefusedInput):
        workflow.discard(row, by=night.dm, reason="")
    row = workflow.discard(row, by=night.dm, reason="点错了")

    assert (row.status, row.void_reason, row.case.is_open) == (S.VOIDED, "点错了", False)
    assert night.drafted().shift == night.shift


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
        (lambda row: said(row, counts={_count(row): (Decimal(99), "")}), "word_"),
        (lambda row: said(row, patrol={"lobby": Patrolled(False, "灯坏了")}), "note_lobby"),
        (lambda row: said(row, patrol={"lobby": Patrolled(False)}), "note_lobby"),
        (lambda row: said(row, patrol={"lobby": _by(row, timedelta(minutes=-1))}), "due_lobby"),
    ],
    ids=[
        "difference without a word",
        "fault nobody follows",
        "fault without a word",
        "fault by a day that is over",
    ],
)
def test_write_is_refused_in_words(said: Callable[[Handover], Written], field: str) -> None:
    night = Night()
    row = night.drafted()

    with refuses(RefusedInput) as refused:
        workflow.write(row, said(row), by=night.dm)

    assert [name.startswith(field) for name in refused.value.errors] == [True]


def _by(row: Handover, ahead: timedelta) -> Patrolled:
    department = queries.departments(row.property)[0]
    return Patrolled(False, "灯坏了", department, timezone.now() + ahead)


def test_fault_whose_day_has_come_meanwhile_is_saved_as_it_stands() -> None:
    night = Night()
    row = night.drafted()
    fault = _by(row, timedelta(hours=1))
    workflow.write(row, said(row, patrol={"lobby": fault}), by=night.dm)

    with time_machine.travel(fault.due_at + timedelta(hours=1)):
        workflow.write(row, said(row, patrol={"lobby": fault}), by=night.dm)

    assert row.patrol.get(area="lobby").due_at == fault.due_at


def _count(row: Handover) -> int:
    return int(row.counts.order_by("seq")[0].pk)


def test_write_keeps_a_difference_with_its_word() -> None:
    night = Night()
    row = night.drafted()

    workflow.write(
        row, said(row, counts={_count(row): (Decimal(2), "多出两处旧封条")}), by=night.dm
    )

    count = row.counts.get(pk=_count(row))
    assert (count.actual, count.word) == (Decimal(2), "多出两处旧封条")


def test_department_of_another_house_is_refused() -> None:
    night = Night()
    row = night.drafted()
    foreign = Night().department
    fault = Patrolled(False, "灯坏了", foreign, timezone.now())

    with refuses(RefusedInput):
        workflow.write(row, said(row, patrol={"lobby": fault}), by=night.dm)


# --- the first signature -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left_out", "place"), [("steps", "lines"), ("counts", "counts"), ("patrol", "patrol")]
)
def test_shift_is_not_closed_with_anything_unticked(left_out: str, place: str) -> None:
    night = Night()
    night.new()
    row = night.drafted()
    whole = night.whole(row)
    kept = {n: getattr(whole, n) for n in ("steps", "counts", "patrol") if n != left_out}
    workflow.write(row, said(row, **kept), by=night.dm)

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
    told = Notice.objects.filter(rule="desk.handover_offered").values_list("recipient", "urgent")
    assert list(told) == [(night.next.pk, True)]


def test_wrong_password_of_the_outgoing_signs_nothing() -> None:
    night = Night()
    row = night.written()

    with refuses(RefusedInput) as refused:
        workflow.offer(row, "wrong", by=night.dm)

    assert list(refused.value.errors) == ["password"]
