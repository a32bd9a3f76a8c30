"""Values of forms and registers as JSON: a moment, a day, a sum, and people by number alone.

Whoever is not staff stands as ``{"person": id}``, a colleague as ``{"user": id}``: names and numbers
of people are in ``core.Person`` and nowhere else (decision 3). With a step he stands as ``party:id``
or ``user:id``, or in words that name a post (工号、警号).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from emergencies.models import Party
from emergencies.playbooks.vocabulary import FieldType
from propdesk.core.models import Person, User

PERSON, USER = "person", "user"
REFERENCE = re.compile(r"(party|user):([0-9]{1,12})")
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
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return int(found[2]) if found and found[1] == USER else None


class People:
    """Everybody named in stored values, read at once: three statements for any number of papers."""

    def __init__(self, *found: Any) -> None:
        named = Named()
        for each in found:
            named.add(each)
        parties = Party.objects.filter(pk__in=named.parties)
        self.parties = dict(parties.values_list("pk", "person")) if named.parties else {}
        ids = named.persons | set(self.parties.values())
        rows = Person.objects.select_related("room").filter(pk__in=ids)
        self.persons = {p.pk: p for p in rows} if ids else {}
        users = User.objects.filter(pk__in=named.users)
        self.users = {u.pk: u for u in users} if named.users else {}

    def of(self, value: Any) -> Person | User | str | None:
        """Return who is meant, or the words that stand for him; None for nobody."""
        if isinstance(value, str):
            found = REFERENCE.fullmatch(value)
            if found is None:
                return value.strip() or None
            pk = int(found[2])
            return self.users.get(pk) if found[1] == USER else self._party(pk)
        if not isinstance(value, Mapping):
            return None
        if USER in value:
            return self.users.get(value[USER])
        return self.persons.get(value[PERSON]) if PERSON in value else None

    def _party(self, pk: int) -> Person | None:
        person = self.parties.get(pk)
        return None if person is None else self.persons.get(person)


class Named:
    """Ids of everybody named anywhere inside stored values."""

    def __init__(self) -> None:
        self.persons, self.users, self.parties = set[int](), set[int](), set[int]()

    def add(self, value: Any) -> None:
        """Look into a value, a row or a whole paper."""
        if isinstance(value, str) and (found := REFERENCE.fullmatch(value)):
            (self.users if found[1] == USER else self.parties).add(int(found[2]))
        elif isinstance(value, Mapping):
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
