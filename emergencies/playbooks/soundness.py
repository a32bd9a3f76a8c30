"""What one part of a playbook cannot say about itself: names that lead nowhere, circles, gaps.

Each function returns (place, message) pairs; `propdesk.core.content` turns them into file, line
and field. Nothing here is checked at the time of an event: a faulty playbook never gets that far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from emergencies.playbooks import conditions, records
from emergencies.playbooks.schema import (
    CALLS,
    Answer,
    Basis,
    Condition,
    Party,
    Playbook,
    Register,
    Rule,
    Step,
)
from emergencies.playbooks.vocabulary import TABLES
from propdesk.core.content import Location

Faults = Iterator[tuple[Location, str]]

CODES = (
    "theft", "property_damage", "drunk_guest", "fight",
    "medical", "death", "power_outage", "fire",
)  # fmt: skip
"""The eight events of the procedure, E-1 to E-8, in order."""


def faults(book: Playbook) -> Faults:
    """Yield everything wrong inside one playbook."""
    yield from _about_the_whole(book)
    yield from _about_twice(book)
    yield from _about_facts(book)
    yield from _about_conditions(book)
    yield from _about_steps(book)
    yield from _about_notices(book)
    yield from _about_records(book)
    yield from _about_rules(book)


def circles(books: Mapping[str, Playbook]) -> Iterator[tuple[str, Location, str]]:
    """Yield (code, place, message) for each step that could start events without end.

    A child never opens its parent's kind again (decision 35), so two playbooks may open each
    other; three in a ring would go on for ever.
    """
    for code, book in books.items():
        for where, step in steps_of(book):
            ring = _ring(books, [code], step.opens) if step.opens else None
            if ring:
                yield code, (*where, "opens"), f"opens in a circle: {' → '.join(ring)}"


def _ring(books: Mapping[str, Playbook], path: list[str], code: str) -> list[str] | None:
    if code in path:
        back = len(path) > 1 and path[-2] == code
        return None if back else [*path, code]
    here = [*path, code]
    opened = {s.opens for s in books[code].steps.values() if s.opens} if code in books else set()
    rings = (_ring(books, here, child) for child in sorted(opened))
    return next((ring for ring in rings if ring and ring[-1] == path[0]), None)


# --- one playbook --------------------------------------------------------------------------


def _about_the_whole(book: Playbook) -> Faults:
    if book.code not in CODES:
        yield ("code",), f"unknown playbook {book.code!r}"
    elif book.clause != f"E-{CODES.index(book.code) + 1}":
        yield ("clause",), f"clause of {book.code} must be E-{CODES.index(book.code) + 1}"
    if book.confidential != bool(book.readers):
        yield ("readers",), "readers belong to confidential playbooks, and to no other"
    if book.drill and book.drill.record not in records.known():
        yield ("drill", "record"), f"unknown form {book.drill.record!r}"
    on_card = {line.call for line in book.card}
    for number, notice in enumerate(book.notify):
        needed = {str(party): number for party, number in CALLS.items()}.get(notice.to)
        if needed and needed not in on_card:
            yield ("notify", number, "to"), f"{needed} must stand on the card"


def _about_twice(book: Playbook) -> Faults:
    lists: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("facts", "key", (fact.key for fact in book.facts)),
        ("notify", "id", (notice.id for notice in book.notify)),
        ("phases", "id", (phase.id for phase in book.phases)),
        ("records", "form", (record.form for record in book.records)),
        ("close_when", "id", (close.id for close in book.close_when)),
    )
    for name, key, ids in lists:
        seen: set[str] = set()
        for number, one in enumerate(ids):
            if one in seen:
                yield (name, number, key), f"{one!r} given twice"
            seen.add(one)
    steps: set[str] = set()
    for where, step in steps_of(book):
        if step.id in steps:
            yield (*where, "id"), f"{step.id!r} given twice"
        steps.add(step.id)


def _about_facts(book: Playbook) -> Faults:
    earlier: set[str] = set()
    used = _used(book)
    for number, fact in enumerate(book.facts):
        later = conditions.keys(fact.when) - earlier
        if later & set(book.facts_by_key):
            yield ("facts", number, "when"), f"asks {min(later)!r}, which stands no earlier"
        earlier.add(fact.key)
        if fact.key not in used:
            yield ("facts", number, "key"), f"fact {fact.key!r} is used nowhere"


def _used(book: Playbook) -> frozenset[str]:
    found: set[str] = set()
    for _where, condition in _conditions(book):
        found |= conditions.keys(condition)
    for leaf in book.leaves:
        found |= {leaf.fact} if leaf.fact else conditions.keys(leaf.not_)
    return frozenset(found)


def _conditions(book: Playbook) -> Iterator[tuple[Location, Condition]]:
    """Yield every condition outside the closing rules (but for their `if`), with its place."""
    parts: list[tuple[Location, Condition | None]] = []
    for name in ("card", "facts", "notify", "records"):
        parts += [((name, n, "when"), one.when) for n, one in enumerate(getattr(book, name))]
    parts += [
        (("records", n, "more", "when"), one.more.when if one.more else None)
        for n, one in enumerate(book.records)
    ]
    parts += [(("notify", n, "unless"), one.unless) for n, one in enumerate(book.notify)]
    for where, step in steps_of(book):
        parts.append(((*where, "when"), step.when))
        parts += [((*where, "fields", n, "when"), f.when) for n, f in enumerate(step.fields)]
        if step.repeat:
            parts.append(((*where, "repeat", "until"), step.repeat.until))
    for number, close in enumerate(book.close_when):
        for place, rule in _rules(close.rule, ("close_when", number, "rule")):
            parts += [((*place, "if"), rule.if_), ((*place, "not"), rule.not_)]
    for where, condition in parts:
        if condition:
            yield where, condition


def _about_conditions(book: Playbook) -> Faults:
    siblings = dict(steps_of(book))
    for where, condition in _conditions(book):
        step = siblings.get(where[:4]) if "fields" in where else None
        for atom in conditions.atoms(condition):
            if atom.field:
                yield from _about_field(step, where, atom)
            else:
                yield from _about_answer(book, where, atom)


def _about_field(step: Step | None, where: Location, atom: Condition) -> Faults:
    if step is None:
        yield where, f"field {atom.field!r} may be asked inside a step only"
        return
    index = int(where[-2])
    before = {field.key: field for field in step.fields[:index]}
    asked = before.get(atom.field or "")
    if asked is None or asked.type not in {"choice", "bool"}:
        yield where, f"{atom.field!r} is no earlier choice or bool field of the step"
        return
    answers: tuple[Answer, ...] = tuple(o.code for o in asked.options) or (True, False)
    for value in _values(atom):
        if not _is_among(value, answers):
            yield where, f"{value!r} is no answer of {atom.field!r}"


def _about_answer(book: Playbook, where: Location, atom: Condition | Rule) -> Faults:
    fact = book.facts_by_key.get(atom.fact or "")
    if fact is None:
        yield where, f"unknown fact {atom.fact!r}"
        return
    for value in _values(atom):
        if not _is_among(value, fact.answers):
            yield where, f"{value!r} is no answer of {fact.key!r}"


def _values(atom: Condition | Rule) -> tuple[Answer, ...]:
    return atom.in_ if atom.in_ is not None else () if atom.is_ is None else (atom.is_,)


def _is_among(value: Answer, answers: tuple[Answer, ...]) -> bool:
    return any(type(value) is type(one) and value == one for one in answers)


def _about_steps(book: Playbook) -> Faults:
    inner = {*book.readers, book.lead, book.owner, Party.REPORTER}
    for where, step in steps_of(book):
        if step.opens == book.code or (step.opens and step.opens not in CODES):
            yield (*where, "opens"), f"cannot open {step.opens!r}"
        if step.tells and step.tells not in book.notices:
            yield (*where, "tells"), f"unknown notice {step.tells!r}"
        for what in step.after:
            if not _can_happen(book, step, what):
                yield (*where, "after"), f"{what!r} is no other step, or no choice of one"
        if step.skippable and step.id in book.demanded:
            yield (*where, "skippable"), f"a closing rule demands {step.id}"
        if book.confidential and step.by not in inner:
            yield (*where, "by"), f"{step.by} may not read a confidential {book.code}"
        if step.basis is not Basis.PRACTICE and not step.required and step.skippable is False:
            yield (*where, "skippable"), "an optional step needs no such bar"


def _can_happen(book: Playbook, step: Step, what: str) -> bool:
    name, _sep, choice = what.partition(".")
    key, _sep, code = choice.partition("=")
    if name == step.id or name not in book.steps:
        return False
    fields = (f for f in book.steps[name].fields if f.key == key)
    return not choice or any(o.code == code for f in fields for o in f.options)


def _about_notices(book: Playbook) -> Faults:
    inner = {*book.readers, book.lead, book.owner}
    for number, notice in enumerate(book.notify):
        told = [notice.to, *([notice.fallback] if notice.fallback else [])]
        told += [rung.to for rung in notice.ladder]
        outside = [who for who in told if who not in Party.values and who not in inner]
        if book.confidential and outside:
            yield ("notify", number), f"{outside[0]} may not read a confidential {book.code}"


def _about_records(book: Playbook) -> Faults:
    for number, record in enumerate(book.records):
        if record.form not in records.known():
            yield ("records", number, "form"), f"unknown form {record.form!r}"
        if len(set(record.sign)) < len(record.sign):
            yield ("records", number, "sign"), "somebody signs twice"


def _about_rules(book: Playbook) -> Faults:
    for number, close in enumerate(book.close_when):
        for where, rule in _rules(close.rule, ("close_when", number, "rule")):
            yield from _about_rule(book, where, rule)


def _about_rule(book: Playbook, where: Location, rule: Rule) -> Faults:
    for name in ("step_done", "any_done", "linked_opened"):
        given = getattr(rule, name) or ()
        for step_id in (given,) if isinstance(given, str) else given:
            step = book.steps.get(step_id)
            if step is None:
                yield (*where, name), f"unknown step {step_id!r}"
            elif name == "linked_opened" and not step.opens:
                yield (*where, name), f"{step_id} opens nothing"
    if rule.field_zero:
        yield from _about_zero(book, (*where, "field_zero"), rule.field_zero)
    if rule.form_signed and rule.form_signed not in {r.form for r in book.records}:
        yield (*where, "form_signed"), f"{rule.form_signed!r} is no record of the playbook"
    if rule.notice_acked:
        notice = book.notices.get(rule.notice_acked)
        if notice is None or not notice.ack:
            yield (*where, "notice_acked"), f"no notice {rule.notice_acked!r} with ack"
    if rule.no_active and rule.no_active not in {s.own for s in book.steps.values()}:
        yield (*where, "no_active"), f"no step is fulfilled by the register {rule.no_active}"
    if rule.fact:
        yield from _about_answer(book, (*where, "fact"), rule)


def _about_zero(book: Playbook, where: Location, reference: str) -> Faults:
    step_id, key = reference.split(".")
    step = book.steps.get(step_id)
    field = {f.key: f for f in step.fields}.get(key) if step else None
    if field is None or field.type != "number":
        yield where, f"{reference!r} is no number of a step"


def steps_of(book: Playbook) -> Iterator[tuple[Location, Step]]:
    """Yield every step with its place."""
    for number, phase in enumerate(book.phases):
        for index, step in enumerate(phase.steps):
            yield ("phases", number, "steps", index), step


def _rules(rule: Rule, where: Location) -> Iterator[tuple[Location, Rule]]:
    yield where, rule
    for name, inside in (("all", rule.all_), ("any", rule.any_)):
        for number, one in enumerate(inside or ()):
            yield from _rules(one, (*where, name, number))
    if rule.then:
        yield from _rules(rule.then, (*where, "then"))


# --- the papers ----------------------------------------------------------------------------


def faults_of_sources(papers: records.Forms, books: Mapping[str, Playbook]) -> Faults:
    """Yield each `from` and `when` of a form that leads nowhere in the playbooks that use it."""
    for index, field in enumerate(papers.head):
        yield from _about_sources(field, ("head", index), list(books.values()))
    for number, form in enumerate(papers.forms):
        users = [b for b in books.values() if form.code in {r.form for r in b.records}]
        before: dict[str, records.FormField] = {}
        for index, field in enumerate(form.fields):
            where: Location = ("forms", number, "fields", index)
            yield from _about_sources(field, where, users)
            for atom in conditions.atoms(field.when):
                if atom.fact and not any(atom.fact in b.facts_by_key for b in users):
                    yield (*where, "when"), f"unknown fact {atom.fact!r}"
                if atom.field and atom.field not in before:
                    yield (*where, "when"), f"{atom.field!r} is no earlier field of the form"
            before[field.key] = field


def _entered_with(step: Step) -> set[str]:
    rounds = {"rounds"} if step.repeat else set()
    return {field.key for field in step.fields} | set(step.evidence) | rounds


def _about_sources(field: records.FormField, where: Location, users: list[Playbook]) -> Faults:
    for at, source in enumerate(field.from_):
        if not _leads_somewhere(source, users):
            yield (*where, "from", at), f"{source!r} leads nowhere"


def _leads_somewhere(source: str, users: list[Playbook]) -> bool:
    kind, _, name = source.partition(":")
    if not name:
        step_id, key = source.split(".")
        steps = [b.steps[step_id] for b in users if step_id in b.steps]
        return any(key in _entered_with(step) for step in steps)
    known = {
        "fact": {key for b in users for key in b.facts_by_key},
        "notice": {key for b in users for key in b.notices},
        "event": records.EVENT,
        "register": {*Register.values, *TABLES},
    }
    return name.split(".")[0] in known[kind]
