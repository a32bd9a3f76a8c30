"""What the tables of access do not ask: objects of another house, other methods, and what a GET writes.

The addresses come from the URLconf, as in the tables beside it; a new route is asked by itself.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from propdesk.core.models import PropertySettings, User
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests import test_access_matrix as desk
from tests.emergencies import test_own_access as own
from tests.emergencies import test_pages_access as events
from tests.factories import MembershipFactory, PropertyFactory, member
from tests.lostfound import test_access_matrix as things

pytestmark = pytest.mark.django_db
WORDS = {"code", "kind", "key", "figure", "size", "role", "name", "verb", "step", "who", "token"}
"""Arguments that name no row of a house: a register, a step, a form of a paper."""


def of_desk() -> tuple[Any, dict[str, str]]:
    world = desk.made()
    names = [n for n in desk.routes() if not n.startswith(desk.OWN_TABLES)]
    return world, {name: desk.address(world, name) for name in names}


def of_things() -> tuple[Any, dict[str, str]]:
    world = things.World()
    routes = {n: args for n, args in desk.routes().items() if n.startswith("lostfound:")}
    return world, {name: world.address(name, args) for name, args in routes.items()}


def of_events() -> tuple[Any, dict[str, str]]:
    world = events.World()
    return world, {name: world.address(name) for name in events.NAMES}


def of_slips() -> tuple[Any, dict[str, str]]:
    world = own.World()
    return world, {name: world.address(name) for name in own.NAMES}


WORLDS = [of_desk, of_things, of_events, of_slips]
named = pytest.mark.parametrize("made", WORLDS, ids=lambda make: make.__name__)


def everybody(prop: Any) -> User:
    """One person with every right there is in a house."""
    user = member(prop, Role.GENERAL_MANAGER)
    for role in set(Role) - {Role.GENERAL_MANAGER, Role.ADMIN}:
        MembershipFactory(user=user, property=prop, role=role)
    return user


# --- objects of another house --------------------------------------------------------------


@named
def test_keys_of_another_house_open_nothing_in_ones_own(made: Callable[[], Any]) -> None:
    """Every address with a key in it, under the code of a house whose manager may do everything there."""
    world, addresses = made()
    theirs, mine = world.house.prop.code, PropertyFactory().code
    client = Client()
    client.force_login(everybody(type(world.house.prop).objects.get(code=mine)))
    asked = {
        name: url.replace(f"/p/{theirs}/", f"/p/{mine}/")
        for name, url in addresses.items()
        if f"/p/{theirs}/" in url and set(desk.routes()[name]) - WORDS
    }

    opened = {
        (name, method): status
        for name, url in asked.items()
        for method in ("GET", "POST")
        if (status := desk.ask(client, method, url)) not in (404, 405)
    }

    assert (opened, len(asked) > 5) == ({}, True)


def test_keys_of_another_house_open_nothing_beside_ones_own_number() -> None:
    """The number is one's own, the photo, paper, option or copy is not."""
    mine, theirs = desk.made(), desk.made()
    client = mine.client("pm")
    own_keys = {name: mine.keys[name] for name in ("code", "number", "handover")}
    mixed = desk.World(mine.house, mine.complaint, mine.people, theirs.keys | own_keys)
    asked = {
        name: desk.address(mixed, name)
        for name, args in desk.routes().items()
        if "number" in args
        and set(args) & {"photo", "document", "option", "pk"}
        and not name.startswith(desk.OWN_TABLES)
    }

    opened = {
        (name, method): status
        for name, url in asked.items()
        for method in ("GET", "POST")
        if (status := desk.ask(client, method, url)) not in (404, 405)
    }

    assert (opened, len(asked) > 5) == ({}, True)


# --- a GET changes nothing, and every answer says what the browser may do with it -------------

