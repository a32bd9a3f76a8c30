"""propdesk.core.search_spans: no moment is left out, none comes twice, and the database marks alike."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.search_spans import MOST_MARKS, SIZES, spans

MOMENTS = st.integers(0, 7_258_118_400).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(st.lists(MOMENTS, min_size=3, max_size=3), st.booleans())
def test_each_moment_lies_in_one_span_the_newest_first(
    moments: list[datetime], is_first_page: bool
) -> None:
    oldest, recent, newest = sorted(moments)
    found = list(spans(newest, oldest, recent if is_first_page else None))

    edges = [edge for span in found for edge in (span.last, span.first)]
    assert found[0].last > newest.timestamp()
    assert found[-1].first <= oldest.timestamp()
    assert edges == sorted(edges, reverse=True)
    assert edges[1:-1:2] == edges[2::2]
    assert not is_first_page or found[0].first <= recent.timestamp()
    assert all(len(span.blocks) <= MOST_MARKS or span.place == len(SIZES) - 1 for span in found)


def test_what_is_common_is_looked_for_in_two_days_and_ten_years_in_a_dozen_spans() -> None:
    newest = datetime(2026, 11, 23, 12, tzinfo=UTC)
    found = list(spans(newest, newest - timedelta(days=3650)))
    days = [(span.last - span.first) // 86_400 for span in found]
    assert (days[0], len(found) <= 12) == (2, True)


@pytest.mark.django_db
@pytest.mark.parametrize("place", range(len(SIZES)))
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_the_database_marks_a_row_with_the_blocks_it_is_looked_for_in(
    place: int, moment: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_search_marks(7, 'found', %s)", [moment])
        marks = set(cursor.fetchone()[0])
    block = int(moment.timestamp()) // 86_400 // SIZES[place]
    assert {f"7/{place}/{block}", f"7found/{place}/{block}"} <= marks
