"""Papers of an event: submitted, signed box by box, sent back; frozen ever after (decisions 13, 32)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event, EventRecord, RecordBox
from emergencies.queries import evidence, prefill
from emergencies.queries import records as queries
from emergencies.queries.records import Decision, Spec, State
from emergencies.workflow.base import finish, neutral, say
from emergencies.workflow.recording import (
    _editable,
    content_sha,
    hold,
    info_of,
    missing_fields,
    spec_of,
)
from emergencies.workflow.sign_boxes import Wanted, route
from emergencies.workflow.table import S
from propdesk.core import audit, persons, photos, rendering, signatures, signers
from propdesk.core.models import Person, PersonSignature, RenderJob, StaffSignature, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role, standing
from propdesk.core.transitions import ConflictError, RefusedInput, happened, require

SIGN, SIGNED, SENT_BACK = (
    "emergencies.sign",
    "emergencies.record_signed",
    "emergencies.record_sent_back",
)
Way = RecordBox.Way
PAPER_KIND = "record"
"""Kind of the printed paper of a record: ``record:<id>``."""


@dataclass(frozen=True, slots=True)
class Outside:
    """How somebody who is not staff signs: on this screen, or on paper with the scan to follow."""

    who: Person | Guest
    drawn: bytes = field(default=b"", repr=False)
    """"" for a signature on paper."""
    consents: bool = False
    """He agrees to sign electronically (电子签名法 3)."""
    signed_at: datetime | None = None
    opinion: str = ""
    device: str = ""


# --- submit --------------------------------------------------------------------------------


@transaction.atomic
def submit_record(record: EventRecord, *, by: User, password: str) -> EventRecord:
    """提交签名: the author signs his box with the password; from here on nothing can be changed.

    ConflictError lists what is not filled in, and says which box nobody may ever sign.
    """
    event, record = hold(record, "write_record", by)
    _editable(record)
    require(record.author_id == by.pk, _("请由填写人本人提交。"))
    spec = spec_of(event, record.form)
    sources = prefill.Sources(event)
    tables = prefill.tables(spec.form, sources)
    facts = evidence.facts_of(event)
    missing = missing_fields(spec.form, record.values, tables, facts)
    if missing:
        raise ConflictError(_("记录还没有填完："), missing)
    signature = signatures.confirmed(by, password)
    record.tables = {"head": prefill.head_values(sources), "rows": tables}
    now = timezone.now()
    rows = _submitted(event, record, spec, signature, by, now)
    finish(event, [], record, *rows, by=by, action="record_submit", info=info_of(record))
    return record


def _submitted(
    event: Event,
    record: EventRecord,
    spec: Spec,
    signature: StaffSignature,
    by: User,
    now: datetime,
) -> list[models.Model]:
    record.state, record.round, record.submitted_at = State.SUBMITTED, record.round + 1, now
    record.content_sha = content_sha(record)
    out = _involved(record) | {by.pk}
    roster = signers.Roster(now)
    wanted = route(spec.sign, standing(by, event.case.property), able=_able(event, roster, out))
    boxes = [_box(record, n, one) for n, one in enumerate(wanted, start=1)]
    for box, one in zip(boxes, wanted, strict=True):
        if one.is_author:
            _approve(box, record, signature, by=by, opinion="", now=now)
    _somebody_can_sign(event, roster, boxes, out)
    fields = _settle(record, boxes, now)
    audit.save(
        record,
        *["state", "round", "submitted_at", "content_sha", "tables", *fields],
        by=by,
        reason=_("提交签名"),
    )
    for box in boxes:
        audit.save(box, by=by, reason=_("提交签名"))
    _tell(event, record, boxes, by)
    return list(boxes)


def record_boxes(event: Event, record: EventRecord) -> tuple[Wanted, ...]:
    """The boxes a record by its author would get if it were submitted now."""
    spec, out = spec_of(event, record.form), _involved(record)
    able = _able(event, signers.Roster(timezone.now()), out)
    return route(spec.sign, standing(record.author, event.case.property), able=able)


def _box(record: EventRecord, position: int, wanted: Wanted) -> RecordBox:
    return RecordBox(
        record=record,
        round=record.round,
        position=position,
        role=wanted.role,
        party=wanted.party,
        title=wanted.title,
    )


def _involved(record: EventRecord) -> set[int]:
    """Who is out: everybody who wrote this version, and the signers of this round."""
    wrote = EventRecord.history.filter(id=record.pk).order_by().values_list("author_id", flat=True)
    signed = record.boxes.filter(round=record.round, signer__isnull=False)
    return {record.author_id, *wrote.distinct(), *signed.values_list("signer", flat=True)}


def _able(event: Event, roster: signers.Roster, out: Iterable[int]) -> Callable[[Role], bool]:
    """Whether anybody holds the role who is not out."""
    ids = frozenset(out)
    return lambda role: bool(_people(event, roster, role, ids))


def _people(event: Event, roster: signers.Roster, role: Role, out: frozenset[int]) -> list[User]:
    case = event.case
    found = roster.able(case.property, case, role, out)
    if role == Role.SECURITY and not found:
        found = roster.able(case.property, case, Role.SECURITY_MANAGER, out)
    return found


def _somebody_can_sign(
    event: Event, roster: signers.Roster, boxes: Iterable[RecordBox], out: set[int]
) -> None:
    for box in boxes:
        if box.decision != Decision.PENDING or not box.role:
            continue
        ids = frozenset(out)
        found = _people(event, roster, Role(box.role), ids)
        found = found or _people(event, roster, queries.STEPS_IN, ids)
        require(
            found,
            _("没有人能签“%(title)s”一栏。请先在设置里为这个岗位增加一人。") % {"title": box.title},
        )


def _settle(record: EventRecord, boxes: Iterable[RecordBox], now: datetime) -> list[str]:
    """The record is signed once no box waits; returns the fields changed."""
    if any(box.decision == Decision.PENDING for box in boxes):
        return []
    record.state, record.signed_at = State.SIGNED, now
    return ["state", "signed_at"]


def _tell(event: Event, record: EventRecord, boxes: Iterable[RecordBox], by: User) -> None:
    """Tell whose turn it is; of the last signature the author."""
    waiting = [box for box in boxes if box.decision == Decision.PENDING]
    if not waiting:
        text = f"【{_('记录已签完')}】{neutral(event)}"
        key = f"record_signed:{record.pk}:{record.round}"
        say(event, rule=SIGNED, text=text, key=key, also=[record.author], by=by)
        return
    box = waiting[0]
    out = frozenset(_involved(record) | {by.pk})
    roster = signers.Roster(timezone.now())
    people = [record.author]
    if box.role:
        people = _people(event, roster, Role(box.role), out)
        people = people or _people(event, roster, queries.STEPS_IN, out)
    text = f"【{_('待签名')}】{neutral(event)} · {box.title}"
    key = f"record_sign:{record.pk}:{record.round}:{box.position}"
    say(event, rule=SIGN, text=text, key=key, also=people, by=by)


def _approve(
    box: RecordBox,
    record: EventRecord,
    signature: StaffSignature,
    *,
    by: User,
    opinion: str,
    now: datetime,
) -> None:
    box.decision, box.signer, box.decided_at = Decision.APPROVED, by, now
    box.signature, box.opinion, box.content_sha = signature, opinion, record.content_sha


# --- sign ----------------------------------------------------------------------------------


def _turn(record: EventRecord, action: str, by: User) -> tuple[Event, EventRecord, RecordBox]:
    """The box that waits, under lock; 409 unless one does."""
    event, record = hold(record, action, by)
    require(record.state == State.SUBMITTED, _("这份记录现在不在签名中，请看最新情况。"))
    require(record.content_sha == content_sha(record), _("记录内容与提交时不一致，不能签名。"))
    rows = record.boxes.select_for_update().filter(round=record.round, decision=Decision.PENDING)
    return event, record, rows.order_by("position")[0]


def _my_turn(record: EventRecord, action: str, by: User) -> tuple[Event, EventRecord, RecordBox]:
    event, record, box = _turn(record, action, by)
    mine = queries.turns(by, event.case.property).filter(pk=box.pk)
    if not mine.exists():
        raise PermissionDenied(_("现在不是由您签名：本人填写的、已签过的或不属于您岗位的不能签。"))
    return event, record, box


@transaction.atomic
def sign_record(record: EventRecord, *, by: User, password: str, opinion: str = "") -> EventRecord:
    """同意并签名: the box whose turn it is, with the password; the last one completes the record."""
    event, record, box = _my_turn(record, "sign_record", by)
    signature = signatures.confirmed(by, password)
    now = timezone.now()
    holder = queries.seat_of(standing(by, event.case.property), box.role, _involved(record))
    box.on_behalf_of = User.objects.get(pk=holder) if holder else None
    _approve(box, record, signature, by=by, opinion=opinion.strip(), now=now)
    return _decided(event, record, box, by=by, action="record_sign", now=now, reason=opinion)


_BOX = (
    "decision",
    "signer",
    "on_behalf_of",
    "signature",
    "person",
    "way",
    "person_signature",
    "taken_by",
    "opinion",
    "decided_at",
    "content_sha",
)


def _decided(
    event: Event,
    record: EventRecord,
    box: RecordBox,
    *,
    by: User,
    action: str,
    now: datetime,
    reason: str,
) -> EventRecord:
    """Save the box, complete the record with the last one, tell whoever is next."""
    audit.save(box, *_BOX, by=by, reason=reason or action)
    boxes = list(record.boxes.filter(round=record.round).order_by("position"))
    fields = _settle(record, boxes, now)
    rows: list[models.Model] = [box]
    if fields:
        audit.save(record, *fields, by=by, reason=_("已签完"))
        rows.append(record)
    _tell(event, record, boxes, by)
    info = info_of(record) | {"title": box.title}
    finish(event, [], *rows, by=by, action=action, reason=reason, info=info)
    if fields and event.status == S.ARCHIVED:
        seal_record(record, by=by)
    return record


@transaction.atomic
def send_back_record(record: EventRecord, *, by: User, reason: str) -> EventRecord:
    """退回修改: with a reason; every box is signed anew after the next submit."""
    event, record, box = _my_turn(record, "send_back_record", by)
    if not reason.strip():
        raise RefusedInput(reason=_("退回修改请写明原因。"))
    box.decision, box.signer, box.decided_at = Decision.SENT_BACK, by, timezone.now()
    box.opinion, box.content_sha = reason.strip(), record.content_sha
    audit.save(box, *_BOX, by=by, reason=reason)
    record.state = State.SENT_BACK
    audit.save(record, "state", by=by, reason=reason)
    info = info_of(record) | {"title": box.title}
    finish(event, [], record, box, by=by, action="record_send_back", reason=reason, info=info)
    text = f"【{_('退回修改')}】{neutral(event)}"
    key = f"record_back:{record.pk}:{record.round}"
    say(event, rule=SENT_BACK, text=text, key=key, also=[record.author], by=by)
    return record


# --- those who are not staff ---------------------------------------------------------------


def _outside_turn(
    record: EventRecord, action: str, by: User
) -> tuple[Event, EventRecord, RecordBox]:
    event, record, box = _turn(record, action, by)
    require(box.party, _("下一栏由同事本人签名，不在这里办理。"))
    return event, record, box


@transaction.atomic
def take_signature(record: EventRecord, how: Outside, *, by: User) -> EventRecord:
    """请对方签名: drawn on this screen by the guest, witness or receiver, or signed on paper.

    What he signs is frozen and its digest kept with the signature. RefusedInput without his name, and
    without his consent to sign electronically.
    """
    event, record, box = _outside_turn(record, "take_signature", by)
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
    return _decided(event, record, box, by=by, action="record_signed_by", now=now, reason="")


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
    if who.pk not in queries.known_people(event):
        raise RefusedInput(who=_("请从这件的有关人员里选，或填写姓名。"))
    return who


@transaction.atomic
def decline_signature(record: EventRecord, *, by: User, password: str, reason: str) -> EventRecord:
    """对方未签: refused, gone, or not able to; with the reason, signed by whoever asked him.

    It stands on the paper in the place of the signature.
    """
    event, record, box = _outside_turn(record, "decline_signature", by)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明对方为什么没有签，会印在记录上。"))
    now = timezone.now()
    box.signature = signatures.confirmed(by, password)
    box.decision, box.taken_by, box.decided_at = Decision.DECLINED, by, now
    box.opinion, box.content_sha = reason.strip(), record.content_sha
    return _decided(event, record, box, by=by, action="record_declined", now=now, reason=reason)


@transaction.atomic
def add_scan(record: EventRecord, box: RecordBox, picture: bytes, *, by: User) -> RecordBox:
    """补传签名件: the signed sheet, once; it can not be replaced."""
    ready = photos.prepare(picture)
    event, record = hold(record, "scan_record", by)
    box = record.boxes.select_for_update().get(pk=box.pk)
    require(box.way == Way.PAPER, _("这一栏不是纸质签名，不用补传。"))
    require(box.scan_id is None, _("签名件已经上传，不能替换。"))
    box.scan = photos.store(event.case, ready, by=by, caption=_("签名件"))
    audit.save(box, "scan", by=by, reason=_("补传签名件"))
    finish(event, [], box, box.scan, by=by, action="record_scan", info=info_of(record))
    return box


# --- seal ----------------------------------------------------------------------------------


def paper_kind(record: EventRecord) -> str:
    """Kind of its printed paper: one a record, so that each is sealed once."""
    return f"{PAPER_KIND}:{record.pk}"


def seal_record(record: EventRecord, *, by: User) -> RenderJob:
    """Ask for the sealed paper of a signed record of an archived event; the same twice is one."""
    return rendering.request(record.event.case, paper_kind(record), by=by, sealed=True)
