"""A damage event walked to each state of its slip, through the workflow alone (E-2)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from emergencies import workflow
from emergencies.models import Compensation, Event, Party
from propdesk.core import signatures
from propdesk.core.models import Place, Property, StaffSignature, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import PASSWORD, PlaceFactory, PropertyFactory, member
from tests.incidents.journey import drawn, keep_signatures

LAMP = workflow.Line("台灯", 1, "盏", Decimal("180.00"), depreciation=20)
CARPET = workflow.Line("地毯清洗", 2, "平方米", Decimal("33.35"))
SOFA = workflow.Line("布艺沙发", 1, "张", Decimal("2600.00"))


def fresh(event: Event) -> Event:
    """The event read anew with what its transitions read."""
    return Event.objects.select_related("case__property__settings", "playbook").get(pk=event.pk)


@dataclass
class Desk:
    """A property with the people a damage concerns; the signers keep a signature."""

    prop: Property = field(default_factory=PropertyFactory)

    def __post_init__(self) -> None:
        self.dm: User = member(self.prop, Role.DUTY_MANAGER, name="周敏")
        self.pm: User = member(self.prop, Role.PROPERTY_MANAGER, name="张岚")
        self.gm: User = member(self.prop, Role.GENERAL_MANAGER, name="陈国栋")
        self.cashier: User = member(self.prop, Role.CASHIER, name="何静")
        keep_signatures(self.dm, self.pm, self.gm, self.cashier)
        self.room: Place = PlaceFactory(property=self.prop, name="1203房")

    def started(self, **changes: Any) -> Event:
        what = workflow.Start("property_damage", place=self.room, **changes)
        event = workflow.start(self.prop, what, by=self.dm)
        workflow.answer(event, "cause", "accident", by=self.dm)
        return fresh(event)

    def priced(self, *lines: workflow.Line) -> Event:
        event = self.started()
        workflow.price(event, lines or (LAMP, CARPET), by=self.dm, basis="公示价目第3页")
        return fresh(event)

    def informed(self, *lines: workflow.Line, position: str = "agree") -> Event:
        event = self.priced(*lines)
        objection = "用了三年，太贵" if position == "dispute" else ""
        said = workflow.Informed("in_person", position, objection=objection)
        workflow.inform_guest(event, said, by=self.dm)
        return fresh(event)

    def disputed(self) -> Event:
        return self.informed(position="dispute")

    def guest(self, event: Event) -> Party:
        found = event.parties.filter(part="guest").first()
        return found or workflow.add_party(event, "guest", Guest(name="刘洋"), by=self.dm)

    def signature(self, event: Event, **changes: Any) -> workflow.Signed:
        values = {"payer": self.guest(event), "drawn": drawn(), "password": PASSWORD}
        return workflow.Signed(**(values | changes))

    def signed(self, *lines: workflow.Line) -> Event:
        event = self.informed(*lines)
        workflow.sign_damage(event, self.signature(event), by=self.dm)
        return fresh(event)

    def mark_of(self, user: User) -> StaffSignature:
        """The signature he keeps."""
        found = signatures.current(user)
        assert found is not None
        return found

    def refusal(self, event: Event, **changes: Any) -> workflow.Declined:
        values = {"payer": self.guest(event), "words": "我不签", "password": PASSWORD}
        return workflow.Declined(**(values | changes))

    def refused(self) -> Event:
        """Decided, told of it, and still disputed."""
        event = self.disputed()
        workflow.decide_damage(event, ruling("uphold", "价目如此"), by=self.pm)
        again = workflow.Informed("phone", "dispute", objection="还是太贵")
        workflow.inform_guest(fresh(event), again, by=self.dm)
        return fresh(event)

    def declined(self) -> Event:
        event = self.refused()
        workflow.decline_damage(event, self.refusal(event), by=self.dm)
        return fresh(event)

    def posting(self, **changes: Any) -> workflow.Posting:
        values: dict[str, Any] = {
            "payment": "ledger",
            "voucher_no": "PZ-0087",
            "amount": Decimal("210.70"),
            "account": "A-1203",
            "password": PASSWORD,
        }
        return workflow.Posting(**(values | changes))

    def posted(self) -> Event:
        event = self.signed()
        workflow.post_damage(event, self.posting(), by=self.cashier)
        return fresh(event)


def ruling(decision: str, reason: str, **changes: Any) -> workflow.Ruling:
    """What a manager decides, signed."""
    return workflow.Ruling(decision, reason, password=PASSWORD, **changes)


def slip(event: Event) -> Compensation:
    """The slip of the event that is not cancelled."""
    return event.compensations.exclude(status="cancelled").get()
