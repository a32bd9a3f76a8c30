"""What an event looks like now, computed from its playbook and what has been entered. Pure.

`look` gives the board; `Board.missing` says what still stands in the way. Unknown is never zero
and never "no": it blocks what hangs on it and is named (decision 18).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from django.utils.translation import gettext as _

from emergencies.playbooks import conditions
from emergencies.playbooks.schema import (
    Answer,
    Basis,
    CardLine,
    CloseRule,
    Condition,
    Fact,
    Notice,
    Playbook,
    Record,
    Rule,
    Step,
    label,
)

Stage = Literal["handling", "archive"]
Outcome = Literal["done", "not_needed", "round"]
State = Literal["open", "done", "not_needed", "undecided", "reopened", "off"]
Kind = Literal["fact", "step", "notice", "record", "rule"]


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of a step that stands: its last outcome and the answers it was given under.

    `round` is one round of a step that repeats. `basis` is what `basis()` returned when the step
    was marked: fact → number (seq) of the answer then in force.
    """

    outcome: Outcome
    basis: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has been entered so far; everything by the ids and keys of the playbook.

    `fact_seq` numbers the answers: a new number whenever the answer of a fact changes.
    `told`: notices sent, or told by hand, or with a reason why not. `linked`: kinds (codes) of the
    child events opened, and the kind of the parent, which is never opened again (decision 35).
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


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing in the way, with the sentence that says so and the place (kind, id) to go to."""

    kind: Kind
    id: str
    sentence: str
    at: tuple[Kind, str]


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
        return (
            *_open_questions(self),
            *_open_steps(self),
            *_untold(self),
            *(_unsigned(self) if stage == "archive" else ()),
            *_broken_rules(self, stage),
        )


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
            for applies in [holds(step.when)]
        ),
        notices=tuple(
            NoticeLine(n, holds(n.when), n.id in told, n.id in evidence.acked)
            for n in playbook.notify
        ),
        records=tuple(
            RecordLine(r, holds(r.when), r.form in evidence.signed) for r in playbook.records
        ),
    )


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
    if applies is False:
        return "off"
    if mark is None:
        return "open" if applies else "undecided"
    if _is_stale(mark, basis(playbook, step.id, evidence)):
        return "reopened" if applies else "undecided"
    if mark.outcome == "not_needed":
        return "not_needed" if playbook.skippable(step.id) else "open"
    if step.repeat and step.repeat.until:
        # Done is not for the hand to say: the rounds go on until the condition holds.
        return "done" if holds(step.repeat.until) else "open"
    return "done" if mark.outcome == "done" else "open"


def _is_stale(mark: Mark, now: Mapping[str, int]) -> bool:
    # What was done under an answer stays done when a further question is answered; a reason why
    # it was not needed was given without knowing that answer.
    changed = any(now.get(key) != seq for key, seq in mark.basis.items())
    return changed or (mark.outcome == "not_needed" and set(now) != set(mark.basis))


# --- what is missing -----------------------------------------------------------------------


def _open_questions(board: Board) -> Iterator[Missing]:
    waited_for = set(_waited_for(board))
    for question in board.questions:
        fact = question.fact
        if question.is_open and (fact.required or fact.key in waited_for):
            yield Missing(
                "fact", fact.key, _("还没有回答：%(ask)s") % {"ask": fact.ask}, ("fact", fact.key)
            )


def _waited_for(board: Board) -> Iterator[str]:
    """Yield the questions that keep something needed undecided."""
    book = board.playbook
    waiting = [line.step.when for line in board.steps if line.step.required]
    waiting += [n.when for n in book.notify if _must_be_told(n)]
    waiting += [r.when for r in book.records if r.required]
    for condition in waiting:
        yield from conditions.unknown(book, condition, board.counting)


def _open_steps(board: Board) -> Iterator[Missing]:
    for line in board.steps:
        step = line.step
        if not step.required or line.state not in {"open", "reopened"}:
            continue
        if line.state == "reopened":
            sentence = _("答案改过，请再确认：%(step)s") % {"step": step.zh}
        else:
            sentence = _("还没有完成：%(step)s") % {"step": step.zh}
        yield Missing("step", step.id, sentence, ("step", step.id))


def _must_be_told(notice: Notice) -> bool:
    return notice.basis is not Basis.PRACTICE or notice.ack


def _untold(board: Board) -> Iterator[Missing]:
    for line in board.notices:
        notice = line.notice
        if _must_be_told(notice) and line.applies and not line.told:
            sentence = _("还没有通知：%(who)s") % {"who": label(notice.to)}
            yield Missing("notice", notice.id, sentence, ("notice", notice.id))


def _unsigned(board: Board) -> Iterator[Missing]:
    for line in board.records:
        if line.record.required and line.needed and not line.signed:
            form = line.record.form
            sentence = _("还没有签完：%(form)s") % {"form": _form_title(form)}
            yield Missing("record", form, sentence, ("record", form))


def _broken_rules(board: Board, stage: Stage) -> Iterator[Missing]:
    judge = _Judge(board, stage)
    for close in board.playbook.close_when:
        if judge.holds(close.rule) is not True:
            sentence = _("结案条件还没有满足：%(rule)s") % {"rule": close.zh}
            yield Missing("rule", close.id, sentence, judge.blames(close))


def _form_title(form: str) -> str:
    from emergencies.playbooks.records import title

    return title(form)


@dataclass(frozen=True)
class _Judge:
    """Reads the closing rules: True, False, or None for unknown."""

    board: Board
    stage: Stage

    def holds(self, rule: Rule) -> bool | None:
        if rule.all_ is not None:
            return conditions.every(map(self.holds, rule.all_))
        if rule.any_ is not None:
            return conditions.some(map(self.holds, rule.any_))
        if rule.if_ is not None and rule.then is not None:
            unless = conditions.negated(conditions.evaluate(rule.if_, self.board.counting))
            return conditions.some([unless, self.holds(rule.then)])
        if rule.not_ is not None:
            return conditions.negated(conditions.evaluate(rule.not_, self.board.counting))
        if rule.fact is not None:
            return conditions.matches(self.board.counting.get(rule.fact), rule.is_, rule.in_)
        return self._entered(rule)

    def _entered(self, rule: Rule) -> bool | None:
        evidence = self.board.evidence
        if rule.step_done is not None:
            return self._is_done(rule.step_done)
        if rule.any_done is not None:
            return any(self.board.lines[step].state == "done" for step in rule.any_done)
        if rule.form_signed is not None:
            return self.stage == "handling" or rule.form_signed in evidence.signed
        if rule.notice_acked is not None:
            return rule.notice_acked in evidence.acked
        if rule.linked_opened is not None:
            return conditions.every(map(self._is_linked, rule.linked_opened))
        if rule.field_zero is not None:
            found = evidence.fields.get(rule.field_zero)
            return None if found is None else found == 0
        found = evidence.active.get(str(rule.no_active))
        return None if found is None else found == 0

    def _is_done(self, step_id: str) -> bool | None:
        return {"off": True, "done": True, "undecided": None}.get(
            self.board.lines[step_id].state, False
        )

    def _is_linked(self, step_id: str) -> bool | None:
        line = self.board.lines[step_id]
        if not line.applies:
            return conditions.negated(line.applies)
        return line.step.opens in self.board.evidence.linked

    def blames(self, close: CloseRule) -> tuple[Kind, str]:
        """Return the place to go to: the first thing in the rule that does not hold."""
        places = (self._place(leaf) for leaf in self._failing(close.rule))
        return next(places, ("rule", close.id))

    def _failing(self, rule: Rule) -> Iterator[Rule]:
        if self.holds(rule) is True:
            return
        inside = (rule.all_ or ()) + (rule.any_ or ()) + ((rule.then,) if rule.then else ())
        if not inside:
            yield rule
        for one in inside:
            yield from self._failing(one)

    def _place(self, rule: Rule) -> tuple[Kind, str]:
        if rule.form_signed:
            return "record", rule.form_signed
        if rule.notice_acked:
            return "notice", rule.notice_acked
        if rule.fact:
            return "fact", rule.fact
        if rule.not_:
            return "fact", min(conditions.keys(rule.not_))
        if rule.no_active:
            return "step", self._step_of(rule)
        steps = (rule.any_done or ()) + (rule.linked_opened or ())
        ids = [s for s in (rule.step_done, *steps) if s and not self.board.lines[s].is_settled]
        return "step", (rule.field_zero or "").split(".")[0] or next(iter(ids), steps[:1][0])

    def _step_of(self, rule: Rule) -> str:
        """The step that takes the entry out of the register, else the first that knows it."""
        own = [
            s.id for s in self.board.playbook.steps.values() if s.own == f"{rule.no_active}_release"
        ]
        named = [s.id for s in self.board.playbook.steps.values() if s.own == rule.no_active]
        return (own + named)[0]
