"""Personal data: one place, its own log, a look at the full number on record."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction

from propdesk.core import persons
from propdesk.core.models import Person, Unmasking
from propdesk.core.persons import Guest
from propdesk.core.transitions import RefusedInput
from tests.factories import PlaceFactory, PropertyFactory, UserFactory, at
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
NOON = at("2026-11-23 12:00")
GUEST = Guest(name="王晓梅", honorific="ms", phone="13800005678")


def test_person_is_written_with_her_initials_for_sorting():
    person = persons.create(PropertyFactory(), GUEST)

    person.refresh_from_db()
    assert (person.name, person.phone, person.honorific) == ("王晓梅", "13800005678", "ms")
    assert person.name_sort != ""


def test_change_logs_each_field_with_both_values():
    prop, user = PropertyFactory(), UserFactory()
    person, room = persons.create(prop, GUEST), PlaceFactory(property=prop, label="A座 1806")

    changed = persons.change(
        person, Guest("王小梅", "ms", "13800005678", room=room), by=user, reason="更正"
    )

    assert changed == ["name", "room"]
    log = person.changes.order_by("pk").values_list("field", "old", "new", "by", "reason")
    assert list(log) == [
        ("name", "王晓梅", "王小梅", user.pk, "更正"),
        ("room", "", "A座 1806", user.pk, "更正"),
    ]
    stored = Person.objects.get()
    assert (stored.name, stored.room) == ("王小梅", room)
    assert stored.name_sort != ""


def test_change_of_nothing_writes_nothing():
    person = persons.create(PropertyFactory(), GUEST)

    assert persons.change(person, GUEST, by=UserFactory(), reason="x") == []
    assert person.changes.count() == 0


def test_purge_of_a_person_takes_log_and_looks_along(as_owner):
    """The owner role purges; the application role may not even touch the log of looks."""
    person, user = persons.create(PropertyFactory(), GUEST), UserFactory()
    persons.change(person, Guest("王小梅"), by=user, reason="更正")
    persons.unmask(person, "phone", by=user, reason="回电话")

    with refuses(DatabaseError, match="permission denied"), transaction.atomic():
        person.delete()
    with as_owner():
        person.delete()

    assert (Person.objects.count(), Unmasking.objects.count()) == (0, 0)


@pytest.mark.parametrize(("seconds", "shown"), [(0, True), (59, True), (60, False)])
def test_unmasked_for_sixty_seconds_to_one_person(seconds, shown):
    person = persons.create(PropertyFactory(), GUEST)
    one, two = UserFactory(), UserFactory()
    with time_machine.travel(at("2026-11-23 14:00"), tick=False) as clock:
        persons.unmask(person, "phone", by=one, reason="回电话")
        clock.shift(seconds)

        assert persons.unmasked(person, "phone", one) == shown
        assert not persons.unmasked(person, "phone", two)


@pytest.mark.parametrize(("field", "reason"), [("phone", "x"), ("phone", "  "), ("name", "回电话")])
def test_unmask_refusals(field, reason):
    person = persons.create(PropertyFactory(), GUEST)
    user = UserFactory()

    with refuses(RefusedInput):
        persons.unmask(person, field, by=user, reason=reason)

    assert Unmasking.objects.count() == 0


def test_longest_name_and_address_a_form_takes_are_kept():
    prop, user = PropertyFactory(), UserFactory()
    person = persons.create(prop, Guest("中国平安财产保险股份有限公司" * 4, address="甲" * 200))

    persons.change(person, Guest("双" * 60, address="乙" * 200), by=user, reason="更正")

    person.refresh_from_db()
    assert (person.name, person.address, len(person.name_sort)) == ("双" * 60, "乙" * 200, 120)
    assert list(person.changes.order_by("pk").values_list("field", flat=True)) == [
        "name",
        "address",
    ]


def test_person_as_of_a_moment_takes_later_changes_back():
    prop, user = PropertyFactory(), UserFactory()
    room = PlaceFactory(property=prop, label="A座 1806")
    with time_machine.travel(NOON, tick=False) as clock:
        person = persons.create(prop, replace(GUEST, room=room))
        clock.shift(60)
        persons.change(person, Guest("王小梅", "mr", "139", room=room), by=user, reason="一")
        clock.shift(60)
        persons.change(person, Guest("王小美", "mr", "139"), by=user, reason="二")

    first, second, last = (
        persons.as_of(person, NOON + timedelta(seconds=seconds)) for seconds in (0, 60, 120)
    )

    assert (first.name, first.honorific, first.phone) == (GUEST.name, "ms", GUEST.phone)
    assert [each.room.label if each.room else "" for each in (first, second, last)] == [
        "A座 1806",
        "A座 1806",
        "",
    ]
    assert [each.name for each in (second, last, person)] == ["王小梅", "王小美", "王小美"]
    assert person.room is None
