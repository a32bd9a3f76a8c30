"""What the forms offer to choose from: places, people, storage, policies. One statement each."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery
from django.utils.translation import gettext as _

from lostfound.models import CustodyMove, FoundItem, RetentionPolicy, StoragePlace
from propdesk.core import duty
from propdesk.core.models import Department, Place, Property, Shift, User
from propdesk.core.roles import ALL_STAFF, Role

RECENT, LOOK_BACK = 4, 80


def recent_places(user: User, prop: Property) -> list[tuple[int, str]]:
    """(key, name) of the last places things were found at: his own first, then the house's."""
    rows = (
        FoundItem.objects.filter(case__property=prop, place__is_active=True)
        .order_by("-pk")
        .values_list("place", "place__label", "logged_by")[:LOOK_BACK]
    )
    known: dict[int, str] = {}
    for pk, label, _logged_by in sorted(rows, key=lambda row: row[2] != user.pk):
        known.setdefault(pk, label)
    return list(known.items())[:RECENT]


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


def colleagues(prop: Property) -> list[User]:
    """Everybody who works here, by name."""
    return list(duty.holders(prop, *sorted(ALL_STAFF)))


def departments(prop: Property) -> list[Department]:
    """Departments in use, by name."""
    return list(Department.objects.filter(property=prop, is_active=True).order_by("name"))


def second_people(prop: Property, roles: "frozenset[Role]", now: datetime) -> list[Any]:
    """Holders of ``roles``, who is on shift first; ``on_shift`` says who that is."""
    running = Shift.objects.filter(
        property=prop,
        user=OuterRef("pk"),
        role__in=roles,
        cancelled_at=None,
        starts_at__lte=now,
        ends_at__gt=now,
    )
    people = duty.holders(prop, *sorted(roles)).annotate(on_shift=Exists(running))
    return list(people.order_by("-on_shift", "name_sort"))


def storage_places(user: User, prop: Property) -> list[Any]:
    """Places in use by name; ``used_at`` says when this user last put something there."""
    last = CustodyMove.objects.filter(storage=OuterRef("pk"), by=user).order_by("-at")
    rows = StoragePlace.objects.filter(property=prop, is_active=True)
    return list(rows.annotate(used_at=Subquery(last.values("at")[:1])).order_by("label"))


def policies(prop: Property, on: date) -> list[RetentionPolicy]:
    """Versions of the rule of keeping that were or are in force, the newest first."""
    rows = RetentionPolicy.objects.filter(property=prop, valid_from__lte=on)
    return list(rows.order_by(F("valid_from").desc(), "-version"))
