"""No form is shown that must end in a refusal by what is known when the page is opened (409)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emergencies import workflow
from emergencies.detail import Detail
from emergencies.models import Event
from emergencies.own_acts import DAMAGE
from emergencies.playbooks import PLAYBOOKS
from propdesk.core.models import User
from propdesk.core.roles import Role
from tests.emergencies.damage_walk import SOFA, Desk, fresh, ruling
from tests.emergencies.journey import House
from tests.emergencies.journey import fresh as anew
from tests.factories import member
from tests.test_budgets import PAGE, Till

pytestmark = pytest.mark.django_db


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(event: Event, name: str, *args: Any) -> str:
    case = event.case
    return reverse(f"emergencies:{name}", args=[case.property.code, case.number, *args])


def shown(user: User, url: str) -> tuple[int, bool, str]:
    """Status, whether there is something to fill in or send, and the words of the page."""
    response = web(user).get(url)
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    form = bool(re.search(r'<button[^>]*type="submit"|<textarea|<input type="(?!hidden)', main))
    return response.status_code, form, re.sub(r"<[^>]+>|\s", "", main)


# --- the slip ------------------------------------------------------------------------------

STATES: dict[str, tuple[Callable[[Desk], Event], set[str]]] = {
    "none": (lambda desk: desk.started(), {"price"}),
    "priced": (lambda desk: desk.priced(), {"price", "inform-guest", "cancel-damage"}),
    "agreed": (
        lambda desk: desk.informed(),
        {"price", "inform-guest", "sign-damage", "cancel-damage"},
    ),
    "over the limit": (
        lambda desk: desk.informed(SOFA),
        {"price", "inform-guest", "decide-damage", "cancel-damage"},
    ),
    "disputed": (
        lambda desk: desk.disputed(),
        {"price", "inform-guest", "decide-damage", "cancel-damage"},
    ),
    "refused": (
        lambda desk: desk.refused(),
        {"price", "inform-guest", "decide-damage", "decline-damage", "cancel-damage"},
    ),
    "signed": (lambda desk: desk.signed(), {"post-damage", "cancel-damage"}),
    "declined": (lambda desk: desk.declined(), {"post-damage", "cancel-damage"}),
    "posted": (lambda desk: desk.posted(), set()),
}


@pytest.mark.parametrize("state", STATES)
def test_form_of_the_slip_is_shown_only_where_it_may_succeed(state: str) -> None:
    walk, ready = STATES[state]
    desk = Desk()
    event = walk(desk)
    by = {"decline-damage": desk.dm}
    got = {name: shown(by.get(name, desk.gm), address(event, "act", name)) for name in DAMAGE}

    assert {name for name, (status, _form, _text) in got.items() if status == 200} == ready
    assert {name for name, (_status, form, _text) in got.items() if form} == ready
    assert {status for status, _form, _text in got.values()} <= {200, 409}


def test_page_that_signs_says_what_it_waits_for() -> None:
    desk = Desk()
    event = desk.disputed()

    status, form, text = shown(desk.dm, address(event, "act", "sign-damage"))

    assert (status, form, "客户还没有同意，不能签字。" in text) == (409, False, True)


def test_page_of_the_slip_keeps_its_budget_ready_or_not() -> None:
    desk = Desk()
    till, event = Till(desk.gm), desk.disputed()
    costs = {
        name: till.cost(address(event, "act", name), ok=ok)
        for name, ok in (("sign-damage", 409), ("decide-damage", 200))
    }
    assert {name: cost for name, cost in costs.items() if cost > PAGE} == {}


def test_who_told_the_guest_gets_no_form_to_decide() -> None:
    desk = Desk()
    event = desk.priced()
    workflow.inform_guest(
        event, workflow.Informed("phone", "dispute", objection="太贵"), by=desk.pm
    )

    status, form, text = shown(desk.pm, address(fresh(event), "act", "decide-damage"))

    assert (status, form, "告知客户的是您本人" in text) == (409, False, True)


# --- the rest ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("theft", "price", "没有这一项"),
        ("power_outage", "list-losses", "只有失窃事件"),
        ("power_outage", "inform-affected", "先登记受影响客户"),
        ("fire", "hand-to-fire-service", "现在没有缺的人"),
        ("theft", "roll-call", "没有这一项"),
        ("theft", "seal", "没有封存"),
        ("theft", "take-command", "您已经在指挥"),
        ("theft", "archive", "不能归档"),
    ],
)
def test_act_that_cannot_be_done_says_why_and_shows_no_form(
    kind: str, name: str, sentence: str
) -> None:
    house = House()
    event = house.started(kind)

    assert shown(house.dm, address(event, "act", name))[:2] == (409, False)
    assert sentence in shown(house.dm, address(event, "act", name))[2]


def test_step_of_a_register_leads_to_its_page() -> None:
    desk = Desk()
    event = desk.priced()

    response = web(desk.dm).get(address(event, "step", "D21"))

    assert (response.status_code, response["Location"]) == (302, address(event, "damage"))


def test_call_that_came_through_asks_for_nothing_more() -> None:
    house = House()
    event = house.called(house.started("theft"))
    call = event.calls.filter(told_at__isnull=False).first()
    assert call is not None

    for name in ("tell", "not_told"):
        status, form, text = shown(house.dm, address(event, name, call.notice))
        assert (status, form, "已经登记过通知" in text) == (409, False, True)


# --- questions a register answers ----------------------------------------------------------


def one_of(user: User, event: Event) -> Detail:
    one = Detail.load(user, event.case.property, event.case.number, timezone.now())
    assert one is not None
    return one


@pytest.mark.parametrize("key", ["guest_position", "over_limit"])
def test_question_of_the_slip_is_not_offered_to_be_changed(key: str) -> None:
    desk = Desk()
    event = desk.disputed()
    url = address(event, "answer", key)

    page = web(desk.dm).get(event.get_absolute_url()).content.decode()
    status, form, text = shown(desk.dm, url)

    assert (url in page, "这个问题由赔偿单回答" in page) == (False, True)
    assert (status, form, "这个问题由赔偿单回答" in text) == (409, False, True)


def test_question_is_offered_again_without_a_slip() -> None:
    desk = Desk()
    event = desk.disputed()
    workflow.cancel_damage(event, by=desk.pm, reason="写错")
    url = address(event, "answer", "guest_position")

    page = web(desk.dm).get(event.get_absolute_url()).content.decode()

    assert (url in page, shown(desk.dm, url)[:2]) == (True, (200, True))


def test_release_of_the_police_is_no_answer_to_tap() -> None:
    house = House()
    one = one_of(house.gm, house.started("death"))
    ask = one.ask("police_released")
    assert ask is not None

    assert [code for code, _label in ask.offered] == ["no"]
    assert "公安解除记录" in ask.source


# --- readers of a confidential event -------------------------------------------------------


def test_reader_who_stays_has_no_link_to_be_taken_off() -> None:
    house = House()
    event = house.started("death")
    guard = member(house.prop, Role.SECURITY, name="临时看守")
    workflow.name_reader(event, guard, by=house.gm, reason="守门")
    event = anew(event)
    rows = {row.user.name: row.pk for row in event.readers.filter(ended_at=None)}

    one = one_of(house.gm, event)
    page = web(house.gm).get(event.get_absolute_url()).content.decode()

    removable = {name for name, pk in rows.items() if pk in one.removable}
    linked = {name for name, pk in rows.items() if address(event, "end_reader", pk) in page}
    open_ = {
        name
        for name, pk in rows.items()
        if shown(house.gm, address(event, "end_reader", pk))[0] == 200
    }
    assert removable == linked == open_
    assert (guard.name in removable, house.pm.name in removable) == (True, False)


def test_decided_slip_of_a_guest_who_agrees_is_ready_to_be_signed() -> None:
    desk = Desk()
    event = desk.informed(SOFA)
    workflow.decide_damage(event, ruling("uphold", "照价"), by=desk.pm)

    assert shown(desk.dm, address(fresh(event), "act", "sign-damage"))[:2] == (200, True)


# --- one notice a step and minute ------------------------------------------------------------


def test_step_that_is_late_and_to_be_reminded_of_in_one_run_is_told_once() -> None:
    house = House()
    event = house.started("theft")
    house.answered(event, late=False, reported_to_police="yes")
    step = PLAYBOOKS["theft"].steps["T22"]

    workflow.flag_due(event.reported_at + timedelta(minutes=step.remind[1], seconds=30))

    told = [entry.content["info"]["steps"] for entry in event.case.entries.filter(action="flag")]
    assert sum(step.id in ids for ids in told) == 1
    # The reminder that names it speaks, the count of steps leaves it out.
    flags = [e.content["info"] for e in event.case.entries.filter(action="flag")]
    assert [f["rule"] for f in flags if step.id in f["steps"]] == ["emergencies.remind"]
