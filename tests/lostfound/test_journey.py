"""The walk of tests/lostfound/journey.py itself: each step leads where its name says."""

import pytest

from tests.lostfound.journey import House, S

pytestmark = pytest.mark.django_db


def test_steps_lead_where_they_say() -> None:
    house = House()

    found = {
        "logged": house.logged().status,
        "stored": house.stored().status,
        "tracing": house.tracing().status,
        "traced": house.traced().status,
        "ownerless": house.ownerless().status,
        "moved": house.moved().status,
    }

    assert found == {
        "logged": S.LOGGED,
        "stored": S.STORED,
        "tracing": S.TRACING,
        "traced": S.TRACING,
        "ownerless": S.OWNERLESS,
        "moved": S.STORED,
    }
