"""What a property's own version of a playbook must keep of the one it replaces."""

from __future__ import annotations

from emergencies.playbooks.schema import Basis, Fact, Playbook, Record, Step
from emergencies.playbooks.soundness import Faults, steps_of


def faults(book: Playbook, base: Playbook) -> Faults:
    """Yield what an override of a property takes away that it must keep.

    Words, order and the practice steps are free. What the procedure or the law asks stays, under
    the same conditions; times may only get shorter.
    """
    for name in ("code", "clause"):
        if getattr(book, name) != getattr(base, name):
            yield (name,), f"must stay {getattr(base, name)!r}"
    if base.confidential and not book.confidential:
        yield ("confidential",), "must stay confidential"
    if set(book.readers) - set(base.readers):
        yield ("readers",), "readers may not be widened"
    if _rank(book.severity) < _rank(base.severity):
        yield ("severity",), f"may not fall below {base.severity}"
    if book.retention != base.retention and base.retention == "permanent":
        yield ("retention",), "must stay permanent"
    if base.drill and (book.drill is None or book.drill.every_months > base.drill.every_months):
        yield ("drill",), f"at least every {base.drill.every_months} months"
    yield from _dropped_facts(book, base)
    yield from _dropped_notices(book, base)
    yield from _dropped_steps(book, base)
    yield from _dropped_papers(book, base)


def _rank(severity: str) -> int:
    return ("minor", "major", "critical").index(severity)


def _dropped_facts(book: Playbook, base: Playbook) -> Faults:
    at = {fact.key: number for number, fact in enumerate(book.facts)}
    for key, old in base.facts_by_key.items():
        new = book.facts_by_key.get(key)
        if new is None:
            yield ("facts",), f"fact {key!r} may not be dropped"
        elif not _same_question(new, old):
            yield ("facts", at[key]), f"fact {key!r} must keep type, options, required and when"


def _same_question(new: Fact, old: Fact) -> bool:
    return (
        new.answers == old.answers and new.when == old.when and (new.required or not old.required)
    )


def _dropped_notices(book: Playbook, base: Playbook) -> Faults:
    at = {notice.id: number for number, notice in enumerate(book.notify)}
    for old in base.notify:
        if old.basis is Basis.PRACTICE and not old.ack:
            continue
        new = book.notices.get(old.id)
        if new is None:
            yield ("notify",), f"notice {old.id} may not be dropped"
        elif (new.to, new.when, new.unless, new.basis) != (
            old.to,
            old.when,
            old.unless,
            old.basis,
        ) or (_is_later(new.within_min, old.within_min) or (old.ack and not new.ack)):
            yield ("notify", at[old.id]), f"notice {old.id} must keep to, when, basis, time and ack"


def _dropped_steps(book: Playbook, base: Playbook) -> Faults:
    at = {step.id: where for where, step in steps_of(book)}
    for old in base.steps.values():
        if old.basis is Basis.PRACTICE and old.id not in base.named_by_rules:
            continue
        new = book.steps.get(old.id)
        if new is None:
            yield ("phases",), f"step {old.id} ({old.basis}) may not be dropped"
        elif not _same_duty(new, old):
            yield (
                at[old.id],
                f"step {old.id} must keep basis, required, when, opens, register, fields and proof",
            )


SAME = ("type", "options", "when", "by", "who", "role_only")
"""What stays of a field; the role that is offered first may change unless it is the only one."""


def _same_duty(new: Step, old: Step) -> bool:
    fields = {field.key: field for field in new.fields}
    kept = all(
        (mine := fields.get(f.key)) is not None
        and all(getattr(mine, name) == getattr(f, name) for name in SAME)
        and (mine.role == f.role or not f.role_only)
        and mine.must >= f.must
        and (mine.required or not f.required)
        for f in old.fields
    )
    same = ("basis", "when", "tells", "opens", "own", "repeat", "skippable", "remind", "after")
    return (
        kept
        and all(getattr(new, name) == getattr(old, name) for name in same)
        and (new.required or not old.required)
        and set(new.evidence) >= set(old.evidence)
        and not _is_later(new.within_min, old.within_min)
    )


def _is_later(new: int | None, old: int | None) -> bool:
    return old is not None and (new is None or new > old)


def _dropped_papers(book: Playbook, base: Playbook) -> Faults:
    forms = {record.form: record for record in book.records}
    for old in base.records:
        new = forms.get(old.form)
        if new is None or new.when != old.when or new.required < old.required:
            yield ("records",), f"record {old.form!r} must be kept with its when and required"
        elif not set(old.sign) <= set(new.sign) or not _same_boxes(new, old):
            yield ("records",), f"record {old.form!r} must keep its signatures"
    yield from _dropped_rules(book, base)


def _same_boxes(new: Record, old: Record) -> bool:
    return new.more == old.more


def _dropped_rules(book: Playbook, base: Playbook) -> Faults:
    rules = {close.id: close.rule for close in book.close_when}
    for close in base.close_when:
        if rules.get(close.id) != close.rule:
            yield ("close_when",), f"closing rule {close.id} must be kept as it is"
