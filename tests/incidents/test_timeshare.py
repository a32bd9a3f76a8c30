"""Whose time a complaint took (F3): the segments against an oracle that looks at every minute."""

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.models import Complaint
from incidents.timeshare import CLOSED, WORKING, Segment, State, segments

T0 = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATUSES = [s for s in Complaint.Status.values if s != "voided"]


def minute(n: int) -> datetime:
    return T0 + n * MINUTE


def state(at, status, owner, department, done):
    return State(minute(at), status, owner, department, done)


def ordered(rows):
    return sorted(rows, key=lambda row: row.at)


states = st.builds(
    state,
    st.integers(-10, 60),
    st.sampled_from(STATUSES),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(11, 13)),
    st.booleans(),
)
histories = st.tuples(
    st.lists(states, min_size=1, max_size=8).map(ordered), st.integers(-15, 40), st.integers(0, 40)
)


def drawn(chance):
    """One history of as many as wanted, quickly."""
    rows = [
        state(
            chance.randint(-10, 60),
            chance.choice(STATUSES),
            chance.randint(1, 3),
            chance.choice((None, 11, 12, 13)),
            chance.random() < 0.5,
        )
        for _row in range(chance.randint(1, 8))
    ]
    return ordered(rows), chance.randint(-15, 40), chance.randint(0, 40)


def by_minutes(rows, received, until):
    """Minutes by (owner, department, status), each looked up by itself: the last row not after it."""
    held = Counter()
    for n in range(received, until):
        now = [row for row in rows[1:] if row.at <= minute(n)]
        row = now[-1] if now else rows[0]
        working = row.status == WORKING and not row.department_done
        owner = None if row.status == CLOSED else row.owner
        held[owner, row.department if working else None, row.status] += 1
    return held


def check(history):
    """Segments without gap or overlap, which sum to the time and agree with the minutes."""
    rows, received, span = history
    until = received + span
    found = segments(rows, minute(received), minute(until))

    edges = [part.start for part in found] + [part.end for part in found[-1:]]
    assert edges == sorted(set(edges))
    assert [*edges[:1], *edges[-1:]] == ([minute(received), minute(until)] if span else [])
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
    assert sum((part.length for part in found), timedelta()) == span * MINUTE
    held = Counter()
    for part in found:
        held[part.owner, part.department, part.status] += part.length // MINUTE
    assert held == by_minutes(rows, received, until)


@given(histories)
def test_segments_sum_exactly_to_the_elapsed_time(history):
    check(history)


def test_segments_of_ten_thousand_random_histories_agree_with_every_minute():
    chance = random.Random(20261126)  # noqa: S311 -- the same histories every time
    for _history in range(10_000):
        check(drawn(chance))


def test_segments_neighbours_of_one_holder_are_one():
    rows = [State(minute(0), WORKING, 1, 11, department_done=False)] * 3

    assert segments(rows, minute(0), minute(9)) == [Segment(minute(0), minute(9), 1, 11, WORKING)]


def test_segments_department_hands_back_what_it_reported_done():
    rows = [
        State(minute(0), WORKING, 1, 11, department_done=False),
        State(minute(5), WORKING, 1, 11, department_done=True),
        State(minute(7), CLOSED, 1, 11, department_done=True),
        State(minute(8), "reopened", 2, 11, department_done=False),
    ]

    assert [
        (part.length // MINUTE, part.owner, part.department)
        for part in segments(rows, minute(0), minute(9))
    ] == [(5, 1, 11), (2, 1, None), (1, None, None), (1, 2, None)]


def test_segments_none_without_a_state():
    assert segments([], minute(0), minute(5)) == []
