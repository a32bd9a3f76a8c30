"""What still stands in the way of ending an event or of archiving it. Pure.

The closing rules are read here, three-valued: only what is known to be true closes a case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from emergencies.playbooks import conditions, records
from emergencies.playbooks.schema import Basis, CloseRule, Notice, Rule, label

if TYPE_CHECKING:
    from emergencies.playbooks.board import Board

Stage = Literal["handling", "archive"]
Kind = Literal["fact", "step", "notice", "record", "rule"]


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing in the way, with the sentence that says so and the place (kind, id) to go to."""

    kind: Kind
    id: str
    sentence: str
    at: tuple[Kind, str]


def missing(board: Board, stage: Stage) -> tuple[Missing, ...]:
    """Return all that is in the way, in the order questions, steps, notices, papers, rules."""
    return (
        *_open_questions(board),
        *_open_steps(board),
        *_untold(board),
        *(_unsigned(board) if stage == "archive" else ()),
        *_broken_rules(board, stage),
    )


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
            sentence = _("还没有签完：%(form)s") % {"form": records.title(form)}
            yield Missing("record", form, sentence, ("record", form))


def _broken_rules(board: Board, stage: Stage) -> Iterator[Missing]:
    judge = _Judge(board, stage)
    for close in board.playbook.close_when:
        if judge.holds(close.rule) is not True:
            sentence = _("结案条件还没有满足：%(rule)s") % {"rule": close.zh}
            yield Missing("rule", close.id, sentence, judge.blames(close))


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
        if rule.field_zero:
            return "step", rule.field_zero.split(".")[0]
        steps = (rule.step_done,) if rule.step_done else rule.any_done or rule.linked_opened or ()
        unsettled = [step for step in steps if not self.board.lines[step].is_settled]
        return "step", (unsettled or self._unlinked(steps) or list(steps))[0]

    def _unlinked(self, steps: tuple[str, ...]) -> list[str]:
        return [step for step in steps if self._is_linked(step) is False]

    def _step_of(self, rule: Rule) -> str:
        """The step that takes the entry out of the register, else the first that knows it."""
        own = [
            s.id for s in self.board.playbook.steps.values() if s.own == f"{rule.no_active}_release"
        ]
        named = [s.id for s in self.board.playbook.steps.values() if s.own == rule.no_active]
        return (own + named)[0]
