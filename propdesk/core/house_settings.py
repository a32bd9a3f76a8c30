"""The settings of a house: the first-run questions, later changes, and their history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.models import Property, PropertySettings, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import Standing, ensure
from propdesk.core.transitions import RefusedInput, lock, require

PROPERTY_FIELDS = ("name", "address", "phone")
SETTING_FIELDS = tuple(
    field.name
    for field in PropertySettings._meta.concrete_fields  # noqa: SLF001 -- Django's model API
    if field.editable and field.name not in {"id", "property"}
)
HISTORY_PAGE = 20
SAVED: list[Callable[[PropertySettings, User, str], object]] = []
"""What registers do when settings were saved (row, by, reason), in the same transaction."""
_ORDERED = (
    ("ceiling_major", "ceiling_serious"),
    ("ceiling_serious", "ceiling_normal"),
    ("promise_within_major", "promise_within_serious"),
    ("promise_within_serious", "promise_within_normal"),
    ("review_remind", "review_escalate"),
)
"""(shorter, longer): the second may not be less than the first."""


def needs_first_run(prop: Property, mine: Standing) -> bool:
    """Whether somebody of this standing should be asked the first-run questions now."""
    open_still = prop.settings.first_run_done_at is None
    return open_still and bool(mine.roles & ACTIONS["first_run"].any)


def version(prop: Property) -> str:
    """A mark of the latest change of property and settings, to see that a form is stale."""
    latest = [
        row.history.order_by("-history_id").values_list("history_id", flat=True).first()
        for row in (prop, prop.settings)
    ]
    return "-".join(str(number or 0) for number in latest)


@transaction.atomic
def first_run(prop: Property, values: Mapping[str, Any], *, by: User) -> PropertySettings:
    """Save the answers to the first-run questions, once; ConflictError when they are in already."""
    ensure(by, "first_run", ACTIONS, prop=prop)
    prop = lock(prop)
    row = lock(prop.settings)
    require(row.first_run_done_at is None, _("首次设置已经完成，请到“设置”里修改。"))
    reason = _("首次设置")
    _write(prop, row, values, by=by, reason=reason)
    row.first_run_done_at = timezone.now()
    audit.save(row, "first_run_done_at", by=by, reason=reason)
    return row


@transaction.atomic
def save_settings(
    prop: Property, values: Mapping[str, Any], *, by: User, reason: str, seen: str = ""
) -> list[str]:
    """Change settings and the property's own data; returns the names of the changed fields.

    ``seen`` is the ``version`` the form was made from. A clock that runs is never moved. How long found
    things are kept is for 总物业经理 only (PermissionDenied). Raises
    RefusedInput for values that contradict each other, ConflictError when ``seen`` is stale.
    """
    ensure(by, "save_settings", ACTIONS, prop=prop)
    prop = lock(prop)
    row = lock(prop.settings)
    if values.get("retention", row.retention) != row.retention:
        ensure(by, "change_retention", ACTIONS, prop=prop)
    require(not seen or seen == version(prop), _("设置刚被别人改过，请刷新后再改。"))
    return _write(prop, row, values, by=by, reason=reason)


def _write(
    prop: Property, row: PropertySettings, values: Mapping[str, Any], *, by: User, reason: str
) -> list[str]:
    changed: list[str] = []
    for target, names in ((prop, PROPERTY_FIELDS), (row, SETTING_FIELDS)):
        differing = [n for n in names if n in values and getattr(target, n) != values[n]]
        for name in differing:
            setattr(target, name, values[name])
        if target is row:
            _check(row)
        if differing:
            audit.save(target, *differing, by=by, reason=reason)
        changed += differing
    for follow in SAVED:
        follow(row, by, reason)
    return changed


def _check(row: PropertySettings) -> None:
    for shorter, longer in _ORDERED:
        if getattr(row, longer) < getattr(row, shorter):
            label = field_label(row, shorter)
            raise RefusedInput(**{longer: _("不能少于“%(other)s”。") % {"other": label}})


@dataclass(frozen=True, slots=True)
class Change:
    """One saved change, as the history shows it: (label, before, after) for each field."""

    at: datetime
    by: str
    reason: str
    differences: tuple[tuple[str, str, str], ...]


def history(prop: Property) -> list[Change]:
    """The last 20 changes of settings and of the property's own data, newest first."""
    changes = [*_changes(prop), *_changes(prop.settings)]
    changes.sort(key=lambda change: change.at, reverse=True)
    return changes[:HISTORY_PAGE]


def _changes(row: Property | PropertySettings) -> list[Change]:
    records = list(
        row.history.select_related("history_user").order_by("-history_id")[: HISTORY_PAGE + 1]
    )
    found: list[Change] = []
    for new, old in pairwise(records):
        delta = new.diff_against(old, foreign_keys_are_objs=False)
        found.append(
            Change(
                at=new.history_date,
                by=str(new.history_user or _("系统")),
                reason=new.history_change_reason or "",
                differences=tuple(
                    (
                        field_label(row, c.field),
                        _shown(row, c.field, c.old),
                        _shown(row, c.field, c.new),
                    )
                    for c in delta.changes
                ),
            )
        )
    return found


def field_label(row: Property | PropertySettings, name: str) -> str:
    """The label of a field, as forms and the history show it."""
    if name == "first_run_done_at":
        return _("首次设置")
    return str(getattr(row._meta.get_field(name), "verbose_name", name))  # noqa: SLF001 -- Django's model API


def _shown(row: Property | PropertySettings, name: str, value: Any) -> str:
    if name == "first_run_done_at":
        return _("已完成") if value else _("未完成")
    choices = dict(getattr(row._meta.get_field(name), "flatchoices", ()))  # noqa: SLF001 -- Django's model API
    shown = choices.get(value, value)
    return "—" if shown in (None, "") else str(shown)
