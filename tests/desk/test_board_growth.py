"""What lies closed costs board, calendar, lists and sweeps nothing: blocks, counted by EXPLAIN.

``bench/board.py`` and ``script/bench`` ask the same of many more, with less slack. Here nothing is
vacuumed, so some indexes send to their tables, and few are enough: whatever reads all of 5,000 reads
400 blocks. Lists fill while there are few, so of them the rows are counted that they look at.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from incidents.models import Complaint
from propdesk.core import sweeps
from propdesk.core.channels import relay
from propdesk.core.models import Case
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.desk import pile
from tests.factories import member, web
from tests.incidents.journey import House

# A rollback leaves the size of a table as ANALYZE saw it, and later tests other plans: emptied, it is new.
pytestmark = pytest.mark.django_db(transaction=True)
FEW, MANY = 500, 5_000
RATIO, SLACK = 1.3, 100
LOOKED_AT = 2_500
"""Rows one list or sweep may look at: a page of fifty with all that is joined, never most of ``MANY``."""
LISTS = {
    "incidents:board": (
        "?state=open",
        "?mine=1",
        "?state=overdue",
        "?state=all",
        "?state=all&after={complaint}",
        "?state=closed&after={complaint}",
        "?state=voided",
        "?state=all&category=noise",
        "?state=all&category={category}&after={complaint}",
        "?state=all&severity=major",
        "?state=all&severity=normal&after={complaint}",
        "?state=closed&severity=major&category=noise",
        "?state=all&mine=1&after={complaint}",
        "?state=all&q=鳄鱼",
    ),
    "lostfound:board": (
        "?state=open",
        "?state=claims",
        "?state=disposal",
        "?state=all&after={found}",
        "?state=ended",
        "?state=all&q=鳄鱼",
    ),
    "lostfound:lost_board": ("?state=all",),
    "emergencies:board": ("?state=all&after={event}", "?state=archived", "?q=SJ"),
    "desk:notices": ("",),
    "handover:index": ("",),
}
"""What the duty manager may narrow each list to; in braces what a page in the middle goes on from."""


def asked(act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """The statements that read, of one act with a cold frame."""
    found: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    shell._counts.clear()
    with connection.execute_wrapper(watch):
        act()
    return [each for each in found if each[0].startswith("SELECT")]


def opened(user: Any, url: str) -> list[tuple[str, Any]]:
    """The statements that read, of one page."""
    client, answers = web(user), []
    found = asked(lambda: answers.append(client.get(url).status_code))
    assert answers == [200], url
    return found


def costs(house: House, people: dict[str, Any]) -> dict[tuple[str, str], int]:
    with time_machine.travel(timezone.now(), tick=False):
        return {
            (name, view): sum(
                pile.blocks(*one) for one in opened(user, reverse(view, args=[house.prop.code]))
            )
            for name, user in people.items()
            for view in ("desk:board", "calendar:index")
        }


def deep(kind: str) -> str:
    """The key of a page near the end of a register."""
    rows = Case.objects.filter(kind=kind, is_open=False).order_by("opened_at", "pk")
    row = rows[rows.count() // 5]
    return quote(f"{row.opened_at.isoformat()}~{row.pk}")


def looked_at(house: House) -> dict[tuple[str, str], int]:
    """Rows each list looks at, and each sweep that has nothing to do."""
    keys = {kind: deep(kind) for kind in ("complaint", "found", "event")}
    keys["category"] = Complaint.objects.filter(status="closed")[0].category
    found = {}
    for view, queries in LISTS.items():
        for query in queries:
            url = reverse(view, args=[house.prop.code]) + query.format_map(keys)
            found[view, query] = opened(house.dm, url)
    now = timezone.now()
    for name, sweep in {**sweeps.SWEEPS, "core.deliver": relay.deliver}.items():
        sweep(now)
        found["sweep", name] = asked(partial(sweep, now))
    return {name: sum(pile.visited(*one) for one in each) for name, each in found.items()}


def test_board_lists_and_sweeps_cost_the_same_among_many_closed_cases(as_owner: Any) -> None:
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
    assert {name: n for name, n in looked_at(house).items() if n > LOOKED_AT} == {}
