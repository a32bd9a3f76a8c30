"""Every act on an event as data: how to get ready for it and how to do it.

The tests of roles and states run over this table, and refuse to run without a row for each act.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from emergencies import workflow
from emergencies.models import Affected, Event, LossItem, Party, ReviewAction
from propdesk.core.models import Attachment, Person, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.emergencies.journey import House, fresh, photo
from tests.factories import PASSWORD, CaseFactory
from tests.incidents.journey import drawn

W = workflow
Ready = Callable[[House], Event]
Do = Callable[[House, Event, User], Any]
OTHER = "TS-20200101-001"
NOBODY = frozenset[Role]()


@dataclass(frozen=True, slots=True)
class Act:
    """``name`` of the function, ``action`` that permits it.

    ``author``: a relation of a person who is refused with 409 for what he did himself;
    ``only``: roles the act is left to beyond the table (403), by rank or because the call is theirs.
    """

    name: str
    action: str
    ready: Ready
    do: Do
    author: str = ""
    only: frozenset[Role] = NOBODY


# --- getting ready ---------------------------------------------------------------------------


def theft(house: House) -> Event:
    return house.started("theft")


def outage(house: House) -> Event:
    return house.started("power_outage")


def asked(house: House) -> Event:
    """A question is open and a step waits for nothing but its tick."""
    return house.started("theft")


def done_once(house: House) -> Event:
    """A mark was made under an answer that has changed since."""
    event = house.started("theft")
    house.answer(event, "forced_entry", "yes")
    house.mark(event, "T21")
    house.answer(event, "forced_entry", "no")
    house.answer(event, "major_loss", "yes")
    return fresh(event)


def called(house: House) -> Event:
    """Two households or colleagues wait to be told, one call waits to be confirmed."""
    return house.started("theft")


def to_end(house: House) -> Event:
    return house.ready("power_outage")


def half_done(house: House) -> Event:
    """Only a practice step is open: a manager may let it pass."""
    event = house.answered(house.started("power_outage"))
    event = house.called(event)
    event = house.marked(event, except_={"P31"})
    return house.called(event)


def ended(house: House) -> Event:
    return house.ended("power_outage")


def in_review(house: House) -> Event:
    event = ended(house)
    when = timezone.localdate() + timedelta(days=7)
    W.review(event, "响应快", [W.Action("换应急灯", house.desk, when)], by=house.pm)
    return fresh(event)


def drilled(house: House) -> Event:
    """A drill that is over and whose record is signed: it may be archived."""
    event = house.started("fire", is_drill=True)
    W.end(event, by=house.dm, summary="疏散用时四分钟")
    return fresh(event)


def lost(house: House) -> Event:
    event = theft(house)
    W.list_losses(event, [W.Loss("银色手表", value=Decimal("5200.00"))], by=house.dm)
    return fresh(event)


def hit(house: House) -> Event:
    event = outage(house)
    W.add_affected(event, W.Hit(place=house.room, claim="冰箱食品"), by=house.dm)
    return fresh(event)


def beside_another(house: House) -> Event:
    CaseFactory(property=house.prop, number=OTHER, created_by=house.dm)
    return theft(house)


def hit_beside_another(house: House) -> Event:
    CaseFactory(property=house.prop, number=OTHER, created_by=house.dm)
    return hit(house)


def met(house: House) -> Event:
    event = theft(house)
    W.add_party(event, "guest", Guest(name="王晓梅", phone="13800005678"), by=house.dm)
    return fresh(event)


def pictured(house: House) -> Event:
    event = theft(house)
    W.attach(event, [photo()], by=house.dm)
    return fresh(event)


def brawl(house: House) -> Event:
    event = house.started("drunk_guest")
    house.answer(event, "damage", "yes")
    return fresh(event)


def damage(house: House) -> Event:
    event = house.started("property_damage")
    house.answer(event, "cause", "accident")
    return fresh(event)


def priced(house: House) -> Event:
    event = damage(house)
    line = W.Line("台灯", 1, "盏", Decimal("180.00"))
    W.price(event, [line], by=house.dm, basis="公示价目第3页")
    return fresh(event)


def informed(house: House) -> Event:
    event = priced(house)
    W.inform_guest(event, W.Informed("phone", "agree"), by=house.dm)
    W.add_party(fresh(event), "guest", Guest(name="刘洋"), by=house.dm)
    return fresh(event)


def disputed(house: House) -> Event:
    event = priced(house)
    W.inform_guest(event, W.Informed("phone", "dispute", objection="太贵"), by=house.dm)
    return fresh(event)


def decided(house: House) -> Event:
    event = disputed(house)
    W.decide_damage(event, W.Ruling("uphold", "价目如此", password=PASSWORD), by=house.pm)
    W.add_party(fresh(event), "guest", Guest(name="刘洋"), by=house.dm)
    return fresh(event)


def signed(house: House) -> Event:
    event = informed(house)
    W.sign_damage(event, _signed(event), by=house.dm)
    return fresh(event)


def fire(house: House) -> Event:
    return house.burning()


# --- doing -----------------------------------------------------------------------------------


def _signed(event: Event) -> workflow.Signed:
    return W.Signed(payer=party_of(event), drawn=drawn(), password=PASSWORD)


def party_of(event: Event) -> Party:
    """Somebody concerned, or a stray row of one."""
    found = event.parties.first()
    if found is not None:
        return found
    person = Person.objects.create(property=event.case.property, name="路人")
    return Party.objects.create(
        event=event, person=person, part="guest", by=event.commander, at=timezone.now()
    )


def photo_of(event: Event) -> Attachment:
    """The newest photo, or a stray row of one."""
    found = event.case.attachments.order_by("-pk").first()
    return found or Attachment.objects.create(
        case=event.case,
        sha256="0" * 64,
        width=1,
        height=1,
        size=1,
        uploaded_by=event.commander,
        uploaded_at=timezone.now(),
    )


def loss_of(event: Event) -> LossItem:
    """A thing on the list, or a stray row of one."""
    found = event.losses.first()
    return found or LossItem.objects.create(
        event=event, position=1, name="手表", by=event.commander, at=timezone.now()
    )


def affected_of(event: Event) -> Affected:
    """A household, or a stray row of one."""
    found = event.affected.first()
    return found or Affected.objects.create(
        event=event, place_note="A座", by=event.commander, at=timezone.now()
    )


def action_of(event: Event) -> ReviewAction:
    """An action of the review, or a stray row of one."""
    found = event.actions.first()
    return found or ReviewAction.objects.create(
        event=event,
        position=1,
        text="换灯",
        owner=event.commander,
        due_on=timezone.localdate(),
        by=event.commander,
        at=timezone.now(),
    )


def _done(_house: House, event: Event, by: User) -> Any:
    return W.done(event, "T13", W.Proof(text="查过了"), by=by)


def _round(_house: House, event: Event, by: User) -> Any:
    proof = W.Proof(text="正在查原因", values={"text": "正在查原因", "channel": "住户群"})
    return W.one_round(event, "P30", proof, by=by)


def _again(_house: House, event: Event, by: User) -> Any:
    seen = event.marks.filter(step="T21", superseded_at=None).first()
    return W.confirm_again(event, "T21", by=by, seen=seen.seq if seen else 0)


def _review(house: House, event: Event, by: User) -> Any:
    when = timezone.localdate() + timedelta(days=7)
    return W.review(event, "响应快", [W.Action("换应急灯", house.desk, when)], by=by)


def _price(_house: House, event: Event, by: User) -> Any:
    line = W.Line("台灯", 1, "盏", Decimal("180.00"))
    return W.price(event, [line], by=by, basis="公示价目第3页")


def _inform(_house: House, event: Event, by: User) -> Any:
    return W.inform_guest(event, W.Informed("phone", "agree"), by=by)


def _post(_house: House, event: Event, by: User) -> Any:
    posting = W.Posting("cash", "SJ-0087", Decimal("180.00"), password=PASSWORD)
    return W.post_damage(event, posting, by=by)


ACTS: tuple[Act, ...] = (
    Act("answer", "answer", asked, lambda h, e, by: W.answer(e, "major_loss", "yes", by=by)),
    Act("done", "mark", asked, _done),
    Act("one_round", "mark", outage, _round),
    Act(
        "not_needed",
        "mark",
        asked,
        lambda h, e, by: W.not_needed(e, "T13", by=by, reason="刚查过"),
    ),
    Act("confirm_again", "mark", done_once, _again),
    Act("tell", "tell", called, lambda h, e, by: W.tell(e, "N1", W.Told("radio"), by=by)),
    Act(
        "not_told",
        "tell",
        called,
        lambda h, e, by: W.not_told(e, "N1", by=by, reason="已经在场"),
    ),
    Act(
        "acknowledge",
        "acknowledge",
        called,
        lambda h, e, by: W.acknowledge(e, "N1", by=by),
        only=frozenset({Role.SECURITY, Role.SECURITY_MANAGER}),
    ),
    Act("note", "note", theft, lambda h, e, by: W.note(e, "走廊灯灭着", by=by)),
    Act("attach", "attach", theft, lambda h, e, by: W.attach(e, [photo()], by=by)),
    Act(
        "remove_attachment",
        "remove_attachment",
        pictured,
        lambda h, e, by: W.remove_attachment(e, photo_of(e), by=by, reason="拍错"),
    ),
    Act(
        "add_party",
        "add_party",
        theft,
        lambda h, e, by: W.add_party(e, "witness", Guest(name="路人"), by=by),
    ),
    Act(
        "edit_party",
        "edit_party",
        met,
        lambda h, e, by: W.edit_party(
            e, party_of(e), Guest(name="王晓美", phone=None), by=by, reason="写错字"
        ),
    ),
    Act(
        "unmask",
        "unmask",
        met,
        lambda h, e, by: W.unmask(e, party_of(e).person, by=by, reason="回电话"),
    ),
    Act("hand_over", "hand_over", theft, lambda h, e, by: W.hand_over(e, h.gm, by=by)),
    Act(
        "correct_place",
        "correct_place",
        theft,
        lambda h, e, by: W.correct_place(e, h.other_room, "", by=by, reason="听错房号"),
    ),
    Act("link", "link", beside_another, lambda h, e, by: W.link(e, OTHER, by=by)),
    Act(
        "open_child",
        "open_child",
        brawl,
        lambda h, e, by: W.open_child(e, "property_damage", by=by),
    ),
    Act("end", "end", to_end, lambda h, e, by: W.end(e, by=by, summary="已恢复")),
    Act(
        "override_end",
        "override_end",
        half_done,
        lambda h, e, by: W.override_end(e, by=by, summary="已恢复", reason="人手不够"),
        author="own",
    ),
    Act("reopen", "reopen", ended, lambda h, e, by: W.reopen(e, by=by, reason="又停了")),
    Act("void", "void", theft, lambda h, e, by: W.void(e, by=by, reason="误报")),
    Act("review", "review", ended, _review),
    Act(
        "list_losses",
        "list_losses",
        theft,
        lambda h, e, by: W.list_losses(e, [W.Loss("戒指")], by=by),
    ),
    Act(
        "strike_loss",
        "list_losses",
        lost,
        lambda h, e, by: W.strike_loss(e, loss_of(e), by=by, reason="记错"),
    ),
    Act(
        "recover_loss",
        "recover_loss",
        lost,
        lambda h, e, by: W.recover_loss(e, loss_of(e), by=by, where="床缝"),
    ),
    Act(
        "add_affected",
        "add_affected",
        outage,
        lambda h, e, by: W.add_affected(e, W.Hit(place_note="B座"), by=by),
    ),
    Act(
        "inform_affected",
        "inform_affected",
        hit,
        lambda h, e, by: W.inform_affected(e, [affected_of(e)], by=by, via="phone"),
    ),
    Act(
        "link_claim",
        "link",
        hit_beside_another,
        lambda h, e, by: W.link_claim(e, affected_of(e), OTHER, by=by),
    ),
    Act("price", "price", damage, _price),
    Act("inform_guest", "inform_guest", priced, _inform),
    Act(
        "decide_damage",
        "decide_damage",
        disputed,
        lambda h, e, by: W.decide_damage(e, W.Ruling("waive", "小额", password=PASSWORD), by=by),
    ),
    Act(
        "decline_damage",
        "decline_damage",
        decided,
        lambda h, e, by: W.decline_damage(
            e, W.Declined(party_of(e), "不签", None, PASSWORD), by=by
        ),
    ),
    Act(
        "sign_damage",
        "sign_damage",
        informed,
        lambda h, e, by: W.sign_damage(e, _signed(e), by=by),
    ),
    Act("post_damage", "post_damage", signed, _post),
    Act(
        "cancel_damage",
        "cancel_damage",
        signed,
        lambda h, e, by: W.cancel_damage(e, by=by, reason="写错"),
    ),
    Act(
        "sweep_floor",
        "sweep_floor",
        fire,
        lambda h, e, by: W.sweep_floor(e, W.Swept(h.floor, doors=20), by=by),
    ),
    Act(
        "roll_call",
        "roll_call",
        fire,
        lambda h, e, by: W.roll_call(e, W.Count("staff", 5, 5), by=by),
    ),
)
BY_ID = {f"{act.name}-{act.action}": act for act in ACTS}
