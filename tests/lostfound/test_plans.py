"""Which index answers what a page asks of the whole register: proved where nothing else may be used."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from lostfound.models import Announcement, CustodyMove
from lostfound.queries import choices, papers
from lostfound.queries import item as items
from tests.factories import fresh
from tests.lostfound.journey import House

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]


def plan(sql: str, params: Any = (), *, without: tuple[str, ...] = ("seqscan",)) -> str:
    """The plan where these ways are closed: on three rows any index would do."""
    with connection.cursor() as cursor:
        for way in without:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        return "\n".join(row[0] for row in cursor.fetchall())


def of(rows: Any, **options: Any) -> str:
    return plan(*rows.query.sql_with_params(), **options)


def test_newest_move_into_a_place_is_read_by_its_index() -> None:
    house = House()
    house.stored()
    rows = CustodyMove.objects.filter(storage=house.shelf, by=house.dm).order_by("-at")

    assert "lostfound_custody_put_there" in of(rows[:1], without=("seqscan", "sort"))
    assert [place.code for place in choices.storage_places(house.dm, house.prop) if place.used_at]


def test_notice_reads_what_is_announced_and_still_here_and_nothing_else(reindex: Any) -> None:
    reindex("lostfound_founditem")

    assert "lostfound_announced " in of(papers._known(House().prop))


def test_notice_of_a_day_is_read_by_the_day() -> None:
    rows = Announcement.objects.filter(published_on=timezone.localdate()).values("item")

    assert "lostfound_announced_on" in of(rows)


@pytest.mark.parametrize("words", ["黑色", "SW-2026"])
def test_search_of_the_desk_asks_for_keys_and_never_row_by_row(words: str) -> None:
    house = House()
    rows = items.searched(fresh(house.desk), house.prop, words)

    assert "SubPlan" not in of(rows)
