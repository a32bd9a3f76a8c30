"""An event of any kind walked to a given state through the workflow itself: no state is ever faked."""

import io
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone
from PIL import Image

from emergencies import workflow
from emergencies.models import Event, RoomSeal
from emergencies.playbooks.board import Board, StepLine
from emergencies.playbooks.schema import Fact, Step, StepField
from emergencies.queries import evidence
from emergencies.queries import seals as sealed
from propdesk.core.models import Department, Place, Property, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import (
    PASSWORD,
    DepartmentFactory,
    PlaceFactory,
    Post,
    PropertyFactory,
    members,
)
from tests.incidents.journey import drawn, keep_signatures

S = Event.Status
W = workflow
NAMES = {
    Role.STAFF: "陈明",
    Role.FRONT_DESK: "钱婷",
    Role.SECURITY: "李强",
    Role.SECURITY_MANAGER: "马涛",
    Role.ENGINEERING: "吴磊",
    Role.DUTY_ENGINEER: "郑浩",
    Role.HOUSEKEEPING: "孙丽",
    Role.MEDIC: "林医生",
    Role.FIRST_AIDER: "何静",
    Role.CASHIER: "许倩",
    Role.DEPARTMENT_MANAGER: "方芳",
    Role.DUTY_MANAGER: "周敏",
    Role.PROPERTY_MANAGER: "张岚",
    Role.GENERAL_MANAGER: "陈国栋",
}
SETTLING = {"restored": "yes", "settled": "yes", "fire_out": "yes", "body_removed": "yes"}
"""Answers that let an event end, where a plain no would not."""
_shades = count()


