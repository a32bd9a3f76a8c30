"""incidents.deadlines against brute-force oracles; half-open at every limit."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import deadlines
from incidents.deadlines import Problem

T0 = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SPANS = st.timedeltas(timedelta(0), timedelta(days=120))
MINUTES = st.integers(0, 4000).map(lambda n: T0 + n * MINUTE)


@pytest.mark.parametrize(
    ("promised", "lead"),
    [
        (10 * HOUR, 2 * HOUR),
        (150 * MINUTE, 30 * MINUTE),
        (HOUR, 30 * MINUTE),
        (30 * MINUTE, 30 * MINUTE),
        (20 * MINUTE, 20 * MINUTE),
        (timedelta(days=5), timedelta(days=1)),
    ],
)
def test_due_soon_leads_by_a_fifth_or_half_an_hour(promised, lead):
    assert deadlines.due_soon_at(T0, T0 + promised) == T0 + promised - lead


@given(SPANS)
def test_due_soon_lies_between_telling_and_due(promised):
    soon = deadlines.due_soon_at(T0, T0 + promised)

    assert T0 <= soon <= T0 + promised
    assert soon == T0 or T0 + promised - soon >= 30 * MINUTE


@pytest.mark.parametrize(
    ("due", "told", "problem"),
    [
        (HOUR, timedelta(0), None),
        (HOUR, MINUTE, Problem.TOLD_IN_FUTURE),
        (HOUR, -31 * MINUTE, Problem.TOLD_BEFORE_RECEIVED),
        (timedelta(0), -30 * MINUTE, Problem.PAST),
        (-MINUTE, -30 * MINUTE, Problem.PAST),
        (MINUTE, -30 * MINUTE, None),
        (5 * MINUTE, timedelta(0), None),
        (timedelta(seconds=299), timedelta(0), Problem.TOO_SOON),
        (timedelta(days=90), timedelta(0), None),
        (timedelta(days=90, seconds=1), timedelta(0), Problem.TOO_FAR),
        (timedelta(days=90), -MINUTE, Problem.TOO_FAR),
    ],
)
def test_check_promise(due, told, problem):
    found = deadlines.check_promise(T0 + due, T0 + told, T0, received_at=T0 - 30 * MINUTE)

    assert found is problem


def test_check_promise_without_receipt_leaves_that_comparison_out():
    assert deadlines.check_promise(T0 + HOUR, T0 - 31 * MINUTE, T0) is None


def test_problem_sentences_are_distinct_and_name_their_field():
    assert len({p.sentence for p in Problem}) == len(Problem)
    assert [p.field for p in Problem] == [
        "told_at",
        "told_at",
        "due_at",
        "due_at",
        "due_at",
    ]
    assert Problem.TOO_SOON.sentence == "从告知到完成不足 5 分钟，请填写来得及做到的时间。"


@given(MINUTES, MINUTES)
def test_told_in_time_counts_the_due_moment_itself(told, old_due):
    assert deadlines.told_in_time(told, old_due) == (told <= old_due)


@given(st.lists(st.integers(0, 20).map(lambda n: T0 + n * 30 * MINUTE), max_size=9))
def test_attempts_ok_equals_trying_every_three(attempts):
    apart = any(
        b - a >= 2 * HOUR and c - b >= 2 * HOUR for a, b, c in combinations(sorted(attempts), 3)
    )

    assert deadlines.attempts_ok(attempts) == apart


@given(
    st.timedeltas(timedelta(0), 9 * HOUR),
    st.lists(st.timedeltas(timedelta(0), 9 * HOUR)),
)
def test_is_tight_equals_the_median_of_the_library(span, samples):
    expected = len(samples) >= 5 and span < median(samples)

    assert deadlines.is_tight(span, samples) == expected


@pytest.mark.parametrize(("hours", "tight"), [(4, True), (5, False), (6, False)])
def test_is_tight_with_five_cases(hours, tight):
    samples = [n * HOUR for n in (3, 4, 5, 9, 30)]

    assert deadlines.is_tight(hours * HOUR, samples) is tight
    assert deadlines.is_tight(hours * HOUR, samples[:4]) is False
