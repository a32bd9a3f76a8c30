"""Signatures under a paper by those who are not staff: guests, witnesses, receivers, the police."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event, EventRecord, RecordBox
from emergencies.queries import people
from emergencies.queries.records import Decision
from emergencies.workflow.base import finish
from emergencies.workflow.recording import hold, info_of
from emergencies.workflow.signing import decided, turn
from propdesk.core import audit, persons, photos, signatures
from propdesk.core.models import Person, PersonSignature, User
from propdesk.core.persons import Guest
from propdesk.core.transitions import RefusedInput, happened, require

Way = RecordBox.Way


@dataclass(frozen=True, slots=True)
class Outside:
    """How somebody who is not staff signs: on this screen, or on paper with the scan to follow."""

    who: Person | Guest
    drawn: bytes = field(default=b"", repr=False)
    """Empty for a signature on paper."""
    scan: bytes = field(default=b"", repr=False)
    """Photo of the signed sheet, where it is at hand already."""
    consents: bool = False
    """He agrees to sign electronically (电子签名法 3)."""
    signed_at: datetime | None = None
    opinion: str = ""
    device: str = ""


def _outside_turn(
    record: EventRecord, action: str, by: User, seen: str
) -> tuple[Event, EventRecord, RecordBox]:
    event, record, box = turn(record, action, by, seen)
    require(box.party, _("下一栏由同事本人签名，不在这里办理。"))
    return event, record, box


@transaction.atomic
def take_signature(record: EventRecord, how: Outside, *, by: User, seen: str = "") -> EventRecord:
    """请对方签名: drawn on this screen by the guest, witness or receiver, or signed on paper.

    What he signs is frozen and its digest kept with the signature. RefusedInput without his name, and
    without his consent to sign electronically.
    """
    ready = photos.prepare(how.scan) if how.scan and not how.drawn else None
    event, record, box = _outside_turn(record, "take_signature", by, seen)
    now = timezone.now()
    happened("signed_at", how.signed_at or now, now, not_before=record.submitted_at)
    _check(how)
    person = _signing(event, how.who)
    at = how.signed_at or now
    box.decision, box.person, box.taken_by = Decision.APPROVED, person, by
    box.decided_at, box.content_sha, box.opinion = at, record.content_sha, how.opinion.strip()
    box.way = Way.DRAWN if how.drawn else Way.PAPER
    if how.drawn:
        box.person_signature = persons.sign(
            person,
            PersonSignature.Kind.DRAWN,
            how.drawn,
            by=by,
            signed_at=at,
            content_sha=record.content_sha,
            device=how.device[:160],
        )
    if ready is not None:
        box.scan = photos.store(event.case, ready, by=by, caption=_("签名件"))
    return decided(event, record, box, by=by, action="record_signed_by", now=now, reason="")


def _check(how: Outside) -> None:
    errors = {}
    if isinstance(how.who, Guest) and not how.who.name.strip():
        errors["name"] = _("请填写签名的人是谁。")
    if how.drawn and not how.consents:
        errors["consents"] = _("请对方先同意以电子方式签署；不同意就改用纸质签名。")
    if errors:
        raise RefusedInput(**errors)


def _signing(event: Event, who: Person | Guest) -> Person:
    if isinstance(who, Guest):
        return persons.create(event.case.property, who)
    if who.pk not in people.known_people(event):
        raise RefusedInput(who=_("请从这件的有关人员里选，或填写姓名。"))
    return who


@transaction.atomic
def decline_signature(
    record: EventRecord, *, by: User, password: str, reason: str, seen: str = ""
) -> EventRecord:
    """对方未签: refused, gone, or not able to; with the reason, signed by whoever asked him.

    It stands on the paper in the place of the signature.
    """
    event, record, box = _outside_turn(record, "decline_signature", by, seen)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明对方为什么没有签，会印在记录上。"))
    now = timezone.now()
    box.signature = signatures.confirmed(by, password)
    box.decision, box.taken_by, box.decided_at = Decision.DECLINED, by, now
    box.opinion, box.content_sha = reason.strip(), record.content_sha
    return decided(event, record, box, by=by, action="record_declined", now=now, reason=reason)


@transaction.atomic
def add_scan(record: EventRecord, box: RecordBox, picture: bytes, *, by: User) -> RecordBox:
    """补传签名件: the signed sheet, once; it can not be replaced."""
    ready = photos.prepare(picture)
    event, record = hold(record, "scan_record", by)
    box = record.boxes.select_for_update(no_key=True).get(pk=box.pk)
    require(box.way == Way.PAPER, _("这一栏不是纸质签名，不用补传。"))
    require(box.scan_id is None, _("签名件已经上传，不能替换。"))
    box.scan = photos.store(event.case, ready, by=by, caption=_("签名件"))
    audit.save(box, "scan", by=by, reason=_("补传签名件"))
    finish(event, [], box, box.scan, by=by, action="record_scan", info=info_of(record))
    return box
