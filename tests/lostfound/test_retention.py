"""lostfound.retention against a walk over the days, and the edges of the 100-yuan line.

Everything is reached through the module, so that tools/mutate.py can put a mutant in its place.
"""

from dataclasses import FrozenInstanceError, astuple, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lostfound import holidays, retention

DAY = timedelta(days=1)
CHINA = timezone(8 * timedelta(hours=1))
NEW_YORK = ZoneInfo("America/New_York")
DATES = st.dates(date(2000, 1, 1), date(2060, 12, 31))
AMOUNTS = st.decimals(0, 10_000, places=2)
NOTICE = date(2026, 1, 10)


def preset(name="sop", **changes):
    return replace(retention.PRESETS[name], **changes)


def clock(rule, start, last, rolled=None, *, published=True):
    label = {
        "civil_318": "民法典第318条（招领公告后1年）",
        "hotel_8": "旅馆业治安管理办法第8条（招领公告后3个月）",
    }[rule]
    return (rule, label, start, last, rolled, published)


def clocks(*days):
    return [retention.StatutoryClock("civil_318", "", NOTICE, day, None, True) for day in days]


# --- policies ------------------------------------------------------------------------------

PRESETS = {
    "sop": ((3, "months"), (12, "months"), 100, "short", "long", "received", (30, 7, 1), False),
    "hotel": ((3, "months"), (3, "months"), 100, "short", "long", "announced", (30, 7, 1), True),
    "handover": ((7, "days"), (7, "days"), 100, "short", "long", "received", (3, 1), True),
}


@pytest.mark.parametrize("name", PRESETS)
def test_preset_says_what_it_is_named_for(name):
    assert astuple(retention.PRESETS[name]) == PRESETS[name]


def test_presets_and_codes_are_those_stored():
    assert list(retention.PRESETS) == list(PRESETS)
    assert retention.LOW_VALUE_LIMIT == 100
    assert list(retention.Tier) == ["short", "long"]
    assert list(retention.Start) == ["received", "announced"]
    assert list(retention.Unit) == ["months", "days"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: retention.Term(0, retention.Unit.DAYS), "a term of 0 days is none"),
        (lambda: retention.Term(-1, retention.Unit.MONTHS), "a term of -1 months is none"),
        (lambda: preset(limit=Decimal(-1)), "an amount of -1 yuan is negative"),
        (lambda: preset(limit=Decimal("0.001")), "0.001 is no amount in yuan and cents"),
        (lambda: preset(reminders=(1, 7)), "reminders must fall: (1, 7)"),
        (lambda: preset(reminders=(7, 7)), "reminders must fall: (7, 7)"),
        (lambda: preset(reminders=(7, 0)), "a reminder comes a day or more before: (7, 0)"),
        (lambda: preset(reminders=(-1,)), "a reminder comes a day or more before: (-1,)"),
    ],
)
def test_policy_that_means_nothing_is_refused(make, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the whole message is compared
        make()

    assert str(caught.value) == message


def test_smallest_policy_is_accepted():
    one = retention.Term(1, retention.Unit.DAYS)

    assert preset(short=one, limit=Decimal(0), reminders=()).short.count == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: retention.PRESETS["sop"],
        lambda: retention.PRESETS["sop"].short,
        lambda: retention.statutory(None, is_hotel=False)[0],
    ],
    ids=["Terms", "Term", "StatutoryClock"],
)
def test_record_cannot_be_changed(make):
    record = make()

    assert not hasattr(record, "__dict__")
    with pytest.raises(FrozenInstanceError):
        setattr(record, record.__slots__[0], None)


# --- the 100-yuan line ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "long"),
        ("0", "short"),
        ("0.01", "short"),
        ("0.50", "short"),
        ("99.99", "short"),
        ("100", "short"),
        ("100.0", "short"),
        ("100.00", "short"),
        ("100.01", "long"),
        ("1E+6", "long"),
    ],
)
def test_tier_by_the_procedure(value, found):
    amount = None if value is None else Decimal(value)

    assert retention.tier(amount, preset()) == found
    assert retention.term(amount, preset()).count == {"short": 3, "long": 12}[found]


