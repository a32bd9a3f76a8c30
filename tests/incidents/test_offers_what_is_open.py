"""The page of a complaint shows a link only where its act is open to whoever looks at it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import workflow
from incidents.detail import Detail
from incidents.models import Complaint
from propdesk.core.masks import phone
from propdesk.core.models import Unmasking, User
from propdesk.core.roles import Role
from tests.factories import fresh, member
from tests.incidents import moves
from tests.incidents.journey import GUEST, House
from tests.incidents.journey import fresh as read

pytestmark = pytest.mark.django_db


def shown(user: User, complaint: Complaint) -> str:
    client = Client()
    client.force_login(user)
    return client.get(complaint.get_absolute_url()).content.decode()


# --- 查看完整号码 ---------------------------------------------------------------------------


def test_whole_number_carries_the_moment_it_is_masked_again() -> None:
    house = House()
    complaint = house.new()
    workflow.unmask(complaint, by=house.dm, reason="回电话")
    until = Unmasking.objects.get().until

    page = shown(house.dm, complaint)

    assert f'data-mask="{phone(GUEST.phone)}">{GUEST.phone}</span>' in page
    assert f'data-until="{until.astimezone().isoformat()[:10]}' in page
    assert "看完请刷新本页" in page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert GUEST.phone not in shown(house.pm, complaint)


def test_link_to_the_whole_number_is_for_whoever_may_ask_for_it() -> None:
    house = House()
    complaint = house.resolved()
    args = [house.prop.code, complaint.case.number, "unmask"]
    link = reverse("incidents:act", args=args)
    seen = {name: link in shown(getattr(house, name), complaint) for name in ("engineer", "dm")}
    assert seen == {"engineer": False, "dm": True}


# --- links ---------------------------------------------------------------------------------


def secured(house: House) -> Complaint:
    """Everything is done, but the guard who was called has not reported."""
    complaint = house.signed()
    workflow.call_security(complaint, by=house.dm)
    return complaint


READY: list[Any] = [
    House.started,
    House.resolved,
    House.reviewed,
    moves.drafted,
    moves.submitted,
    House.signed,
    House.closed,
    secured,
]


@pytest.mark.parametrize("ready", READY)
def test_no_link_of_the_page_ends_in_a_refusal(ready: Any) -> None:
    """Whoever carries it out, manages that department, is on duty or manages the house."""
    house = House()
    complaint = ready(house)
    head = member(house.prop, Role.DEPARTMENT_MANAGER, department=house.department)
    refused = {}
    for user in (house.engineer, head, house.dm, house.pm):
        client = Client()
        client.force_login(user)
        page = client.get(complaint.get_absolute_url()).content.decode()
        links = set(re.findall(rf'href="({complaint.get_absolute_url()}[^"#?]+)"', page))
        answers = {link: client.get(link).status_code for link in sorted(links)}
        refused |= {link: code for link, code in answers.items() if code >= 400}
    assert refused == {}


def test_closing_list_is_read_without_links_by_whoever_may_not_act() -> None:
    house = House()
    complaint = house.resolved()
    for who, linked in (("engineer", False), ("dm", True)):
        page = shown(getattr(house, who), complaint)
        closing = page.partition('id="closing"')[2].partition("</section>")[0]
        assert ("登记客户满意度" in closing, "<a " in closing) == (True, linked)


# --- the report is next --------------------------------------------------------------------


def sent_back(house: House) -> Complaint:
    complaint = moves.submitted(house)
    report = moves.report_of(house, complaint)
    workflow.send_back_report(report, by=house.pm, reason="经过写得不全")
    return read(complaint)


def blank(house: House) -> Complaint:
    complaint = moves.drafted(house)
    workflow.edit_report(moves.report_of(house, complaint), {"police": ""}, by=house.dm)
    return complaint


STEPS: list[Any] = [
    (House.reviewed, "dm", "起草《事故报告》", "report/", "已按 A–J 的登记填好"),
    (blank, "dm", "继续填写", "report/", "未填写"),
    (moves.drafted, "dm", "提交签批", "report/submit/", "签名后交给签批人"),
    (sent_back, "dm", "修改并重新提交", "report/", "经过写得不全"),
    (moves.submitted, "pm", "去签批", "report/sign/", "等物业经理签"),
    (moves.submitted, "dm", "看报告和签批", "report/", "等物业经理签"),
]


@pytest.mark.parametrize(("ready", "who", "button", "to", "words"), STEPS)
def test_report_is_the_first_thing_when_it_is_next(
    ready: Any, who: str, button: str, to: str, words: str
) -> None:
    house = House()
    complaint = ready(house)
    page = shown(getattr(house, who), complaint)
    card = page.partition('id="do-report"')[2].partition("</section>")[0]
    link = f'href="{complaint.get_absolute_url()}{to}"'
    assert [text in card for text in (link, button, words)] == [True] * 3
    assert page.index('id="do-report"') < page.index('id="closing"')


def test_page_is_never_an_empty_panel() -> None:
    """Not for the engineer either, who waits for somebody else's call or report."""
    house = House()
    for ready in (House.resolved, House.reviewed, House.signed):
        assert "下一步由值班经理办理" in shown(house.engineer, ready(house))
    assert "等物业经理签" in shown(house.engineer, moves.submitted(house))


def test_guard_who_has_not_reported_is_next_when_all_else_is_done() -> None:
    house = House()
    one = detail(house, secured(house), house.dm)
    assert (one.cards, one.report_step) == (["arrived"], None)


def detail(house: House, complaint: Complaint, user: User) -> Detail:
    found = Detail.load(fresh(user), house.prop, complaint.case.number, timezone.now())
    assert found is not None
    return found


@pytest.mark.parametrize("ready", [moves.submitted, House.signed])
def test_nothing_is_offered_that_would_change_what_is_signed(ready: Any) -> None:
    house = House()
    complaint = ready(house)
    one = detail(house, complaint, house.dm)
    offered = {name for name, _act in [*one.others, *one.menu]}
    fixed = {"call-back", "summary", "severity", "correct", "photo", "guest", "link"}
    assert offered & fixed == set()
    assert {"hand-over", "security"} <= offered
    assert (one.may_correct, one.may_attach) == (False, False)


def test_acts_come_back_with_a_report_that_was_sent_back() -> None:
    house = House()
    one = detail(house, sent_back(house), house.dm)
    offered = {name for name, _act in [*one.others, *one.menu]}
    assert {"summary", "correct", "photo", "guest", "severity"} <= offered


# --- quick times ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "act", "field"),
    [
        (House.chosen, "promise", "due_at"),
        (House.started, "extend", "due_at"),
        (moves.extended, "ask-extension", "wish_at"),
    ],
)
def test_usual_times_stand_at_the_field_they_fill(ready: Any, act: str, field: str) -> None:
    house = House()
    complaint = ready(house)
    client = Client()
    client.force_login(house.dm)
    url = reverse("incidents:act", args=[house.prop.code, complaint.case.number, act])
    page = client.get(url).content.decode()
    own = page.partition(f'id="div_id_{field}"')[2].partition('<div class="field"')[0]
    assert page.count('aria-label="常用时间"') == 1
    assert own.count(f'data-target="id_{field}"') == page.count("data-quick-time") > 1
