"""When a step is due: its target from the report, or from what asked for it only later (ADR 0027)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from emergencies.models import Event, StepMark
from emergencies.playbooks import conditions
from emergencies.playbooks.board import StepLine, look
from emergencies.playbooks.schema import Playbook, Step
from emergencies.queries.evidence import Record, evidence, fact_value, playbook_of

O = StepMark.Outcome  # noqa: E741 -- read as in the tables: O.ROUND
OPEN = {"open", "reopened"}


def due_at(event: Event, record: Record, line: StepLine) -> datetime | None:
    """Return when a step is due; None for one without a target.

    So many minutes after the report. A step that was asked for when these had passed already has
    as many from then on: nothing is overdue before anybody could know of it.
    """
    if line.step.within_min is None:
        return None
    within = timedelta(minutes=line.step.within_min)
    target = event.reported_at + within
    opened = opened_at(event, record, line)
    return target if opened <= target else opened + within


def opened_at(event: Event, record: Record, line: StepLine) -> datetime:
    """Return since when a step is asked for: the report, an answer, or a mark that was taken back."""
    book, begun = playbook_of(event), event.reported_at
    found = max(begun, _holds_since(book, line.step, record.answers) or begun)
    mark = record.current_marks().get(line.step.id)
    if mark is None or mark.outcome == O.ROUND:
        own = (m for m in record.marks if m.step == line.step.id and m.outcome != O.ROUND)
        return max([found, *(m.superseded_at for m in own if m.superseded_at)])
    if line.state == "reopened":
        keys = conditions.depends_on(book, line.step.when)
        found = max([found, *_changed(record, mark.basis, keys)])
    return found


def late_targets(event: Event) -> list[datetime]:
    """Return when steps are due that were asked for after their target had passed; two statements."""
    answers = list(event.answers.order_by("pk"))
    record = Record(answers, list(event.marks.order_by("pk")), [])
    board = look(playbook_of(event), evidence(record))
    found = set[datetime]()
    for line in board.steps:
        due = due_at(event, record, line) if line.state in OPEN else None
        if due is not None and due != _target(event, line.step):
            found.add(due)
    return sorted(found)


def _target(event: Event, step: Step) -> datetime:
    return event.reported_at + timedelta(minutes=step.within_min or 0)


def _holds_since(book: Playbook, step: Step, answers: Iterable[Any]) -> datetime | None:
    """The answer since which the condition of the step holds; None for one that always holds."""
    hangs_on = conditions.depends_on(book, step.when)
    said: dict[str, str | bool] = {}
    since: datetime | None = None
    for row in answers:
        if row.key not in hangs_on:
            continue
        said[row.key] = fact_value(row.value)
        holds = conditions.evaluate(step.when, conditions.in_force(book.facts, said))
        since = (since or row.at) if holds else None
    return since


def _changed(record: Record, basis: Any, keys: Iterable[str]) -> list[datetime]:
    """When the answers came that the mark of a step does not rest on."""
    now = record.current_answers()
    return [now[k].at for k in keys if k in now and now[k].seq != basis.get(k)]
