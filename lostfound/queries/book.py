"""登记本: what the old book may mean by its words, the register as it is exported, and who exported it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from lostfound.models import Claim, RegisterExport, SealTag, StoragePlace
from lostfound.queries import item as items
from propdesk.core.models import Place, Property, User

SHOWN = 20
Named = TypeVar("Named", Place, StoragePlace)


@dataclass(frozen=True, slots=True)
class Names:
    """What is in use here, by what somebody writes for it in capitals."""

    places: dict[str, Place]
    storage: dict[str, StoragePlace]
    staff: dict[str, User]


def names(prop: Property) -> Names:
    """Places, storage and people of the house by code, path, staff number or name; three statements."""
    return Names(
        _by_name(Place.objects.filter(property=prop, is_active=True)),
        _by_name(StoragePlace.objects.filter(property=prop, is_active=True)),
        _staff(User.objects.filter(memberships__property=prop).distinct()),
    )


def _by_name(rows: Iterable[Named]) -> dict[str, Named]:
    """By whole path and by code; where one's code is another's path the code goes first."""
    rows = list(rows)
    found = {row.label.upper(): row for row in rows}
    return found | {row.code.upper(): row for row in rows if row.code}


def _staff(people: Iterable[User]) -> dict[str, User]:
    """By staff number, and by name where only one has it."""
    people = list(people)
    same: dict[str, list[User]] = {}
    for person in people:
        same.setdefault(person.name.upper(), []).append(person)
    found = {name: those[0] for name, those in same.items() if name and len(those) == 1}
    return found | {person.username.upper(): person for person in people}


def exports(prop: Property) -> list[RegisterExport]:
    """Who took rows of the register out last, newest first."""
    rows = RegisterExport.objects.filter(property=prop).select_related("by")
    return list(rows.order_by("-at", "-pk")[:SHOWN])


def register(user: User, prop: Property, filters: items.Filters, now: datetime) -> "QuerySet[Any]":
    """The register under the filters of its list, with all that a line of the export says."""
    seal = SealTag.objects.filter(item=OuterRef("pk"), opened_at=None)
    claimed = Claim.objects.filter(item=OuterRef("pk"), state=Claim.State.RETURNED)
    owner = JSONObject(name="owner__name", honorific="owner__honorific")
    rows = items.board(user, prop, filters, now).select_related(
        "case", "place", "finder_user", "finder", "finder_department", "received_by"
    )
    found: QuerySet[Any] = rows.annotate(
        seal_number=Subquery(seal.values("number")[:1]),
        claimant=Subquery(claimed.values(known=owner)[:1]),
    )
    return found.order_by("pk")