def test_tier_follows_the_boundary_and_the_unvalued_of_the_policy():
    other = preset(
        boundary=retention.Tier.LONG, unvalued=retention.Tier.SHORT, limit=Decimal("49.90")
    )

    found = [
        retention.tier(each and Decimal(each), other) for each in ("49.89", "49.90", "49.91", None)
    ]

    assert found == ["short", "long", "long", "short"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("-0.01", "an amount of -0.01 yuan is negative"),
        ("-0.5", "an amount of -0.5 yuan is negative"),
        ("-100", "an amount of -100 yuan is negative"),
        ("0.001", "0.001 is no amount in yuan and cents"),
        ("100.000", "100.000 is no amount in yuan and cents"),
        ("NaN", "NaN is no amount in yuan and cents"),
        ("sNaN", "sNaN is no amount in yuan and cents"),
        ("Infinity", "Infinity is no amount in yuan and cents"),
    ],
)
def test_value_that_is_no_amount_is_refused(value, message):
    for ask in (retention.tier, retention.term, retention.explain):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the whole message is compared
            ask(Decimal(value), preset())
        assert str(caught.value) == message


@given(AMOUNTS, AMOUNTS)
def test_dearer_thing_is_never_kept_shorter(one, other):
    low, high = sorted((one, other))

    kept = [retention.term(each, preset()).count for each in (low, high)]

    assert kept == sorted(kept)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("sop", "0", "100.00元以内（含）保管3个月"),
        ("sop", "100.00", "100.00元以内（含）保管3个月"),
        ("sop", "100.01", "超过100.00元保管1年"),
        ("sop", None, "未估价的物品保管1年"),
        ("hotel", "100", "不论价值，自招领公告之日起保管3个月，期满移交公安机关"),
        ("hotel", None, "不论价值，自招领公告之日起保管3个月，期满移交公安机关"),
        ("handover", "5000", "不论价值，保管7天，期满移交公安机关"),
    ],
)
def test_rule_in_words(name, value, sentence):
    assert retention.explain(value and Decimal(value), preset(name)) == sentence


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("49.90", "不足50.50元保管18个月"),
        ("50.50", "50.50元以上（含）保管2年"),
        ("1234.00", "50.50元以上（含）保管2年"),
        (None, "未估价的物品保管18个月"),
    ],
)
def test_rule_in_words_with_the_line_on_the_other_side(value, sentence):
    terms = preset(
        limit=Decimal("50.5"),
        boundary=retention.Tier.LONG,
        unvalued=retention.Tier.SHORT,
        short=retention.Term(18, retention.Unit.MONTHS),
        long=retention.Term(24, retention.Unit.MONTHS),
    )

    assert retention.explain(value and Decimal(value), terms) == sentence


# --- calendar months -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2026, 2, 28), 3, date(2026, 5, 28)),
        (date(2026, 9, 30), 3, date(2026, 12, 30)),
        (date(2026, 10, 1), 3, date(2027, 1, 1)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 5, 15), 0, date(2026, 5, 15)),
        (date(2026, 5, 15), 1, date(2026, 6, 15)),
    ],
)
def test_add_months(start, months, last):
    assert retention.add_months(start, months) == last


def test_add_months_refuses_what_has_no_date():
    with pytest.raises(ValueError, match=r"^a period of -1 months runs backwards$"):
        retention.add_months(NOTICE, -1)
    with pytest.raises(ValueError, match="year"):
        retention.add_months(date(9999, 12, 1), 1)


@given(DATES, st.integers(0, 240))
def test_add_months_lands_in_the_right_month_and_not_past_the_day(start, months):
    last = retention.add_months(start, months)

    assert (last.year - start.year) * 12 + last.month - start.month == months
    assert last.day == start.day or (last.day < start.day and (last + DAY).day == 1)


@given(DATES, DATES, st.integers(0, 36))
def test_add_months_keeps_the_order(one, other, months):
    first, second = sorted((one, other))

    assert retention.add_months(first, months) <= retention.add_months(second, months)


