"""Places found by what somebody types for them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from propdesk.core import places
from propdesk.core.models import Place, Property
from tests.factories import PlaceFactory, PropertyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def prop() -> Property:
    return PropertyFactory()


@pytest.fixture
def room(prop: Property) -> Place:
    return PlaceFactory(property=prop, kind="room", code="A-1806", name="1806", label="A座 1806")


@pytest.mark.parametrize("typed", ["A-1806", "a1806", " A 1806 ", "A座 1806", "A座1806"])
def test_place_is_found_however_it_is_typed(prop: Property, room: Place, typed: str) -> None:
    assert places.find(prop, typed) == room


@pytest.mark.parametrize("typed", ["", "  ", "—", "1806", "A-1807", "电梯口"])
def test_what_is_no_place_is_none(prop: Property, room: Place, typed: str) -> None:
    assert places.find(prop, typed) is None


def test_place_of_another_house_or_out_of_use_is_none(prop: Property) -> None:
    PlaceFactory(code="B-201")
    PlaceFactory(property=prop, code="B-202", is_active=False)

    assert [places.find(prop, typed) for typed in ("B-201", "B-202")] == [None, None]


def test_code_as_typed_goes_before_one_written_otherwise(prop: Property) -> None:
    PlaceFactory(property=prop, code="A-1806")
    exact = PlaceFactory(property=prop, code="A1806")

    assert places.find(prop, "a1806") == exact


def test_several_are_found_in_one_statement(prop: Property, room: Place) -> None:
    gym = PlaceFactory(property=prop, label="A座 健身房")

    with CaptureQueriesContext(connection) as captured:
        found = places.find_all(prop, ["A座 健身房", "", "泳池边", "a1806", "A座 健身房"])

    assert (found, len(captured)) == ([gym, None, None, room, gym], 1)


def test_nothing_typed_asks_nothing(prop: Property) -> None:
    with CaptureQueriesContext(connection) as captured:
        found = places.find_all(prop, ["", " "])

    assert (found, len(captured)) == ([None, None], 0)
