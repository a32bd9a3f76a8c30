"""propdesk.core.clock_text: the wording of spec/ux.md in Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Engine
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core import clock_text

NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)  # 14:05 in Shanghai
MOMENTS = st.integers(0, 500_000_000).map(lambda s: NOW - timedelta(days=2500, seconds=-s))


@pytest.mark.parametrize(
    ("ahead", "shown"),
    [
        (timedelta(hours=2, minutes=15, seconds=59), "剩余 2小时15分"),
        (timedelta(hours=2), "剩余 2小时"),
        (timedelta(minutes=59), "剩余 59分"),
        (timedelta(days=3, minutes=50), "剩余 3天"),
        (timedelta(seconds=59), "剩余 不到1分钟"),
        (timedelta(0), "剩余 不到1分钟"),
        (timedelta(microseconds=-1), "已逾期 不到1分钟"),
        (-timedelta(days=1, hours=3, minutes=59), "已逾期 1天3小时"),
    ],
)
def test_left_reads_as_the_desk_says_it(ahead, shown):
    assert clock_text.left(NOW + ahead, NOW) == shown


@given(MOMENTS, MOMENTS)
def test_left_is_overdue_only_after_the_due_moment(due, now):
    assert clock_text.left(due, now).startswith("已逾期") == (now > due)


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(seconds=-30), "刚刚"),
        (timedelta(minutes=12), "12分钟前"),
        (timedelta(hours=3, minutes=59), "3小时前"),
        (timedelta(days=2, hours=5), "2天前"),
        (timedelta(hours=-4), "今天 18:05"),
    ],
)
def test_ago_reads_as_the_desk_says_it(passed, shown):
    assert clock_text.ago(NOW - passed, NOW) == shown


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 23, 10, 30, tzinfo=UTC), "今天 18:30"),
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "明天 00:00"),
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "昨天 23:59"),
        (datetime(2026, 11, 25, 1, 0, tzinfo=UTC), "11-25 09:00"),
        (datetime(2027, 1, 3, 1, 0, tzinfo=UTC), "2027-01-03 09:00"),
    ],
)
def test_friendly_counts_days_of_shanghai(moment, shown):
    assert clock_text.friendly(moment, NOW) == shown


def test_list_and_paper_time_are_in_shanghai():
    assert clock_text.list_time(NOW) == "2026-11-23 14:05"
    assert clock_text.paper_time(NOW) == "2026年11月23日 14时05分"


@given(MOMENTS)
def test_list_time_reads_back_as_the_same_minute(moment):
    back = datetime.fromisoformat(f"{clock_text.list_time(moment)}+08:00")

    assert back == moment.replace(second=0)


def test_naive_moment_is_refused():
    with pytest.raises(ValueError, match="naive"):
        clock_text.list_time(NOW.replace(tzinfo=None))


def _render(expression, **context):
    engine = Engine(libraries={"pd": "propdesk.core.templatetags.pd"})
    template = engine.from_string("{% load pd %}{{ " + expression + " }}")
    return template.render(Context({"now": NOW, **context}))


@pytest.mark.parametrize(
    ("expression", "value", "shown"),
    [
        ("x|left:now", NOW + timedelta(hours=2), "剩余 2小时"),
        ("x|ago:now", NOW - timedelta(hours=3), "3小时前"),
        ("x|friendly:now", NOW, "今天 14:05"),
        ("x|span", timedelta(hours=1, minutes=5), "1小时5分"),
        ("x|list_time", NOW, "2026-11-23 14:05"),
        ("x|paper_time", NOW, "2026年11月23日 14时05分"),
        ("x|mask_phone", "13812345678", "138****5678"),
        ("x|mask_name", "张伟", "张*"),
        ("x|mask_name:'ms'", "王丽", "王女士"),
    ],
)
def test_filter_shows_the_wording_and_nothing_for_none(expression, value, shown):
    assert _render(expression, x=value) == shown
    assert _render(expression, x=None) == ""


def test_filter_left_without_now_counts_from_this_moment():
    with time_machine.travel(NOW, tick=False):
        assert _render("x|left", x=NOW - timedelta(days=1)) == "已逾期 1天"


def test_midnight_begins_the_day_of_shanghai():
    assert clock_text.midnight(date(2026, 11, 26)) == datetime(2026, 11, 25, 16, tzinfo=UTC)
