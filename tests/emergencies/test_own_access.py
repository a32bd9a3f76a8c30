"""Who gets what from the slip, the households, and the pages of the house; and what they cost."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from emergencies import workflow
from emergencies.own_acts import DAMAGE
from emergencies.urls import house as of_house
from emergencies.urls import own as of_event
from propdesk.core import rendering
from propdesk.core.models import Document
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.emergencies.journey import House, fresh
from tests.factories import member
from tests.lostfound.printing import printed
from tests.test_access_matrix import ask, routes
from tests.test_budgets import LIST, PAGE, Till

pytestmark = pytest.mark.django_db
WHO = ("anon", "other", "admin", "staff", "cashier", "guard", "dm", "pm")
"""Nobody; a duty manager of another property; then people of the property: 管理员, 员工 with no part
in it, 收银 (posts the slip), 保安部, 值班经理, 物业经理.
"""
REGISTERS = {"seals", "headcount"}
"""Pages of registers, with rows of their own elsewhere."""
ADDRESSES = [*of_event.urlpatterns, *of_house.urlpatterns]
NAMES = [f"emergencies:{r.name}" for r in ADDRESSES if r.name not in REGISTERS]


class World:
    """A priced damage, a loss list, an outage, a price; and everybody who asks for them."""

    def __init__(self) -> None:
        shell._counts.clear()
        self.house = house = House()
        self.damage = house.started("property_damage")
        line = workflow.Line("台灯", 1, "盏", Decimal(180))
        workflow.price(self.damage, [line], by=house.dm, basis="价目")
        slip = self.damage.compensations.get()
        kind = workflow.slip_kind(slip)
        self.paper = printed(rendering.request(fresh(self.damage).case, kind, by=house.dm))
        self.theft = house.started("theft")
        workflow.list_losses(self.theft, [workflow.Loss("手表")], by=house.dm)
        self.outage = house.started("power_outage")
        workflow.add_affected(self.outage, workflow.Hit(place_note="A座"), by=house.dm)
        what = workflow.Price("浴袍", "件", Decimal(150))
        self.price = workflow.put_price(house.prop, None, what, by=house.pm, reason="公示")
        self.people = {
            "anon": None,
            "other": member(House().prop, Role.DUTY_MANAGER),
            "admin": member(house.prop, Role.ADMIN),
            "staff": house.staff,
            "cashier": house.cashier,
            "guard": house.guard,
            "dm": house.dm,
            "pm": house.pm,
        }

    def client(self, who: str, **options: Any) -> Client:
        client = Client(**options)
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client

    def address(self, name: str) -> str:
        short = name.rpartition(":")[2]
        event = {"affected": self.outage, "item_act": self.theft}.get(short, self.damage)
        keys: dict[str, Any] = {
            "code": self.house.prop.code,
            "number": event.case.number,
            "name": "recover-loss",
            "item": self.price.pk if short == "price_edit" else self.theft.losses.get().pk,
            "kind": "theft",
            "document": Document.objects.get(pk=self.paper.pk).pk,
        }
        return reverse(name, kwargs={arg: keys[arg] for arg in routes()[name]})


@pytest.fixture
def world() -> World:
    return World()


# GET and then POST, each for: anon other admin staff cashier guard dm pm.
TABLE = """
emergencies:damage            302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:slip_paper        302 404 404 404 302 302 302 302  401 404 404 404 302 302 302 302
emergencies:slip_file         302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:affected          302 404 404 404 404 200 200 200  401 404 405 405 405 405 405 405
emergencies:item_act          302 404 404 404 404 200 200 200  401 404 404 404 404 422 422 422
emergencies:prices            302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:price_new         302 404 403 403 403 403 403 200  401 404 403 403 403 403 403 422
emergencies:price_edit        302 404 403 403 403 403 403 200  401 404 403 403 403 403 403 422
emergencies:drills            302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:playbooks         302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:playbook          302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:rehearse          302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:playbook_yaml     302 404 403 403 403 403 403 200  401 404 405 405 405 405 405 405
emergencies:playbook_steps    302 404 403 403 403 403 403 200  401 404 403 403 403 403 403 422
emergencies:playbook_own      302 404 403 403 403 403 403 200  401 404 403 403 403 403 403 422
emergencies:playbook_bundled  302 404 403 403 403 403 403 200  401 404 403 403 403 403 403 422
"""
EXPECTED = {
    line.split()[0]: (" ".join(line.split()[1:9]), " ".join(line.split()[9:]))
    for line in TABLE.strip().splitlines()
}


def test_every_route_has_a_row() -> None:
    assert sorted(EXPECTED) == sorted(NAMES)


def test_every_address_answers_as_declared(world: World) -> None:
    clients = {who: world.client(who) for who in WHO}
    got = {
        name: tuple(
            " ".join(str(ask(clients[who], method, world.address(name))) for who in WHO)
            for method in ("GET", "POST")
        )
        for name in NAMES
    }

    assert got == EXPECTED


def test_every_post_without_a_token_is_refused(world: World) -> None:
    client = world.client("pm", enforce_csrf_checks=True)

    assert [n for n in NAMES if ask(client, "POST", world.address(n)) != 403] == []


# --- what they cost ------------------------------------------------------------------------


def grown(world: World, number: int) -> None:
    """That many more lines, losses, households, people, prices and drills."""
    house = world.house
    lines = [workflow.Line(f"物品{n}", 1, "件", Decimal(10)) for n in range(number)]
    workflow.price(fresh(world.damage), lines, by=house.dm, basis="价目")
    known = house.prop.prices.count()
    for n in range(known, known + number):
        workflow.add_party(fresh(world.damage), "guest", Guest(name=f"客{n}"), by=house.dm)
        workflow.list_losses(fresh(world.theft), [workflow.Loss(f"表{n}")], by=house.dm)
        hit = workflow.Hit(place_note=f"B座{n}", needs_help=True)
        workflow.add_affected(fresh(world.outage), hit, by=house.dm)
        what = workflow.Price(f"被{n}", "床", Decimal(150))
        workflow.put_price(house.prop, None, what, by=house.pm, reason="公示")
        house.started("fire", is_drill=True)


def status(url: str) -> int:
    """Of a slip that is priced and not told of: what comes later says so instead of a form."""
    early = ("decide-damage", "sign-damage", "decline-damage", "post-damage")
    return 409 if url.split("/")[-2] in early else 200


def test_pages_cost_the_same_with_more_on_them(world: World) -> None:
    till, prop = Till(world.house.pm), world.house.prop
    acts = [(world.damage, name) for name in DAMAGE]
    acts += [(world.theft, "list-losses"), (world.outage, "inform-affected")]
    urls = [
        reverse("emergencies:act", args=[prop.code, event.case.number, name])
        for event, name in acts
    ]
    urls += [event.get_absolute_url() for event in (world.damage, world.theft, world.outage)]
    urls += [world.address(f"emergencies:{name}") for name in ("damage", "affected")]

    grown(world, 1)
    few = {url: till.cost(url, ok=status(url)) for url in urls}
    grown(world, 3)

    assert {url: till.cost(url, ok=status(url)) for url in urls} == few
    assert {url: cost for url, cost in few.items() if cost > PAGE} == {}


@pytest.mark.parametrize("name", ["prices", "drills", "playbooks", "playbook", "rehearse"])
def test_pages_of_the_house_keep_their_budget(world: World, name: str) -> None:
    till = Till(world.house.pm)
    url = world.address(f"emergencies:{name}")

    few = till.cost(url)
    grown(world, 3)

    assert (till.cost(url), few <= (LIST if name != "playbook" else PAGE)) == (few, True)


def test_review_costs_the_same_with_more_actions() -> None:
    house = House()
    event = house.ended("theft")
    till = Till(house.pm)
    day = event.reported_at.date().replace(year=event.reported_at.year + 1)
    one = [workflow.Action("改一处", house.guard, day)]
    workflow.review(event, "好", one, by=house.pm)

    few = till.cost(event.get_absolute_url())
    workflow.review(fresh(event), "", one * 3, by=house.pm)

    assert (till.cost(event.get_absolute_url()), few <= PAGE) == (few, True)
