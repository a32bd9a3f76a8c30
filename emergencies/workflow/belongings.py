"""遗物 (E-6): counted by two after the release, kept, handed over against papers and a signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils.translation import gettext as _

from emergencies.models import Belonging, Event, Handover, Inventory
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence, seals
from emergencies.workflow import marking
from emergencies.workflow.base import begin, finish, now_and, since_start
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.together import beside, withdraw
from propdesk.core import audit, persons, photos
from propdesk.core.images import Photo
from propdesk.core.models import Person, PersonSignature, User
from propdesk.core.persons import Guest
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, require

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Thing:
    """One line: a thing, or one denomination of cash, which goes into the safe."""

    text: str
    count: int = 1
    found_in: str = ""
    in_safe: bool = False
    currency: str = ""
    denomination: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who receives, with which papers, and how he signs: drawn here, or a scan of the paper."""

    to: str
    name: str
    id_type: str
    id_number: str
    papers: str
    phone: str = ""
    drawn: bytes = b""
    scan: bytes = b""
    device: str = ""
    handed_at: datetime | None = None


# --- counting --------------------------------------------------------------------------------


@transaction.atomic
def count_belongings(
    event: Event,
    things: Sequence[Thing],
    second: Second,
    pictures: Sequence[bytes],
    *,
    by: User,
    is_empty: bool = False,
    counted_at: datetime | None = None,
    reason: str = "",
) -> Inventory:
    """清点遗物造册: by two people who are both there, after the release; photo required.

    Counted again with a reason while nothing was handed over; ``is_empty`` (没有遗物) ends the step.
    """
    ready = photos.prepare_all(pictures)
    event, _stand = begin(event, "count_belongings", by)
    check_count(event)
    _check(things, ready, is_empty=is_empty)
    now, at = now_and(counted_at)
    since_start("counted_at", at, now, event)
    old = event.inventories.select_for_update(no_key=True).filter(superseded_at=None).first()
    rows = _superseded(event, old, reason, by, now)
    with photos.all_or_none() as kept:
        for photo in ready:
            kept.append(photos.store(event.case, photo, by=by, caption=_("遗物清点")))
        row = Inventory(
            event=event,
            seq=old.seq + 1 if old else 1,
            counted_by=by,
            photo=kept[0],
            counted_at=at,
            counted_with=second.user,
            signature=beside(event, second, by=by),
            is_empty=is_empty,
            reason=reason.strip()[:200] if old else "",
            at=now,
        )
        audit.save(row, by=by, reason=_("清点遗物"))
        rows += [*kept, row, *_listed(row, things, by)]
        if is_empty:
            text = _("没有遗物")
            rows += fulfilled(event, Register.BELONGINGS, by=by, now=now, at=at, text=text)
        info = {"inventory": row.seq}
        finish(event, [], *rows, by=by, action="count_belongings", info=info, occurred_at=at)
    return row


def check_count(event: Event) -> None:
    """ConflictError while the room is sealed, nothing lets it be entered, or something was given away."""
    require(seals.has_step(event, Register.BELONGINGS), _("这类事件的预案里没有遗物清点。"))
    require(not seals.active(event).exists(), _("没有公安解除记录，不得清点遗物。"))
    lines = [s for s in evidence.look(event).steps if s.step.own == Register.BELONGINGS]
    require(any(line.applies for line in lines), _("没有公安解除记录，不得清点遗物。"))
    handed = seals.lines(event).filter(handover__isnull=False).exists()
    require(not handed, _("已有物品移交，不能再重新清点。"))


def _check(things: Sequence[Thing], ready: Sequence[Photo], *, is_empty: bool) -> None:
    errors: dict[str, str] = {}
    if is_empty and things:
        errors["is_empty"] = _("列了物品，就不要再勾“没有遗物”。")
    if not is_empty and not things:
        errors["things"] = _("请逐件列出；确实没有的，勾“没有遗物”。")
    if len(things) > MAX_LINES:
        errors["things"] = _("最多列200行，同类的合并写数量。")
    for number, thing in enumerate(things, start=1):
        if fault := _fault(thing):
            errors["things"] = _("第%(n)d行：%(fault)s") % {"n": number, "fault": fault}
            break
    if not ready:
        errors["photo"] = _("请给遗物拍照。")
    if errors:
        raise RefusedInput(**errors)


def _fault(thing: Thing) -> str:
    """What is wrong with a line; "" for nothing."""
    if not thing.text.strip() and not thing.currency:
        return _("没有写是什么。")
    if thing.count < 1:
        return _("数量至少是1。")
    if thing.currency and not (thing.denomination or 0) > 0:
        return _("现金要写币种、面额和张数。")
    if thing.currency and not thing.in_safe:
        return _("现金要放进保险柜，放好再勾选。")
    return ""


