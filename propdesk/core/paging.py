"""Pages by key, never by offset: the rows after ``<key>~<pk>`` in an order that is total."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One screenful and the key of the next; "" when there is none."""

    rows: list[Any]
    after: str


def page_by_time(
    rows: "QuerySet[Any]",
    field: str,
    after: str,
    read: Callable[[Any], datetime | None],
    *,
    newest_first: bool = False,
    size: int = 0,
) -> Page:
    """The rows after the key in the order of ``field`` and pk, which ``rows`` stands in.

    ``read`` gives the moment of a row; a malformed key gives the first page. One statement.
    """
    key, size = _key(after), size or PAGE
    if key is not None:
        at, pk = key
        step = "lt" if newest_first else "gt"
        # An index begins to read at the moment; at an OR alone it would begin with the first page.
        begin = Q(**{f"{field}__{step}e": at})
        rows = rows.filter(begin, Q(**{f"{field}__{step}": at}) | Q(**{f"pk__{step}": pk}))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last = found[size - 1]
    moment = read(last)
    return Page(found[:size], f"{moment.isoformat()}~{last.pk}" if moment else "")


def _key(after: str) -> tuple[datetime, int] | None:
    moment, _sep, pk = after.partition("~")
    try:
        at, number = datetime.fromisoformat(moment), int(pk)
    except ValueError:
        return None
    return (at, number) if at.tzinfo is not None and 0 < number < 2**62 else None


def number_or_none(text: str) -> int | None:
    """A positive number from the address, else None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
