"""Questions of one address a minute: each counted for itself, and forgotten with the minute."""

from datetime import timedelta

import pytest
import time_machine

from propdesk.core.throttling import too_often
from tests.factories import at

pytestmark = pytest.mark.django_db


def test_question_beyond_the_number_is_one_too_many() -> None:
    with time_machine.travel(at("2026-11-26 10:00"), tick=False):
        assert [too_often("x", "10.0.0.1", 2) for _n in range(4)] == [False, False, True, True]


def test_others_and_other_things_are_counted_apart() -> None:
    with time_machine.travel(at("2026-11-26 10:00"), tick=False):
        asked = [too_often(*of, 1) for of in (("x", "a"), ("x", "b"), ("y", "a"))]

    assert asked == [False, False, False]


def test_next_minute_begins_anew() -> None:
    with time_machine.travel(at("2026-11-26 10:00"), tick=False) as clock:
        first = [too_often("x", "a", 1), too_often("x", "a", 1)]
        clock.shift(timedelta(minutes=1))
        assert (first, too_often("x", "a", 1)) == ([False, True], False)
