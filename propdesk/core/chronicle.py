"""What happened to a case, for every register alike: its entries as lines, its row's versions.

A register says how each act looks (``Look``) and what its line adds; dates, people and pages are the
same everywhere.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from propdesk.core import blanks, clock_text
from propdesk.core.models import AuditEntry, Case, PaperCopy, User

PAGE = 30
GRACE = timedelta(minutes=5)
"""Up to here what happened and its entry count as one moment."""
Look = Mapping[str, tuple[str, str, Any]]
"""Colour, icon and title of each act."""
COMMON: Look = {
    blanks.ENTERED: ("blue", "clipboard-check", _l("据空白表补录")),
    "paper_sealed": ("grey", "file-earmark-pdf", _l("封存文书")),
    "paper_append": ("orange", "file-earmark-text", _l("写更正附录")),
    "copy_given": ("orange", "printer", _l("给出文书副本")),
    "set_hold": ("red", "pause-circle", _l("暂缓清除")),
    "lift_hold": ("grey", "play-circle", _l("解除暂缓清除")),
    "export_person": ("orange", "download", _l("导出某人的个人信息")),
    "purged": ("grey", "archive", _l("保存期满，清除个人信息")),
    "purged_beside": ("grey", "archive", _l("相关案件保存期满，清除其中的话")),
    blanks.UNLINKED: ("orange", "slash-circle", _l("改正：不是据这张空白表补录")),
}
"""Acts of the base, in whatever register the case stands."""
JUST = timedelta(hours=1)
"""What a colleague did longer ago is no news to whoever comes too late."""
Kinds = Mapping[str, tuple[Any, list[str]]]
"""Label and acts of each kind by which a timeline can be narrowed."""
Row = dict[str, Any]
Names = dict[type[Model], dict[Any, str]]


# --- the timeline --------------------------------------------------------------------------


def entries(
    case_id: int, kinds: "Collection[str] | None", before: int | None, limit: int
) -> list[AuditEntry]:
    """Entries of the case, newest first, at most ``limit``, older than sequence ``before``."""
    rows = AuditEntry.objects.filter(case=case_id).select_related("by")
    if kinds:
        rows = rows.filter(action__in=kinds)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return list(rows.order_by("-seq")[:limit])


def timeline(
    case_id: int,
    line: Callable[[AuditEntry], Row],
    *,
    here: str,
    older: str,
    before: int | None,
    kinds: Kinds = {},  # noqa: B006 -- read only
    kind: str = "",
) -> Row:
    """One page of lines for ``_timeline.html``; ``here`` and ``older`` are the addresses it links to.

    An unknown ``kind`` shows all.
    """
    found = entries(case_id, kinds[kind][1] if kind in kinds else None, before, PAGE + 1)
    shown, more = found[:PAGE], len(found) > PAGE
    params = {"before": shown[-1].seq} | ({"kind": kind} if kind else {}) if shown else {}
    rows = [line(entry) for entry in shown]
    for earlier, row in zip([None, *rows], rows, strict=False):
        row["new_day"] = earlier is None or earlier["day"] != row["day"]
    return {
        "rows": rows,
        "kinds": [("", _("全部"), here)]
        + [(k, v[0], f"{here}?kind={k}#timeline") for k, v in kinds.items()],
        "kind": kind if kind in kinds else "",
        "older_url": f"{older}?{urlencode(params)}" if more else "",
    }


def line(entry: AuditEntry, look: Look, facts: str) -> Row:
    """An entry as its line: how the act looks, its one line of facts, why, who and when."""
    tone, icon, title = look_of(entry, look)
    local = timezone.localtime(entry.at)
    return {
        "tone": tone,
        "icon": icon,
        "title": str(title),
        "facts": _common_facts(info_of(entry)) if entry.action in COMMON else facts,
        "reason": (entry.content or {}).get("reason", ""),
        "by": entry.by.name if entry.by else _("系统"),
        "day": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "seq": entry.seq,
    }


def just_done(case: Case, look: Look, reader: User, now: datetime) -> str:
    """Who did what and when, where a colleague was here within the hour: "" otherwise.

    Said beside a refusal (409): whoever was a moment too late reads by whom it was done.
    """
    last = next(iter(entries(case.pk, None, None, 1)), None)
    if last is None or last.by in (None, reader) or now - last.at > JUST:
        return ""
    return _("刚才（%(time)s）%(by)s：%(title)s。") % line(last, look, "")


def look_of(entry: AuditEntry, look: Look) -> tuple[str, str, Any]:
    """Colour, icon and title of an act, of the register or of the base."""
    return look.get(entry.action) or COMMON.get(entry.action) or ("grey", "circle", entry.action)


def _common_facts(info: dict[str, Any]) -> str:
    """The line of facts of an act of the base."""
    if "nr" in info:
        return _("%(number)s 第 %(nr)d 份（%(profile)s用）") % {
            "number": info["number"],
            "nr": info["nr"],
            "profile": PaperCopy.Profile(info["profile"]).label,
        }
    return str(info.get("serial") or info.get("number", ""))


def is_wordless(entry: AuditEntry) -> bool:
    """Whether what the entry said was purged: that it was, when and by whom is all that is left."""
    return entry.content is None


def info_of(entry: AuditEntry) -> dict[str, Any]:
    """The small facts of an entry; none once its words were purged."""
    found: dict[str, Any] = (entry.content or {}).get("info", {})
    return found


def late(entry: AuditEntry, now: datetime, grace: timedelta = GRACE) -> str:
    """When it happened, where that was more than ``grace`` before it was entered; else ""."""
    occurred = entry.occurred_at or entry.at
    return clock_text.friendly(occurred, now) if entry.at - occurred > grace else ""


# --- versions of the row -------------------------------------------------------------------


def versions(
    row: Any, case: Case, look: Look, hidden: Collection[str], limit: int = 60
) -> list[Row]:
    """Versions of a row of a case, newest first, each with what changed against the one before.

    ``hidden`` are the fields that are never shown: people from outside, and what only the program reads.
    """
    model, names = type(row), {action: look[action][2] for action in look}
    kept = list(
        row.history.select_related("history_user").order_by("-history_date", "-history_id")[
            : limit + 1
        ]
    )
    deltas = [
        new.diff_against(old, excluded_fields=hidden, foreign_keys_are_objs=False).changes
        if old is not None
        else []
        for new, old in zip(kept, [*kept[1:], None], strict=False)
    ]
    known = _named(model, (change for changes in deltas for change in changes))
    titles = _titles(case, [version.history_date for version in kept], names)
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
        for version, changes in zip(kept[:limit], deltas, strict=False)
    ]


def _titles(case: Case, moments: list[datetime], names: Mapping[str, Any]) -> dict[datetime, str]:
    """What was done, by the moment its row was written: the first entry of the chain from then on.

    Row and entry are written under one lock, so no other act of the case stands between them.
    """
    if not moments:
        return {}
    since = case.entries.filter(at__gte=min(moments)).order_by("seq")
    found = list(since.values_list("at", "action")[:1000])
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
