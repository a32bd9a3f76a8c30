"""Two shifts of a house and what is handed over between them; no state is ever faked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from emergencies import workflow as emergencies
from emergencies.models import Event
from propdesk.core import signatures
from propdesk.core.models import Shift, User
from propdesk.core.roles import Role
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover, PatrolCheck
from propdesk.desk.handover.workflow import Answer, Patrolled, Written
from tests.emergencies.journey import House as EventHouse
from tests.factories import PASSWORD, ShiftFactory, member
from tests.incidents.journey import House, drawn

AREAS = PatrolCheck.Area.values


@dataclass
class Night(House):
    """The evening shift of ``dm`` ends now; ``next`` comes after, ``third`` is a colleague off duty."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.next: User = member(self.prop, Role.DUTY_MANAGER, name="李静")
        self.third: User = member(self.prop, Role.DUTY_MANAGER, name="赵宁")
        for user in (self.next, self.third):
            signatures.keep(user, drawn())
        now = timezone.now()
        self.shift: Shift = ShiftFactory(
            property=self.prop,
            user=self.dm,
            label="中班",
            starts_at=now - timedelta(hours=8),
            ends_at=now + timedelta(minutes=5),
        )
        self.after: Shift = ShiftFactory(
            property=self.prop,
            user=self.next,
            label="晚班",
            starts_at=self.shift.ends_at,
            ends_at=self.shift.ends_at + timedelta(hours=8),
        )

    def drafted(self) -> Handover:
        return workflow.draft(self.prop, by=self.dm)

    def whole(self, row: Handover) -> Written:
        """Every line told, every thing counted as it should be, every area in order."""
        return said(
            row,
            room_state="在住 168 间",
            vips="1806 早起用车",
            steps={n.pk: (n.next_step, True) for n in row.lines.all()},
            counts={c.pk: (c.expected, "") for c in row.counts.filter(dropped_at=None)},
            patrol={area: Patrolled(True) for area in AREAS},
        )

    def written(self, row: Handover | None = None) -> Handover:
        row = row or self.drafted()
        return workflow.write(row, self.whole(row), by=row.outgoing)

    def offered_over(self, row: Handover | None = None) -> Handover:
        row = self.written(row)
        return workflow.offer(row, PASSWORD, by=row.outgoing)

    def answers(self, row: Handover, *refused: int) -> dict[int, Answer]:
        lines = row.lines.filter(dropped_at=None)
        return {
            n.pk: Answer(False, "钥匙没有交到手") if n.pk in refused else Answer(True)
            for n in lines
        }

    def signed(self, row: Handover | None = None, *refused: int) -> Handover:
        row = row or self.offered_over()
        return self.taken(row, self.next, self.answers(row, *refused))

    def taken(
        self,
        row: Handover,
        by: User,
        answers: dict[int, Answer] | None = None,
        password: str = PASSWORD,
    ) -> Handover:
        """Accepted by somebody who has read what ``row`` says."""
        answers = self.answers(row) if answers is None else answers
        return workflow.accept(row, answers, password, by=by, seen=row.content_sha)


def said(row: Handover, **what: Any) -> Written:
    """Written on a page that shows the lines and counts as they stand."""
    seen = {line.pk: line.mark for line in row.lines.all()}
    return Written(**what, seen=seen, asked={c.pk: c.mark for c in row.counts.all()})


def fresh(row: Any) -> Any:
    """The row as it stands in the database."""
    return type(row)._default_manager.get(pk=row.pk)


def with_event(night: Night, kind: str = "theft", *, by: Any = None) -> Event:
    """A running event of the house, which ``by`` (the outgoing manager) commands."""
    house = EventHouse(prop=night.prop)
    event = house.started(kind)
    by = by or night.dm
    if event.commander_id != by.pk and not event.case.restricted:
        emergencies.take_command(event, by=by)
    return fresh(event)


def late(night: Night) -> Any:
    """The very minute at which the alarm of the evening shift rings."""
    return night.shift.ends_at + timedelta(minutes=15)
