"""Two who sign, draft or ring at the same moment, on real threads; first the fault without the lock."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from propdesk.core import audit
from propdesk.core.models import Notice, Shift
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover, HandoverAlarm
from tests.desk.handover.shifts import Night, fresh, late
from tests.factories import fresh as read
from tests.incidents.test_races import at_once, unlocked

__all__ = ["unlocked"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def accepting() -> tuple[Handover, Callable[[int], Any]]:
    """Nobody is planned for the next shift, and two come."""
    night = Night()
    Shift.objects.filter(pk=night.after.pk).delete()
    row = night.offered_over()
    answers, who = night.answers(row), [night.next, night.third]
    return row, lambda i: night.taken(row, read(who[i]), answers)


def test_of_two_who_take_over_one_does() -> None:
    row, act = accepting()

    assert sorted(at_once(2, act)) == ["ConflictError", "done"]
    assert Shift.objects.filter(label="顶班").count() == 1
    assert audit.problems(fresh(row).case) == []


def test_without_the_lock_both_pass_the_check_and_the_trigger_stops_one(unlocked: Any) -> None:
    row, act = accepting()
    unlocked(2, sys.modules["propdesk.desk.handover.workflow.signing"], "hold")

    assert sorted(at_once(2, act)) == ["IntegrityError", "done"]
    assert fresh(row).status == Handover.Status.SIGNED


def test_of_two_drafts_one_is_begun() -> None:
    night = Night()

    came = at_once(2, lambda _i: workflow.draft(night.prop, by=read(night.dm)))

    assert (sorted(came), Handover.objects.count()) == (["ConflictError", "done"], 1)


def test_without_the_lock_two_drafts_pass_the_check_and_the_index_stops_one(unlocked: Any) -> None:
    night = Night()
    unlocked(2, sys.modules["propdesk.desk.handover.workflow.drafting"], "lock")

    came = at_once(2, lambda _i: workflow.draft(night.prop, by=read(night.dm)))

    assert (sorted(came), Handover.objects.count()) == (["ConflictError", "done"], 1)


def test_alarm_of_two_sweeps_rings_once() -> None:
    night = Night()

    came = at_once(2, lambda _i: workflow.flag_late(late(night)))

    assert came == ["done", "done"]
    assert Notice.objects.filter(rule="desk.handover_late").count() == 3


def test_without_the_lock_both_sweeps_ring_and_the_index_stops_one(unlocked: Any) -> None:
    night = Night()
    unlocked(2, sys.modules["propdesk.desk.handover.workflow.minding"], "lock")

    came = at_once(2, lambda _i: workflow.flag_late(late(night)))

    assert (sorted(came), HandoverAlarm.objects.count()) == (["ConflictError", "done"], 1)
