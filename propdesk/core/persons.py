"""The one place that writes personal data of guests; purgeable whole (decision 3, PIPL 47)."""

import copy
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import id_numbers, images
from propdesk.core.models import (
    IdType,
    Person,
    PersonChange,
    PersonSignature,
    Place,
    Property,
    Unmasking,
    User,
)
from propdesk.core.names import sort_key
from propdesk.core.transitions import RefusedInput, is_reason

PERSONAL = ("name", "name_sort", "honorific", "phone", "address", "id_type", "id_last4", "id_hash")
UNMASK_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Guest:
    """What is known of a guest; empty strings for what is not.

    ``phone`` None leaves the number on record as it is: screens show it masked only, so a form
    can neither send it back nor know whether it was changed meanwhile. ``address`` likewise.
    """

    name: str = ""
    honorific: str = ""
    phone: str | None = ""
    kind: str = Person.Kind.RESIDENT
    room: Place | None = None
    address: str | None = None
    """Where something is sent."""


def get(pk: int) -> Person:
    """One person; the caller has checked that the case is his."""
    return Person.objects.get(pk=pk)


def create(prop: Property, guest: Guest) -> Person:
    """A new person; one row per case, so that purging one case never touches another."""
    person = row_of(prop, guest)
    person.save(force_insert=True)
    return person


def row_of(prop: Property, guest: Guest) -> Person:
    """A new person, not written: for whoever writes it along with other rows (``core.bulk``)."""
    return Person(
        property=prop,
        name_sort=sort_key(guest.name),
        created_at=timezone.now(),
        **_fields(guest),
    )


def _fields(guest: Guest) -> dict[str, object]:
    """The values to write; RefusedInput for a mask in place of a number."""
    if "*" in (guest.phone or "") or "＊" in (guest.phone or ""):
        raise RefusedInput(phone=_("电话里有星号：请填完整号码，不改就留空。"))
    values = {name: getattr(guest, name) for name in Guest.__dataclass_fields__}
    return {name: value for name, value in values.items() if name == "room" or value is not None}


def change(person: Person, guest: Guest, *, by: User, reason: str) -> list[str]:
    """Update what differs and log each change beside the person; returns the changed fields.

    The row is locked and read anew: what somebody else changed meanwhile is what is logged as old.
    """
    person.refresh_from_db(from_queryset=Person.objects.select_for_update(no_key=True))
    changed = [n for n, value in _fields(guest).items() if getattr(person, n) != value]
    if not changed:
        return []
    now = timezone.now()
    PersonChange.objects.bulk_create(
        PersonChange(
            person=person,
            field=name,
            old=str(getattr(person, name) or ""),
            new=str(getattr(guest, name) or ""),
            by=by,
            at=now,
            reason=reason,
        )
        for name in changed
    )
    for name in changed:
        setattr(person, name, getattr(guest, name))
    person.name_sort = sort_key(person.name)
    person.save(update_fields=[*changed, "name_sort"])
    return changed


def see_id(person: Person, id_type: str, number: str) -> None:
    """Keep type, last four and keyed hash of a paper that was seen; the number itself is dropped.

    RefusedInput for an unknown type, or a number that cannot exist (check digit, GB 11643).
    """
    if id_type not in IdType.values:
        raise RefusedInput(id_type=_("请选择证件类型。"))
    bare = id_numbers.normalise(number)
    if not id_numbers.is_valid(id_type, bare):
        raise RefusedInput(id_number=_("证件号不对，请对着证件再核对一遍。"))
    person.id_type, person.id_last4 = id_type, id_numbers.last4(bare)
    person.id_hash = id_numbers.keyed_hash(id_type, bare)
    person.save(update_fields=["id_type", "id_last4", "id_hash"])


def sign(
    person: Person, kind: str, data: bytes, *, by: User, signed_at: datetime, **seen: str
) -> PersonSignature:
    """Keep a drawn or scanned signature; ``seen`` is content_sha and device. RefusedInput if broken."""
    try:
        if kind == PersonSignature.Kind.DRAWN:
            image = images.signature_png(data)
        else:
            image = images.normalise(data).full
    except images.ImageRefused as refused:
        raise RefusedInput(signature=str(refused)) from refused
    row = PersonSignature(
        person=person,
        kind=kind,
        image=image,
        sha256=hashlib.sha256(image).hexdigest(),
        taken_by=by,
        signed_at=signed_at,
        taken_at=timezone.now(),
        **seen,
    )
    row.save(force_insert=True)
    return row


def as_of(person: Person, moment: datetime) -> Person:
    """The person as known at ``moment``, never to be saved: later changes are taken back.

    A paper that was signed says for ever what its signers read; one statement.
    """
    return all_as_of([person], moment)[person.pk]


def all_as_of(people: Iterable[Person | None], moment: datetime) -> dict[int, Person]:
    """Each person once by key, as ``as_of`` gives him; one statement for all of them."""
    then = {row.pk: copy.copy(row) for row in people if row is not None}
    rows = PersonChange.objects.filter(person__in=then, at__gt=moment)
    for row in rows.order_by("-at", "-pk") if then else ():
        _take_back(then[row.person_id], row, {})
    return then


def ever(person: Person, until: datetime) -> list[Person]:
    """The person as known at ``until`` and before each change up to then; none to be saved.

    Two statements for any number of changes. A room is its row where one has that name now: a copy
    must strike out its code and its other names too.
    """
    then, found = copy.copy(person), []
    rows = list(person.changes.order_by("-at", "-pk"))
    labels = {row.old for row in rows if row.field == "room"}
    there = Place.objects.filter(property=person.property_id, label__in=labels)
    rooms = {room.label: room for room in there} if labels else {}
    for moment, together in groupby(rows, key=attrgetter("at")):
        if moment <= until:
            found.append(copy.copy(then))
        for row in together:
            _take_back(then, row, rooms)
    return [*found, then]


def _take_back(then: Person, row: PersonChange, rooms: Mapping[str, Place]) -> None:
    if row.field == "room":
        then.room = rooms.get(row.old, Place(label=row.old)) if row.old else None
    else:
        setattr(then, row.field, row.old)


def forget(people: Iterable[int], now: datetime) -> int:
    """Empty these rows and what hangs on them, for ever; how many were not empty already.

    The rows stay, for others point at them; what a signature was taken under is its hash. Only the
    owner role may (ADR 0042).
    """
    rows = Person.objects.filter(pk__in=people, purged_at=None)
    keys = list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    PersonChange.objects.filter(person__in=keys).delete()
    Unmasking.objects.filter(person__in=keys).delete()
    PersonSignature.objects.filter(person__in=keys).update(image=b"", device="")
    blank = dict.fromkeys(PERSONAL, "")
    return Person.objects.filter(pk__in=keys).update(**blank, room=None, purged_at=now)


@transaction.atomic
def unmask(person: Person, field: str, *, by: User, reason: str) -> Unmasking:
    """Log a look at a full number and allow it for 60 seconds; the caller has checked who asks."""
    if field != "phone":
        raise RefusedInput(field=_("这一项不能查看。"))
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明查看完整号码的事由。"))
    now = timezone.now()
    return Unmasking.objects.create(
        person=person, field=field, by=by, at=now, until=now + UNMASK_FOR, reason=reason
    )


def unmasked(person: Person, field: str, by: User) -> bool:
    """Whether ``by`` may see the full value at this moment."""
    return Unmasking.objects.filter(
        person=person, field=field, by=by, until__gt=timezone.now()
    ).exists()
