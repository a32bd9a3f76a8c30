"""The ladder of a call: it climbs at its minutes, each level once, and stops when it is confirmed."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from emergencies import workflow
from emergencies.models import Call, Event, Rung
from emergencies.playbooks import PLAYBOOKS
from emergencies.workflow import calling
from propdesk.core.models import Membership, Notice, User
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


def test_call_that_cannot_climb_stops_no_other(outage: Event, house: House) -> None:
    broken = call(house.started("power_outage", place=house.floor, by=house.guard), "N2")
    due = after(broken, 5)
    Rung.objects.create(call=broken, level=1, due_at=due, at=due)  # written, and never marked
    row = call(outage, "N2")
    W.climb(after(row, 6))
    broken.refresh_from_db()
    assert (levels(row), broken.level) == ([(1, False)], 0)


@pytest.mark.parametrize("answer", ["acknowledge", "void"])
def test_nothing_climbs_after_an_answer(outage: Event, house: House, answer: str) -> None:
    row = call(outage, "N2")
    if answer == "acknowledge":
        W.acknowledge(outage, "N2", by=house.duty_engineer)
    else:
        W.void(outage, by=house.pm, reason="误报")
    W.climb(after(row, 60))
    assert levels(row) == []


@pytest.mark.parametrize("entry", ["tell", "not_told", "not_told_then_tell", "step"])
def test_entry_that_somebody_was_told_stands_and_the_ladder_climbs_on(
    house: House, entry: str
) -> None:
    event = house.started("medical", by=house.dm)
    row = call(event, "N2")
    if "not_told" in entry:
        W.not_told(event, "N2", by=house.guard, reason="在睡觉")
    if entry.endswith("tell"):
        W.tell(fresh(event), "N2", W.Told("phone", whom="总经理"), by=house.dm)
    if entry == "step":
        house.mark(event, "M11")
    row.refresh_from_db()
    assert row.next_rung_at == after(row, 5)
    assert bool(row.told_at) != bool(row.not_told_reason)
    W.climb(after(row, 5))
    W.acknowledge(fresh(event), "N2", by=house.gm)
    W.climb(after(row, 60))
    assert levels(row) == [(1, False)]


def test_call_nobody_can_confirm_climbs_to_its_top_and_stops(house: House) -> None:
    Membership.objects.filter(role="security").delete()
    Membership.objects.filter(role="security_manager").delete()
    event = house.started("fight", by=house.dm)
    row = call(event, "N1")
    top = len(PLAYBOOKS["fight"].notices["N1"].ladder)
    W.climb(after(row, 600))
    row.refresh_from_db()
    assert (row.level, row.next_rung_at, len(levels(row))) == (top, None, top)


def test_call_that_breaks_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = call(house.started("power_outage", by=house.guard), "N2")
    second = call(house.started("power_outage", place=house.floor, by=house.guard), "N2")
    climb = calling._climb_one
    broken = [first.pk]

    def act(pk: int, now: datetime) -> int:
        if pk in broken:
            raise ValueError("broken")
        return climb(pk, now)

    monkeypatch.setattr(calling, "_climb_one", act)
    W.climb(after(second, 5))
    assert (levels(first), levels(second)) == ([], [(1, False)])
    assert [r.message for r in caplog.records if r.name == calling.__name__] == [
        f"ladder of call {first.pk}"
    ]
    broken.clear()
    W.climb(after(second, 5))
    assert levels(first) == [(1, False)]


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