# --- the last day and what comes after it --------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "last"),
    [
        ("sop", "100.00", date(2027, 2, 28)),
        ("sop", "100.01", date(2027, 11, 30)),
        ("sop", "0", date(2027, 2, 28)),
        ("sop", None, date(2027, 11, 30)),
        ("hotel", "0", date(2027, 2, 28)),
        ("hotel", "100.01", date(2027, 2, 28)),
        ("hotel", None, date(2027, 2, 28)),
        ("handover", "0", date(2026, 12, 7)),
        ("handover", "100.01", date(2026, 12, 7)),
        ("handover", None, date(2026, 12, 7)),
    ],
)
def test_last_day_of_a_thing_of_30_november(name, value, last):
    amount = value and Decimal(value)

    assert retention.last_day(date(2026, 11, 30), amount, preset(name)) == last
    assert retention.last_day(None, amount, preset(name)) is None


def test_last_day_never_moves_for_holidays():
    last = retention.last_day(date(2026, 7, 1), Decimal(5), preset())

    assert last == date(2026, 10, 1)
    assert not holidays.is_working_day(last)


def test_last_day_refuses_a_bad_value_even_before_the_start():
    with pytest.raises(ValueError, match="negative"):
        retention.last_day(None, Decimal(-1), preset())


def test_category_day_counts_calendar_days():
    assert retention.category_day(date(2026, 2, 27), 3) == date(2026, 3, 2)
    assert retention.category_day(date(2026, 2, 27), 0) == date(2026, 2, 27)
    with pytest.raises(ValueError, match=r"^a category of -1 days runs backwards$"):
        retention.category_day(date(2026, 2, 27), -1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 11, 30, 10, 59, 59, tzinfo=NEW_YORK), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 11, 0, tzinfo=NEW_YORK), date(2026, 12, 1)),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=CHINA), date(2026, 11, 30)),
    ],
)
def test_local_day_is_that_of_shanghai(moment, day):
    assert retention.local_day(moment) == day


@pytest.mark.parametrize(
    "ask",
    [
        retention.local_day,
        lambda now: retention.is_expired(NOTICE, now),
        lambda now: retention.reminders(NOTICE, preset(), now),
    ],
    ids=["local_day", "is_expired", "reminders"],
)
def test_naive_moment_is_refused(ask):
    with pytest.raises(ValueError, match="naive"):
        ask(datetime(2026, 1, 1))  # noqa: DTZ001 -- that is what is refused


@pytest.mark.parametrize(
    ("now", "expired"),
    [
        (datetime(2027, 2, 28, 0, 0, tzinfo=CHINA), False),
        (datetime(2027, 2, 28, 23, 59, 59, tzinfo=CHINA), False),
        (datetime(2027, 2, 28, 23, 59, 59, 999_999, tzinfo=CHINA), False),
        (datetime(2027, 3, 1, 0, 0, 0, tzinfo=CHINA), True),
        (datetime(2027, 2, 28, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2027, 2, 28, 16, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 2, 28, 10, 59, 59, tzinfo=NEW_YORK), False),
        (datetime(2027, 2, 28, 11, 0, 0, tzinfo=NEW_YORK), True),
    ],
)
def test_alive_through_the_last_second_of_the_last_day(now, expired):
    last = date(2027, 2, 28)

    assert retention.is_expired(last, now) is expired
    assert (now >= retention.expires_at(last)) is expired


def test_expires_at_is_midnight_in_shanghai():
    moment = retention.expires_at(date(2026, 12, 31))

    assert moment.replace(tzinfo=None) == datetime(2027, 1, 1)  # noqa: DTZ001 -- its clock face
    assert str(moment.tzinfo) == "Asia/Shanghai"


@given(DATES, st.integers(-50_000, 50_000), st.sampled_from([UTC, CHINA, NEW_YORK]))
def test_expired_means_from_that_moment_on(last, seconds, zone):
    midnight = datetime.combine(last + DAY, time(), tzinfo=CHINA)
    now = (midnight + timedelta(seconds=seconds)).astimezone(zone)

    assert retention.is_expired(last, now) == (seconds >= 0)
    assert retention.is_expired(last, now) == (now >= retention.expires_at(last))


