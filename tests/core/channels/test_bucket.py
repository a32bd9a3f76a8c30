"""Never more than a robot takes in any minute, wherever it begins."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.channels import bucket
from tests.factories import at

T0 = at("2026-11-23 14:00")


@given(
    st.integers(2, 60),
    st.lists(st.tuples(st.floats(0, 90), st.integers(0, 40)), max_size=40),
)
def test_no_sixty_seconds_hold_more_than_the_limit(per_minute, tries):
    tokens, now, sent = bucket.size(per_minute), T0, []
    for gap, wanted in tries:
        then = now
        now += timedelta(seconds=gap)
        tokens = bucket.filled(tokens, then, now, per_minute)
        granted = min(int(tokens), wanted)
        tokens -= granted
        sent += [now] * granted

    for moment in sent:
        window = [one for one in sent if moment <= one < moment + timedelta(seconds=60)]
        assert len(window) <= per_minute


def test_bucket_fills_in_a_minute_and_not_over():
    assert bucket.filled(0, T0, T0 + timedelta(seconds=30), 20) == 5
    assert bucket.filled(0, T0, T0 + timedelta(hours=1), 20) == 10


def test_clock_set_back_adds_nothing_and_takes_nothing():
    assert bucket.filled(3, T0, T0 - timedelta(hours=1), 20) == 3