def photo(colour: "str | tuple[int, int, int] | None" = None) -> bytes:
    """A small JPEG, another one at each call: the same picture twice is refused on one case."""
    number = next(_shades)
    picture = Image.new("RGB", (96, 64), colour or "navy")
    for bit in range(16):  # its number in black and white blocks, which no compression loses
        if number >> bit & 1:
            picture.paste(
                "white", (bit % 8 * 12, bit // 8 * 32, bit % 8 * 12 + 12, bit // 8 * 32 + 32)
            )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    return out.getvalue()


def fresh(event: Event) -> Event:
    """The event read anew with what its transitions read."""
    rows = Event.objects.select_related("case__property__settings", "playbook", "commander")
    return rows.get(pk=event.pk)


def ago(**span: float) -> Any:
    """A moment before now."""
    return timezone.now() - timedelta(**span)


def board(event: Event) -> Board:
    """How the event stands in the database now."""
    return evidence.look(fresh(event))


def value_of(spec: StepField, by: User) -> Any:
    """Something to write into a field, as it is stored."""
    now = timezone.now()
    return {
        "text": "照预案办理",
        "long_text": "到场查看，情况属实。",
        "number": 0,
        "money": "100.00",
        "time": now.isoformat(),
        "date": now.date().isoformat(),
        "choice": spec.options[0].code if spec.options else "",
        "bool": True,
        "person": {"user": by.pk} if spec.who in (None, "staff") else "刘警官",
    }[spec.type.value]


@dataclass
class House:
    """A property with one person per role; everybody keeps a signature."""

    prop: Property = field(default_factory=PropertyFactory)

    def __post_init__(self) -> None:
        self.security: Department = DepartmentFactory(property=self.prop, name="保安部")
        guards = (Role.SECURITY, Role.SECURITY_MANAGER)
        posts = [
            Post(role, name, self.security if role in guards else None)
            for role, name in NAMES.items()
        ]
        *people, self.guard2, self.dm2 = members(
            self.prop,
            *posts,
            Post(Role.SECURITY, "赵刚", self.security),
            # A duty manager of another shift: no reader of what is confidential.
            Post(Role.DUTY_MANAGER, "高翔"),
        )
        self.people: dict[Role, User] = dict(zip(NAMES, people, strict=True))
        keep_signatures(*people, self.guard2, self.dm2)
        self.room: Place = PlaceFactory(
            property=self.prop, kind=Place.Kind.ROOM, name="1806", code="A-1806", label="A座 1806"
        )
        self.floor: Place = PlaceFactory(property=self.prop, kind=Place.Kind.FLOOR, name="18层")
        self.other_room: Place = PlaceFactory(
            property=self.prop, kind=Place.Kind.ROOM, name="1807", code="A-1807", label="A座 1807"
        )

    def __getattr__(self, name: str) -> User:
        """``house.duty_manager`` and the rest by role; short names below."""
        people = self.__dict__.get("people", {})
        try:
            return people[SHORT.get(name) or Role(name)]
        except (KeyError, ValueError):
            raise AttributeError(name) from None

    # --- walking ---------------------------------------------------------------------------

    def started(self, kind: str, *, by: User | None = None, **changes: Any) -> Event:
        """One tap; nothing answered. ``changes`` are fields of ``workflow.Start``."""
        what = replace(W.Start(kind, place=self.room), **changes)
        return fresh(W.start(self.prop, what, by=by or self.dm))

    def answer(self, event: Event, key: str, value: str, *, by: User | None = None) -> None:
        """Answer a question, or change its answer."""
        now = event.answers.filter(key=key, superseded_at=None).first()
        if now is not None and now.value == value:
            return
        seen, reason = (now.seq, "看错了") if now else (0, "")
        W.answer(fresh(event), key, value, by=by or event.commander, seen=seen, reason=reason)

    def answered(self, event: Event, *, late: bool = True, **answers: str) -> Event:
        """Answer every question that arises: as told, else so that the event may end, else plainly.

        What a register answers (the release by the police) is left to it.
        """
        while True:
            waiting = [
                q.fact
                for q in board(event).questions
                if q.is_open and q.fact.key != "police_released" and (late or q.is_current)
            ]
            if not waiting:
                return fresh(event)
            for fact in waiting:
                self.answer(event, fact.key, answers.get(fact.key) or plain_answer(fact))

    def called(self, event: Event, *, except_: Collection[str] = ()) -> Event:
        """Every notice that applies is told, and confirmed where it has to be."""
        for line in board(event).notices:
            spec = line.notice
            if not line.applies or spec.id in except_:
                continue
            row = event.calls.filter(notice=spec.id).first()
            if row is not None and row.needs_ack and row.acked_at is None:
                W.acknowledge(fresh(event), spec.id, by=self.people[Role(row.role)])
            if row is None or row.told_at is None:
                told = W.Told(spec.by_hand[0] if spec.by_hand else "phone", whom="接警台 08")
                W.tell(fresh(event), spec.id, told, by=event.commander)
        return fresh(event)

    def marked(self, event: Event, *, except_: Collection[str] = ()) -> Event:
        """Every step that applies is done with the proof it asks for, registers and all."""
        for _round in range(4):  # a register may answer a question that opens further steps
            waiting = [
                line
                for line in board(event).steps
                if line.applies and line.state in {"open", "reopened"} and line.step.required
            ]
            waiting = [line for line in waiting if line.step.id not in except_]
            if not waiting:
                break
            for line in waiting:
                self.mark(event, line.step.id)
        return fresh(event)

    def mark(self, event: Event, step: str) -> None:
        """Do one step, if it still is to be done; by its register where it has one."""
        line = board(event).lines[step]
        if line.state not in {"open", "reopened"} or not line.applies:
            return
        spec = line.step
        by = self.doer(event, spec)
        if spec.own in OWN:
            OWN[spec.own](self, fresh(event))
            return
        if spec.opens and not event.children.filter(kind=spec.opens).exists():
            W.open_child(fresh(event), spec.opens, by=by)
        if spec.repeat is not None and spec.repeat.until is not None:
            if not event.marks.filter(step=step, superseded_at=None).exists():
                W.one_round(fresh(event), step, self.proof(event, spec, by), by=by)
            return
        if line.state == "reopened":
            W.confirm_again(fresh(event), step, by=by, seen=_seen(event, step))
            return
        W.done(fresh(event), step, self.proof(event, spec, by), by=by, seen=_seen(event, step))

    def proof(self, event: Event, spec: Step, by: User) -> workflow.Proof:
        """Everything the step asks for: words, fields by type, photo, contact, signature."""
        wanted = {e.value for e in spec.evidence}
        return W.Proof(
            text="照预案办理",
            values={f.key: value_of(f, self.people[f.role] if f.role else by) for f in spec.fields},
            pictures=[photo()] if wanted & {"photo", "file"} else (),
            contact=Guest(name="王晓梅", phone="13800005678")
            if wanted & {"contact", "guest_signature"}
            else None,
            password=PASSWORD if "signature" in wanted else "",
            drawn=drawn() if "guest_signature" in wanted else b"",
        )

    def doer(self, event: Event, spec: Step) -> User:
        """Who does a step: its role when it may, the commander else."""
        user = self.people.get(Role(spec.by)) if spec.by in Role.values else None
        if user is None:
            return event.commander
        reads = event.readers.filter(user=user, ended_at=None).exists()
        return user if reads or not event.case.restricted else event.commander

    def ready(self, kind: str, **answers: str) -> Event:
        """Nothing stands in the way of ending it."""
        event = self.answered(self.started(kind), **answers)
        event = self.called(event)
        event = self.marked(event)
        return self.called(event)

    def ended(self, kind: str, **answers: str) -> Event:
        """处置已结束，待签批."""
        event = self.ready(kind, **answers)
        return fresh(W.end(event, by=event.commander, summary="已处置完毕"))

    # --- seals -----------------------------------------------------------------------------

    def tag(self, number: str = "FQ-0001", **changes: Any) -> workflow.Tag:
        return replace(W.Tag(number, (self.guard, self.guard2), applied_by=self.sec), **changes)

    def sealing(self, number: str = "FQ-0001", **changes: Any) -> workflow.Sealing:
        what = W.Sealing(self.room, self.tag(number), cards="cancelled")
        return replace(what, **changes)

    def dead(self, **answers: str) -> Event:
        """A death on the premises; everything answered but what comes late."""
        said = {"certainly_dead": "yes", "at_premises": "yes"} | answers
        return self.answered(self.started("death"), late=False, **said)

    def sealed(self, event: Event | None = None, number: str = "FQ-0001") -> RoomSeal:
        event = event or self.dead()
        row = W.seal(fresh(event), self.sealing(number), photo(), by=self.sec)
        return RoomSeal.objects.select_related("event__case").get(pk=row.pk)

    def release(self, **changes: Any) -> workflow.Release:
        what = W.Release(
            second=W.Second(self.sec, PASSWORD),
            released_at=timezone.now(),
            way="written",
            officer="刘建国",
            badge="012345",
            unit="城南派出所",
            document_number="城公（解）字〔2026〕7号",
        )
        return replace(what, **changes)

    def released(self, seal: RoomSeal | None = None) -> RoomSeal:
        seal = seal or self.sealed()
        W.release_seal(seal, self.release(), photo(), by=self.gm)
        return RoomSeal.objects.select_related("event__case").get(pk=seal.pk)

    # --- belongings ------------------------------------------------------------------------

    def counted(self, event: Event | None = None) -> Event:
        """The belongings of a released room on a list of three lines."""
        event = event or self.released().event
        second = W.Second(self.pm, PASSWORD)
        W.count_belongings(fresh(event), THINGS, second, [photo()], by=self.sec)
        return fresh(event)

    def receiver(self, **changes: Any) -> workflow.Receiver:
        what = W.Receiver(
            to="heir",
            name="吴秀英",
            id_type="passport",
            id_number="E12345678",
            papers="继承公证书〔2026〕城证字第88号",
            drawn=drawn(),
        )
        return replace(what, **changes)

    # --- headcount -------------------------------------------------------------------------

    def burning(self, **answers: str) -> Event:
        """A real fire, the whole building out."""
        said = {"confirmed": "real", "evacuate": "building"} | answers
        return self.answered(self.started("fire"), late=False, **said)

    def roll(self, event: Event, missing: int = 0, *lists: str) -> Event:
        """All three lists counted (or those named); ``missing`` residents do not answer."""
        for name in lists or ("residents", "visitors", "staff"):
            gone = missing if name == "residents" else 0
            what = W.Count(name, 20, 20 - gone, rest_unknown=gone > 0)
            W.roll_call(fresh(event), what, by=self.desk)
        return fresh(event)


SHORT = {
    "dm": Role.DUTY_MANAGER,
    "pm": Role.PROPERTY_MANAGER,
    "gm": Role.GENERAL_MANAGER,
    "guard": Role.SECURITY,
    "sec": Role.SECURITY_MANAGER,
    "desk": Role.FRONT_DESK,
    "cleaner": Role.HOUSEKEEPING,
}
THINGS = (
    W.Thing("黑色行李箱", found_in="衣柜"),
    W.Thing("护照一本", in_safe=True),
    W.Thing("", count=12, in_safe=True, currency="CNY", denomination=Decimal("100.00")),
)


def plain_answer(fact: Fact) -> str:
    """What lets an event end, else no, else the first option."""
    return SETTLING.get(fact.key) or ("no" if fact.type == "bool" else fact.options[0].code)


def _seen(event: Event, step: str) -> int:
    rows = event.marks.filter(step=step, superseded_at=None).exclude(outcome="round")
    return rows.values_list("seq", flat=True).first() or 0


# --- steps that a register does ------------------------------------------------------------------


def _seal(house: House, event: Event) -> None:
    number = f"FQ-{event.pk}-{event.seals.count()}"
    what = house.sealing(number, place=event.place or house.room)
    W.seal(event, what, photo(), by=house.sec)


def _release(house: House, event: Event) -> None:
    for row in sealed.active(event):
        W.release_seal(row, house.release(), photo(), by=house.gm)


def _look(house: House, event: Event) -> None:
    for row in sealed.active(event):
        W.check_seal(row, is_intact=True, by=house.sec)


def _belongings(house: House, event: Event) -> None:
    second = W.Second(house.pm, PASSWORD)
    if sealed.inventory(event) is None:
        W.count_belongings(event, THINGS, second, [photo()], by=house.sec)
    positions = [line.position for line in sealed.lines(event).filter(handover=None)]
    W.hand_over_belongings(event, positions, house.receiver(), second, by=house.sec)


def _sweep(house: House, event: Event) -> None:
    W.sweep_floor(event, W.Swept(house.floor, doors=20, is_last=True), by=house.cleaner)


def _roll(house: House, event: Event) -> None:
    house.roll(event)


def _fire_service(house: House, event: Event) -> None:
    W.hand_to_fire_service(event, W.Handed("孙队长", "城南消防站"), by=house.sec)


def _losses(house: House, event: Event) -> None:
    W.list_losses(event, [W.Loss("银色手表")], by=house.dm)
    _by_hand(house, event, "loss_list")


def _affected(house: House, event: Event) -> None:
    row = W.add_affected(event, W.Hit(place_note="A座整栋"), by=house.dm)
    W.inform_affected(event, [row], by=house.dm, via="group_chat")
    _by_hand(house, event, "affected")


def _by_hand(house: House, event: Event, own: str) -> None:
    """Tick the steps of a register that only has to hold something first."""
    for line in _waiting(event, own):
        by = house.doer(event, line.step)
        proof = house.proof(event, line.step, by)
        W.done(fresh(event), line.step.id, proof, by=by, seen=_seen(event, line.step.id))


def _waiting(event: Event, own: str) -> list[StepLine]:
    found = [line for line in board(event).steps if line.step.own == own and line.applies]
    return [line for line in found if line.state in {"open", "reopened"}]


def _price(house: House, event: Event) -> None:
    line = W.Line("台灯", 1, "盏", Decimal("180.00"))
    W.price(event, [line], by=house.dm, basis="公示价目第3页")


def _inform(house: House, event: Event) -> None:
    said = event.answers.filter(key="guest_position", superseded_at=None).first()
    position = said.value if said else "agree"
    objection = "用了三年，太贵" if position == "dispute" else ""
    W.inform_guest(event, W.Informed("in_person", position, objection=objection), by=house.dm)


def _decide(house: House, event: Event) -> None:
    W.decide_damage(event, W.Ruling("uphold", "价目公示在房内", password=PASSWORD), by=house.pm)


def _sign(house: House, event: Event) -> None:
    payer = W.add_party(event, "guest", Guest(name="刘洋"), by=house.dm)
    how = W.Signed(payer=payer, drawn=drawn(), password=PASSWORD)
    W.sign_damage(fresh(event), how, by=house.dm)


def _post(house: House, event: Event) -> None:
    slip = event.compensations.exclude(status="cancelled").get()
    how = W.Posting("ledger", "PZ-0087", slip.signed_amount, account="A-1806", password=PASSWORD)
    W.post_damage(event, how, by=house.cashier)


OWN: dict[str, Callable[[House, Event], None]] = {
    "seal": _seal,
    "seal_check": _look,
    "seal_release": _release,
    "belongings": _belongings,
    "floor_sweep": _sweep,
    "roll_call": _roll,
    "fire_handover": _fire_service,
    "loss_list": _losses,
    "affected": _affected,
    "pricing": _price,
    "informing": _inform,
    "decision": _decide,
    "compensation": _sign,
    "posting": _post,
}