# --- reminders -----------------------------------------------------------------------------


def test_reminders_are_due_at_nine_in_shanghai():
    found = retention.reminders(date(2026, 3, 31), preset(), datetime(2026, 1, 1, tzinfo=UTC))

    assert found == [
        (30, datetime(2026, 3, 1, 9, tzinfo=CHINA)),
        (7, datetime(2026, 3, 24, 9, tzinfo=CHINA)),
        (1, datetime(2026, 3, 30, 9, tzinfo=CHINA)),
    ]
    assert {str(moment.tzinfo) for _days, moment in found} == {"Asia/Shanghai"}


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (datetime(2026, 3, 24, 1, 0, tzinfo=UTC), [7, 1]),
        (datetime(2026, 3, 24, 1, 0, 0, 1, tzinfo=UTC), [1]),
        (datetime(2026, 3, 30, 9, 0, 1, tzinfo=CHINA), []),
        (datetime(2027, 1, 1, tzinfo=UTC), []),
    ],
)
def test_reminders_leave_out_what_is_past(now, left):
    found = retention.reminders(date(2026, 3, 31), preset(), now)

    assert [days for days, _moment in found] == left


@pytest.mark.parametrize("name", PRESETS)
def test_reminders_of_a_preset_run_towards_the_end(name):
    last = date(2026, 3, 31)

    found = retention.reminders(last, preset(name), datetime(2026, 1, 1, tzinfo=UTC))

    moments = [moment for _days, moment in found]
    assert moments == sorted(moments)
    assert [(last - moment.date()).days for moment in moments] == list(PRESETS[name][6])
    assert {moment.time() for moment in moments} == {time(9)}


# --- the periods of the law ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("notice", "due", "last"),
    [
        (date(2025, 11, 17), date(2026, 2, 17), date(2026, 2, 24)),
        (date(2026, 7, 1), date(2026, 10, 1), date(2026, 10, 8)),
        (date(2026, 5, 23), date(2026, 8, 23), date(2026, 8, 24)),
        (date(2025, 11, 15), date(2026, 2, 15), date(2026, 2, 24)),
        (date(2025, 11, 14), date(2026, 2, 14), date(2026, 2, 14)),
        (date(2025, 11, 28), date(2026, 2, 28), date(2026, 2, 28)),
        (date(2026, 1, 31), date(2026, 4, 30), date(2026, 4, 30)),
    ],
    ids=[
        "spring festival", "national day", "Sunday", "first day of the festival",
        "made up Saturday", "made up Saturday at the end", "working day",
    ],
)  # fmt: skip
def test_three_months_of_the_rules_for_hotels(notice, due, last):
    moved = [astuple(each) for each in retention.statutory(notice, is_hotel=True)]
    still = [astuple(each) for each in retention.statutory(notice, is_hotel=True, rolls=False)]

    assert moved[1] == clock("hotel_8", notice, last, due if due != last else None)
    assert still[1] == clock("hotel_8", notice, due)


@pytest.mark.parametrize(
    ("notice", "due", "last", "published"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 2, 28), True),
        (date(2025, 10, 3), date(2026, 10, 3), date(2026, 10, 8), True),
        (date(2025, 12, 24), date(2026, 12, 24), date(2026, 12, 24), True),
        (date(2025, 12, 26), date(2026, 12, 26), date(2026, 12, 28), False),
        (date(2026, 2, 5), date(2027, 2, 5), date(2027, 2, 5), False),
        (date(2026, 2, 6), date(2027, 2, 6), date(2027, 2, 8), False),
        (date(2022, 12, 31), date(2023, 12, 31), date(2024, 1, 2), False),
    ],
)
def test_year_of_the_civil_code(notice, due, last, published):
    found = [astuple(each) for each in retention.statutory(notice, is_hotel=False)]
    still = [astuple(each) for each in retention.statutory(notice, is_hotel=False, rolls=False)]

    rolled = due if due != last else None
    assert found == [clock("civil_318", notice, last, rolled, published=published)]
    assert still == [clock("civil_318", notice, due)]


