"""Reads a YAML file into pydantic models and names file, line and field of each fault.

Knows nothing about complaints. The text of the file is content, so a fault is reported to the
person who edits it and never raised half-way through a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Location = tuple[int | str, ...]
Model = TypeVar("Model", bound=BaseModel)


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


def load(path: Path, model: type[Model]) -> Model:
    """Return the content of `path` as `model`; ContentError names every fault."""
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Fault(path.name, 1, "", str(error))]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError([Fault(path.name, line, "", error.problem or str(error))]) from error
    if tree is None:
        raise ContentError([Fault(path.name, 1, "", "the file is empty")])
    twice = [Fault(path.name, line, field, "given twice") for line, field in _repeated(tree, ())]
    if twice:
        raise ContentError(twice)
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A list with a faulty item is also "too short": only the item is worth naming.
        deepest = [
            e
            for e in found
            if not any(o["loc"][: len(e["loc"])] == e["loc"] != o["loc"] for o in found)
        ]
        faults = [
            Fault(path.name, _line(tree, e["loc"]), ".".join(map(str, e["loc"])), e["msg"])
            for e in deepest
        ]
        raise ContentError(faults) from error


def _repeated(node: yaml.Node, above: Location) -> Iterator[tuple[int, str]]:
    # YAML keeps the last of two equal keys in silence, which loses the first text.
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*above, key.value)
            if key.value in seen:
                yield key.start_mark.line + 1, ".".join(map(str, here))
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
            line, node = found[0][0].start_mark.line, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line
    return line + 1
