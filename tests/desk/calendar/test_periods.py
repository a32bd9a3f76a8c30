"""Months, weeks and days in addresses: each is read back, and anything else is none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.desk.calendar.periods import FIRST, LAST, STEPS, Period, around, parse

DAYS = st.dates(FIRST, LAST)
KINDS = st.sampled_from(sorted(STEPS))


@given(KINDS, DAYS)
def test_address_is_read_back(kind: str, day: date) -> None:
    period = around(kind, day)

    assert parse(period.key) == period


@given(KINDS, st.dates(date(2000, 1, 8), date(2098, 12, 20)))
def test_period_round_a_day_holds_it(kind: str, day: date) -> None:
    assert around(kind, day).holds(day)


@given(KINDS, DAYS)
def test_step_there_and_back_is_the_same_and_leaves_no_gap(kind: str, day: date) -> None:
    period = around(kind, day)
    after = period.after
    if after is not None:
        assert (after.before, (after.first - period.last).days) == (period, 1)


@given(DAYS)
def test_month_stands_in_whole_weeks_and_no_more_than_it_needs(day: date) -> None:
    month = around("month", day)
    days = month.days

    assert (len(days) % 7, days[0].weekday(), len(days) <= 42) == (0, 0, True)
    assert set(month.days) >= {month.first, month.last}
    assert days[6] >= month.first
    assert days[-7] <= month.last


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "2026-13", "2026-00", "2026-02-30", "2026-W54", "2026-W00", "1999-12"),
        *("2099-01", "0000-01", "99999-01", "2026-1", "２０２６-11", "2026-11-26x", "2026-W48-1"),
        *("2025-W53", "feed", "2026-11\n", "-2026-11", "2026-11-0"),
    ],
)
def test_what_is_no_period_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-11-26", date(2026, 11, 26), date(2026, 11, 26)),
    ],
)
def test_period_ends_where_it_should(text: str, first: date, last: date) -> None:
    period = parse(text)

    assert period is not None
    assert (period.first, period.last) == (first, last)


def test_ends_of_the_calendar_lead_no_further() -> None:
    assert [around(kind, FIRST).before for kind in STEPS] == [None] * 3
    assert [around(kind, LAST).after for kind in STEPS] == [None] * 3


def test_other_kind_stands_at_today_or_at_the_beginning() -> None:
    november = Period("month", date(2026, 11, 1))

    weeks = [november.as_kind("week", today) for today in (date(2026, 11, 26), date(2026, 12, 1))]

    assert [week.key for week in weeks] == ["2026-W48", "2026-W44"]
