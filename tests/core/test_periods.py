"""Stretches of days: their edges on the wall clock of the house, and what is no period."""

from datetime import date, timedelta

import pytest

from propdesk.core.periods import Period
from tests.factories import at

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def test_edges_are_midnights_of_the_house():
    assert (NOVEMBER.start, NOVEMBER.end) == (at("2026-11-01 00:00"), at("2026-12-01 00:00"))


@pytest.mark.parametrize("day", ["2026-11-01", "2026-11-17", "2026-11-30"])
def test_month_is_the_whole_one_a_day_lies_in(day):
    assert Period.month_of(date.fromisoformat(day)) == NOVEMBER


def test_month_of_a_leap_february_has_29_days():
    assert Period.month_of(date(2028, 2, 5)).last == date(2028, 2, 29)


def test_params_are_read_back():
    assert Period.read(NOVEMBER.params()) == NOVEMBER


@pytest.mark.parametrize(("days", "is_one"), [(-1, False), (0, True), (365, True), (366, False)])
def test_period_has_at_most_366_days(days, is_one):
    first = date(2026, 1, 1)
    last = first + timedelta(days=days)

    found = Period.read({"first": first.isoformat(), "last": last.isoformat()})

    assert found == (Period(first, last) if is_one else None)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"first": "2026-11-01"},
        {"first": "2026-11-01", "last": "2026-11-31"},
        {"first": "1999-12-31", "last": "2000-01-01"},
        {"first": "9999-12-31", "last": "9999-12-31"},
        {"first": None, "last": "x"},
    ],
    ids=str,
)
def test_nonsense_is_no_period(params):
    assert Period.read(params) is None
