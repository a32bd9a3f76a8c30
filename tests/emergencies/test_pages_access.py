"""Who gets what from the addresses of the event desk; a route without a row fails.

Another property's event is 404, never 403; a restricted one is 404 to everybody but its readers.
"""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from emergencies import acts, workflow
from emergencies.permissions import ACTIONS
from emergencies.urls import event as addresses
from propdesk.core.models import Attachment
from propdesk.core.persons import Guest
from propdesk.core.roles import Role, standing
from propdesk.desk import shell
from tests.emergencies.journey import House, fresh, photo
from tests.factories import fresh as fresh_user
from tests.factories import member
from tests.test_access_matrix import ask, routes

pytestmark = pytest.mark.django_db
WHO = ("anon", "other", "admin", "cashier", "engineer", "guard", "dm", "pm")
"""Nobody; a duty manager of another property; then people of the property: 管理员, 收银 (no part in
an outage), 工程部 (has steps), 保安部, 值班经理, 物业经理.
"""
NAMES = [f"emergencies:{route.name}" for route in addresses.urlpatterns]


class World:
    """One running event with a photo and somebody concerned, and everybody who asks for it."""

    def __init__(self, kind: str = "power_outage") -> None:
        shell._counts.clear()
        self.house = house = House()
        event = house.started(kind, place=house.floor)
        self.party = workflow.add_party(
            event, "guest", Guest(name="王晓梅", phone="13800005678"), by=house.dm
        )
        workflow.attach(fresh(event), [photo()], by=house.dm)
        self.event = fresh(event)
        self.people = {
            "anon": None,
            "other": member(House().prop, Role.DUTY_MANAGER),
            "admin": member(house.prop, Role.ADMIN),
            "cashier": house.cashier,
            "engineer": house.engineering,
            "guard": house.guard,
            "dm": house.dm,
            "pm": house.pm,
            "dm2": house.dm2,
            "guard2": house.guard2,
        }

    def client(self, who: str, **options: Any) -> Client:
        client = Client(**options)
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        return client

    def address(self, name: str) -> str:
        reader = self.event.readers.exclude(user=self.event.commander).first()
        keys: dict[str, Any] = {
            "code": self.house.prop.code,
            "kind": "fire",
            "number": self.event.case.number,
            "key": "restored",
            "name": "note",
            "step": "P20",
            "notice": "N1",
            "party": self.party.pk,
            "reader": reader.pk if reader else 1,
            "photo": Attachment.objects.get(case=self.event.case).pk,
            "size": "small",
        }
        return reverse(name, kwargs={arg: keys[arg] for arg in routes()[name]})


# GET and then POST, each for: anon other admin cashier engineer guard dm pm. The call of this outage
# is to the duty managers, and the one who started and commands it knows: nothing is left to confirm.
TABLE = """
emergencies:board          302 404 200 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:choose         302 404 403 200 200 200 200 200  401 404 403 422 422 422 422 422
emergencies:new            302 404 403 200 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:detail         302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:live           302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:timeline       302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
emergencies:history        302 404 404 404 403 403 200 200  401 404 405 405 405 405 405 405
emergencies:answer         302 404 404 404 200 200 200 200  401 404 404 404 422 422 422 422
emergencies:act            302 404 404 404 200 200 200 200  401 404 404 404 422 422 422 422
emergencies:draft          302 404 405 405 405 405 405 405  401 404 404 404 204 204 204 204
emergencies:step           302 404 404 404 200 200 200 200  401 404 404 404 422 422 422 422
emergencies:skip           302 404 404 404 409 409 409 409  401 404 404 404 422 422 422 422
emergencies:still          302 404 405 405 405 405 405 405  401 404 404 404 409 409 409 409
emergencies:open_child     302 404 405 405 405 405 405 405  401 404 404 404 409 409 409 409
emergencies:tell           302 404 404 404 200 200 200 200  401 404 404 404 422 422 422 422
emergencies:not_told       302 404 404 404 200 200 200 200  401 404 404 404 422 422 422 422
emergencies:acknowledge    302 404 405 405 405 405 405 405  401 404 404 404 403 403 409 403
emergencies:edit_party     302 404 404 404 403 200 200 200  401 404 404 404 403 422 422 422
emergencies:unmask         302 404 404 404 403 403 200 200  401 404 404 404 403 403 422 422
emergencies:end_reader     302 404 404 404 404 404 404 404  401 404 404 404 404 404 404 404
emergencies:remove_photo   302 404 404 404 403 403 200 200  401 404 404 404 403 403 422 422
emergencies:photo          302 404 404 404 200 200 200 200  401 404 405 405 405 405 405 405
"""
EXPECTED = {
    line.split()[0]: (" ".join(line.split()[1:9]), " ".join(line.split()[9:]))
    for line in TABLE.strip().splitlines()
}


