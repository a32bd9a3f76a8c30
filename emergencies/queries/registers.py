"""Rows of registers for the tables of a paper, each by the keys of the form's columns.

A register of its own adds itself to ``ROWS``. Until it does, the marks of the steps it fulfils
stand for it: what was typed there is what the paper shows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from emergencies.models import Event, StepMark
from emergencies.queries import cells, evidence
from propdesk.core.models import User

Row = Mapping[str, Any]
ROWS: dict[str, Callable[[Event], Iterable[Row]]] = {}
"""Register (``seal``, ``loss_list`` …) → its rows, oldest first; values as ``cells.Cell``."""

FIELDS: dict[str, Callable[[Event], Row]] = {}
"""Register → what it knows of single fields of its paper, by their keys."""


def of_register(event: Event, name: str, record: evidence.Record) -> list[Row]:
    """The rows of a register."""
    if name in ROWS:
        return list(ROWS[name](event))
    steps = {s.id for s in evidence.playbook_of(event).steps.values() if s.own == name}
    return [_of_mark(mark) for mark in _in_force(record, steps)]


def of_rounds(step: str, record: evidence.Record) -> list[Row]:
    """The rounds of a step that repeats, oldest first."""
    return [_of_mark(mark) for mark in _in_force(record, {step})]


def _in_force(record: evidence.Record, steps: Iterable[str]) -> list[StepMark]:
    wanted = frozenset(steps)
    marks = [m for m in record.marks if m.step in wanted and m.superseded_at is None]
    return sorted(marks, key=lambda mark: (mark.occurred_at, mark.pk))


def _of_mark(mark: StepMark) -> Row:
    by: User = mark.by
    said = {"at": mark.occurred_at, "by": by, "text": mark.text, "note": mark.text}
    return {**said, **{k: v for k, v in mark.values.items() if v not in ("", None)}}


def stored_rows(keys: Sequence[str], found: Iterable[Row]) -> list[list[Any]]:
    """The cells of each row as JSON, in the order of the columns; values of marks are JSON already."""
    return [cells.row(keys, row) for row in found]
