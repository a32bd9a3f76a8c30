"""When a step is due that is asked for late: never before anybody could know of it (ADR 0027)."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from emergencies import rows
from emergencies.detail import Detail
from emergencies.models import Event
from emergencies.queries import board
from emergencies.workflow import base, sweep
from propdesk.core import clocks
from propdesk.core.models import Clock, Notice
from tests.emergencies.journey import House, W

pytestmark = pytest.mark.django_db
LATE = base.Rule.STEP_LATE


def hours_old(house: House, kind: str, hours: float = 3) -> Event:
    """An event that began some hours ago, its clocks with it."""
    then = timezone.now() - timedelta(hours=hours)
    with mock.patch.object(timezone, "now", return_value=then):
        return house.started(kind)


def due(house: House, event: Event, step: str) -> Any:
    one = Detail.load(house.dm, house.prop, event.case.number, timezone.now())
    assert one is not None
    line = one.line(step)
    assert line is not None
    return line.due


def answered_at(event: Event, key: str) -> datetime:
    return event.answers.get(key=key, superseded_at=None).at


def test_step_is_due_from_the_report_while_that_can_be_met() -> None:
    house = House()
    event = house.started("theft")

    house.answer(event, "police_requested", "yes")

    assert due(house, event, "T21") == event.reported_at + timedelta(minutes=10)
    assert clocks_of(event, after=event.reported_at + timedelta(days=9)) == []


def clocks_of(event: Event, after: datetime) -> list[datetime]:
    rows = Clock.objects.filter(case=event.case_id, rule=LATE, due_at__gt=after)
    return list(rows.order_by("due_at").values_list("due_at", flat=True))


def test_step_asked_for_after_its_target_counts_from_the_answer() -> None:
    house = House()
    event = hours_old(house, "theft")

    house.answer(event, "police_requested", "yes")

    wanted = answered_at(event, "police_requested") + timedelta(minutes=10)
    assert due(house, event, "T21") == wanted
    pending = clocks.pending([LATE], wanted + timedelta(seconds=1)).filter(case=event.case_id)
    assert wanted in set(pending.values_list("due_at", flat=True))


def test_further_answer_gives_a_step_no_more_time() -> None:
    house = House()
    event = hours_old(house, "theft")
    house.answer(event, "police_requested", "yes")
    first = due(house, event, "T21")

    house.answer(event, "major_loss", "yes")

    assert due(house, event, "T21") == first


def test_step_that_an_answer_reopens_counts_from_there() -> None:
    house = House()
    event = hours_old(house, "theft")
    house.answer(event, "forced_entry", "yes")
    house.mark(event, "T21")
    house.answer(event, "forced_entry", "no")

    house.answer(event, "major_loss", "yes")

    wanted = answered_at(event, "major_loss") + timedelta(minutes=10)
    assert due(house, event, "T21") == wanted


def test_mark_that_is_taken_back_counts_from_there() -> None:
    """核查 without 什么在烧, until somebody finds out that it burns."""
    house = House()
    event = hours_old(house, "fire")
    proof = W.Proof(values={"point": "18层", "verified_at": timezone.now().isoformat()})
    values = dict(proof.values) | {"verifier": {"user": house.guard.pk}}
    W.done(event, "R10", W.Proof(values=values), by=house.guard)

    house.answer(event, "confirmed", "real")

    taken = event.marks.get(step="R10").superseded_at
    assert due(house, event, "R10") == taken + timedelta(minutes=3)


def test_sweep_tells_of_a_late_step_at_its_own_time_and_not_before() -> None:
    house = House()
    event = hours_old(house, "theft")
    sweep.flag_due(timezone.now())
    house.answer(event, "police_requested", "yes")
    wanted = answered_at(event, "police_requested") + timedelta(minutes=10)
    told = Notice.objects.filter(case=event.case_id, rule=LATE)
    before = set(told.values_list("pk", flat=True))

    sweep.flag_due(wanted - timedelta(seconds=1))
    early = flagged(event)
    sweep.flag_due(wanted + timedelta(seconds=1))

    assert "T21" not in early
    assert "T21" in flagged(event)
    assert set(told.values_list("due_at", flat=True).exclude(pk__in=before)) == {wanted}


def flagged(event: Event) -> list[str]:
    """The steps of the newest entry of the sweep."""
    entry = event.case.entries.filter(action="flag").order_by("-pk").first()
    return [] if entry is None else entry.content["info"]["steps"]


def test_list_of_running_events_says_the_same_time() -> None:
    house = House()
    event = hours_old(house, "fight")
    house.answer(event, "weapon", "yes")
    wanted = answered_at(event, "weapon") + timedelta(minutes=2)

    (found,) = board.running(house.guard, house.prop)
    steps = rows.running_row(house.prop, house.guard, found)

    assert (due(house, event, "F13"), steps.due) == (
        wanted,
        event.reported_at + timedelta(minutes=5),
    )
