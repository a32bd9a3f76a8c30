"""Which fields of a paper arise: what hangs on a field that does not arise does not either."""

import pytest
from django.urls import reverse

from emergencies import playbooks
from emergencies.queries import prefill
from tests.emergencies.journey import House
from tests.emergencies.test_pages import body, client_of

pytestmark = pytest.mark.django_db
ROUTE, REASON = 'name="f_route"', 'name="f_route_reason"'


def death_record(house: House, at_premises: str) -> str:
    """The page on which the record of a death is written."""
    said = {"certainly_dead": "yes", "at_premises": at_premises}
    event = house.answered(house.started("death"), late=False, **said)
    args = [house.prop.code, event.case.number, "death_record"]
    return body(client_of(house.dm), reverse("emergencies:record_new", args=args))


def test_death_on_the_premises_asks_for_the_route_and_its_reason() -> None:
    page = death_record(House(), "yes")
    assert (ROUTE in page, REASON in page) == (True, True)


def test_death_in_hospital_asks_for_neither_the_route_nor_a_reason() -> None:
    page = death_record(House(), "no")
    assert (ROUTE in page, REASON in page) == (False, False)


@pytest.mark.parametrize(
    ("at_premises", "route", "wanted"),
    [
        ("no", "", []),
        ("yes", "", ["route", "route_reason"]),
        ("yes", "staff_exit", []),
        ("yes", "other", ["route_reason"]),
    ],
)
def test_reason_is_missing_only_where_another_way_was_taken(
    at_premises: str, route: str, wanted: list[str]
) -> None:
    form = playbooks.form("death_record")
    facts = {"at_premises": at_premises == "yes", "foreign": False}
    written = {"route": route} if route else {}
    found = [f.key for f in prefill.missing(form, written, {}, facts)]
    assert [key for key in found if key.startswith("route")] == wanted
