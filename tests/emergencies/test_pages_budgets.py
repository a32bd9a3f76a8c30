"""How many statements pages of events cost, session, user and frame included, at any size."""

import pytest
from django.urls import reverse

from emergencies import acts, workflow
from emergencies.models import Event, Kind
from emergencies.queries import evidence
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh, photo
from tests.test_budgets import LIST, PAGE, POLL, Till

pytestmark = pytest.mark.django_db


def till_of(house: House) -> Till:
    """The duty manager's browser; playbooks are parsed once per process, not once per page."""
    for row in Event.objects.select_related("playbook"):
        evidence.playbook_of(row)
    return Till(house.dm)


@pytest.mark.parametrize("query", ["", "?state=all", "?state=running", "?q=SJ", "?kind=fire"])
def test_board_keeps_its_budget_at_any_size(query: str) -> None:
    house = House()
    house.started("power_outage", place=house.floor)
    url = reverse("emergencies:board", args=[house.prop.code]) + query
    few = till_of(house).cost(url)
    for kind in ("fire", "theft"):
        house.started(kind, place=house.floor)
    assert (till_of(house).cost(url), few <= LIST) == (few, True)


@pytest.mark.parametrize("kind", Kind.values)
def test_page_of_an_event_keeps_its_budget(kind: str) -> None:
    house = House()
    event = house.answered(house.started(kind), late=False)
    assert till_of(house).cost(event.get_absolute_url()) <= PAGE


def test_page_of_an_event_costs_the_same_with_a_long_history() -> None:
    house = House()
    event = house.answered(house.started("power_outage"), late=False)
    workflow.note(event, "第一条", by=house.dm)
    url = event.get_absolute_url()
    few = {name: till_of(house).cost(f"{url}{name}") for name in ("", "timeline/", "history/")}
    for n in range(40):
        workflow.note(fresh(event), f"现场记录{n}", by=house.dm)
    assert {name: till_of(house).cost(f"{url}{name}") for name in few} == few
    assert max(few.values()) <= PAGE


def test_poll_that_changed_nothing_costs_four_statements() -> None:
    house = House()
    event = house.started("fire")
    version = fresh(event).case.version
    url = f"{event.get_absolute_url()}live/?v={version}"
    assert till_of(house).cost(url, ok=204) == POLL


@pytest.mark.parametrize("name", acts.ACTS)
def test_page_of_an_act_keeps_its_budget(name: str) -> None:
    house = House()
    event = house.started("power_outage")
    url = reverse("emergencies:act", args=[house.prop.code, event.case.number, name])
    user = house.pm if name in ("void", "override-end", "reopen", "name-reader") else house.dm
    till_of(house)
    blocked = ("take-command", "end", "override-end", "archive", "reopen", "name-reader")
    assert Till(user).cost(url, ok=409 if name in blocked else 200) <= PAGE


def test_start_page_keeps_its_budget() -> None:
    house = House()
    url = reverse("emergencies:new", args=[house.prop.code, "fire"])
    assert Till(house.guard).cost(url) <= PAGE


def test_start_costs_the_same_at_any_size() -> None:
    """More than a plain form may: each of its many calls writes a row (docs/performance.md)."""
    house = House()
    url = reverse("emergencies:choose", args=[house.prop.code])

    def start(token: str) -> int:
        data = {"kind": "power_outage", "place": house.floor.pk, "token": token}
        return till_of(house).cost(url, data, ok=302)

    start("warm")
    few = start("first")
    for _n in range(2):
        house.started("power_outage", place=house.floor)
    assert start("second") == few


def test_desk_board_keeps_its_budget_with_events() -> None:
    house = House()
    url = reverse("desk:board", args=[house.prop.code])
    few = till_of(house).cost(url)
    for kind in ("fire", "theft", "power_outage"):
        house.started(kind, place=house.floor)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)


# --- the registers of an event ---------------------------------------------------------------


def page_of(event: Event, name: str) -> str:
    return reverse(f"emergencies:{name}", args=[event.case.property.code, event.case.number])


def test_page_of_seals_costs_the_same_for_one_and_for_three() -> None:
    house = House()
    first = house.sealed()
    event = first.event
    url = page_of(event, "seals")
    few = till_of(house).cost(url)
    for n, place in enumerate((house.other_room, house.floor), 2):
        tag = house.tag(f"FQ-000{n}")
        what = workflow.Sealing(place, tag, cards="cancelled")
        workflow.seal(fresh(event), what, photo(), by=house.sec)
    for _n in range(3):
        workflow.check_seal(first, is_intact=True, by=house.sec)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)


def test_page_of_the_headcount_costs_the_same_for_one_list_and_for_all_again() -> None:
    house = House()
    event = house.burning()
    url = page_of(event, "headcount")
    house.roll(event, 1, "residents")
    few = till_of(house).cost(url)
    house.roll(event)
    house.roll(event, 2)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)


def test_page_of_the_headcount_costs_the_same_for_each_count_after_the_handing_over() -> None:
    house = House()
    event = house.roll(house.burning())
    url = page_of(event, "headcount")
    one = workflow.Count("residents", 20, 18, [Guest(name="李强")], rest_unknown=True)
    workflow.roll_call(event, one, by=house.desk)
    workflow.hand_to_fire_service(fresh(event), workflow.Handed("孙队长", "消防站"), by=house.sec)
    few = till_of(house).cost(url)
    for name in ("residents", "visitors", "staff"):
        more = workflow.Count(name, 20, 17, [Guest(name="王晓梅")], rest_unknown=True)
        workflow.roll_call(fresh(event), more, by=house.desk)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)


def test_page_of_the_affected_costs_the_same_for_one_and_for_three() -> None:
    house = House()
    event = house.started("power_outage", place=house.floor)
    url = page_of(event, "affected")
    workflow.add_affected(event, workflow.Hit(house.room), by=house.dm)
    few = till_of(house).cost(url)
    for room in (house.other_room, house.floor):
        workflow.add_affected(fresh(event), workflow.Hit(room), by=house.dm)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)


def test_pages_of_papers_cost_the_same_for_one_and_for_three() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False)
    url = page_of(event, "records")
    few = till_of(house).cost(url)
    for form in ("theft_statement", "cctv_export_log"):
        workflow.start_record(fresh(event), form, {}, by=house.dm)
    assert (till_of(house).cost(url), few <= PAGE) == (few, True)
