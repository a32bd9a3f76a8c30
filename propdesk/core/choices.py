"""The label of a choice, for lists: ``get_…_display`` anew hashes every label of the field at each call."""

from functools import cache
from typing import Any

from django.db.models import Model


@cache
def _labels(model: type[Model], field: str) -> dict[Any, Any]:
    return dict(model._meta.get_field(field).flatchoices)  # type: ignore[union-attr]  # noqa: SLF001 -- Django's model API


def label(row: Model, field: str) -> str:
    """What the value of ``field`` is called, in the language of whoever looks; itself when unknown."""
    value = getattr(row, field)
    return str(_labels(type(row), field).get(value, value))
