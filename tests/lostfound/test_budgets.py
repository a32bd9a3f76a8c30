"""How many statements pages of found things cost, session, user and frame included, at any size."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from lostfound import acts
from lostfound.models import FoundItem
from tests.lostfound import claiming
from tests.lostfound.journey import House, photo
from tests.test_budgets import CREATE, LIST, PAGE, Till

pytestmark = pytest.mark.django_db
MANY = 12


def fill(house: House, number: int = MANY) -> None:
    """That many more things in the cupboard, each with its chain, clocks and notices."""
    for n in range(number):
        house.stored(house.logged(features=f"黑色手机{n}"))


LISTS = ["", "?state=all", "?state=all&q=手机", "?state=stored", "?category=phone"]


@pytest.mark.parametrize("query", LISTS)
def test_register_keeps_its_budget_at_any_size(query):
    house = House()
    house.stored()
    till = Till(house.dm)
    url = reverse("lostfound:board", args=[house.prop.code]) + query

    few = till.cost(url)
    fill(house)

    assert (till.cost(url), few <= LIST) == (few, True)


@pytest.mark.parametrize("status", FoundItem.Status.values)
def test_page_of_a_thing_keeps_its_budget_in_every_state(status):
    house = House()
    item = claiming.at(house, status)

    assert Till(house.dm).cost(item.get_absolute_url()) <= PAGE


def test_page_of_a_thing_costs_the_same_with_a_long_history():
    house = House()
    item = house.traced()
    till = Till(house.dm)
    url = item.get_absolute_url()
    few = {name: till.cost(f"{url}{name}") for name in ("", "timeline/", "history/")}

    for _n in range(20):
        house.traced_again(item)

    assert {name: till.cost(f"{url}{name}") for name in few} == few
    assert max(few.values()) <= PAGE


@pytest.mark.parametrize("name", acts.ACTS)
def test_act_page_keeps_its_budget(name):
    house = House()
    item = house.logged() if name in ("hand-in", "receive", "police") else house.stored()
    fill(house, 3)
    url = reverse("lostfound:act", args=[house.prop.code, item.case.number, name])

    assert Till(house.gm).cost(url) <= PAGE


@pytest.mark.parametrize("name", ["lostfound:log", "desk:board"])
def test_page_keeps_its_budget_at_any_size(name):
    house = House()
    house.stored()
    till = Till(house.dm)
    url = reverse(name, args=[house.prop.code])

    few = till.cost(url)
    fill(house)

    assert (till.cost(url), few <= PAGE) == (few, True)


def log(till: Till, house: House, token: str, **changes) -> int:
    data = {"category": "phone", "features": "黑色手机", "place": house.lobby.pk, "quantity": 1}
    url = reverse("lostfound:log", args=[house.prop.code])
    return till.cost(url, data | {"token": token} | changes, ok=302)


def test_logging_keeps_its_budget_at_any_size():
    house = House()
    till = Till(house.dm)

    few = log(till, house, "first", category="document")
    fill(house)

    assert (log(till, house, "second", category="document"), few <= CREATE) == (few, True)


def test_logging_with_photos_that_tells_the_desk_costs_the_same_at_any_size():
    """A guard's find also stores pictures, finds who is on duty and writes the notice to him."""
    house = House()
    till = Till(house.guard)

    def pictures(*colours: str) -> list[SimpleUploadedFile]:
        return [SimpleUploadedFile(f"{c}.jpg", photo(c), "image/jpeg") for c in colours]

    one = log(till, house, "first", photo=pictures("red"))
    fill(house, 3)

    assert log(till, house, "second", photo=pictures("red", "lime", "blue")) == one
    assert one <= CREATE + 7
