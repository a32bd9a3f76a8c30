"""The ladder of a call: it climbs at its minutes, each level once, and stops at the first answer."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from emergencies import workflow
from emergencies.models import Call, Event, Rung
from propdesk.core.models import Notice, User
from propdesk.core.transitions import ConflictError
from tests.emergencies.journey import House, fresh
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
W = workflow


@pytest.fixture
def house() -> House:
    return House()


def call(event: Event, notice: str) -> Call:
    return event.calls.get(notice=notice)


def after(row: Call, minutes: float) -> datetime:
    """So long after the call was opened."""
    return row.opened_at + timedelta(minutes=minutes)


def levels(row: Call) -> list[tuple[int, bool]]:
    return list(row.rungs.order_by("level").values_list("level", "merged"))


def heard(event: Event, user: User) -> list[str]:
    """Keys of what he was told of the event, without the number of the case."""
    keys = Notice.objects.filter(case=event.case, recipient=user).order_by("pk")
    return [key.partition(":")[2] for key in keys.values_list("key", flat=True)]


# --- who starts it knows it ------------------------------------------------------------------


def test_duty_manager_who_starts_an_outage_has_confirmed_his_own_call(house: House) -> None:
    event = house.started("power_outage", place=house.floor)
    row = call(event, "N1")
    assert (row.acked_by, row.acked_at, row.next_rung_at) == (house.dm, row.opened_at, None)
    assert heard(event, house.dm) == []
    assert heard(event, house.dm2) == ["call:N1"]


def test_general_manager_who_starts_it_himself_has_confirmed_his_own_call(house: House) -> None:
    event = house.started("medical", by=house.gm)
    assert call(event, "N2").acked_by == house.gm


def test_guard_who_starts_a_fight_waits_for_another_to_confirm(house: House) -> None:
    event = house.started("fight", by=house.guard)
    row = call(event, "N1")
    assert (row.role, row.needs_ack, row.acked_at) == ("security", True, None)
    assert row.next_rung_at is not None


# --- climbing --------------------------------------------------------------------------------


@pytest.fixture
def outage(house: House) -> Event:
    return house.started("power_outage", place=house.floor, by=house.guard)


def test_call_climbs_at_its_minute_and_not_before(outage: Event, house: House) -> None:
    row = call(outage, "N2")
    assert W.climb(after(row, 4.99)) == 0
    W.climb(after(row, 5))
    assert (levels(row), heard(outage, house.duty_engineer)) == (
        [(1, False)],
        ["call:N2", "call:N2:1"],
    )
    assert "call:N2:1" in heard(outage, house.engineering)
    assert "call:N2:1" not in heard(outage, house.pm)
    row.refresh_from_db()
    assert (row.level, row.next_rung_at) == (1, after(row, 15))


def test_same_minute_twice_climbs_once(outage: Event, house: House) -> None:
    row = call(outage, "N2")
    W.climb(after(row, 5))
    told = Notice.objects.count()
    assert W.climb(after(row, 5)) == 0
    assert (levels(row), Notice.objects.count()) == ([(1, False)], told)


def test_sweep_that_comes_late_writes_every_level_but_tells_once(
    outage: Event, house: House
) -> None:
    row = call(outage, "N2")
    W.climb(after(row, 40))
    assert levels(row) == [(1, True), (2, False)]
    assert heard(outage, house.duty_engineer) == ["call:N2", "call:N2:2"]
    assert "call:N2:2" in heard(outage, house.pm)
    row.refresh_from_db()
    assert row.next_rung_at is None


@pytest.mark.parametrize("answer", ["acknowledge", "tell", "not_told", "void"])
def test_nothing_climbs_after_an_answer(outage: Event, house: House, answer: str) -> None:
    row = call(outage, "N2")
    if answer == "acknowledge":
        W.acknowledge(outage, "N2", by=house.duty_engineer)
    elif answer == "tell":
        W.tell(outage, "N2", W.Told("phone", whom="郑浩"), by=house.dm)
    elif answer == "not_told":
        W.not_told(outage, "N2", by=house.dm, reason="他就在配电室")
    else:
        W.void(outage, by=house.pm, reason="误报")
    W.climb(after(row, 60))
    assert levels(row) == []


def test_nothing_climbs_after_the_end_of_a_drill(house: House) -> None:
    event = house.started("fire", is_drill=True, place=house.floor, by=house.guard)
    row = call(event, "N1")
    assert row.next_rung_at is not None
    W.end(event, by=house.dm, summary="按时到位")
    assert (W.climb(after(row, 60)), Rung.objects.exists()) == (0, False)


def test_one_who_a_level_reached_confirms_and_it_stops(outage: Event, house: House) -> None:
    row = call(outage, "N2")
    with refuses(PermissionDenied):
        W.acknowledge(fresh(outage), "N2", by=house.engineering)
    W.climb(after(row, 5))
    W.acknowledge(fresh(outage), "N2", by=house.engineering)
    W.climb(after(row, 60))
    assert levels(row) == [(1, False)]
    with refuses(ConflictError):
        W.acknowledge(fresh(outage), "N2", by=house.duty_engineer)


def test_general_manager_must_confirm_himself(house: House) -> None:
    event = house.started("medical", by=house.dm)
    row = call(event, "N2")
    W.climb(after(row, 15))
    assert levels(row) == [(1, True), (2, False)]
    with refuses(PermissionDenied):
        W.acknowledge(fresh(event), "N2", by=house.pm)
    W.acknowledge(fresh(event), "N2", by=house.gm)
    row.refresh_from_db()
    assert row.acked_by == house.gm


def test_look_that_finds_nothing_due_costs_one_statement(
    outage: Event, django_assert_num_queries
) -> None:
    moment = call(outage, "N2").opened_at
    with django_assert_num_queries(1):
        W.climb(moment)
