"""Reads YAML into pydantic models and names file, line and field of each fault.

Knows nothing about any register. The text of the file is content, so a fault is reported to the
person who edits it and never raised half-way through a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

Location = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)
Check = Callable[[Model], Iterable[tuple[Location, str]]]
"""What a model cannot say about itself: yields where in it something is wrong, and what."""

MOST_CHARACTERS = 400_000
"""More is no content file but a mistake (or an attack on the parser)."""

DEEPEST = 60
"""Collections inside one another."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a content file; `line` counts from 1, `field` reads "steps.0.title"."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Return "complaint_steps.yaml:12 steps.0.title: …"."""
        return f"{self.file}:{self.line} {self.field}: {self.message}"


class ContentError(Exception):
    """A content file cannot be used; `faults` lists every reason found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(path: Path, model: type[Model], check: Check[Model] | None = None) -> Model:
    """Return the content of `path` as `model`; ContentError names every fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Fault(path.name, 1, "", str(error))]) from error
    return load_text(text, path.name, model, check)


def load_text(text: str, name: str, model: type[Model], check: Check[Model] | None = None) -> Model:
    """Return `text` as `model`; ContentError names every fault under the file name `name`."""
    if len(text) > MOST_CHARACTERS:
        raise ContentError([Fault(name, 1, "", f"longer than {MOST_CHARACTERS} characters")])
    try:
        tree, data = _read(text)
        twice = [(where, "given twice") for where in _repeated(tree, ())] if tree else []
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError([Fault(name, line, "", error.problem or str(error))]) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character, a 30 February
        raise ContentError([Fault(name, 1, "", str(error))]) from error
    if tree is None:
        raise ContentError([Fault(name, 1, "", "the file is empty")])
    if twice:
        raise ContentError([_fault(name, tree, where, message) for where, message in twice])
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        told = [(e["loc"], e["msg"]) for e in _deepest(error)]
        raise ContentError([_fault(name, tree, *one) for one in told]) from error
    wrong = list(check(found)) if check else []
    if wrong:
        raise ContentError([_fault(name, tree, *one) for one in wrong])
    return found


def located(path: Path, wrong: Iterable[tuple[Location, str]]) -> list[Fault]:
    """Return faults found after loading with the lines of the file they stand in."""
    told = list(wrong)
    if not told:
        return []
    tree, _data = _read(path.read_text(encoding="utf-8"))
    return [_fault(path.name, tree, *one) for one in told] if tree else []


def _read(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the nodes with their lines, and the data in them; no anchors (they may explode)."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        wrong = "aliases (*name) are not allowed" if isinstance(event, yaml.AliasEvent) else ""
        if wrong or depth > DEEPEST:  # the composer recurses, in C without a limit
            mark = cast("yaml.error.Mark", event.start_mark)
            raise yaml.MarkedYAMLError(problem=wrong or "nested too deeply", problem_mark=mark)
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
        return tree, None if tree is None else loader.construct_document(tree)
    finally:
        loader.dispose()


def _deepest(error: ValidationError) -> list[Any]:
    # A list with a faulty item is also "too short": only the item is worth naming.
    found = error.errors(include_url=False)
    return [
        e
        for e in found
        if not any(o["loc"][: len(e["loc"])] == e["loc"] != o["loc"] for o in found)
    ]


def _fault(name: str, tree: yaml.Node, where: Location, message: str) -> Fault:
    return Fault(name, _line(tree, where), ".".join(map(str, where)), message)


def _repeated(node: yaml.Node, above: Location) -> Iterator[Location]:
    # YAML keeps the last of two equal keys in silence, which loses the first text.
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*above, key.value)
            if key.value in seen:
                yield here
            seen.add(key.value)
            yield from _repeated(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*above, index))


def _line(tree: yaml.Node, where: Location) -> int:
    """Return the line of the deepest node on the way; a missing key has the line of its parent."""
    node, line = tree, tree.start_mark.line
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == part]
            if not found:
                break
            line, node = found[-1][0].start_mark.line, found[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line
    return line + 1
