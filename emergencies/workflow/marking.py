"""Steps: done with their proof, not needed with a reason, or one round of those that repeat."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from emergencies.models import Event, MarkPhoto, StepMark
from emergencies.playbooks import board, conditions
from emergencies.playbooks.schema import FieldType, Step
from emergencies.queries import cells, evidence, timing
from emergencies.workflow import proofs
from emergencies.workflow.base import (
    Rule,
    begin,
    ensure_rank,
    finish,
    is_late_entry,
    minutes,
    now_and,
    since_start,
)
from emergencies.workflow.calling import told_by_step
from emergencies.workflow.proofs import Proof, Values
from propdesk.core import audit, clocks, duty, persons, photos, signatures
from propdesk.core.images import Photo
from propdesk.core.models import Attachment, Person, PersonSignature, User
from propdesk.core.persons import Guest
from propdesk.core.roles import MANAGERS
from propdesk.core.transitions import RefusedInput, require

O = StepMark.Outcome  # noqa: E741 -- read as in the tables: O.DONE


BEFORE: dict[str, Callable[[Event], str]] = {}
"""Registers that must hold something before their step is ticked: key → what is missing, or ""."""
GUARDS: list[Callable[[Event, Step], None]] = []
"""Registers that may refuse a mark: ConflictError while its time has not come (E-6)."""
OWNED: set[str] = set()
"""Keys of registers that mark their steps themselves (封条, 点名 …); each adds its own on import."""


@transaction.atomic
def done(event: Event, step: str, proof: Proof, *, by: User, seen: int = 0) -> StepMark:
    """登记完成: with the proof the playbook asks for; RefusedInput names what is missing.

    ``seen`` is the number of the mark the page showed; ConflictError when a colleague was faster.
    """
    ready = photos.prepare_all(proof.pictures)
    event, _stand = begin(event, "mark", by)
    spec = _step(event, step, by, seen)
    require(spec.own not in OWNED, _("这一步在专门的登记里办理，办好后自己打勾。"))
    goes_on = spec.repeat is not None and spec.repeat.until is not None
    require(not goes_on, _("这一步要反复做：每次登记一次，情况变化后自己结束。"))
    now, at = now_and(proof.occurred_at)
    since_start("occurred_at", at, now, event)
    proofs.check(event, spec, proof, by=by, now=now, has_photo=bool(ready))
    _settled(event, spec)
    row, rows = _mark(event, spec, O.DONE, proof, by=by, now=now, at=at)
    rows += _photographed(event, spec, row, ready, by)
    finish(event, [], *rows, by=by, action="mark", info={"step": step}, occurred_at=at)
    return row


@transaction.atomic
def one_round(event: Event, step: str, proof: Proof, *, by: User) -> StepMark:
    """登记一次: a check or an update of a step that repeats; the next one is due from here."""
    ready = photos.prepare_all(proof.pictures)
    event, _stand = begin(event, "mark", by)
    spec = _step(event, step, by, None)
    require(spec.repeat is not None, _("这一步不需要重复登记。"))
    now, at = now_and(proof.occurred_at)
    since_start("occurred_at", at, now, event)
    if not proof.text.strip() and not proof.values:
        raise RefusedInput(text=_("请写一句这次看到或告知了什么。"))
    strangers = proofs.strangers(event, spec, proof.values)
    if strangers:
        raise RefusedInput(**strangers)
    row, rows = _mark(event, spec, O.ROUND, proof, by=by, now=now, at=at)
    rows += _photographed(event, spec, row, ready, by)
    _next_round(event, spec, at)
    finish(event, [], *rows, by=by, action="round", info={"step": step}, occurred_at=at)
    return row


def fulfilled(
    event: Event,
    own: str,
    *,
    by: User,
    now: datetime,
    at: datetime | None = None,
    text: str = "",
    values: Values | None = None,
    is_round: bool = False,
) -> list[models.Model]:
    """Mark the steps a register fulfils, inside its own transition; returns every row written.

    Steps that are marked already, and not under an answer that has changed, are left as they are. A
    round is always added. The caller puts the rows into its audit entry.
    """
    rows: list[models.Model] = []
    for line in evidence.look(event).steps:
        if line.step.own != own or (line.state == "done" and not is_round):
            continue
        outcome = O.ROUND if is_round or line.step.repeat is not None else O.DONE
        proof = Proof(text=text, values=values or {})
        _row, made = _mark(event, line.step, outcome, proof, by=by, now=now, at=at or now)
        rows += made
        if outcome == O.ROUND:
            _next_round(event, line.step, at or now)
    return rows


@transaction.atomic
def not_needed(event: Event, step: str, *, by: User, reason: str, seen: int = 0) -> StepMark:
    """登记不需要: with a reason, where the playbook lets one stand for the step.

    Steps of the SOP and the law take their own answer (E-5: why no ambulance), or a manager's 特批.
    """
    event, _stand = begin(event, "mark", by)
    spec = _step(event, step, by, seen)
    check_skip(event, step)
    if not reason.strip():
        raise RefusedInput(text=_("请写明为什么不需要。"))
    now, at = now_and(None)
    row, rows = _mark(event, spec, O.NOT_NEEDED, Proof(text=reason), by=by, now=now, at=at)
    finish(event, [], *rows, by=by, action="not_needed", reason=reason, info={"step": step})
    return row


def check_skip(event: Event, step: str) -> None:
    """ConflictError for a step of the SOP or the law: no reason stands for it."""
    require(
        evidence.playbook_of(event).skippable(step),
        _("这一步是程序或法律要求的，不能免；确实做不到的，请物业经理特批。"),
    )


@transaction.atomic
def confirm_again(event: Event, step: str, *, by: User, seen: int) -> StepMark:
    """仍然有效: a mark made under an answer that has changed since holds all the same.

    Words, fields and photos stay where they are; the new mark points at the same proof.
    """
    event, _stand = begin(event, "mark", by)
    spec = _step(event, step, by, seen)
    old = _current(event, step)
    require(old is not None, _("这一步还没有登记过。"))
    assert old is not None  # noqa: S101 -- for the type checker; require() has refused
    _settled(event, spec)
    now, _at = now_and(None)
    row = StepMark(
        **{name: getattr(old, name) for name in _PROOF},
        seq=_next_seq(event, step),
        basis=basis_of(event, spec),
        at=now,
        by=by,
    )
    rows = _put(event, row, by, now, _("仍然有效"))
    for each in old.photos.select_related("attachment"):
        rows.append(_proves(row, each.attachment, by))
    finish(event, [], *rows, by=by, action="confirm_again", info={"step": step})
    return row


_PROOF = (
    "event",
    "step",
    "outcome",
    "text",
    "values",
    "occurred_at",
    "is_late_entry",
    "person",
    "signature",
    "person_signature",
)
"""What a mark that is confirmed again hands on."""


def step_of(event: Event, step: str) -> Step:
    """The step of the event's playbook; ConflictError for one it does not have."""
    steps = evidence.playbook_of(event).steps
    require(step in steps, _("预案里没有这一步。"))
    return steps[step]


