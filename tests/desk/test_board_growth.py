"""What lies closed costs board and calendar nothing: blocks of the database, counted by EXPLAIN.

``bench/board.py`` asks the same of a million, with less slack. Here nothing is vacuumed, so some
indexes send to their tables, and few are enough: whatever reads all of 5,000 reads 400 blocks.
"""

from typing import Any

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.desk import pile
from tests.factories import member, web
from tests.incidents.journey import House

# A rollback leaves the size of a table as ANALYZE saw it, and later tests other plans: emptied, it is new.
pytestmark = pytest.mark.django_db(transaction=True)
FEW, MANY = 500, 5_000
RATIO, SLACK = 1.3, 100


def blocks(user: Any, url: str) -> int:
    """Blocks of the statements of one request with a cold frame."""
    found: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    client = web(user)
    shell._counts.clear()
    with connection.execute_wrapper(watch):
        assert client.get(url).status_code == 200
    return sum(pile.blocks(*asked) for asked in found if asked[0].startswith("SELECT"))


def costs(house: House, people: dict[str, Any]) -> dict[tuple[str, str], int]:
    with time_machine.travel(timezone.now(), tick=False):
        return {
            (name, view): blocks(user, reverse(view, args=[house.prop.code]))
            for name, user in people.items()
            for view in ("desk:board", "calendar:index")
        }


def test_board_and_calendar_cost_the_same_among_many_closed_cases(as_owner: Any) -> None:
    house = pile.house_at_work()
    desk = member(house.prop, Role.FRONT_DESK)
    people = {"dm": house.dm, "engineer": house.engineer, "desk": desk}

    # Statistics are the owner's to gather.
    with as_owner():
        pile.pile(1, FEW)
    few = costs(house, people)
    with as_owner():
        pile.pile(FEW + 1, MANY)
    many = costs(house, people)

    assert {name: n for name, n in many.items() if n > RATIO * few[name] + SLACK} == {}
