"""公安解除 (E-6): the one way out of 封存, and what must wait for it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from emergencies.models import Event, RoomSeal
from emergencies.playbooks import conditions
from emergencies.playbooks.schema import Step
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence, seals
from emergencies.workflow import answering, ending, marking, starting
from emergencies.workflow.base import Rule, begin, finish, now_and
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.seals import alarm, checked, hold_seal, looked
from emergencies.workflow.together import beside
from propdesk.core import audit, clocks, persons, photos
from propdesk.core.images import Photo
from propdesk.core.models import Person, User
from propdesk.core.persons import Guest
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, require


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
    event, seal = hold_seal(seal, "release_seal", by)
    now, at = now_and(what.released_at)
    _whole(what, ready)
    happened("released_at", at, now, not_before=seal.sealed_at)
    beside(event, what.second, by=by)
    rows = checked(event, seal, what.is_intact, what.note, found, by, at, now)
    assert ready is not None  # noqa: S101 -- for the type checker; _whole() has refused
    rows += _released(event, seal, what, ready, by, at, now)
    rows += looked(event, by, now, at, _("解除时核查"))
    if not seals.active(event).exists():
        rows += _all_released(event, by, now, at)
    info = {"seal": seal.pk, "intact": what.is_intact}
    finish(event, [], *rows, by=by, action="release_seal", info=info, occurred_at=at)
    alarm(event, f"seal-released:{seal.pk}", by)
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
    # Typed to the minute, it may read some seconds before the seal of that very minute.
    seal.released_at = max(at, seal.sealed_at)
    seal.way, seal.document = what.way, paper
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
    return rows + answering.say(event, seals.RELEASED, evidence.YES, by=by, now=now, reason=reason)


@transaction.atomic
def open_seal(
    seal: RoomSeal, second: Second, *, by: User, opened_at: datetime | None = None
) -> RoomSeal:
    """启封: by two people, and only after the release of the police is on record."""
    event, _stand = begin(seal.event, "open_seal", by)
    seal = RoomSeal.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=seal.pk, event=event
    )
    check_openable(seal)
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


def check_openable(seal: RoomSeal) -> None:
    """ConflictError while the police have not released it, and once it was opened."""
    require(not seal.is_active, _("没有公安解除记录，不得启封。"))
    require(seal.opened_at is None, _("已经登记过启封。"))


# --- guards of the rest ----------------------------------------------------------------------


def refuse_while_sealed(event: Event) -> None:
    """ConflictError while a place of the event is 封存: no ending, no voiding, no archiving (E-6)."""
    if not event.is_drill and seals.has_step(event, Register.SEAL):
        require(
            not seals.active(event).exists(),
            _("还有封条没有公安解除记录，先由总物业经理登记解除。"),
        )


def _after_release_only(event: Event, spec: Step) -> None:
    """Cleaning, letting and counting wait for the release, whatever was answered."""
    keys = conditions.depends_on(evidence.playbook_of(event), spec.when)
    if seals.RELEASED in keys:
        require(not seals.active(event).exists(), _("没有公安解除记录，这一步还不能办。"))


def _answered_by_release(event: Event, key: str, value: str) -> None:
    """The question is answered yes by the release on record, and by nothing else."""
    if key != seals.RELEASED or value != evidence.YES:
        return
    if seals.has_step(event, Register.SEAL_RELEASE):
        free = event.seals.exists() and not seals.active(event).exists()
        require(free, str(seals.BY_RELEASE))


marking.GUARDS.append(_after_release_only)
answering.GUARDS.append(_answered_by_release)
starting.VOID_GUARDS.append(refuse_while_sealed)
ending.GUARDS.append(refuse_while_sealed)