def _step(event: Event, step: str, by: User, seen: int | None) -> Step:
    spec = step_of(event, step)
    if spec.by in MANAGERS:  # his guards take steps of 保安部经理; what he must say is a field
        ensure_rank(event, by, spec.by)
    for guard in GUARDS:
        guard(event, spec)
    if seen is not None:
        current = _current(event, step)
        now = current.seq if current else 0
        require(now == seen, _("刚有同事登记了这一步，请看最新情况。"))
    return spec


def _current(event: Event, step: str) -> StepMark | None:
    rows = event.marks.filter(step=step, superseded_at=None).exclude(outcome=O.ROUND)
    return rows.select_related("by").first()


def _next_seq(event: Event, step: str) -> int:
    last = event.marks.filter(step=step).order_by("-seq").values_list("seq", flat=True).first()
    return (last or 0) + 1


def basis_of(event: Event, spec: Step) -> dict[str, int]:
    """Number of the answer in force of each question that decides about the step."""
    rows = event.answers.filter(superseded_at=None).values_list("key", "seq")
    known = board.Evidence(fact_seq=dict(rows))
    return board.basis(evidence.playbook_of(event), spec.id, known)


def asked_again(
    event: Event, key: str, *, by: User, now: datetime, reason: str
) -> list[models.Model]:
    """Take back each mark that lacks a field this answer asks for; returns the rows changed."""
    facts = evidence.facts_of(event)
    steps = evidence.playbook_of(event).steps
    rows: list[models.Model] = []
    for mark in event.marks.filter(outcome=O.DONE, superseded_at=None):
        spec = steps.get(mark.step)
        if spec is None or spec.own in OWNED:
            continue
        hangs = {f"field_{f.key}" for f in spec.fields if key in conditions.keys(f.when)}
        if hangs & set(proofs.field_errors(spec, mark.values, facts)):
            mark.superseded_at = now
            audit.save(mark, "superseded_at", by=by, reason=reason)
            rows.append(mark)
    return rows


def missing_before(event: Event, own: str) -> str:
    """What this register must hold before its step is ticked; "" for nothing."""
    return BEFORE[own](event) if own in BEFORE else ""


