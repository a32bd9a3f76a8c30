"""修改记录: versions of a slip or a lost report, each with what changed against the one before."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from lostfound.models import FoundItem, LostReport
from lostfound.queries import item as queries
from lostfound.rows.timeline import LOOK
from propdesk.core import clock_text

HIDDEN = {"case", "history_id", "finder", "guest", "id", "next_due_at"}
ACTION_TITLES = {action: look[2] for action, look in LOOK.items()}
Names = dict[type[Model], dict[Any, str]]
Kept = FoundItem | LostReport


def history(
    item: Kept, limit: int = 60, names: Mapping[str, Any] = ACTION_TITLES
) -> list[dict[str, Any]]:
    """Versions, newest first; what is known of people from outside is not in them.

    ``names`` says how each act reads.
    """
    model = type(item)
    versions = list(
        item.history.select_related("history_user").order_by("-history_date", "-history_id")[
            : limit + 1
        ]
    )
    deltas = [
        new.diff_against(old, excluded_fields=HIDDEN, foreign_keys_are_objs=False).changes
        if old is not None
        else []
        for new, old in zip(versions, [*versions[1:], None], strict=False)
    ]
    known = _named(model, (change for changes in deltas for change in changes))
    titles = _titles(item, [version.history_date for version in versions], names)
    return [
        {
            "at": version.history_date,
            "by": version.history_user.name if version.history_user else _("系统"),
            "title": titles.get(version.history_date, ""),
            "why": names.get(
                version.history_change_reason or "", version.history_change_reason or ""
            ),
            "changes": [_change(model, change, known) for change in changes],
        }
        for version, changes in zip(versions[:limit], deltas, strict=False)
    ]


def _titles(item: Kept, moments: list[datetime], names: Mapping[str, Any]) -> dict[datetime, str]:
    """What was done, by the moment its row was written: the first entry of the chain from then on.

    Row and entry are written under one lock, so no other act of the case stands between them.
    """
    if not moments:
        return {}
    found = queries.acts_since(item, min(moments))
    ats = [at for at, _action in found]
    places = {moment: bisect_left(ats, moment) for moment in moments}
    return {
        moment: str(names.get(found[place][1], ""))
        for moment, place in places.items()
        if place < len(found)
    }


def _column(model: type[Model], change: Any) -> Any:
    return model._meta.get_field(change.field)  # noqa: SLF001 -- Django's model API


def _named(model: type[Model], changes: Iterable[Any]) -> Names:
    """What the keys in these changes stand for: one statement for each kind of row."""
    keys: dict[type[Model], set[Any]] = {}
    for change in changes:
        if target := _column(model, change).related_model:
            keys[target] = keys.get(target, set()) | {change.old, change.new} - {None}
    return {
        target: {pk: str(row) for pk, row in target._default_manager.in_bulk(pks).items()}  # noqa: SLF001 -- Django's model API
        for target, pks in keys.items()
    }


def _change(model: type[Model], change: Any, known: Names) -> dict[str, str]:
    column = _column(model, change)
    return {
        "label": str(column.verbose_name),
        "old": _shown(column, change.old, known),
        "new": _shown(column, change.new, known),
    }


def _shown(column: Any, value: Any, known: Names) -> str:
    if value in (None, ""):
        return "—"
    if column.related_model:
        return known[column.related_model].get(value, "—")
    if isinstance(value, datetime):
        return clock_text.list_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return _("是") if value else _("否")
    choices = dict(getattr(column, "flatchoices", ()))
    return str(choices.get(value, value))
