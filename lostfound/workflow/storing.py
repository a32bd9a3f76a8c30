"""存放位置: the tree of store rooms, cupboards and boxes in which found things lie (L-D)."""

import re
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from lostfound.models import CustodyMove, StoragePlace
from lostfound.permissions import ACTIONS
from propdesk.core import audit
from propdesk.core.house import change_many
from propdesk.core.models import Property, User
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, lock, require

LABEL_LIMIT: Final = 120
CODE: Final = re.compile(r"[0-9A-Z](?:[0-9A-Z-]{0,10}[0-9A-Z])?")
"""As it stands on the label and in its address: letters, digits, a dash inside, 12 at most."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a form says about one place."""

    name: str
    code: str
    is_safe: bool = False


def _default() -> tuple[tuple[Shelf, str], ...]:
    """What an empty house begins with: each place and the code of the one it stands in."""
    return (
        (Shelf(_("保安部库房"), "KF"), ""),
        (Shelf(_("1号柜"), "G1"), "KF"),
        (Shelf(_("上层"), "G1-1"), "G1"),
        (Shelf(_("下层"), "G1-2"), "G1"),
        (Shelf(_("保险柜"), "BX", is_safe=True), "KF"),
    )


@transaction.atomic
def create_storage(
    prop: Property, shelf: Shelf, parent: StoragePlace | None = None, *, by: User
) -> StoragePlace:
    """A new place, under ``parent`` when given; RefusedInput for a taken name or code."""
    ensure(by, "edit_storage", ACTIONS, prop=prop)
    lock(prop)
    return _create(prop, shelf, parent, by=by, reason=_("新建存放位置"))


def _create(
    prop: Property, shelf: Shelf, parent: StoragePlace | None, *, by: User, reason: str
) -> StoragePlace:
    if parent is not None:
        parent = lock(parent)
        if parent.property_id != prop.pk or not parent.is_active:
            raise RefusedInput(parent=_("请选择在用的上级位置。"))
    row = StoragePlace(property=prop, parent=parent)
    _fill(row, shelf)
    audit.save(row, by=by, reason=reason)
    return row


def _fill(row: StoragePlace, shelf: Shelf) -> None:
    """Name, code and whole path on the row, not saved; RefusedInput names what is wrong."""
    row.name, row.code, row.is_safe = shelf.name, shelf.code.upper(), shelf.is_safe
    row.label = f"{row.parent.label} {row.name}" if row.parent else row.name
    others = StoragePlace.objects.filter(property_id=row.property_id).exclude(pk=row.pk)
    errors = {}
    if not row.name:
        errors["name"] = _("请填写名称，例如 2号柜。")
    elif len(row.label) > LABEL_LIMIT:
        errors["name"] = _("连同上级位置的全称超过 120 个字，请缩短。")
    elif others.filter(label=row.label).exists():
        errors["name"] = _("已有同名的存放位置。")
    if not CODE.fullmatch(row.code):
        errors["code"] = _("代码用字母、数字和中间的横线，最多12位，例如 G2-1。")
    elif others.filter(code=row.code).exists():
        errors["code"] = _("已有相同代码的存放位置。")
    if errors:
        raise RefusedInput(**errors)


@transaction.atomic
def default_storage(prop: Property, *, by: User) -> list[StoragePlace]:
    """建立默认柜位 in a house that has none; ConflictError when it has."""
    ensure(by, "edit_storage", ACTIONS, prop=prop)
    lock(prop)
    there = StoragePlace.objects.filter(property=prop).exists()
    require(not there, _("已有存放位置，请在列表里新建或修改。"))
    made: dict[str, StoragePlace] = {}
    for shelf, parent in _default():
        made[shelf.code] = _create(prop, shelf, made.get(parent), by=by, reason=_("建立默认柜位"))
    return list(made.values())


@transaction.atomic
def edit_storage(place: StoragePlace, shelf: Shelf, *, by: User, reason: str) -> StoragePlace:
    """Another name, code or kind; the paths of everything below follow in one statement."""
    ensure(by, "edit_storage", ACTIONS, prop=place.property)
    if not reason:
        raise RefusedInput(reason=_("请写明修改的原因。"))
    lock(place.property)
    place = lock(place)
    before = (place.name, place.code, place.is_safe)
    _fill(place, shelf)
    require((place.name, place.code, place.is_safe) != before, _("资料没有变化。"))
    audit.save(place, "name", "code", "label", "is_safe", by=by, reason=reason)
    if place.name != before[0]:
        _relabel(place, by=by, reason=reason)
    return place


def _relabel(root: StoragePlace, *, by: User, reason: str) -> None:
    rows = subtree(root)[1:]
    known = {root.pk: root, **{row.pk: row for row in rows}}
    for row in rows:
        above = known[row.parent_id] if row.parent_id else root
        row.label = f"{above.label} {row.name}"
        if len(row.label) > LABEL_LIMIT:
            raise RefusedInput(name=_("改名后下级位置的全称超过 120 个字，请缩短。"))
    change_many(rows, "label", by=by, reason=reason)


def subtree(root: StoragePlace) -> list[StoragePlace]:
    """The place and all below it, parents first; one query for each level of the tree."""
    found, level = [root], [root]
    while level:
        level = list(StoragePlace.objects.filter(parent__in=level).order_by("pk"))
        found += level
    return found


@transaction.atomic
def retire_storage(
    place: StoragePlace, *, by: User, reason: str, active: bool = False
) -> list[StoragePlace]:
    """停用 with all below, or one place back into use; returns what changed.

    ConflictError while anything lies there or below, when it is so already, or when the place above
    is out of use. The rows stay locked: whatever is about to be put there waits and is refused.
    """
    ensure(by, "edit_storage", ACTIONS, prop=place.property)
    if not reason:
        raise RefusedInput(reason=_("请写明原因。"))
    lock(place.property)
    place = lock(place)
    doubled = _("这个位置已经在用。") if active else _("这个位置已经停用。")
    require(place.is_active != active, doubled)
    rows = [place] if active else _emptied(place)
    above_is_used = place.parent is None or place.parent.is_active
    require(not active or above_is_used, _("上级位置已停用，请先恢复上级位置。"))
    for row in rows:
        row.is_active = active
    change_many(rows, "is_active", by=by, reason=reason)
    return rows


def _emptied(place: StoragePlace) -> list[StoragePlace]:
    """The places in use from here down, locked; ConflictError when something lies in one."""
    keys = [row.pk for row in subtree(place)]
    locked = StoragePlace.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    rows = [row for row in locked if row.is_active]
    lying = CustodyMove.objects.filter(storage__in=keys, ended_at=None, item__ended_at=None).count()
    require(not lying, _("这个位置或它下面还存放着 %(n)d 件失物，移走后才能停用。") % {"n": lying})
    return rows


def place_in_use(place: StoragePlace, prop: Property) -> StoragePlace:
    """The place, locked against being taken out of use; RefusedInput (``storage``) when it is."""
    rows = StoragePlace.objects.select_for_update(no_key=True).filter(property=prop)
    found = rows.filter(pk=place.pk, is_active=True).first()
    if found is None:
        raise RefusedInput(storage=_("这个存放位置已停用，请另选一个。"))
    return found
