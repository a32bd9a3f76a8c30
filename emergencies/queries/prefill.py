"""What a paper would say by itself: steps, answers, notices, registers, the event (``from``)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from emergencies.models import Call, Event, Party, StepMark
from emergencies.playbooks import conditions, records
from emergencies.playbooks.records import Form, FormField
from emergencies.playbooks.schema import label
from emergencies.playbooks.vocabulary import FieldType, Via
from emergencies.queries import (
    cells,
    evidence,
    register_rows,  # noqa: F401 -- fills the registers in
    registers,
)
from propdesk.core.clock_text import list_time

CONCERNED = (
    Party.Part.VICTIM,
    Party.Part.INJURED,
    Party.Part.CONCERNED,
    Party.Part.GUEST,
    Party.Part.OTHER_SIDE,
)
"""Whom a paper is about, the likeliest first."""


class Sources:
    """The rows of one event a paper may be filled from; read once, for all of its papers."""

    def __init__(self, event: Event, record: evidence.Record | None = None) -> None:
        self.event = event
        self.record = record or evidence.record_of(event)
        self.marks = self.record.current_marks()
        self.calls = {call.notice: call for call in self.record.calls}
        rows = event.parties.filter(removed_at=None).select_related("person__room")
        self.parties = sorted(rows, key=lambda p: (_rank(p), p.pk))
        known = [{cells.PERSON: m.person_id} for m in self.marks.values() if m.person_id]
        self.people = cells.People(event.pk, known, [dict(m.values) for m in self.marks.values()])

    def value(self, field: FormField) -> Any:
        """Return what the first source of the field that has something says; None for nothing."""
        for source in field.from_:
            found = self._found(source, field)
            if found not in (None, ""):
                return found
        return None

    def rows(self, field: FormField) -> list[list[Any]]:
        """Return the rows of a table, stored: of the first source that has any."""
        keys = [column.key for column in field.columns]
        for source in field.from_:
            kind, _sep, name = source.partition(":")
            if kind == "register":
                found = registers.of_register(self.event, name, self.record)
            else:
                found = registers.of_rounds(source.split(".")[0], self.record)
            if found:
                return registers.stored_rows(keys, found)
        return []

    def _found(self, source: str, field: FormField) -> Any:
        kind, _sep, name = source.partition(":")
        if kind == "event":
            return EVENT[name](self) if name in EVENT else None
        if kind == "fact":
            return self._fact(name, field)
        if kind == "notice":
            return self._notice(name)
        return None if kind == "register" else self._step(source, field)

    def _fact(self, key: str, field: FormField) -> Any:
        answer = evidence.fact_value(a.value) if (a := self._answers().get(key)) else None
        if answer is None or field.type in (FieldType.CHOICE, FieldType.BOOL):
            return answer
        facts = evidence.playbook_of(self.event).facts_by_key
        return facts[key].says(answer) if key in facts else None

    def _answers(self) -> Mapping[str, Any]:
        return self.record.current_answers()

    def _notice(self, name: str) -> Any:
        notice, _sep, part = name.partition(".")
        call = self.calls.get(notice)
        if call is None:
            return None
        if part == "told_by":
            return getattr(call, "recorded_by", None)
        if part == "acked_at":
            return call.acked_at
        return told_at(call) if part else told(call)

    def _step(self, source: str, field: FormField) -> Any:
        step, _sep, key = source.partition(".")
        mark = self.marks.get(step)
        if mark is None:
            return None
        if key in mark.values:
            return cells.read(field.type, mark.values[key], self.people) or _plain(mark, key, field)
        return self._proof(mark, key, field)

    def _proof(self, mark: StepMark, key: str, field: FormField) -> Any:
        """What proves the step: its words, its time, the person spoken to."""
        if key in ("contact", "signature") or field.type == FieldType.PERSON:
            return self.people.of({cells.PERSON: mark.person_id})
        if key == "time" or field.type == FieldType.TIME:
            return mark.occurred_at
        return mark.text if key in ("text", "reason") else None


def _plain(mark: StepMark, key: str, field: FormField) -> Any:
    """What is falsy but said: 0, 否."""
    value = mark.values[key]
    return value if field.type in (FieldType.NUMBER, FieldType.BOOL) else None


def _rank(party: Party) -> int:
    parts = list(CONCERNED)
    return parts.index(Party.Part(party.part)) if party.part in parts else len(parts)


def _concerned(sources: Sources) -> Any:
    first = sources.parties[0] if sources.parties else None
    return first.person if first is not None and _rank(first) < len(CONCERNED) else None


def place_of(event: Event) -> str:
    """Where it happened, as exactly as it is known."""
    parts = (event.place.label if event.place else "", event.place_note)
    return " ".join(part for part in parts if part)


EVENT: dict[str, Callable[[Sources], Any]] = {
    "number": lambda s: s.event.case.number,
    "reported_at": lambda s: s.event.reported_at,
    "occurred_at": lambda s: s.event.occurred_at,
    "found_at": lambda s: s.event.reported_at,
    "place": lambda s: place_of(s.event),
    "reporter": lambda s: s.event.reported_by,
    "commander": lambda s: s.event.commander,
    "parties": _concerned,
    "ended_at": lambda s: s.event.ended_at,
}
"""``event:`` of a form → the value."""


def told_at(call: Call) -> Any:
    """When somebody was told: by hand, or by the system when the call began."""
    return call.told_at or (call.opened_at if call.role else None)


def told(call: Call) -> str:
    """Who was told, when and how, in one line."""
    at = told_at(call)
    via = Via(call.told_via).label if call.told_via in Via.values else ""
    parts = (label(call.party), list_time(at) if at else "", str(via), call.not_told_reason)
    return " ".join(part for part in parts if part)


def head_values(sources: Sources) -> dict[str, Any]:
    """The fields every paper begins with, stored."""
    return {f.key: cells.stored(sources.value(f)) for f in records.head()}


def proposed(form: Form, sources: Sources) -> dict[str, Any]:
    """What the fields of the form are filled with at first, by key; nothing for tables."""
    found = {f.key: sources.value(f) for f in form.fields if f.type != "table"}
    if form.own in registers.FIELDS:
        found |= registers.FIELDS[form.own](sources.event)
    return found


def tables(form: Form, sources: Sources) -> dict[str, list[list[Any]]]:
    """The rows of every table of the form, stored, by key."""
    return {f.key: sources.rows(f) for f in form.fields if f.type == "table"}


def applies(
    form: Form, values: Mapping[str, Any], facts: conditions.Answers
) -> dict[str, bool | None]:
    """Whether each field of the form arises under what is written and answered.

    What hangs on a field that does not arise does not arise either: no route, no reason for it.
    """
    said = {k: v for k, v in values.items() if isinstance(v, str | bool)}
    found: dict[str, bool | None] = {}
    for field in form.fields:
        above = field.when.field if field.when is not None else None
        off = above is not None and found.get(above) is False
        found[field.key] = False if off else conditions.evaluate(field.when, facts, said)
    return found


def missing(
    form: Form,
    values: Mapping[str, Any],
    rows: Mapping[str, Iterable[Any]],
    facts: conditions.Answers,
) -> list[FormField]:
    """The fields that are required as things stand and have nothing in them."""
    arise = applies(form, values, facts)
    return [
        field
        for field in form.fields
        if field.required
        and arise[field.key] is not False
        and not (rows.get(field.key) if field.type == "table" else _is_said(values.get(field.key)))
    ]


def _is_said(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))
