"""From the data a sealed file carries back to the paper it was printed from."""

import dataclasses
from collections.abc import Mapping
from typing import Any, cast, get_args, get_type_hints

from propdesk.core.papers import Paper


def title_of(schema: str) -> str:
    """What the papers of a schema are called; "" for an unknown one."""
    kind = _kind_of(schema)
    return str(kind.title) if kind else ""


def _kind_of(schema: str) -> type[Paper] | None:
    kinds = list(Paper.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if schema in _names(kind)), None)


def _names(kind: type[Paper]) -> tuple[str, ...]:
    """The schema of a paper and those it had before; a kind without one of its own has none."""
    return (getattr(kind, "schema", ""), *kind.earlier_schemas)


def from_data(data: Mapping[str, Any], **print_only: str) -> Paper:
    """The paper whose ``to_data`` gave ``data``; ``print_only`` are the values that are not part of it.

    Data under an earlier schema lacks the fields that are new since: they stay blank.
    Raises ValueError for a schema this release does not know, or fields it does not have.
    """
    kind = _kind_of(str(data.get("schema", "")))
    if kind is None:
        message = f"unknown schema {data.get('schema')}"
        raise ValueError(message)
    return cast("Paper", _read(kind, {**data, **print_only}))


def _read(kind: Any, value: Any) -> Any:
    """A value of the declared type out of plain JSON: records and tuples of records, else as it is."""
    if isinstance(value, dict):
        kinds: tuple[Any, ...] = (kind, *get_args(kind))
        record: Any = next((each for each in kinds if dataclasses.is_dataclass(each)), None)
        if record is None:
            raise ValueError("no record is expected here")
        types = get_type_hints(record, localns={"StrPromise": str})
        names = {field.name for field in dataclasses.fields(record)}
        given = {name: each for name, each in value.items() if name != "schema"}
        if given.keys() - names:
            message = f"unknown fields {sorted(given.keys() - names)}"
            raise ValueError(message)
        return record(**{name: _read(types[name], each) for name, each in given.items()})
    if isinstance(value, list):
        return tuple(_read(get_args(kind)[0], each) for each in value)
    return value
