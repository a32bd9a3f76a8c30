"""Choosing a place with a thumb: what was used last, then building → floor → room or spot."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from propdesk.core import places
from propdesk.core.models import Place, Property

if TYPE_CHECKING:
    from django.forms import BoundField


@dataclass(slots=True)
class Branch:
    """A building or floor with what can be chosen in it."""

    name: str
    spots: list[tuple[int, str]] = field(default_factory=list)
    floors: "list[Branch]" = field(default_factory=list)
    is_place: bool = True
    """Whether its name is part of the names of what stands in it."""


def place_tree(prop: Property) -> list[Branch]:
    """Building → floor → room or spot; spots that belong to no building come last."""
    rows = list(
        Place.objects.filter(property=prop, is_active=True)
        .order_by("pk")
        .values_list("pk", "parent", "kind", "name")
    )
    inner = {Place.Kind.BUILDING, Place.Kind.FLOOR}
    nodes = {pk: Branch(name) for pk, _parent, kind, name in rows if kind in inner}
    outside = Branch(_("院内其他地方"), is_place=False)
    roots: list[Branch] = []
    for pk, parent, kind, name in rows:
        above = nodes.get(parent or 0)
        if kind not in inner:
            (above or outside).spots.append((pk, name))
        elif above is None:
            roots.append(nodes[pk])
        else:
            above.floors.append(nodes[pk])
    for pk, _parent, kind, name in rows:
        if kind in inner:
            # Somewhere on this floor, not in one room.
            nodes[pk].spots.append((pk, _("%(name)s其他位置") % {"name": name}))
    return [*roots, outside] if outside.spots else roots


class PlacePicker:
    """For forms with ``place`` and ``place_note``: what ``partials/_place_picker.html`` prints."""

    prop: Property

    if TYPE_CHECKING:

        def __getitem__(self, name: str) -> BoundField: ...

    def recent(self) -> list[tuple[int, str]]:
        """(key, name) of the large buttons: what was used last."""
        raise NotImplementedError

    @cached_property
    def place_tree(self) -> list[Branch]:
        """Building → floor → room or spot, for the list under the fold."""
        return place_tree(self.prop)

    @cached_property
    def picked(self) -> str:
        """The key of the place chosen so far; "" for none."""
        value = self["place"].value()
        return str(value) if value else ""

    @cached_property
    def near(self) -> list[tuple[str, str]]:
        """(key, name) of the large buttons: what is chosen already, then what was used last."""
        recent = [(str(pk), name) for pk, name in self.recent()]
        if not self.picked or self.picked in dict(recent):
            return recent
        known = dict(_names(self.place_tree))
        chosen = [(self.picked, known[self.picked])] if self.picked in known else []
        return [*chosen, *recent]


def _names(tree: list[Branch], above: str = "") -> list[tuple[str, str]]:
    """(key, whole name) of everything in the tree."""
    found = []
    for branch in tree:
        here = f"{above} {branch.name}".strip() if branch.is_place else above
        found += [(str(pk), f"{here} {name}".strip()) for pk, name in branch.spots]
        found += _names(branch.floors, here)
    return found


def find(prop: Property, text: str) -> Place | None:
    """The active place that is meant: by number, by full name, or as the list prints it.

    Spaces do not count; of a room its floor may be left out (B座203) where that means one place.
    """
    typed = _joined(text)
    found = places.find(prop, text)
    if found is not None or not typed:
        return found
    tree = place_tree(prop)
    exact = {pk for pk, name in _names(tree) if _joined(name) == typed}
    short = {pk for pk, name in _short_names(tree) if _joined(name) == typed}
    for keys in (exact, short):
        if len(keys) == 1:
            return prop.places.filter(pk=int(keys.pop())).first()
    return None


def _short_names(tree: list[Branch]) -> list[tuple[str, str]]:
    """Rooms and spots by their building, without the floor between."""
    return [
        (str(pk), f"{block.name}{name}")
        for block in tree
        for floor in block.floors
        for pk, name in floor.spots
    ]


def _joined(text: str) -> str:
    return "".join(text.split()).upper()
