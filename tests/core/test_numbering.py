"""Numbers per house, prefix and local day: gapless, given back by a rollback."""

import pytest
from django.db import transaction

from propdesk.core.models import CaseCounter
from propdesk.core.numbering import next_number, next_numbers
from tests.factories import PropertyFactory, at

pytestmark = pytest.mark.django_db


def test_numbers_count_up_per_house_prefix_and_local_day():
    one, two = PropertyFactory(), PropertyFactory()
    late, midnight = at("2026-11-23 23:59"), at("2026-11-24 00:00")

    numbers = [
        next_number(one, "TS", late),
        next_number(one, "TS", late),
        next_number(two, "TS", late),
        next_number(one, "SG", late),
        next_number(one, "TS", midnight),
    ]

    assert numbers == [
        "TS-20261123-001",
        "TS-20261123-002",
        "TS-20261123-001",
        "SG-20261123-001",
        "TS-20261124-001",
    ]


def test_number_is_given_back_by_a_rollback():
    prop, now = PropertyFactory(), at("2026-11-23 12:00")
    with transaction.atomic():
        next_number(prop, "TS", now)
        transaction.set_rollback(True)

    assert next_number(prop, "TS", now) == "TS-20261123-001"


def test_number_above_999_widens():
    prop, now = PropertyFactory(), at("2026-11-23 12:00")
    CaseCounter.objects.create(property=prop, prefix="TS", day=now.date(), last=998)

    assert [next_number(prop, "TS", now) for _twice in range(2)] == [
        "TS-20261123-999",
        "TS-20261123-1000",
    ]


def test_number_of_the_morning_belongs_to_the_local_day():
    prop = PropertyFactory()

    assert next_number(prop, "TS", at("2026-11-24 07:30")) == "TS-20261124-001"


def test_several_numbers_at_once_go_on_where_the_last_one_stood():
    prop, now = PropertyFactory(), at("2026-11-23 12:00")
    next_number(prop, "TS", now)

    assert next_numbers(prop, "TS", now, 2) == ["TS-20261123-002", "TS-20261123-003"]
    assert next_number(prop, "TS", now) == "TS-20261123-004"
