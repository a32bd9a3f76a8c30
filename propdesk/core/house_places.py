"""Places of a house: buildings, floors, rooms and public spots; labels are whole paths."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.house import change_many
from propdesk.core.models import Place, Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, lock, require

K = Place.Kind
PARENTS: Final = {
    K.BUILDING: frozenset({None}),
    K.FLOOR: frozenset({K.BUILDING}),
    K.ROOM: frozenset({None, K.BUILDING, K.FLOOR}),
    K.SPOT: frozenset({None, K.BUILDING, K.FLOOR}),
}
"""Under what a place of each kind may stand; None: directly under the property."""

LABEL_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Spot:
    """What a form or a file says about one place."""

    kind: str
    name: str
    code: str = ""


def path(parent: Place | None, name: str) -> str:
    """The label of ``name`` under ``parent``: "A座 18层 1806"."""
    return f"{parent.label} {name}" if parent else name


@transaction.atomic
def create_place(
    prop: Property, spot: Spot, parent: Place | None = None, *, by: User, reason: str = ""
) -> Place:
    """A new place; RefusedInput for a taken name or number, or an impossible parent."""
    ensure(by, "create_place", ACTIONS, prop=prop)
    lock(prop)
    if parent and (parent.property_id != prop.pk or not parent.is_active):
        raise RefusedInput(parent=_("请选择本公寓在用的上级地点。"))
    if (parent.kind if parent else None) not in PARENTS[K(spot.kind)]:
        raise RefusedInput(parent=_parent_rule(spot.kind))
    row = Place(
        property=prop,
        parent=parent,
        kind=spot.kind,
        name=spot.name,
        code=spot.code,
        label=path(parent, spot.name),
    )
    _check_free(row)
    audit.save(row, by=by, reason=reason or _("新建地点"))
    return row


def _parent_rule(kind: str) -> str:
    if kind == K.BUILDING:
        return _("楼栋没有上级地点。")
    if kind == K.FLOOR:
        return _("楼层要放在一个楼栋下面。")
    return _("上级地点要是楼栋或楼层。")


def _check_free(row: Place) -> None:
    if len(row.label) > LABEL_LIMIT:
        raise RefusedInput(name=_("连同上级地点的全称超过 120 个字，请缩短。"))
    others = Place.objects.filter(property_id=row.property_id).exclude(pk=row.pk)
    if others.filter(label=row.label).exists():
        raise RefusedInput(name=_("已有同名地点。"))
    if row.code and others.filter(code=row.code).exists():
        raise RefusedInput(code=_("已有相同房号。"))


def _subtree(root: Place) -> list[Place]:
    """All places below ``root``, parents first; one query for each of at most three levels."""
    found: list[Place] = []
    level = [root]
    while level:
        level = list(Place.objects.filter(parent__in=level).order_by("pk"))
        found += level
    return found


@transaction.atomic
def edit_place(place: Place, name: str, code: str, *, by: User, reason: str = "") -> Place:
    """Rename a place or change its number; the labels below it follow in one statement."""
    ensure(by, "edit_place", ACTIONS, prop=place.property)
    lock(place.property)
    place = lock(place)
    renamed = place.name != name
    place.name, place.code = name, code
    place.label = path(place.parent, name)
    _check_free(place)
    reason = reason or _("修改地点")
    audit.save(place, "name", "code", "label", by=by, reason=reason)
    if renamed:
        _relabel(place, by=by, reason=reason)
    return place


def _relabel(root: Place, *, by: User, reason: str) -> None:
    rows = _subtree(root)
    known = {root.pk: root, **{row.pk: row for row in rows}}
    for row in rows:
        row.label = path(known[row.parent_id], row.name) if row.parent_id else row.name
        if len(row.label) > LABEL_LIMIT:
            raise RefusedInput(name=_("改名后下级地点的全称超过 120 个字，请缩短。"))
    change_many(rows, "label", by=by, reason=reason)


@transaction.atomic
def retire_place(place: Place, *, by: User, reason: str, active: bool = False) -> int:
    """Take a place and all below it out of use, or one place back into use; returns how many.

    ConflictError when it is so already, or when a place is to come back under a retired one.
    """
    ensure(by, "retire_place", ACTIONS, prop=place.property)
    lock(place.property)
    place = lock(place)
    require(
        place.is_active != active,
        _("这个地点已经在用。") if active else _("这个地点已经停用。"),
    )
    if active:
        parent = place.parent
        require(parent is None or parent.is_active, _("上级地点已停用，请先恢复上级地点。"))
        rows = [place]
    else:
        rows = [place, *(row for row in _subtree(place) if row.is_active)]
    for row in rows:
        row.is_active = active
    change_many(rows, "is_active", by=by, reason=reason)
    return len(rows)