def _settled(event: Event, spec: Step) -> None:
    """ConflictError while the event the step opens is not there."""
    missing = missing_before(event, str(spec.own or ""))
    require(not missing, missing)
    if spec.opens and spec.opens not in evidence.kinds_above(event):
        opened = event.children.exclude(status=Event.Status.VOIDED).filter(kind=spec.opens)
        require(opened.exists(), _("请先启动关联预案，再登记这一步。"))


def _mark(
    event: Event, spec: Step, outcome: str, proof: Proof, *, by: User, now: datetime, at: datetime
) -> tuple[StepMark, list[models.Model]]:
    """The new mark, and every row written with it: the one it supersedes stands before it."""
    person = persons.create(event.case.property, proof.contact) if proof.contact else None
    row = StepMark(
        event=event,
        step=spec.id,
        seq=_next_seq(event, spec.id),
        outcome=outcome,
        text=proof.text.strip(),
        values=_by_reference(event, spec, proof.values),
        basis=basis_of(event, spec),
        occurred_at=at,
        at=now,
        by=by,
        is_late_entry=is_late_entry(at, now),
        person=person,
        signature=signatures.confirmed(by, proof.password) if proof.password else None,
        person_signature=_drawn(person, proof, by, at),
    )
    rows = _put(event, row, by, now, str(row.get_outcome_display()))
    if spec.tells and outcome != O.NOT_NEEDED:
        rows += told_by_step(event, spec.tells, by=by, at=at)
    return row, rows


def _by_reference(event: Event, spec: Step, values: Values) -> dict[str, Any]:
    """The fields as they are kept: somebody who is in no list is a ``Person``, never words here."""
    kept = dict(values)
    for each in spec.fields:
        value = kept.get(each.key)
        if each.type != FieldType.PERSON or not isinstance(value, str):
            continue
        if value.strip():
            who = Guest(name=value.strip()[:60], kind=Person.Kind.OUTSIDER)
            kept[each.key] = cells.stored(persons.create(event.case.property, who))
    return kept


def _put(event: Event, row: StepMark, by: User, now: datetime, reason: str) -> list[models.Model]:
    """Save a mark in place of the one in force; a round stands beside it."""
    rows: list[models.Model] = []
    old = None if row.outcome == O.ROUND else _current(event, row.step)
    if old is not None:
        old.superseded_at = now
        audit.save(old, "superseded_at", by=by, reason=reason)
        rows.append(old)
    audit.save(row, by=by, reason=reason)
    return [*rows, row]


def _drawn(person: Person | None, proof: Proof, by: User, at: datetime) -> PersonSignature | None:
    if not proof.drawn:
        return None
    if person is None:
        raise RefusedInput(contact_name=_("请填写签名的人是谁。"))
    kind = PersonSignature.Kind.DRAWN
    return persons.sign(person, kind, proof.drawn, by=by, signed_at=at, device=proof.device[:160])


def _photographed(
    event: Event, spec: Step, row: StepMark, ready: Iterable[Photo], by: User
) -> list[models.Model]:
    """Photos of a mark, kept with the case and tied to it."""
    rows: list[models.Model] = []
    for photo in ready:
        kept = photos.store(event.case, photo, by=by, caption=spec.zh[:40])
        rows += [kept, _proves(row, kept, by)]
    return rows


def _proves(row: StepMark, attachment: Attachment, by: User) -> MarkPhoto:
    proof = MarkPhoto(mark=row, attachment=attachment)
    audit.save(proof, by=by, reason=_("添加照片"))
    return proof


def _next_round(event: Event, spec: Step, at: datetime) -> None:
    """Arm the clock of the next round, counted from this one; the sweep looks whether it is late."""
    due = next_round_at(event, spec, at)
    if due is not None:
        clocks.arm(event.case, (Rule.ROUND_LATE, due))


def arm_rounds(event: Event, since: datetime | None = None) -> None:
    """Arm the next round of each open step that was done before, counted from then or ``since``."""
    for line in evidence.look(event).steps:
        if line.step.repeat is None or line.state != "open":
            continue
        last = event.marks.filter(step=line.step.id).order_by("-occurred_at").first()
        if last is not None:
            _next_round(event, line.step, since or last.occurred_at)


def arm_late_steps(event: Event) -> None:
    """Arm the target of each step that was asked for only after it had passed (ADR 0027)."""
    clocks.arm(event.case, *((Rule.STEP_LATE, due) for due in timing.late_targets(event)))


def next_round_at(event: Event, spec: Step, at: datetime) -> datetime | None:
    """When a repeating step is due again after ``at``: minutes, or the end of the running shift."""
    if spec.repeat is None:
        return None
    if spec.repeat.every_min:
        return at + minutes(spec.repeat.every_min)
    return duty.end_of_shift(event.case.property, at)
