"""The eight emergencies as validated content, and the engine that reads them. No database.

`PLAYBOOKS` holds them by code. A running event reads the version it started with: `dump` it when
it starts, `from_json` ever after. `board.look` says how it stands. SOP 3, clauses E-1 to E-8.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from pydantic import ValidationError

from emergencies.playbooks import overrides, records, soundness
from emergencies.playbooks.records import Form
from emergencies.playbooks.schema import Basis, Playbook, Step
from propdesk.core.content import ContentError, Fault, Location, load_text, located
from propdesk.core.content import load as load_file

__all__ = [
    "CODES",
    "FOLDER",
    "PLAYBOOKS",
    "ContentError",
    "Fault",
    "Form",
    "Playbook",
    "Step",
    "dump",
    "faults",
    "form",
    "from_json",
    "load",
    "override",
    "sha256",
    "without",
]

FOLDER = Path(__file__).parent
CODES = soundness.CODES


class _Shelf(Mapping[str, Playbook]):
    """The shipped playbooks by code, in the order of the procedure; read at the first look."""

    def __getitem__(self, code: str) -> Playbook:
        return _read()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(CODES)

    def __len__(self) -> int:
        return len(CODES)


PLAYBOOKS: Mapping[str, Playbook] = _Shelf()


def load(source: str | Path) -> Playbook:
    """Return the playbook in a file, or in a text; ContentError with file, line and field."""
    if isinstance(source, Path):
        return load_file(source, Playbook, soundness.faults)
    return load_text(source, "playbook.yaml", Playbook, soundness.faults)


def override(text: str, base: Playbook, others: Mapping[str, Playbook] | None = None) -> Playbook:
    """Return a property's own version of `base` from its YAML text; `others` are its playbooks.

    ContentError names line and field of every fault, also of what it may not drop: steps and
    notices of the procedure and the law, facts, papers and closing rules.
    """
    beside = PLAYBOOKS if others is None else others

    def check(book: Playbook) -> Iterator[tuple[Location, str]]:
        yield from soundness.faults(book)
        yield from overrides.faults(book, base)
        for code, where, message in soundness.circles({**beside, book.code: book}):
            if code == book.code:
                yield where, message

    return load_text(text, "playbook.yaml", Playbook, check)


def without(book: Playbook, step_ids: Iterable[str]) -> Playbook:
    """Return the playbook with these practice steps switched off; phases left empty fall away.

    Raises ValueError, which names the step, for one of the procedure or the law, one a closing
    rule names, and one that does not exist.
    """
    off = frozenset(step_ids)
    if not off:
        return book
    for step_id in sorted(off):
        if step_id not in book.steps:
            raise ValueError(f"no step {step_id}")
        if not can_switch_off(book, step_id):
            raise ValueError(f"step {step_id} cannot be switched off")
    data = book.model_dump(by_alias=True)
    for phase in data["phases"]:
        phase["steps"] = [step for step in phase["steps"] if step["id"] not in off]
    data["phases"] = [phase for phase in data["phases"] if phase["steps"]]
    return Playbook.model_validate(data)


def can_switch_off(book: Playbook, step_id: str) -> bool:
    """Whether a property may switch the step off; KeyError for an unknown one."""
    step = book.steps[step_id]
    return step.basis is Basis.PRACTICE and step_id not in book.named_by_rules


def dump(book: Playbook) -> str:
    """Return the playbook as canonical JSON: equal playbooks give equal text."""
    data = book.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=64)
def from_json(text: str) -> Playbook:
    """Return the playbook stored as `text`, the same object for the same text.

    ContentError when it is none. A stored version is judged by the models alone: a rule added
    later does not stop a running event.
    """
    try:
        return Playbook.model_validate_json(text)
    except ValidationError as error:
        told = [(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors(include_url=False)]
        raise ContentError([Fault("stored playbook", 1, *one) for one in told]) from error


def sha256(book: Playbook) -> str:
    """Return the fingerprint of the playbook: of its canonical JSON, in hexadecimal."""
    return hashlib.sha256(dump(book).encode()).hexdigest()


def form(code: str) -> Form:
    """Return the paper with this code; KeyError for one that is not in forms.yaml."""
    return records.forms()[code]


def faults() -> list[Fault]:
    """Return every fault of the shipped files: each playbook, the forms, and all together."""
    return _examine(FOLDER)[1]


def _examine(folder: Path) -> tuple[dict[str, Playbook], list[Fault]]:
    try:
        papers = load_file(folder / records.PATH.name, records.Forms, records.faults)
    except ContentError as error:
        return {}, error.faults  # the playbooks name forms, so they cannot be judged
    books: dict[str, Playbook] = {}
    found: list[Fault] = []
    for code in CODES:
        try:
            books[code] = load(folder / f"{code}.yaml")
        except ContentError as error:
            found += error.faults
    if found:
        return books, found
    for code, book in books.items():
        wrong = [(where, text) for other, where, text in soundness.circles(books) if other == code]
        if book.code != code:
            wrong.append((("code",), f"the file of {code} holds {book.code!r}"))
        found += located(folder / f"{code}.yaml", wrong)
    if not found:
        found = located(folder / records.PATH.name, soundness.faults_of_sources(papers, books))
    return books, found


@cache
def _read() -> dict[str, Playbook]:
    books, found = _examine(FOLDER)
    if found:
        raise ContentError(found)
    return books
