"""A month of a house with something behind every figure; no state is ever faked."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from emergencies import workflow as event_acts
from emergencies.models import Event
from incidents import workflow
from incidents.models import Complaint
from lostfound import workflow as thing_acts
from propdesk.core import notices
from propdesk.core.models import Delivery, Place, User
from propdesk.core.periods import Period
from propdesk.core.roles import Role
from propdesk.desk.insight.queries import Asked
from tests.emergencies import journey as events
from tests.factories import DepartmentFactory, PlaceFactory, member
from tests.incidents.journey import House, fresh
from tests.lostfound import claiming
from tests.lostfound import journey as things

LATER = timedelta(hours=8)
"""How long after the acts the figures are looked at: what was promised for 3 hours is late by then."""


@dataclass
class Month(House):
    """Complaints of three departments and two rooms, a thing, an event, a drill, notices."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cleaning = DepartmentFactory(property=self.prop, name="客服部")
        self.second: User = member(self.prop, Role.DUTY_MANAGER, name="李静")
        self.room, self.other = (
            PlaceFactory(property=self.prop, kind=Place.Kind.ROOM, name=name, code=f"A-{name}")
            for name in ("1906", "1907")
        )
        self.period = Period.month_of(timezone.localdate())

    def asked(self, user: User | None = None, later: timedelta = LATER) -> Asked:
        return Asked(user or self.pm, self.prop, self.period, timezone.now() + later)

    def handed(self, complaint: Complaint) -> Complaint:
        return workflow.hand_over(complaint, by=self.dm, to=self.second, reason="换班")

    def told_late(self) -> Complaint:
        """Promised for three hours, moved in time to four; both are due before ``LATER``."""
        complaint = self.promised()
        word = self.word(4)
        workflow.extend(complaint, word, by=self.dm, reason="配件未到")
        return fresh(complaint)

    def fill(self) -> "Month":
        """One or more of everything."""
        self.closed()
        self.redone()
        self.told_late()
        self.new(place=self.room)
        self.new(place=self.room)
        self.new(place=self.other)
        self.voided()
        self.add_things()
        self.add_events()
        workflow.flag_due(timezone.now() + timedelta(hours=25))
        row = Delivery.objects.filter(recipient=self.pm, state=Delivery.State.PENDING).first()
        notices.acknowledge(row, by=self.pm)
        return self

    def redone(self) -> Complaint:
        """Handed over on the way, closed, come back and promised by another department."""
        complaint = workflow.close(self.signed(), by=self.dm)
        again = workflow.reopen(complaint, by=self.dm, reason="异响又出现")
        again = self.handed(fresh(again))
        workflow.promise(again, self.word(2), by=self.second, department=self.cleaning)
        return fresh(again)

    def add_things(self) -> None:
        """One given back, one in the store, one logged by mistake."""
        house = things.House(prop=self.prop)
        house.security.name = "保安一队"  # the house of the events has a 保安部 of its own
        house.security.save()
        claiming.returned(house)
        house.stored(house.logged(pictures=[things.photo("green")]))
        wrong = house.logged(pictures=[things.photo("red")])
        thing_acts.void(wrong, by=self.pm, reason="重复")

    def add_events(self) -> None:
        """A real one, a confidential one, one started by mistake, a drill to its end, one that runs."""
        house = self.crisis
        house.started("theft")
        self.secret = house.started("death")
        event_acts.void(house.started("fight"), by=self.pm, reason="误报")
        self.drilled("fire")
        house.started("medical", is_drill=True)

    @cached_property
    def crisis(self) -> events.House:
        """The people an event needs besides."""
        return events.House(prop=self.prop)

    def drilled(self, kind: str) -> Event:
        """A drill that was run and recorded; the figures look at its state alone."""
        drill = self.crisis.started(kind, is_drill=True)
        event_acts.end(drill, by=drill.commander, summary="四分钟")
        Event.objects.filter(pk=drill.pk).update(
            status="archived", archived_at=timezone.now(), archived_by=self.dm
        )
        return drill
