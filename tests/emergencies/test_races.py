"""Several at once on one event, on the live server; where a lock decides, first the fault without it."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from emergencies import workflow
from emergencies.models import Event
from incidents import workflow as complaint_workflow
from propdesk.core import audit
from propdesk.core.models import CaseLink
from tests.emergencies.journey import House, fresh
from tests.factories import fresh as read
from tests.incidents.journey import House as Complaints
from tests.incidents.test_races import WAIT, at_once, own_side_first, unlocked

__all__ = ["unlocked"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
W = workflow
Act = Callable[[int], Any]


# --- two answers ---------------------------------------------------------------------------


def answering(house: House) -> tuple[Event, Act]:
    event = house.started("power_outage", place=house.floor)
    who = [house.dm, house.pm]
    values = ["area", "building"]
    return event, lambda i: W.answer(event, "scope", values[i], by=read(who[i]), seen=0)


def test_two_different_answers_leave_one_and_a_conflict():
    event, act = answering(House())
    assert sorted(at_once(2, act)) == ["ConflictError", "done"]
    assert event.answers.filter(key="scope", superseded_at=None).count() == 1
    assert audit.problems(fresh(event).case) == []


def test_without_the_lock_the_database_refuses_the_second_answer(monkeypatch):
    event, act = answering(House())
    module = sys.modules["emergencies.workflow.answering"]
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *_a, **_k: self)
    together = threading.Barrier(2)
    written = module._answered

    def both_have_looked(*args: Any) -> Any:
        together.wait(WAIT)
        return written(*args)

    monkeypatch.setattr(module, "_answered", both_have_looked)
    assert sorted(at_once(2, act)) == ["ConflictError", "done"]
    assert event.answers.filter(key="scope").count() == 1


# --- one child -----------------------------------------------------------------------------


def opening(house: House) -> tuple[Event, Act]:
    event = house.started("drunk_guest")
    who = [house.dm, house.pm, house.gm, house.sec]
    return event, lambda i: W.open_child(event, "fight", by=read(who[i]))


def test_four_who_open_the_linked_event_open_it_once():
    event, act = opening(House())
    assert at_once(4, act) == ["done"] * 4
    assert event.children.count() == 1
    assert CaseLink.objects.count() == 1
    assert audit.problems(fresh(event).case) == []


def test_linked_event_opened_without_the_lock_is_refused_by_the_database(unlocked):
    event, act = opening(House())
    unlocked(2, sys.modules["emergencies.workflow.starting"], "begin")
    assert "IntegrityError" in at_once(2, act)
    assert event.children.count() == 1


# --- the end against a changed answer ----------------------------------------------------------


def ending(house: House) -> tuple[Event, Act]:
    """One ends it while another says that power is still off in part."""
    event = house.ready("power_outage")
    now = event.answers.get(key="restored", superseded_at=None)

    def act(i: int) -> Any:
        if i == 0:
            return W.end(event, by=read(house.dm), summary="已恢复")
        return W.answer(
            event, "restored", "no", by=read(house.pm), seen=now.seq, reason="12层又停了"
        )

    return event, act


def test_end_against_a_changed_answer_keeps_one_of_them():
    for _round in range(4):
        event, act = ending(House())
        assert Counter(at_once(2, act)) == {"done": 1, "ConflictError": 1}
        restored = event.answers.get(key="restored", superseded_at=None).value
        ended = fresh(event).status != Event.Status.RUNNING
        assert (ended, restored) in {(True, "yes"), (False, "no")}


# --- two links -------------------------------------------------------------------------------


def linking() -> Act:
    house = Complaints()
    complaint = house.new(by=house.dm)
    event = W.start(house.prop, W.Start("power_outage", place_note="12层"), by=house.dm)
    numbers = complaint.case.number, event.case.number

    def act(i: int) -> Any:
        if i == 0:
            return complaint_workflow.link(complaint, numbers[1], by=read(house.dm))
        return W.link(event, numbers[0], by=read(house.dm))

    return act


def test_complaint_and_event_linked_from_both_sides_never_deadlock():
    for _round in range(6):
        assert sorted(at_once(2, linking())) == ["ConflictError", "done"]


def test_complaint_and_event_that_lock_their_own_side_first_deadlock():
    assert "OperationalError" in at_once(2, own_side_first(linking()))
