"""lostfound.holidays against the exceptions to Mon–Fri, and every fault its file may have."""

import tempfile
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lostfound import holidays

DAY = timedelta(days=1)
DATES = st.dates(date(2023, 1, 1), date(2028, 12, 31))

# Monday to Friday, but off; and Saturday or Sunday, but worked. Compared with an independent package.
OFF = {
    2024: "0101 0212 0213 0214 0215 0216 0404 0405 0501 0502 0503 0610 0916 0917"
    " 1001 1002 1003 1004 1007",
    2025: "0101 0128 0129 0130 0131 0203 0204 0404 0501 0502 0505 0602"
    " 1001 1002 1003 1006 1007 1008",
    2026: "0101 0102 0216 0217 0218 0219 0220 0223 0406 0501 0504 0505 0619 0925"
    " 1001 1002 1005 1006 1007",
}
WORKED = {
    2024: "0204 0218 0407 0428 0511 0914 0929 1012",
    2025: "0126 0208 0427 0928 1011",
    2026: "0104 0214 0228 0509 0920 1010",
}
WORKING_DAYS = {2024: 251, 2025: 248, 2026: 248}

GOOD = """\
- year: 2031
  notice: 通知
  breaks:
    - name: 元旦
      first: 2030-12-30
      last: 2031-01-08
    - name: 国庆节
      first: 2031-10-01
      last: 2031-10-01
  work:
    - 2030-12-28
    - 2031-12-28
"""


def days_of(year):
    start = date(year, 1, 1)
    return [start + n * DAY for n in range((date(year + 1, 1, 1) - start).days)]


