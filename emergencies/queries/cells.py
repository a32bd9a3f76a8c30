"""Values of forms and registers as JSON: a moment, a day, a sum, and people by number alone.

Whoever is not staff stands as ``{"person": id}``, a colleague as ``{"user": id}``: names and numbers
of people are in ``core.Person`` and nowhere else (decision 3).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from emergencies.playbooks.vocabulary import FieldType
from propdesk.core.models import Person, User

PERSON, USER = "person", "user"
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


class People:
    """Everybody named in stored values, read at once: two statements for any number of papers."""

    def __init__(self, *found: Any) -> None:
        persons, users = set[int](), set[int]()
        for each in found:
            _named(each, persons, users)
        rows = Person.objects.select_related("room").filter(pk__in=persons)
        self.persons = {p.pk: p for p in rows} if persons else {}
        self.users = {u.pk: u for u in User.objects.filter(pk__in=users)} if users else {}

    def of(self, value: Any) -> Person | User | None:
        """Return who is meant; None for nobody, or somebody who is not there."""
        if not isinstance(value, Mapping):
            return None
        if USER in value:
            return self.users.get(value[USER])
        return self.persons.get(value[PERSON]) if PERSON in value else None


def people_in(found: Any) -> set[int]:
    """Return the ids of those who are not staff."""
    persons = set[int]()
    _named(found, persons, set())
    return persons


def _named(value: Any, persons: set[int], users: set[int]) -> None:
    if isinstance(value, Mapping):
        if isinstance(value.get(PERSON), int):
            persons.add(value[PERSON])
        if isinstance(value.get(USER), int):
            users.add(value[USER])
        for inside in value.values():
            _named(inside, persons, users)
    elif isinstance(value, list | tuple):
        for inside in value:
            _named(inside, persons, users)


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