def test_every_route_has_a_row() -> None:
    assert sorted(NAMES) == sorted(EXPECTED)


def test_every_address_answers_as_declared() -> None:
    world = World()
    clients = {who: world.client(who) for who in WHO}
    got = {
        name: tuple(
            " ".join(str(ask(clients[who], method, world.address(name))) for who in WHO)
            for method in ("GET", "POST")
        )
        for name in NAMES
    }
    assert got == EXPECTED


def test_every_post_without_a_token_is_refused() -> None:
    world = World()
    client = world.client("pm", enforce_csrf_checks=True)
    accepted = [name for name in NAMES if ask(client, "POST", world.address(name)) != 403]
    assert accepted == []


@pytest.mark.parametrize("who", ["dm2", "guard2", "cashier", "admin", "other"])
def test_restricted_event_is_nowhere_for_whoever_is_no_reader(who: str) -> None:
    world = World("death")
    client = world.client(who)
    inside = [name for name in NAMES if "number" in routes()[name]]
    got = {
        status
        for name in inside
        for method in ("GET", "POST")
        if (status := ask(client, method, world.address(name))) != 405
    }
    assert got == {404}


@pytest.mark.parametrize("who", ["dm2", "guard2", "cashier", "dm", "pm"])
def test_lists_and_searches_say_neither_name_nor_room_nor_death(who: str) -> None:
    world = World("death")
    client, code, number = world.client(who), world.house.prop.code, world.event.case.number
    board = reverse("emergencies:board", args=[code])
    search = reverse("desk:search", args=[code])
    urls = [f"{board}?state=all", f"{board}?state=running", f"{board}?q={number}"]
    urls += [reverse("desk:board", args=[code]), reverse("desk:notices", args=[code])]
    urls += [f"{search}?q={word}" for word in (number, "18层", "晓梅", "死亡")]
    pages = "".join(client.get(url).content.decode() for url in urls)
    # The tile, the filter and the words that were searched for are the same with no event at all.
    for same in (
        "<b>客户死亡</b>",
        ">客户死亡</option>",
        "死亡”",
        'value="死亡"',
        'value="18层"',
        "18层”",
    ):
        pages = pages.replace(same, "")
    told = [word for word in ("王晓梅", "死亡", "18层", "封条", "遗物") if word in pages]
    reads = who in ("dm", "pm")
    assert (told, f"/{number}/" in pages) == ([], reads)


@pytest.mark.parametrize(
    ("who", "count"), [("cashier", 0), ("engineer", 1), ("guard", 1), ("dm", 1)]
)
def test_count_is_of_what_one_may_read(who: str, count: int) -> None:
    world = World()
    user = fresh_user(world.people[who])
    nav = shell.build(user, world.house.prop, "/", fresh=True)["nav"]
    assert {item["key"]: item["count"] for item in nav}["emergencies"] == count


BLOCKED = {"end", "override-end", "archive", "reopen", "name-reader"}
"""What cannot be done with an outage that has just begun: the page says why and shows no form."""


@pytest.mark.parametrize("who", ["engineer", "guard", "dm", "pm"])
def test_every_act_is_open_as_the_table_of_roles_says(who: str) -> None:
    world = World()
    client, user = world.client(who), fresh_user(world.people[who])
    roles, owns = standing(user, world.house.prop).roles, who == "dm"
    code, number = world.house.prop.code, world.event.case.number
    expected, got = {}, {}
    for name, act in acts.ACTS.items():
        allowed = ACTIONS[act.action].allows(roles, owns=owns, assigned=True)
        cannot = name in BLOCKED or (name == "take-command" and owns)
        expected[name] = (409 if cannot else 200) if allowed else 403
        got[name] = ask(client, "GET", reverse("emergencies:act", args=[code, number, name]))
    assert got == expected