def test_date_that_rolls_out_of_the_settled_days_may_still_move(monkeypatch):
    off = frozenset(date(2026, 12, 24) + n * DAY for n in range(4))
    settled = holidays.Calendar(frozenset({2026}), off, frozenset())
    monkeypatch.setattr(holidays, "_CALENDAR", settled)

    (found,) = retention.statutory(date(2025, 12, 24), is_hotel=False)

    assert (found.last_day, found.is_published) == (date(2026, 12, 28), False)


def test_without_a_notice_no_period_runs():
    found = [astuple(each) for each in retention.statutory(None, is_hotel=True)]

    assert found == [clock("civil_318", None, None), clock("hotel_8", None, None)]


@given(DATES, st.booleans())
def test_period_of_the_law_never_ends_before_its_date(notice, hotel):
    for moved, still in zip(
        retention.statutory(notice, is_hotel=hotel),
        retention.statutory(notice, is_hotel=hotel, rolls=False),
        strict=True,
    ):
        assert still.last_day <= moved.last_day <= still.last_day + 10 * DAY
        assert moved.rolled_from == (None if moved.last_day == still.last_day else still.last_day)
        assert holidays.is_working_day(moved.last_day)


@pytest.mark.parametrize(
    ("days", "latest"),
    [
        ([], None),
        ([None], None),
        ([date(2026, 3, 1)], date(2026, 3, 1)),
        ([date(2026, 3, 1), date(2027, 1, 1)], date(2027, 1, 1)),
        ([date(2027, 1, 1), date(2026, 3, 1)], date(2027, 1, 1)),
        ([date(2026, 3, 1), None], None),
        ([None, date(2026, 3, 1)], None),
    ],
)
def test_latest_period_of_the_law(days, latest):
    assert retention.latest_statutory(clocks(*days)) == latest


@pytest.mark.parametrize(
    ("days", "on", "needed"),
    [
        ([], date(2026, 3, 1), True),
        ([None], date(2026, 3, 1), True),
        ([date(2026, 3, 1), None], date(2026, 9, 1), True),
        ([date(2026, 3, 1)], date(2026, 2, 28), True),
        ([date(2026, 3, 1)], date(2026, 3, 1), True),
        ([date(2026, 3, 1)], date(2026, 3, 2), False),
        ([date(2026, 3, 1), date(2027, 1, 1)], date(2026, 3, 2), True),
        ([date(2026, 3, 1), date(2027, 1, 1)], date(2027, 1, 2), False),
    ],
)
def test_reason_of_the_general_manager(days, on, needed):
    assert retention.needs_reason(False, on, clocks(*days)) is needed
    assert retention.needs_reason(True, on, clocks(*days)) is False


# --- ten years against a walk over the days ------------------------------------------------

DECADE = [date(2024, 1, 1) + n * DAY for n in range(3653)]
FACES = [
    (day.day, (day + DAY).day == 1) for day in (DECADE[0] + n * DAY for n in range(3653 + 400))
]
"""Day number, and whether it is the last one of its month, of each day from the first on."""


def walk(start, months):
    """Walk day by day until the day number has come round that often, or a month was too short."""
    number, at = FACES[start][0], start
    while months:
        at += 1
        face, is_last = FACES[at]
        months -= face == number or (is_last and face < number)
    return at - start


@pytest.mark.parametrize(("value", "months"), [("100.00", 3), ("100.01", 12)])
def test_ten_years_equal_a_walk_over_the_days(value, months):
    terms, amount = preset(), Decimal(value)

    wrong = [
        day
        for start, day in enumerate(DECADE)
        if retention.last_day(day, amount, terms) != day + walk(start, months) * DAY
    ]

    assert (len(DECADE), DECADE[-1]) == (3653, date(2033, 12, 31))
    assert wrong == []
