"""What the pure engine looks at, read in a fixed number of statements for any event."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from emergencies import playbooks
from emergencies.models import Answer, Call, Event, PlaybookVersion, StepMark
from emergencies.playbooks import board, conditions
from emergencies.playbooks.schema import Playbook

YES, NO = "yes", "no"
DRILL_RECORD = "drill_record"
REGISTERS: "list[Any]" = []
"""Registers of single playbooks (seals, roll call …): ``fn(event) -> Extra``, added by ``registers``."""


@lru_cache(maxsize=128)
def _parsed(pk: int, _sha256: str) -> Playbook:
    return playbooks.from_json(PlaybookVersion.objects.values_list("content", flat=True).get(pk=pk))


def playbook_of(event: Event) -> Playbook:
    """The playbook the event began with; parsed once per process and version."""
    version = event.playbook
    return _parsed(version.pk, version.sha256)


def fact_value(value: str) -> str | bool:
    """An answer as the conditions of a playbook know it."""
    return {YES: True, NO: False}.get(value, value)


@dataclass(frozen=True, slots=True)
class Barred:
    """Answers nobody gives by hand, and where the answer comes from; without ``values`` all."""

    why: str
    values: frozenset[str] | None = None


@dataclass(slots=True)
class Record:
    """All rows of one event the board is made of; one statement each."""

    answers: list[Answer]
    marks: list[StepMark]
    """In force or not, oldest first."""
    calls: list[Call]
    signed: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    fields: dict[str, int | None] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)
    barred: dict[str, Barred] = field(default_factory=dict)
    """Questions a register answers by itself, by key."""

    def current_answers(self) -> dict[str, Answer]:
        return {a.key: a for a in self.answers if a.superseded_at is None}

    def current_marks(self) -> dict[str, StepMark]:
        """The mark in force of each step; the last round where only rounds were done."""
        found: dict[str, StepMark] = {}
        for mark in self.marks:
            settled = mark.step in found and found[mark.step].outcome != StepMark.Outcome.ROUND
            if mark.superseded_at is None and not (
                settled and mark.outcome == StepMark.Outcome.ROUND
            ):
                found[mark.step] = mark
        return found


def record_of(event: Event) -> Record:
    """Answers, marks, calls, children, records and registers of one event."""
    answers = list(event.answers.select_related("by").order_by("pk"))
    marks = list(event.marks.select_related("by").order_by("pk"))
    calls = list(event.calls.select_related("acked_by", "told_user").order_by("pk"))
    return assemble(event, Record(answers, marks, calls, linked=_linked(event)))


def assemble(event: Event, record: Record) -> Record:
    """What follows from the rows, and what the registers of the event add."""
    record.fields = _numbers(record)
    for register in REGISTERS:
        register(event, record)
    return record


def _linked(event: Event) -> frozenset[str]:
    """Kinds of its children and of what it came from: none of them is opened again (decision 35)."""
    children = event.children.exclude(status=Event.Status.VOIDED).values_list("kind", flat=True)
    return frozenset(children) | kinds_above(event)


def kinds_above(event: Event) -> frozenset[str]:
    """Kinds of all it came from, up to the first."""
    kinds: set[str] = set()
    parent = event.parent
    while parent is not None:
        kinds.add(parent.kind)
        parent = parent.parent
    return frozenset(kinds)


def _numbers(record: Record) -> dict[str, int | None]:
    """Whole numbers typed with steps, by "R32.missing"."""
    return {
        f"{step}.{key}": value
        for step, mark in record.current_marks().items()
        for key, value in mark.values.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }


def evidence(record: Record) -> board.Evidence:
    """What the engine needs of the rows."""
    answers = record.current_answers()
    return board.Evidence(
        facts={key: fact_value(a.value) for key, a in answers.items()},
        fact_seq={key: a.seq for key, a in answers.items()},
        steps={
            step: board.Mark(cast("board.Outcome", mark.outcome), mark.basis, mark.values)
            for step, mark in record.current_marks().items()
        },
        told=frozenset(
            c.notice for c in record.calls if c.told_at or c.not_told_reason or c.acked_at
        ),
        acked=frozenset(c.notice for c in record.calls if c.acked_at),
        signed=record.signed,
        linked=record.linked,
        fields=record.fields,
        active=record.active,
    )


def look(event: Event, record: Record | None = None) -> board.Board:
    """The board of the event as it stands in the database now."""
    return board.look(playbook_of(event), evidence(record or record_of(event)))


def facts_of(event: Event, /, **instead: str) -> conditions.Answers:
    """The answers that count now, or would with others ``instead``: only of questions that arise."""
    rows = event.answers.filter(superseded_at=None).values_list("key", "value")
    said = {key: fact_value(value) for key, value in (dict(rows) | instead).items()}
    return conditions.in_force(playbook_of(event).facts, said)
