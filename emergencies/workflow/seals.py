"""封存 (E-6): seals with witnesses, a check each shift, and no way out but the word of the police."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from emergencies.models import Event, RoomSeal, SealCheck, SealTag
from emergencies.playbooks import conditions
from emergencies.playbooks.schema import Step
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence, seals
from emergencies.queries import register_rows as _rows  # noqa: F401 -- fills the papers
from emergencies.workflow import answering, commanding, ending, marking, starting, sweep
from emergencies.workflow.base import Rule, begin, finish, neutral, now_and, say
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.together import Second, beside, is_colleague
from propdesk.core import audit, clocks, duty, persons, photos
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, Person, Place, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, happened, require

RELEASED = "police_released"
"""The question the release answers: what comes after it (清扫、清点、出租) hangs on its yes."""
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


@dataclass(frozen=True, slots=True)
class Release:
    """The word of the police, complete or none at all, and how the seal was found at that moment."""

    second: Second
    released_at: datetime | None = None
    way: str = ""
    officer: str = ""
    badge: str = ""
    unit: str = ""
    document_number: str = ""
    is_intact: bool = True
    note: str = ""


# --- sealing ---------------------------------------------------------------------------------


@transaction.atomic
def seal(event: Event, what: Sealing, picture: bytes, *, by: User) -> RoomSeal:
    """贴封条 (E-6): the place is 封存 from here on; photo, two witnesses, cards cancelled.

    RefusedInput names what is missing; ConflictError for a place that is sealed already.
    """
    ready = _pictured(picture)
    event, _stand = begin(event, "seal", by)
    require(seals.has_step(event, Register.SEAL), _("这类事件的预案里没有封存。"))
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
    rows += _looked(event, by, now, at, _("贴上封条"))
    finish(event, [], *rows, by=by, action="seal", info={"seal": row.pk}, occurred_at=at)
    return row


@transaction.atomic
def renew_seal(seal: RoomSeal, tag: Tag, picture: bytes, *, by: User, reason: str) -> RoomSeal:
    """换贴封条: a new number over one that was found broken; the place stays 封存 all the while."""
    ready = _pictured(picture)
    event, seal = _hold(seal, "renew_seal", by)
    now, at = now_and(tag.applied_at)
    happened("applied_at", at, now, not_before=seal.sealed_at)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么换封条。"))
    last = seal.checks.order_by("-checked_at", "-pk").first()
    require(last and not last.is_intact, _("先登记封条破损，再换贴新的。"))
    rows = _tagged(event, seal, tag, ready, by, at, now, reason=reason)
    rows += _looked(event, by, now, at, _("换贴封条"))
    info = {"seal": seal.pk}
    finish(event, [], *rows, by=by, action="renew_seal", reason=reason, info=info, occurred_at=at)
    return seal


def _hold(seal: RoomSeal, action: str, by: User) -> tuple[Event, RoomSeal]:
    """Event and seal under lock; ConflictError for a seal that the police have released."""
    event, _stand = begin(seal.event, action, by)
    row = RoomSeal.objects.select_for_update(of=("self",)).get(pk=seal.pk, event=event)
    require(row.is_active, _("公安已经解除，请看最新情况。"))
    return event, row


def _pictured(picture: bytes) -> Photo:
    if not picture:
        raise RefusedInput(photo=_("请拍照：要看得清编号。"))
    return photos.prepare(picture)


def _check(event: Event, what: Sealing, at: datetime, now: datetime) -> Place:
    happened("applied_at", at, now, not_before=event.occurred_at)
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
    seen = _witnesses(event, tag.witnesses, applied_by)
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
    event: Event, given: Sequence[Witness], applied_by: User
) -> dict[str, User | Person | None]:
    """Two different people, neither of them who put it on; RefusedInput otherwise."""
    people = [one for one in given if isinstance(one, User) or one.name.strip()]
    if len(people) != 2:
        raise RefusedInput(witness=_("请写明两名见证人。"))
    known = [one.pk if isinstance(one, User) else one.name.strip() for one in people]
    if known[0] == known[1] or applied_by.pk in known:
        raise RefusedInput(witness=_("张贴人和两名见证人必须是三个不同的人。"))
    found: dict[str, User | Person | None] = {}
    for number, one in enumerate(people, start=1):
        if isinstance(one, User):
            is_colleague(event, one, "witness")
            found[f"witness{number}"] = one
        else:
            found[f"witness{number}_person"] = persons.create(event.case.property, one)
    return found


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
    event, seal = _hold(seal, "check_seal", by)
    now, at = now_and(checked_at)
    happened("checked_at", at, now, not_before=seal.sealed_at)
    rows = _checked(event, seal, is_intact, note, ready, by, at, now)
    text = _("完好") if is_intact else note.strip()
    rows += _looked(event, by, now, at, text)
    info = {"seal": seal.pk, "intact": is_intact}
    finish(event, [], *rows, by=by, action="check_seal", info=info, occurred_at=at)
    check = next(row for row in rows if isinstance(row, SealCheck))
    if not is_intact:
        _alarm(event, f"seal-broken:{check.pk}", by)
    return check


def _checked(
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


def _looked(event: Event, by: User, now: datetime, at: datetime, text: str) -> list[models.Model]:
    """One round of the step that asks for the checks, and the clock of the next shift."""
    clocks.arm(event.case, (Rule.UNCHECKED, _due_after(event, at)))
    return fulfilled(event, Register.SEAL_CHECK, by=by, now=now, at=at, text=text, is_round=True)


def _due_after(event: Event, at: datetime) -> datetime:
    """The end of the shift that follows the one in which somebody looked."""
    prop = event.case.property
    return duty.end_of_shift(prop, duty.end_of_shift(prop, at))


def _alarm(event: Event, key: str, by: User | None) -> None:
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


# --- the word of the police ------------------------------------------------------------------


@transaction.atomic
def release_seal(
    seal: RoomSeal, what: Release, picture: bytes, *, by: User, broken: bytes = b""
) -> RoomSeal:
    """登记公安解除 (E-6): by 总物业经理 with a second person; the only way out of 封存.

    RefusedInput names each thing that is missing: officer, badge, unit, number and picture of the
    paper, way, time. How the seal was found then is its last check. With the last seal of the event
    the step is done and the question whether the police released it is answered.
    """
    ready = photos.prepare(picture) if picture else None
    found = photos.prepare(broken) if broken else None
    event, seal = _hold(seal, "release_seal", by)
    now, at = now_and(what.released_at)
    _whole(what, ready)
    happened("released_at", at, now, not_before=seal.sealed_at)
    beside(event, what.second, by=by)
    rows = _checked(event, seal, what.is_intact, what.note, found, by, at, now)
    assert ready is not None  # noqa: S101 -- for the type checker; _whole() has refused
    rows += _released(event, seal, what, ready, by, at, now)
    rows += _looked(event, by, now, at, _("解除时核查"))
    if not seals.active(event).exists():
        rows += _all_released(event, by, now, at)
    info = {"seal": seal.pk, "intact": what.is_intact}
    finish(event, [], *rows, by=by, action="release_seal", info=info, occurred_at=at)
    _alarm(event, f"seal-released:{seal.pk}", by)
    return seal


def _whole(what: Release, photo: Photo | None) -> None:
    wanted = {
        "officer": _("请填写民警姓名。"),
        "badge": _("请填写警号。"),
        "unit": _("请填写民警单位。"),
        "document_number": _("请填写公安文书号；没有文号的，照抄文书标题和日期。"),
    }
    errors = {name: text for name, text in wanted.items() if not getattr(what, name).strip()}
    if what.way not in RoomSeal.Way.values:
        errors["way"] = _("请选择公安以什么方式通知解除。")
    if what.released_at is None:
        errors["released_at"] = _("请填写公安解除的时间。")
    if photo is None:
        errors["photo"] = _("请拍下公安的解除文书。没有文书，不能解除。")
    if errors:
        raise RefusedInput(**errors)


def _released(
    event: Event,
    seal: RoomSeal,
    what: Release,
    photo: Photo,
    by: User,
    at: datetime,
    now: datetime,
) -> list[models.Model]:
    paper = photos.store(event.case, photo, by=by, caption=_("公安文书"))
    outsider = Guest(name=what.officer.strip(), kind=Person.Kind.OUTSIDER)
    seal.officer = persons.create(event.case.property, outsider)
    seal.released_at, seal.way, seal.document = at, what.way, paper
    seal.badge, seal.unit = what.badge.strip()[:20], what.unit.strip()[:60]
    seal.document_number = what.document_number.strip()[:60]
    seal.released_by, seal.released_with, seal.recorded_at = by, what.second.user, now
    audit.save(seal, *_RELEASE, by=by, reason=_("公安解除"))
    return [paper, seal]


_RELEASE = (
    "released_at",
    "way",
    "officer",
    "badge",
    "unit",
    "document_number",
    "document",
    "released_by",
    "released_with",
    "recorded_at",
)


def _all_released(event: Event, by: User, now: datetime, at: datetime) -> list[models.Model]:
    """Nothing is sealed any more: the step is done, the question answered, no check is due."""
    clocks.stop(event.case, [Rule.UNCHECKED], now)
    rows = fulfilled(event, Register.SEAL_RELEASE, by=by, now=now, at=at)
    reason = _("公安解除记录")
    return rows + answering.say(event, RELEASED, evidence.YES, by=by, now=now, reason=reason)


@transaction.atomic
def open_seal(
    seal: RoomSeal, second: Second, *, by: User, opened_at: datetime | None = None
) -> RoomSeal:
    """启封: by two people, and only after the release of the police is on record."""
    event, _stand = begin(seal.event, "open_seal", by)
    seal = RoomSeal.objects.select_for_update(of=("self",)).get(pk=seal.pk, event=event)
    require(not seal.is_active, _("没有公安解除记录，不得启封。"))
    require(seal.opened_at is None, _("已经登记过启封。"))
    now, at = now_and(opened_at)
    happened("opened_at", at, now, not_before=seal.released_at)
    beside(event, second, by=by)
    assert seal.released_at is not None  # noqa: S101 -- for the type checker; require() has refused
    seal.opened_at = max(at, seal.released_at)
    seal.opened_by, seal.opened_with = by, second.user
    audit.save(seal, "opened_at", "opened_by", "opened_with", by=by, reason=_("启封"))
    info = {"seal": seal.pk}
    finish(event, [], seal, by=by, action="open_seal", info=info, occurred_at=at)
    return seal


# --- guards of the rest ----------------------------------------------------------------------


def refuse_while_sealed(event: Event) -> None:
    """ConflictError while a place of the event is 封存: no ending, no voiding, no archiving (E-6)."""
    if not event.is_drill:
        require(
            not seals.active(event).exists(),
            _("还有封条没有公安解除记录，先由总物业经理登记解除。"),
        )


def _after_release_only(event: Event, spec: Step) -> None:
    """Cleaning, letting and counting wait for the release, whatever was answered."""
    keys = conditions.depends_on(evidence.playbook_of(event), spec.when)
    if RELEASED in keys:
        require(not seals.active(event).exists(), _("没有公安解除记录，这一步还不能办。"))


def _answered_by_release(event: Event, key: str, value: str) -> None:
    """The question is answered yes by the release on record, and by nothing else."""
    if key != RELEASED or value != evidence.YES:
        return
    if seals.has_step(event, Register.SEAL_RELEASE):
        free = event.seals.exists() and not seals.active(event).exists()
        require(free, _("请总物业经理登记公安解除记录，这个问题会自动回答。"))


marking.OWNED |= {Register.SEAL, Register.SEAL_CHECK, Register.SEAL_RELEASE}
marking.GUARDS.append(_after_release_only)
answering.GUARDS.append(_answered_by_release)
starting.VOID_GUARDS.append(refuse_while_sealed)
ending.GUARDS.append(refuse_while_sealed)
commanding.PROOFS.append(seals.proves_something)
evidence.REGISTERS.append(seals.fill)
sweep.REGISTERS[Rule.UNCHECKED] = flag_unchecked
