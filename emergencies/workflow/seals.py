"""封存 (E-6): seals with witnesses, a check each shift, and no way out but the word of the police."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from emergencies.models import Event, RoomSeal, SealCheck, SealTag
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence, seals
from emergencies.queries import register_rows as _rows  # noqa: F401 -- fills the papers
from emergencies.workflow import commanding, marking, sweep
from emergencies.workflow.base import Rule, begin, finish, neutral, now_and, say, since_start
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.together import is_colleague
from propdesk.core import audit, clocks, duty, persons, photos
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, Person, Place, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, happened, require

TOLD = (Role.GENERAL_MANAGER, Role.SECURITY_MANAGER)
Witness = User | Guest


@dataclass(frozen=True, slots=True)
class Tag:
    """One numbered seal as it was put on the door."""

    number: str
    witnesses: Sequence[Witness]
    """Two people who saw it: colleagues, or somebody else by name."""
    applied_by: User | None = None
    """Who put it there; of a seal of the police whoever stood beside. None: who records it."""
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sealing:
    """A place that is sealed."""

    place: Place | None
    tag: Tag
    owner: str = RoomSeal.Owner.OURS
    cards: str = ""


# --- sealing ---------------------------------------------------------------------------------


@transaction.atomic
def seal(event: Event, what: Sealing, picture: bytes, *, by: User) -> RoomSeal:
    """贴封条 (E-6): the place is 封存 from here on; photo, two witnesses, cards cancelled.

    RefusedInput names what is missing; ConflictError for a place that is sealed already.
    """
    ready = _pictured(picture)
    event, _stand = begin(event, "seal", by)
    check_sealing(event)
    now, at = now_and(what.tag.applied_at)
    place = _check(event, what, at, now)
    row = RoomSeal(
        event=event,
        property=event.case.property,
        place=place,
        is_drill=event.is_drill,
        owner=what.owner,
        cards=what.cards,
        sealed_at=at,
        sealed_by=by,
    )
    audit.save(row, by=by, reason=_("贴封条"))
    rows: list[models.Model] = [row, *_tagged(event, row, what.tag, ready, by, at, now)]
    rows += fulfilled(event, Register.SEAL, by=by, now=now, at=at, text=what.tag.number)
    rows += looked(event, by, now, at, _("贴上封条"))
    finish(event, [], *rows, by=by, action="seal", info={"seal": row.pk}, occurred_at=at)
    return row


@transaction.atomic
def renew_seal(seal: RoomSeal, tag: Tag, picture: bytes, *, by: User, reason: str) -> RoomSeal:
    """换贴封条: a new number over one that was found broken; the place stays 封存 all the while."""
    ready = _pictured(picture)
    event, seal = hold_seal(seal, "renew_seal", by)
    now, at = now_and(tag.applied_at)
    happened("applied_at", at, now, not_before=seal.sealed_at)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么换封条。"))
    check_renewable(seal)
    rows = _tagged(event, seal, tag, ready, by, at, now, reason=reason)
    rows += looked(event, by, now, at, _("换贴封条"))
    info = {"seal": seal.pk}
    finish(event, [], *rows, by=by, action="renew_seal", reason=reason, info=info, occurred_at=at)
    return seal


def check_sealing(event: Event) -> None:
    """ConflictError for a kind of event in which nothing is sealed."""
    require(seals.has_step(event, Register.SEAL), _("这类事件的预案里没有封存。"))


def check_active(seal: RoomSeal) -> None:
    """ConflictError for a seal that the police have released."""
    require(seal.is_active, _("公安已经解除，请看最新情况。"))


def check_renewable(seal: RoomSeal) -> None:
    """ConflictError unless it stands, and was found broken when somebody looked last."""
    check_active(seal)
    last = seal.checks.order_by("-checked_at", "-pk").first()
    require(last and not last.is_intact, _("先登记封条破损，再换贴新的。"))


def hold_seal(seal: RoomSeal, action: str, by: User) -> tuple[Event, RoomSeal]:
    """Event and seal under lock; ConflictError for a seal that the police have released."""
    event, _stand = begin(seal.event, action, by)
    row = RoomSeal.objects.select_for_update(no_key=True, of=("self",)).get(pk=seal.pk, event=event)
    check_active(row)
    return event, row


def _pictured(picture: bytes) -> Photo:
    if not picture:
        raise RefusedInput(photo=_("请拍照：要看得清编号。"))
    return photos.prepare(picture)


def _check(event: Event, what: Sealing, at: datetime, now: datetime) -> Place:
    since_start("applied_at", at, now, event)
    errors: dict[str, str] = {}
    place = what.place
    if place is None or place.property_id != event.case.property_id:
        errors["place"] = _("请选择封存的房间或地点。")
    if what.owner not in RoomSeal.Owner.values:
        errors["owner"] = _("请选择是谁的封条。")
    if what.cards not in RoomSeal.Cards.values:
        errors["cards"] = _("请先作废这间房的全部房卡，再勾选。")
    if errors or place is None:
        raise RefusedInput(**errors)
    there = RoomSeal.objects.filter(place=place, released_at=None, is_drill=False)
    require(event.is_drill or not there.exists(), _("这个地点已经封存。"))
    return place


def _tagged(
    event: Event,
    seal: RoomSeal,
    tag: Tag,
    photo: Photo,
    by: User,
    at: datetime,
    now: datetime,
    reason: str = "",
) -> list[models.Model]:
    """The numbered seal with its photo and witnesses; returns every row written."""
    number = _fresh_number(event, tag.number)
    applied_by = tag.applied_by or by
    is_colleague(event, applied_by, "applied_by")
    seen = _witnesses(event, tag.witnesses, applied_by, by)
    kept = photos.store(event.case, photo, by=by, caption=_("封条"))
    row = SealTag(
        seal=seal,
        property=event.case.property,
        is_drill=event.is_drill,
        seq=seal.tags.count() + 1,
        number=number,
        applied_at=at,
        applied_by=applied_by,
        photo=kept,
        reason=reason.strip()[:200],
        at=now,
        by=by,
        **seen,
    )
    audit.save(row, by=by, reason=_("贴封条"))
    return [kept, row]


def _fresh_number(event: Event, typed: str) -> str:
    """The number as it is kept; RefusedInput for none, or one that was ever used in the property."""
    number = "".join(typed.split()).upper()[:30]
    if not number:
        raise RefusedInput(number=_("请填写封条编号；公安封条没有编号的，填“公安”加日期。"))
    used = SealTag.objects.filter(property=event.case.property, number=number, is_drill=False)
    if not event.is_drill and used.exists():
        raise RefusedInput(number=_("这个封条编号已经用过，请核对编号。"))
    return number


def _witnesses(
    event: Event, given: Sequence[Witness], applied_by: User, by: User
) -> dict[str, User | Person | None]:
    """Two different people, neither of them who put it on; RefusedInput otherwise.

    Somebody else by name is nobody of those who stand there with their own accounts.
    """
    people = [one for one in given if isinstance(one, User) or one.name.strip()]
    if len(people) != 2:
        raise RefusedInput(witness=_("请写明两名见证人。"))
    known = [one.pk if isinstance(one, User) else one.name.strip() for one in people]
    if known[0] == known[1] or applied_by.pk in known:
        raise RefusedInput(witness=_("张贴人和两名见证人必须是三个不同的人。"))
    present = {_same(one.name) for one in (applied_by, by, *people) if isinstance(one, User)}
    typed = [_same(one.name) for one in people if not isinstance(one, User)]
    if present & set(typed) or len(set(typed)) < len(typed):
        raise RefusedInput(
            witness=_("填写的姓名是在场同事本人，请换一名见证人，同事请从名单里选。")
        )
    found: dict[str, User | Person | None] = {}
    for number, one in enumerate(people, start=1):
        if isinstance(one, User):
            is_colleague(event, one, "witness")
            found[f"witness{number}"] = one
        else:
            found[f"witness{number}_person"] = persons.create(event.case.property, one)
    return found


def _same(name: str) -> str:
    """A name as it is compared: without the spaces of whoever typed it."""
    return "".join(name.split()).casefold()


# --- looking at it ---------------------------------------------------------------------------


@transaction.atomic
def check_seal(
    seal: RoomSeal,
    *,
    is_intact: bool,
    by: User,
    note: str = "",
    picture: bytes = b"",
    checked_at: datetime | None = None,
) -> SealCheck:
    """核查封条: once a shift; a broken one is told to 总物业经理 and 保安部经理 at once."""
    ready = photos.prepare(picture) if picture else None
    event, seal = hold_seal(seal, "check_seal", by)
    now, at = now_and(checked_at)
    happened("checked_at", at, now, not_before=seal.sealed_at)
    rows = checked(event, seal, is_intact, note, ready, by, at, now)
    text = _("完好") if is_intact else note.strip()
    rows += looked(event, by, now, at, text)
    info = {"seal": seal.pk, "intact": is_intact}
    finish(event, [], *rows, by=by, action="check_seal", info=info, occurred_at=at)
    check = next(row for row in rows if isinstance(row, SealCheck))
    if not is_intact:
        alarm(event, f"seal-broken:{check.pk}", by)
    return check


def checked(
    event: Event,
    seal: RoomSeal,
    is_intact: bool,
    note: str,
    photo: Photo | None,
    by: User,
    at: datetime,
    now: datetime,
) -> list[models.Model]:
    if not is_intact and not note.strip():
        raise RefusedInput(note=_("封条不完好，请写明看到的情况。"))
    if not is_intact and photo is None:
        raise RefusedInput(photo=_("封条不完好，请拍照。"))
    kept: list[models.Model] = []
    picture: Attachment | None = None
    if photo is not None:
        picture = photos.store(event.case, photo, by=by, caption=_("封条核查"))
        kept = [picture]
    row = SealCheck(
        seal=seal,
        is_intact=is_intact,
        note=note.strip()[:200],
        photo=picture,
        checked_at=at,
        at=now,
        by=by,
    )
    audit.save(row, by=by, reason=_("核查封条"))
    return [*kept, row]


def looked(event: Event, by: User, now: datetime, at: datetime, text: str) -> list[models.Model]:
    """One round of the step that asks for the checks, and the clock of the next shift."""
    clocks.arm(event.case, (Rule.UNCHECKED, _due_after(event, at)))
    return fulfilled(event, Register.SEAL_CHECK, by=by, now=now, at=at, text=text, is_round=True)


def _due_after(event: Event, at: datetime) -> datetime:
    """The end of the shift that follows the one in which somebody looked."""
    prop = event.case.property
    return duty.end_of_shift(prop, duty.end_of_shift(prop, at))


def alarm(event: Event, key: str, by: User | None) -> None:
    """At once, in words that give nothing away."""
    text = f"【{_('紧急')}】{neutral(event)} · {_('请立即查看')}"
    say(
        event,
        *TOLD,
        rule=Rule.CALL,
        text=text,
        key=key,
        also=[event.commander],
        by=by,
        urgent=True,
    )


def flag_unchecked(event: Event, due_at: datetime, now: datetime) -> None:
    """The sweep: a whole shift passed and nobody looked at a seal; told again each shift."""
    missed = [row for row in seals.active(event) if _due_after(event, _last_look(row)) < now]
    if not missed:
        return
    text = f"【{Rule.UNCHECKED.label}】{neutral(event)}"
    say(
        event,
        *TOLD,
        rule=Rule.UNCHECKED,
        text=text,
        key=f"{Rule.UNCHECKED}:{due_at.isoformat()}",
        also=[event.commander],
        urgent=True,
        due_at=due_at,
    )
    clocks.arm(event.case, (Rule.UNCHECKED, duty.end_of_shift(event.case.property, now)))
    info = {"rule": Rule.UNCHECKED, "due_at": due_at.isoformat(), "seals": len(missed)}
    finish(event, [], by=None, action="flag", info=info, occurred_at=due_at)


def _last_look(seal: RoomSeal) -> datetime:
    checked = seal.checks.order_by("-checked_at").values_list("checked_at", flat=True).first()
    return checked or seal.sealed_at


marking.OWNED |= {Register.SEAL, Register.SEAL_CHECK, Register.SEAL_RELEASE}
commanding.PROOFS.append(seals.proves_something)
evidence.REGISTERS.append(seals.fill)
sweep.REGISTERS[Rule.UNCHECKED] = flag_unchecked
