"""The pages of the change of shift: from the first draft to the sealed record."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from propdesk.core import signatures
from propdesk.core.roles import Role
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import PatrolCheck
from propdesk.desk.handover.workflow import Answer, Patrolled
from tests.desk.handover.shifts import said
from tests.factories import PASSWORD, ShiftFactory, member
from tests.incidents.journey import drawn

if TYPE_CHECKING:
    from tests.e2e.pages import World

NOT_PAGES = {
    "handover:refresh": "answers a POST",
    "handover:take_back": "answers a POST",
    "handover:paper_file": "a PDF",
}


def handover(world: "World") -> "Iterator[Any]":
    """Nothing yet, a draft, signed by one, signed by both with a line nobody took over, settled."""
    page, prop, dm, pm = world.page, world.prop, world.house.dm, world.house.pm
    world.house.new()
    incoming = member(prop, Role.DUTY_MANAGER, name="李静")
    signatures.keep(incoming, drawn())
    now = timezone.now()
    shift = ShiftFactory(
        property=prop, user=dm, starts_at=now - timedelta(hours=8), ends_at=now + timedelta(hours=1)
    )
    ShiftFactory(property=prop, user=incoming, label="夜班", starts_at=shift.ends_at)
    yield page("handover:index", dm, case="none")
    yield page("handover:start", dm)
    yield page("handover:start", pm, case="stand-in")
    row = workflow.draft(prop, by=dm)
    number = row.case.number
    yield page("handover:write", dm, number)
    yield page("handover:detail", dm, number, case="draft")
    yield page("handover:take_over", pm, number)
    yield page("handover:void", pm, number)
    workflow.write(row, _whole(row), by=dm)
    yield page("handover:offer", dm, number)
    row = workflow.offer(row, PASSWORD, by=dm)
    yield page("handover:accept", incoming, number)
    answers = {line.pk: Answer(True) for line in row.lines.all()}
    answers[row.lines.first().pk] = Answer(False, "钥匙没有交到手")
    workflow.accept(row, answers, PASSWORD, by=incoming, seen=row.content_sha)
    yield page("handover:settle", pm, number)
    yield page("handover:detail", dm, number)
    yield page("handover:paper", dm, number)
    yield page("handover:index", dm)
    workflow.log(prop, "3号电梯停运，已通知维保。", by=dm)
    item = workflow.list_count(prop, "对讲机", "部", Decimal(8), by=pm)
    yield page("handover:log", dm)
    yield page("handover:counts", pm)
    yield page("handover:count_edit", pm, item.pk)


def _whole(row: Any) -> Any:
    return said(
        row,
        room_state="在住 168 间，预退 12",
        steps={line.pk: (line.next_step, True) for line in row.lines.all()},
        counts={count.pk: (count.expected, "") for count in row.counts.all()},
        patrol={area: Patrolled(True) for area in PatrolCheck.Area.values},
    )


GROUPS: "dict[str, Callable[[World], Iterator[Any]]]" = {"handover": handover}
