"""Values of forms and registers as JSON: a moment, a day, a sum, and people by number alone.

Whoever is not staff stands as ``{"person": id}``, a colleague as ``{"user": id}``: names and numbers
of people are in ``core.Person`` and nowhere else (decision 3). A string is always words that stand for
him, whatever it looks like; and a number says who it is inside its own event alone (``belongs``).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Exists, OuterRef, Q

from emergencies.models import (
    Affected,
    Event,
    FireHandover,
    Handover,
    Party,
    RecordBox,
    RoomSeal,
    SealTag,
    StepMark,
)
from emergencies.playbooks.vocabulary import FieldType
from propdesk.core.models import Deputy, Membership, Person, User

PERSON, USER = "person", "user"
REGISTERED = (
    (Party, "person", "event"),
    (StepMark, "person", "event"),
    (RecordBox, "person", "record__event"),
    (Affected, "person", "event"),
    (RoomSeal, "officer", "event"),
    (Handover, "receiver", "event"),
    (FireHandover, "officer", "event"),
    (SealTag, "witness1_person", "seal__event"),
    (SealTag, "witness2_person", "seal__event"),
)
"""Where somebody is on record with an event: the row, his field in it, the way to the event."""
Cell = Any
"""What a field holds: str, int, bool, Decimal, datetime, date, Person, User; None for nothing."""


def stored(value: Cell) -> Any:
    """Return the value as JSON; None for nothing."""
    if isinstance(value, Person):
        return {PERSON: value.pk}
    if isinstance(value, User):
        return {USER: value.pk}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return None if value in ("", None) else value


def staff_of(value: Any) -> int | None:
    """Return the key of the colleague a stored value names; None for anybody else."""
    if isinstance(value, User):
        return value.pk
    if isinstance(value, Mapping):
        return value.get(USER)
    return None


def belongs(event: Any) -> Q:
    """Condition on ``Person``: of the house of the event, and on record with no other event alone.

    Each row of ``Person`` is made for one case, so whoever is registered elsewhere is not meant here.
    ``event`` is a key, or a reference to one out of a subquery.
    """
    here, elsewhere = Q(), Q()
    for model, field, way in REGISTERED:
        rows: Any = model.objects.filter(**{field: OuterRef("pk")})
        here |= Q(Exists(rows.filter(**{way: event})))
        elsewhere |= Q(Exists(rows.exclude(**{way: event})))
    house = Event.objects.filter(pk=event, case__property=OuterRef("property"))
    return Q(Exists(house)) & (here | ~elsewhere)


def works(event: int) -> Q:
    """Condition on ``User``: works in the house of the event, or has, himself or as a deputy."""
    house = Event.objects.filter(pk=event).values("case__property")
    own = Membership.objects.filter(user=OuterRef("pk"), property__in=house)
    acting = Deputy.objects.filter(by_user=OuterRef("pk"), for_membership__property__in=house)
    led = Event.objects.filter(
        Q(commander=OuterRef("pk")) | Q(reported_by=OuterRef("pk")), pk=event
    )
    return Q(Exists(own)) | Q(Exists(acting)) | Q(Exists(led))


class People:
    """Everybody named in stored values of one event (its key): two statements for any number of papers.

    A number that is of another event, or of another house, names nobody.
    """

    def __init__(self, event: int, *found: Any) -> None:
        named = Named()
        for each in found:
            named.add(each)
        rows = Person.objects.select_related("room").filter(belongs(event), pk__in=named.persons)
        self.persons = {p.pk: p for p in rows} if named.persons else {}
        users = User.objects.filter(works(event), pk__in=named.users)
        self.users = {u.pk: u for u in users} if named.users else {}

    def of(self, value: Any) -> Person | User | str | None:
        """Return who is meant, or the words that stand for him; None for nobody."""
        if isinstance(value, str):
            return value.strip() or None
        if not isinstance(value, Mapping):
            return None
        if USER in value:
            return self.users.get(value[USER])
        return self.persons.get(value[PERSON]) if PERSON in value else None

    def knows(self, value: Any) -> bool:
        """Whether a stored value says something here: words, or somebody who can be meant."""
        return self.of(value) is not None


class Named:
    """Ids of everybody named anywhere inside stored values."""

    def __init__(self) -> None:
        self.persons, self.users = set[int](), set[int]()

    def add(self, value: Any) -> None:
        """Look into a value, a row or a whole paper."""
        if isinstance(value, Mapping):
            for key, ids in ((PERSON, self.persons), (USER, self.users)):
                if isinstance(value.get(key), int):
                    ids.add(value[key])
            for inside in value.values():
                self.add(inside)
        elif isinstance(value, list | tuple):
            for inside in value:
                self.add(inside)


def people_in(found: Any) -> set[int]:
    """Return the ids of those who are not staff."""
    named = Named()
    named.add(found)
    return named.persons


def read(kind: str, value: Any, people: People) -> Cell:
    """Return a stored value as what it is; None for nothing, and for what is no such value."""
    if value in ("", None):
        return None
    if kind == FieldType.PERSON:
        return people.of(value)
    if kind == FieldType.TIME:
        return _moment(value)
    if kind == FieldType.DATE:
        found = _moment(value)
        return found.date() if isinstance(found, datetime) else found
    if kind == FieldType.MONEY:
        return _sum(value)
    if kind == FieldType.NUMBER:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if kind == FieldType.BOOL:
        return value if isinstance(value, bool) else None
    return str(value)


def _moment(value: Any) -> datetime | date | None:
    try:
        text = str(value)
        return datetime.fromisoformat(text) if len(text) > 10 else date.fromisoformat(text)
    except ValueError:
        return None


def _sum(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def row(keys: Iterable[str], found: Mapping[str, Any]) -> list[Any]:
    """Return the stored cells of one row of a register, in the order of the columns."""
    return [stored(found.get(key)) for key in keys]
