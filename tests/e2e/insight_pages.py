"""The pages of 统计: a quiet month, one with everything, what figures open, one complaint's time."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from propdesk.core import rendering
from propdesk.core.periods import Period

if TYPE_CHECKING:
    from tests.e2e.pages import World

NOT_PAGES = {
    "insight:export": "a workbook",
    "insight:print": "answers a POST",
    "insight:paper_file": "a PDF",
}


def insight(world: "World") -> "Iterator[Any]":
    """Nothing yet, then a complaint closed and others under way."""
    page, house = world.page, world.house
    yield page("insight:index", house.pm, case="none")
    yield page("insight:rows", house.pm, "promises", case="none")
    closed = house.closed()
    house.reopened()
    house.new()
    yield page("insight:index", house.pm)
    yield page("insight:trend", house.pm)
    for figure in ("complaints", "closed", "answers", "notices", "drills_due"):
        yield page("insight:rows", house.pm, figure, case=figure)
    yield page("insight:time", house.pm, closed.case.number)
    days = Period.month_of(closed.received_at.date()).params()
    job = rendering.request_list(world.prop, "insight", days, by=house.pm)
    yield page("insight:paper", house.pm, job.pk)


GROUPS: "dict[str, Callable[[World], Iterator[Any]]]" = {"insight": insight}
