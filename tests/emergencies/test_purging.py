"""Which events stay for ever, and who is named in them by what was edited away (``core.retention``)."""

import pytest

from emergencies import reports, workflow
from emergencies.queries import purging, records
from propdesk.core import case_people
from propdesk.core.models import Case, Person
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh

pytestmark = pytest.mark.django_db


def lasting() -> set[int]:
    return set(purging.lasting(Case.objects.all()))


def test_an_injury_once_said_and_all_that_led_to_it_stay():
    house = House()
    first, other = house.started("theft"), house.started("theft")
    second = house.started("property_damage", parent=first)
    third = house.started("fight", parent=second)
    house.answer(third, "injured", "no")
    assert lasting() == set()

    house.answer(third, "injured", "yes")
    house.answer(third, "injured", "no")

    assert lasting() == {first.pk, second.pk, third.pk}
    assert other.pk not in lasting()


def test_somebody_concerned_is_not_hurt_and_in_the_file_of_a_death_is_who_died():
    house = House()
    drunk, dead = house.started("drunk_guest"), house.started("death")
    for event in (drunk, dead):
        workflow.add_party(event, "deceased", Guest(name="欧阳锋"), by=house.dm)

    assert lasting() == {dead.pk}
    assert [reports.prefill_report(e)["injured"] for e in (fresh(drunk), fresh(dead))] == [0, 1]


def test_name_that_was_typed_over_goes_with_its_case():
    house = House()
    event = house.started("theft")
    form, key = next(
        (code, field.key)
        for code, spec in records.specs(event).items()
        for field in spec.form.fields
        if str(field.type) == "person" and field.who not in (None, "staff")
    )
    record = workflow.start_record(event, form, {key: "李大川"}, by=house.dm)
    workflow.edit_record(record, {key: "李大传"}, by=house.dm)

    people = case_people.of_many([event.case])

    assert set(Person.objects.filter(pk__in=people).values_list("name", flat=True)) == {
        "李大川",
        "李大传",
    }
    assert [p.name for p in case_people.people_of(event.case)] == ["李大传"]
