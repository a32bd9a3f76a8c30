"""What the forms offer to choose from: places, people, storage, policies. One statement each."""

from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery

from lostfound.models import CustodyMove, FoundItem, RetentionPolicy, StoragePlace
from propdesk.core import duty
from propdesk.core.models import Department, Property, Shift, StaffSignature, User
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


def colleagues(prop: Property) -> list[User]:
    """Everybody who works here, by name."""
    return list(duty.holders(prop, *sorted(ALL_STAFF)))


def departments(prop: Property) -> list[Department]:
    """Departments in use, by name."""
    return list(Department.objects.filter(property=prop, is_active=True).order_by("name"))


def second_people(prop: Property, roles: "frozenset[Role]", now: datetime) -> list[Any]:
    """Holders of ``roles``, who is on shift first; ``on_shift`` says who that is.

    ``has_signature``: whether he keeps one, so that he can sign beside somebody.
    """
    running = Shift.objects.filter(
        duty.present(now), property=prop, user=OuterRef("pk"), role__in=roles, cancelled_at=None
    )
    drawn = StaffSignature.objects.filter(user=OuterRef("pk"), ended_at=None)
    people = duty.holders(prop, *sorted(roles))
    people = people.annotate(on_shift=Exists(running), has_signature=Exists(drawn))
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