LOOKS = {"core_copylog", "core_renderjob", "lostfound_registerexport"}
"""What a look writes: who saw a paper or took the register, and the job that prints what is to be seen."""
BESIDE = {"django_session", "core_cache"}
"""Of a visit, not of the house."""
WROTE = re.compile(
    r'^\s*(?:WITH .*?)?(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE | re.DOTALL
)
EMPTY = {
    "house:staff_template",
    "house:places_template",
    "lostfound:import_template",
    "lostfound:qr",
}
"""Empty workbooks and a picture of an address: a browser may keep them."""
LOOSE = {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"}


def got(client: Client, url: str) -> tuple[Any, set[str]]:
    """The answer, and the tables that were written; both taken back."""
    shell._counts.clear()
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        response = client.get(url)
        b"".join(response)
        transaction.set_rollback(True)
    found = (WROTE.match(query["sql"]) for query in asked)
    return response, {match[1] for match in found if match} - BESIDE - LOOKS


def wrong(name: str, url: str, response: Any) -> list[str]:
    """What the heads of an answer should say and do not."""
    head = response.headers
    policy = head.get("Content-Security-Policy", "")
    frame = {"'self'": "SAMEORIGIN", "'none'": "DENY"}
    said = re.search(r"frame-ancestors (\S+?)(?:;|$)", policy)
    checks = {
        "inline": not LOOSE & set(policy.replace(";", " ").split()),
        "policy": "default-src" in policy,
        "frame": said is not None and frame.get(said[1]) == head.get("X-Frame-Options"),
        "sniffed": head.get("X-Content-Type-Options") == "nosniff",
        "stored": name in EMPTY
        or not url.startswith("/p/")
        or response.status_code != 200
        or "no-store" in head.get("Cache-Control", ""),
    }
    return [what for what, right in checks.items() if not right]


@named
def test_every_get_changes_nothing_and_carries_the_policy(made: Callable[[], Any]) -> None:
    """No inline code; only papers stand in a frame, of ours; nothing but GET, HEAD, POST is heard."""
    world, addresses = made()
    client = world.client("pm")
    wrote, said, framed, heard = {}, {}, set(), {}
    for name, url in addresses.items():
        response, tables = got(client, url)
        wrote |= {name: tables} if tables else {}
        said |= {name: faults} if (faults := wrong(name, url, response)) else {}
        framed |= {name} if response.headers.get("X-Frame-Options") == "SAMEORIGIN" else set()

        # Of each method one that has a view of its own somewhere in allauth or Django.
        other = {client.put(url).status_code, client.options(url).status_code}
        heard |= {name: other} if other != {405} else {}

    assert (wrote, said, heard) == ({}, {}, {})
    assert {name for name in framed if not re.search("paper|file|sealed|slip", name)} == set()


# --- the second step, and the admin ----------------------------------------------------------


def test_manager_without_a_second_step_reaches_nothing_of_the_house() -> None:
    """Where the house demands one: each page leads to setting it up, each form is kept and not done."""
    world, addresses = of_desk()
    PropertySettings.objects.update(second_step=PropertySettings.SecondStep.MANAGERS)
    client = world.client("pm")
    inside = {n: url for n, url in addresses.items() if url.startswith("/p/")}
    got = {
        (name, method): status
        for name, url in inside.items()
        for method, led in (("GET", 302), ("POST", 403))
        if (status := desk.ask(client, method, url)) not in (led, 405)
    }
    assert (got, client.get(inside["desk:me"])["Location"]) == ({}, "/accounts/2fa/first/")


def test_no_address_leads_to_the_admin() -> None:
    """It would be a way to rows past the workflow: no permission table, no lock, no reason."""

    def views(resolver: Any) -> Any:
        for each in resolver.url_patterns:
            if isinstance(each, URLPattern):
                yield each.callback
            else:
                yield from views(each)

    modules = {getattr(view, "__module__", "") for view in views(get_resolver())}
    assert [name for name in modules if name.startswith("django.contrib.admin")] == []
