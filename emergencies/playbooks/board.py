"""What an event looks like now, computed from its playbook and what has been entered. Pure.

`look` gives the board; `Board.missing` says what still stands in the way. Unknown is never zero
and never "no": it blocks what hangs on it and is named (decision 18).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from emergencies.playbooks import closing, conditions
from emergencies.playbooks.closing import Kind, Missing, Stage
from emergencies.playbooks.schema import (
    Answer,
    CardLine,
    Condition,
    Fact,
    Notice,
    Playbook,
    Record,
    Step,
)

__all__ = [
    "Board",
    "Evidence",
    "Kind",
    "Mark",
    "Missing",
    "NoticeLine",
    "Outcome",
    "Question",
    "RecordLine",
    "Stage",
    "State",
    "StepLine",
    "basis",
    "look",
]

Outcome = Literal["done", "not_needed", "round"]
State = Literal["open", "done", "not_needed", "undecided", "reopened", "off"]


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of a step that stands: its last outcome and the answers it was given under.

    `round` is one round of a step that repeats. `basis` is what `basis()` returned when the step
    was marked: fact → number (seq) of the answer then in force.
    """

    outcome: Outcome
    basis: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    """What was written into its fields."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has been entered so far; everything by the ids and keys of the playbook.

    `fact_seq` numbers the answers: a new number whenever the answer of a fact changes.
    `told`: notices sent, or told by hand, or with a reason why not. `linked`: kinds (codes) of the
    child events opened, and the kinds of all it came from, never opened again (decision 35).
    `fields`: whole numbers by "R32.missing"; absent or None is unknown. `active`: open entries of
    a register (`seal`); absent is unknown.
    """

    facts: Mapping[str, Answer] = field(default_factory=dict)
    fact_seq: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, Mark] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    acked: frozenset[str] = frozenset()
    signed: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    fields: Mapping[str, int | None] = field(default_factory=dict)
    active: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A fact: whether it arises (None: not yet known) and its answer in force."""

    fact: Fact
    asked: bool | None
    answer: Answer | None

    @property
    def is_open(self) -> bool:
        """It arises and has no answer."""
        return self.asked is True and self.answer is None

    @property
    def is_current(self) -> bool:
        """To be asked now: open, and not one of those usually answered at the end."""
        return self.is_open and not self.fact.late


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step with its state. `off`: does not apply (what was entered stays); `reopened`: marked
    under an answer that has changed since, to be confirmed again."""

    step: Step
    phase: str
    applies: bool | None
    state: State

    @property
    def is_settled(self) -> bool:
        """Nothing is left to do."""
        return self.state in {"done", "not_needed", "off"}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice; `applies` None while that hangs on an unanswered question."""

    notice: Notice
    applies: bool | None
    told: bool
    acked: bool


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A paper; `needed` None while that hangs on an unanswered question."""

    record: Record
    needed: bool | None
    signed: bool


@dataclass(frozen=True)
class Board:
    """The event as it stands, in the playbook's order."""

    playbook: Playbook
    evidence: Evidence
    counting: Mapping[str, Answer]
    """The answers in force (`conditions.in_force`)."""
    card: tuple[CardLine, ...]
    questions: tuple[Question, ...]
    steps: tuple[StepLine, ...]
    notices: tuple[NoticeLine, ...]
    records: tuple[RecordLine, ...]

    @cached_property
    def lines(self) -> dict[str, StepLine]:
        """The steps by id."""
        return {line.step.id: line for line in self.steps}

    def missing(self, stage: Stage) -> tuple[Missing, ...]:
        """Return all that is in the way of ending the handling, or of archiving; () for nothing.

        `handling` leaves signatures out; `archive` asks for everything. A step that is undecided
        is told by the question it waits for.
        """
        return closing.missing(self, stage)


def look(playbook: Playbook, evidence: Evidence) -> Board:
    """Return the board of an event; never raises, whatever ids the evidence holds."""
    counting = conditions.in_force(playbook.facts, evidence.facts)

    def holds(condition: Condition | None) -> bool | None:
        return conditions.evaluate(condition, counting)

    told = evidence.told | _told_by_steps(playbook, evidence)
    return Board(
        playbook=playbook,
        evidence=evidence,
        counting=counting,
        card=tuple(line for line in playbook.card if holds(line.when) is not False),
        questions=tuple(
            Question(f, holds(f.when), _shown(counting.get(f.key))) for f in playbook.facts
        ),
        steps=tuple(
            StepLine(step, phase.id, applies, _state(playbook, step, applies, evidence, holds))
            for phase in playbook.phases
            for step in phase.steps
            for applies in [_applies(step, holds(step.when), evidence)]
        ),
        notices=tuple(
            NoticeLine(
                n,
                _is_called(holds(n.when), holds(n.unless), n),
                n.id in told,
                n.id in evidence.acked,
            )
            for n in playbook.notify
        ),
        records=tuple(
            RecordLine(r, holds(r.when), r.form in evidence.signed) for r in playbook.records
        ),
    )


def _applies(step: Step, when: bool | None, evidence: Evidence) -> bool | None:
    """Whether a step applies: by the answers, or because of what has been done already."""
    return True if any(_happened(one, evidence) for one in step.after) else when


def _happened(what: str, evidence: Evidence) -> bool:
    name, _sep, choice = what.partition(".")
    mark = evidence.steps.get(name)
    if mark is None or mark.outcome != "done":
        return False
    key, _sep, code = choice.partition("=")
    return not choice or mark.values.get(key) == code


def _is_called(when: bool | None, unless: bool | None, notice: Notice) -> bool | None:
    """Whether a notice applies; what would do away with it does so only once it is known."""
    return False if notice.unless is not None and unless is True else when


def basis(playbook: Playbook, step_id: str, evidence: Evidence) -> dict[str, int]:
    """Return what the mark of a step rests on, to be stored with it; KeyError: no such step."""
    hangs_on = conditions.depends_on(playbook, playbook.steps[step_id].when)
    return {key: evidence.fact_seq[key] for key in sorted(hangs_on) if key in evidence.fact_seq}


def _told_by_steps(playbook: Playbook, evidence: Evidence) -> set[str]:
    marks = evidence.steps
    done = (s for s in playbook.steps.values() if s.id in marks and s.tells)
    return {str(s.tells) for s in done if marks[s.id].outcome != "not_needed"}


def _shown(answer: Answer | None) -> Answer | None:
    return None if answer == conditions.NOT_ASKED else answer


def _state(
    playbook: Playbook,
    step: Step,
    applies: bool | None,
    evidence: Evidence,
    holds: Callable[[Condition | None], bool | None],
) -> State:
    mark = evidence.steps.get(step.id)
    undone: State = "open" if applies else "undecided"
    if applies is False:
        return "off"
    if mark is None:
        return undone
    if _is_stale(mark, basis(playbook, step.id, evidence)):
        return "reopened" if applies else "undecided"
    if mark.outcome == "not_needed":
        return "not_needed" if playbook.skippable(step.id) else undone
    if step.repeat and step.repeat.until:
        # Done is not for the hand to say: the rounds go on until the condition holds.
        return "done" if holds(step.repeat.until) else undone
    return "done" if mark.outcome == "done" else undone


def _is_stale(mark: Mark, now: Mapping[str, int]) -> bool:
    # What was done under an answer stays done when a further question is answered; a reason why
    # it was not needed was given without knowing that answer.
    changed = any(now.get(key) != seq for key, seq in mark.basis.items())
    return changed or (mark.outcome == "not_needed" and set(now) != set(mark.basis))