def _superseded(
    event: Event, old: Inventory | None, reason: str, by: User, now: datetime
) -> list[models.Model]:
    if old is None:
        return []
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么重新清点。"))
    old.superseded_at = now
    audit.save(old, "superseded_at", by=by, reason=reason)
    return [old, *withdraw(event, Register.BELONGINGS, by=by, now=now, reason=reason)]


def _listed(row: Inventory, things: Sequence[Thing], by: User) -> list[Belonging]:
    lines = [
        Belonging(
            inventory=row,
            position=number,
            text=thing.text.strip()[:120] or str(_("现金")),
            count=thing.count,
            found_in=thing.found_in.strip()[:80],
            in_safe=thing.in_safe,
            currency=thing.currency,
            denomination=thing.denomination if thing.currency else None,
        )
        for number, thing in enumerate(things, start=1)
    ]
    for line in lines:
        audit.save(line, by=by, reason=_("清点遗物"))
    return lines


# --- handing over ----------------------------------------------------------------------------


@transaction.atomic
def hand_over_belongings(
    event: Event,
    positions: Sequence[int],
    what: Receiver,
    second: Second,
    *,
    by: User,
) -> Handover:
    """移交遗物: lines of the list in force to the police or an heir, id seen, signed; then frozen.

    With the last line the step is done. RefusedInput names what is missing.
    """
    event, _stand = begin(event, "hand_over_belongings", by)
    now, at = now_and(what.handed_at)
    lines = _to_hand(event, positions)
    _check_receiver(what)
    happened("handed_at", at, now, not_before=lines[0].inventory.counted_at)
    beside(event, second, by=by)
    person, signature = _received(event, what, by, at)
    row = Handover(
        event=event,
        to=what.to,
        receiver=person,
        papers=what.papers.strip()[:120],
        signature=signature,
        signature_sha256=signature.sha256,
        handed_at=at,
        handed_by=by,
        handed_with=second.user,
        at=now,
    )
    audit.save(row, by=by, reason=_("移交遗物"))
    rows: list[models.Model] = [row, *_given(lines, row, by)]
    if not seals.lines(event).filter(handover=None).exists():
        rows += fulfilled(event, Register.BELONGINGS, by=by, now=now, at=at)
    info = {"handover": row.pk, "lines": len(lines), "to": what.to}
    finish(event, [], *rows, by=by, action="hand_over_belongings", info=info, occurred_at=at)
    return row


def check_hand_over(event: Event) -> None:
    """ConflictError when no line of the list in force is left to be handed over."""
    left = seals.lines(event).filter(handover=None).exists()
    require(left, _("没有待移交的遗物：先清点，或看看是不是已经移交完。"))


def _given(lines: list[Belonging], row: Handover, by: User) -> list[Belonging]:
    for line in lines:
        line.handover = row
        audit.save(line, "handover", by=by, reason=_("移交遗物"))
    return lines


def _to_hand(event: Event, positions: Sequence[int]) -> list[Belonging]:
    """The lines under lock; RefusedInput for none, ConflictError for one that is gone."""
    if not positions:
        raise RefusedInput(lines=_("请勾选这次移交的物品。"))
    found = Belonging.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "inventory"
    )
    rows = found.filter(
        inventory__event=event, inventory__superseded_at=None, position__in=set(positions)
    ).order_by("position")
    lines = list(rows)
    require(len(lines) == len(set(positions)), _("清单刚有变化，请看最新清单再勾选。"))
    gone = [line for line in lines if line.handover_id is not None]
    require(not gone, _("勾选的物品里有已经移交的，请看最新情况。"))
    return lines


def _check_receiver(what: Receiver) -> None:
    errors: dict[str, str] = {}
    if what.to not in Handover.To.values:
        errors["to"] = _("请选择移交给公安还是继承人。")
    if not what.name.strip():
        errors["name"] = _("请填写接收人姓名。")
    if not what.papers.strip():
        errors["papers"] = _("请写明凭什么手续，例如接收文书或继承公证的编号。")
    if not what.drawn and not what.scan:
        errors["signature"] = _("请接收人签名，或上传签好的纸质单。")
    if errors:
        raise RefusedInput(**errors)


def _received(
    event: Event, what: Receiver, by: User, at: datetime
) -> tuple[Person, PersonSignature]:
    """The receiver with the paper he showed, and his signature."""
    who = Guest(name=what.name.strip(), phone=what.phone, kind=Person.Kind.OUTSIDER)
    person = persons.create(event.case.property, who)
    persons.see_id(person, what.id_type, what.id_number)
    kind = PersonSignature.Kind.DRAWN if what.drawn else PersonSignature.Kind.SCAN
    data = what.drawn or what.scan
    device = what.device[:160]
    return person, persons.sign(person, kind, data, by=by, signed_at=at, device=device)


marking.OWNED.add(Register.BELONGINGS)