def load(text):
    """The calendar in a file "<folder>/days.yaml" with that text; the folder reads "here"."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "here" / "days.yaml"
        path.parent.mkdir()
        path.write_text(text, "utf-8")
        return holidays.load(path)


@pytest.mark.parametrize("year", OFF)
def test_year_differs_from_mon_to_fri_as_announced(year):
    working = {day for day in days_of(year) if holidays.is_working_day(day)}

    off = [f"{d:%m%d}" for d in days_of(year) if d.weekday() < 5 and d not in working]
    worked = [f"{d:%m%d}" for d in days_of(year) if d.weekday() >= 5 and d in working]

    assert off == OFF[year].split()
    assert worked == WORKED[year].split()
    assert len(working) == WORKING_DAYS[year]


def test_published_years_are_those_of_the_file():
    assert [y for y in range(2000, 2100) if holidays.is_published(y)] == [2024, 2025, 2026]


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2027, 10, 1), True),
        (date(2026, 10, 1), False),
        (date(2027, 2, 5), True),
        (date(2027, 2, 6), False),
        (date(2027, 2, 7), False),
        (date(2023, 10, 2), True),
    ],
)
def test_year_without_a_notice_knows_weekends_only(day, working):
    assert holidays.is_working_day(day) is working


@pytest.mark.parametrize(
    ("day", "settled"),
    [
        (date(2023, 12, 24), False),
        (date(2023, 12, 31), False),
        (date(2024, 1, 1), True),
        (date(2024, 12, 31), True),
        (date(2025, 12, 25), True),
        (date(2026, 11, 30), True),
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (date(2027, 1, 1), False),
        (date(2027, 12, 31), False),
    ],
)
def test_day_is_settled_by_the_notices_that_may_name_it(day, settled):
    assert holidays.is_settled(day) is settled


@pytest.mark.parametrize(
    ("day", "working_day"),
    [
        (date(2026, 2, 13), date(2026, 2, 13)),
        (date(2026, 2, 14), date(2026, 2, 14)),
        (date(2026, 2, 15), date(2026, 2, 24)),
        (date(2026, 2, 23), date(2026, 2, 24)),
        (date(2026, 10, 1), date(2026, 10, 8)),
        (date(2026, 8, 22), date(2026, 8, 24)),
        (date(2026, 1, 3), date(2026, 1, 4)),
        (date(2025, 10, 8), date(2025, 10, 9)),
        (date(2027, 2, 28), date(2027, 3, 1)),
    ],
)
def test_next_working_day(day, working_day):
    assert holidays.next_working_day(day) == working_day


def test_good_file_is_read():
    calendar = load(GOOD)

    assert calendar.years == {2031}
    assert calendar.work == {date(2030, 12, 28), date(2031, 12, 28)}
    assert calendar.off == {date(2030, 12, 29) + n * DAY for n in range(1, 11)} | {
        date(2031, 10, 1)
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- 2030-12-28", "- 2030-12-29"),
        ("  last: 2031-10-01", "  last: 2031-10-10"),
        ("first: 2031-10-01\n      last: 2031-10-01", "first: 2030-12-25\n      last: 2030-12-25"),
    ],
    ids=["a Sunday", "ten days", "25 December"],
)
def test_rare_but_possible_file_is_read(old, new):
    assert old in GOOD

    assert load(GOOD.replace(old, new)).years == {2031}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("year: 2031", "year: x", "file.0.year: Input should be a valid integer"),
        ("notice: 通知", "note: 1", "file.0.notice: Field required; file.0.note: Extra inputs"),
        ("      last: 2031-10-01", "      end: 1", "file.0.breaks.1.last: Field required; file"),
        (
            "    - name: 国庆节",
            "    - name: 国庆节\n      of: 1",
            "file.0.breaks.1.of: Extra inputs",
        ),
        ("notice: 通知", "year: 2031", "line 1: year given twice"),
        ("first: 2031-10-01", "last: 2031-10-01", "line 7: last given twice"),
        ("notice: 通知", "<<: {notice: 通知}", "could not determine a constructor for the tag"),
        ("notice: 通知", "notice: ]", "while parsing a block node"),
        (GOOD, "", "file: Input should be a valid list"),
        (GOOD, "[]", "no year at all"),
        (GOOD, 2 * GOOD, "years not in order, or given twice: [2031, 2031]"),
        (GOOD, GOOD + GOOD.replace("year: 2031", "year: 2030"), "years not in order"),
        (
            "  last: 2031-10-01",
            "  last: 2031-09-30",
            "2031: 国庆节: from 2031-10-01 to 2031-09-30 is no break; "
            "2031: 10 days off, at least 11 expected",
        ),
        (
            "last: 2031-01-08",
            "last: 2031-01-09",
            "2031: 元旦: from 2030-12-30 to 2031-01-09 is no break",
        ),
        (
            "- 2031-12-28",
            "- 2031-01-04",
            "2031: 2031-01-04 stands there twice",
        ),
        (
            "first: 2031-10-01",
            "first: 2030-12-24",
            "2031: 国庆节: from 2030-12-24 to 2031-10-01 is no break; ",
        ),
        ("- 2030-12-28", "- 2030-12-22", "2031: 2030-12-22 belongs to another year"),
        ("- 2030-12-28", "- 2029-12-29", "2031: 2029-12-29 belongs to another year"),
        ("- 2030-12-28", "- 2032-12-25", "2031: 2032-12-25 belongs to another year"),
        (
            "- 2031-12-28",
            "- 2031-12-26",
            "2031: 2031-12-26 is no Saturday or Sunday and needs no making up",
        ),
        ("2031-01-08", "2031-01-07", "2031: 10 days off, at least 11 expected"),
    ],
)
def test_fault_is_named_with_its_file(old, new, fault):
    assert old in GOOD

    with pytest.raises(holidays.HolidayError) as caught:
        load(GOOD.replace(old, new, 1))

    assert str(caught.value).startswith(f"here/days.yaml: {fault}")


def test_missing_file_is_named():
    with pytest.raises(holidays.HolidayError, match=r"^nowhere/days.yaml: .*No such file"):
        holidays.load(Path("nowhere/days.yaml"))


def test_calendar_cannot_be_changed():
    calendar = holidays.load()

    assert not hasattr(calendar, "__dict__")
    with pytest.raises(FrozenInstanceError):
        calendar.years = frozenset()


@given(DATES)
def test_next_working_day_is_the_first_one(day):
    found = holidays.next_working_day(day)

    between = [day + n * DAY for n in range((found - day).days)]
    assert holidays.is_working_day(found)
    assert [each for each in between if holidays.is_working_day(each)] == []


@given(DATES)
def test_no_break_is_longer_than_ten_days(day):
    assert (holidays.next_working_day(day) - day).days <= 10
