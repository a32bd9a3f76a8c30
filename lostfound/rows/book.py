"""How the records of exports read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lostfound.models import Category
from lostfound.queries import book as queries
from lostfound.rows.board import STATES
from propdesk.core.models import Property


@dataclass(frozen=True, slots=True)
class Export:
    """Who took how many rows of the register, when, and by which filter."""

    by: str
    at: datetime
    rows: int
    said: str


def exports(prop: Property) -> list[Export]:
    """The last exports of the house, newest first."""
    return [
        Export(str(row.by), row.at, row.rows, said(row.filters)) for row in queries.exports(prop)
    ]


def said(filters: dict[str, Any]) -> str:
    """The filter in words: "已了结 · 雨伞 · 按文字查找"."""
    state = str(dict(STATES).get(filters.get("state", "open"), ""))
    category = str(dict(Category.choices).get(filters.get("category", ""), ""))
    words = [state, category, _("按文字查找") if filters.get("searched") else ""]
    return " · ".join(filter(None, words))
