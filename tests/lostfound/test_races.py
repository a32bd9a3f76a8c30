"""Two at once on one thing, on the live server: first the fault with the lock off, then none."""

from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from lostfound import workflow
from lostfound.models import CustodyMove, FoundItem, RetentionPolicy
from lostfound.workflow import custody
from propdesk.core import audit
from propdesk.core.models import Notice, Property
from tests.factories import PASSWORD
from tests.factories import fresh as read
from tests.incidents.test_races import at_once, unlocked
from tests.lostfound.journey import FIND, House, fresh, photo

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 20

__all__ = ["unlocked"]  # the fixture of the other register, taken over


def moving(house, item):
    """Sixteen people at the cupboard: half of them want it here, half there."""
    there = [house.other_shelf, house.storage("3号柜", "G3")]
    second = workflow.Second(house.guard, PASSWORD)

    def act(i):
        workflow.move(item, there[i % 2], second, by=read(house.dm), reason="换柜")

    return act


def test_thing_moved_by_sixteen_at_once_lies_in_one_place_every_round():
    house = House()
    item = house.stored()
    shelf = house.shelf
    winners = Counter()

    for number in range(ROUNDS):
        there = house.storage(f"柜{number}", f"R{number}")
        second = workflow.Second(house.guard, PASSWORD)

        def act(_i, there=there, second=second):
            workflow.move(item, there, second, by=read(house.dm), reason="换柜")

        outcome = Counter(at_once(16, act))
        winners[outcome["done"]] += 1
        assert outcome == {"done": 1, "ConflictError": 15}
        assert item.custody.get(ended_at=None).storage == there

    assert winners == {1: ROUNDS}
    assert shelf != item.custody.get(ended_at=None).storage
    assert item.custody.count() == ROUNDS + 2
    assert audit.problems(fresh(item).case) == []


def test_first_rule_of_a_house_is_written_once_by_sixteen_at_once():
    house = House()

    def act(_i):
        with transaction.atomic():
            prop = Property.objects.select_related("settings").get(pk=house.prop.pk)
            workflow.policy_in_force(prop, timezone.localdate())

    assert Counter(at_once(16, act)) == {"done": 16}
    assert RetentionPolicy.objects.filter(property=house.prop).count() == 1


def test_thing_moved_without_the_lock_is_stopped_by_the_constraint_alone(unlocked, monkeypatch):
    house = House()
    item = house.stored()
    passed = []
    original = custody.hand_on

    def counted(*args, **kwargs):
        passed.append(args)
        return original(*args, **kwargs)

    monkeypatch.setattr(custody, "hand_on", counted)
    unlocked(4, custody, "pair")

    outcome = at_once(4, moving(house, item))

    # All four were let through by the checks: only one current link saves the day.
    assert len(passed) == 4
    assert outcome.count("done") == 1
    assert set(outcome) <= {"done", "IntegrityError", "ConflictError"}
    assert item.custody.filter(ended_at=None).count() == 1


def test_thing_received_by_sixteen_at_once_has_one_receipt():
    house = House()
    item = house.logged()
    receipt = house.receipt(seal="FQ-1")

    outcome = at_once(16, lambda _i: workflow.receive(item, receipt, by=read(house.dm)))

    assert Counter(outcome) == {"done": 1, "ConflictError": 15}
    assert item.custody.filter(kind=CustodyMove.Kind.RECEIVE).count() == 1
    assert item.valuations.count() == 1


def test_thing_nobody_owns_is_reported_once_by_eight_at_once():
    house = House()
    item = house.stored()

    outcome = at_once(8, lambda _i: workflow.decide_clue(item, "no", by=read(house.dm)))

    assert Counter(outcome) == {"done": 1, "ConflictError": 7}
    assert Notice.objects.filter(rule="lostfound.ownerless").count() == 1


def test_form_sent_eight_times_at_once_logs_one_thing():
    house = House()

    outcome = at_once(
        8,
        lambda _i: workflow.log(house.prop, FIND, [photo()], by=read(house.guard), token="t"),
    )

    assert Counter(outcome) == {"done": 1, "DoubleSubmitError": 7}
    assert FoundItem.objects.count() == 1


def test_numbers_given_to_eight_at_once_have_no_gap():
    house = House()

    outcome = at_once(
        8, lambda i: workflow.log(house.prop, FIND, [photo()], by=read(house.guard), token=f"t{i}")
    )

    numbers = sorted(FoundItem.objects.values_list("case__number", flat=True))
    assert outcome == ["done"] * 8
    assert [int(n[-3:]) for n in numbers] == list(range(1, 9))
