"""Papers of an event: submitted, signed box by box, sent back; frozen ever after (decisions 13, 32)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event, EventRecord, RecordBox
from emergencies.playbooks import records as papers
from emergencies.queries import evidence, prefill, shift
from emergencies.queries import records as queries
from emergencies.queries.records import Decision, Spec, State
from emergencies.workflow.base import finish, neutral, say
from emergencies.workflow.recording import (
    as_read,
    content_sha,
    editable,
    hold,
    info_of,
    missing_fields,
    spec_of,
)
from emergencies.workflow.sign_boxes import Wanted, route
from emergencies.workflow.table import S
from propdesk.core import audit, rendering, signatures, signers
from propdesk.core.models import RenderJob, StaffSignature, User
from propdesk.core.roles import Role, Standing, standing
from propdesk.core.signoff import AS_READ
from propdesk.core.transitions import ConflictError, RefusedInput, require

SIGN, SIGNED, SENT_BACK = (
    "emergencies.sign",
    "emergencies.record_signed",
    "emergencies.record_sent_back",
)
PAPER_KIND = "record"
"""Kind of the printed paper of a record: ``record:<id>``."""


# --- submit --------------------------------------------------------------------------------


@transaction.atomic
def submit_record(record: EventRecord, *, by: User, password: str, seen: str = "") -> EventRecord:
    """提交签名: the author signs his box with the password; from here on nothing can be changed.

    ConflictError lists what is not filled in, and says which box nobody may ever sign; ``seen`` is
    the print of what he read (``record_seen``), here as with each box that follows.
    """
    event, record = hold(record, "write_record", by)
    editable(record)
    require(record.author_id == by.pk, _("请由填写人本人提交。"))
    as_read(record, seen)
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
    info = info_of(record) | {AS_READ: record.pk}
    finish(event, [], record, *rows, by=by, action="record_submit", info=info)
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
    able = _able(event, roster, out, record.form)
    wanted = route(spec.sign, _author(event, record.form, by), able=able)
    boxes = [_box(record, n, one) for n, one in enumerate(wanted, start=1)]
    for box, one in zip(boxes, wanted, strict=True):
        if one.is_author:
            _approve(box, record, signature, by=by, opinion="", now=now)
    _somebody_can_sign(event, roster, boxes, out, record.form)
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
    able = _able(event, signers.Roster(timezone.now()), out, record.form)
    return route(spec.sign, _author(event, record.form, record.author), able=able)


def _author(event: Event, form: str, by: User) -> Standing:
    """What the author is for his own box; of a paper of the shift only who led is its 值班经理."""
    stand = standing(by, event.case.property)
    if form in papers.of_shift() and not event.commands.filter(user=by).exists():
        return replace(stand, roles=stand.roles - {Role.DUTY_MANAGER})
    return stand


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


def _able(
    event: Event, roster: signers.Roster, out: Iterable[int], form: str
) -> Callable[[Role], bool]:
    """Whether anybody holds the role who is not out."""
    ids = frozenset(out)
    return lambda role: bool(_people(event, roster, role, ids, form))


def _people(
    event: Event, roster: signers.Roster, role: Role, out: frozenset[int], form: str
) -> list[User]:
    case = event.case
    if role == Role.DUTY_MANAGER and form in papers.of_shift():
        out = out | shift.of_other_shifts(event)
    found = roster.able(case.property, case, role, out)
    if role == Role.SECURITY and not found:
        found = roster.able(case.property, case, Role.SECURITY_MANAGER, out)
    return found


def _somebody_can_sign(
    event: Event, roster: signers.Roster, boxes: Iterable[RecordBox], out: set[int], form: str
) -> None:
    for box in boxes:
        if box.decision != Decision.PENDING or not box.role:
            continue
        ids = frozenset(out)
        found = _people(event, roster, Role(box.role), ids, form)
        found = found or _people(event, roster, queries.STEPS_IN, ids, form)
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
        people = _people(event, roster, Role(box.role), out, record.form)
        people = people or _people(event, roster, queries.STEPS_IN, out, record.form)
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


def turn(
    record: EventRecord, action: str, by: User, seen: str
) -> tuple[Event, EventRecord, RecordBox]:
    """The box that waits, under lock; 409 unless one does, for what was ``seen``."""
    event, record = hold(record, action, by)
    require(record.state == State.SUBMITTED, _("这份记录现在不在签名中，请看最新情况。"))
    require(record.content_sha == content_sha(record), _("记录内容与提交时不一致，不能签名。"))
    as_read(record, seen)
    rows = record.boxes.select_for_update(no_key=True).filter(
        round=record.round, decision=Decision.PENDING
    )
    return event, record, rows.order_by("position")[0]


def _my_turn(
    record: EventRecord, action: str, by: User, seen: str
) -> tuple[Event, EventRecord, RecordBox]:
    event, record, box = turn(record, action, by, seen)
    mine = queries.turns(by, event.case.property).filter(pk=box.pk)
    if not mine.exists():
        raise PermissionDenied(_("现在不是由您签名：本人填写的、已签过的或不属于您岗位的不能签。"))
    return event, record, box


@transaction.atomic
def sign_record(
    record: EventRecord, *, by: User, password: str, opinion: str = "", seen: str = ""
) -> EventRecord:
    """同意并签名: the box whose turn it is, with the password; the last one completes the record."""
    event, record, box = _my_turn(record, "sign_record", by, seen)
    signature = signatures.confirmed(by, password)
    now = timezone.now()
    holder = queries.seat_of(standing(by, event.case.property), box.role, _involved(record))
    box.on_behalf_of = User.objects.get(pk=holder) if holder else None
    _approve(box, record, signature, by=by, opinion=opinion.strip(), now=now)
    return decided(event, record, box, by=by, action="record_sign", now=now, reason=opinion)


_BOX = (
    "decision",
    "signer",
    "on_behalf_of",
    "signature",
    "person",
    "way",
    "person_signature",
    "scan",
    "taken_by",
    "opinion",
    "decided_at",
    "content_sha",
)


def decided(
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
    rows: list[models.Model] = [box, *([box.scan] if box.scan else [])]
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
def send_back_record(record: EventRecord, *, by: User, reason: str, seen: str = "") -> EventRecord:
    """退回修改: with a reason; every box is signed anew after the next submit."""
    event, record, box = _my_turn(record, "send_back_record", by, seen)
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


# --- seal ----------------------------------------------------------------------------------


def paper_kind(record: EventRecord) -> str:
    """Kind of its printed paper: one a record, so that each is sealed once."""
    return f"{PAPER_KIND}:{record.pk}"


def seal_record(record: EventRecord, *, by: User) -> RenderJob:
    """Ask for the sealed paper of a signed record of an archived event; the same twice is one."""
    return rendering.request(record.event.case, paper_kind(record), by=by, sealed=True)
