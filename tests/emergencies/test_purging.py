"""Which events stay for ever (``core.retention``)."""

import pytest

from emergencies.queries import purging
from propdesk.core.models import Case
from tests.emergencies.journey import House

pytestmark = pytest.mark.django_db


def lasting() -> set[int]:
    return set(purging.lasting(Case.objects.all()))


def test_an_injury_once_said_and_all_that_led_to_it_stay():
    house = House()
    first, other = house.started("theft"), house.started("theft")
    second = house.started("property_damage", parent=first)
    third = house.started("fight", parent=second)
    house.answer(third, "injured", "no")
    assert lasting() == set()

    house.answer(third, "injured", "yes")
    house.answer(third, "injured", "no")

    assert lasting() == {first.pk, second.pk, third.pk}
    assert other.pk not in lasting()
