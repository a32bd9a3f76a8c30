"""投诉: order, filters kept in the address, pages by key and never by counting."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from propdesk.core import paging
from propdesk.desk import shell
from tests.incidents import moves
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def web(client: Client, house: House) -> Client:
    client.force_login(house.pm)
    return client


def url(house: House) -> str:
    return reverse("incidents:board", args=[house.prop.code])


def numbers(response: Any) -> list[str]:
    return [row.number for row in response.context["rows"]]


def test_most_urgent_stands_first(web: Client, house: House) -> None:
    ago = [timezone.now() - timedelta(hours=n) for n in (1, 3, 2)]
    made = [house.new(received_at=moment).case.number for moment in ago]
    assert numbers(web.get(url(house))) == [made[1], made[2], made[0]]


def test_all_stand_by_receipt_newest_first(web: Client, house: House) -> None:
    ago = [timezone.now() - timedelta(hours=n) for n in (1, 3, 2)]
    made = [house.new(received_at=moment).case.number for moment in ago]
    assert numbers(web.get(url(house), {"state": "all"})) == [made[0], made[2], made[1]]


def _narrowed(house: House) -> dict[str, str]:
    noisy = house.recorded(category="noise")
    serious = house.new(severity="serious")
    late = house.new(received_at=timezone.now() - timedelta(days=2))
    soon = house.new(received_at=timezone.now() - timedelta(hours=23))
    own = house.new(by=house.pm)
    closed = house.closed()
    rows = {"noisy": noisy, "serious": serious, "late": late, "soon": soon, "own": own}
    return {name: row.case.number for name, row in (rows | {"closed": closed}).items()}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"category": "noise"}, ["noisy"]),
        ({"severity": "serious"}, ["serious"]),
        ({"state": "overdue"}, ["late"]),
        ({"state": "soon"}, ["soon"]),
        ({"state": "closed"}, ["closed"]),
        ({"state": "recorded"}, ["noisy"]),
        ({"mine": "1"}, ["own"]),
        ({"category": "noise", "severity": "serious"}, []),
        ({"state": "closed", "q": "主卧 空调"}, ["closed"]),
        ({"q": "没有这句话"}, []),
    ],
    ids=str,
)
def test_filter_narrows_the_list(
    web: Client, house: House, params: dict[str, str], found: list[str]
) -> None:
    made = _narrowed(house)
    assert numbers(web.get(url(house), params)) == [made[name] for name in found]


@pytest.mark.parametrize(
    "params", [{"state": "x"}, {"category": "x"}, {"severity": "x"}, {"mine": "yes"}]
)
def test_unknown_filter_counts_as_none(web: Client, house: House, params: dict[str, str]) -> None:
    number = house.new().case.number
    assert numbers(web.get(url(house), params)) == [number]


@pytest.mark.parametrize("state", ["open", "all"])
def test_pages_hold_every_row_once(
    web: Client, house: House, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 3)
    same = timezone.now() - timedelta(hours=1)
    made = {house.new(received_at=same).case.number for _n in range(7)}
    seen: list[list[str]] = []
    address = f"{url(house)}?state={state}"
    while address:
        with CaptureQueriesContext(connection) as captured:
            response = web.get(address)
        assert not any(" OFFSET " in q["sql"] for q in captured)
        seen.append(numbers(response))
        address = response.context["older_url"]

    flat = [number for page in seen for number in page]
    assert [len(page) for page in seen] == [3, 3, 1]
    assert (len(flat), set(flat)) == (7, made)


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "~",
        "~-5",
        "2026-11-23~1",
        "2026-11-23T10:00:00~1",
        "2026-11-23T10:00:00+08:00~x",
        "2026-11-23T10:00:00+08:00~-1",
        f"2026-11-23T10:00:00+08:00~{2**63}",
        "9" * 5000,
    ],
)
def test_malformed_key_gives_the_first_page(web: Client, house: House, after: str) -> None:
    number = house.new().case.number
    assert numbers(web.get(url(house), {"after": after})) == [number]


def test_filters_stay_in_every_address(
    web: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 1)
    for _n in range(2):
        house.new(severity="serious")
    context = web.get(url(house), {"severity": "serious", "q": "空调", "mine": ""}).context

    older = parse_qs(urlsplit(context["older_url"]).query)
    kept = {code: parse_qs(urlsplit(address).query) for code, _label, address in context["states"]}
    assert (older["severity"], older["q"], len(older["after"])) == (["serious"], ["空调"], 1)
    assert kept["open"] == {"severity": ["serious"], "q": ["空调"]}
    assert kept["all"] == {"severity": ["serious"], "q": ["空调"], "state": ["all"]}


def test_fragment_for_htmx_has_rows_and_no_frame(web: Client, house: House) -> None:
    number = house.new().case.number
    page = web.get(url(house), headers={"HX-Request": "true"}).content.decode()
    assert (number in page, "<html" in page, 'class="rail"' in page) == (True, False, False)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "暂无投诉"),
        ({"state": "overdue"}, "暂无逾期投诉"),
        ({"q": "没有"}, "没有符合条件的投诉"),
    ],
    ids=str,
)
def test_empty_list_says_what_is_empty(
    web: Client, house: House, params: dict[str, str], words: str
) -> None:
    assert words in web.get(url(house), params).content.decode()


def test_restricted_complaint_is_for_managers_and_its_owner(house: House) -> None:
    complaint = house.new(by=house.gm)
    complaint.case.restricted = True
    complaint.case.save(update_fields=["restricted"])
    seen = {}
    for name in ("dm", "pm", "gm"):
        client = Client()
        client.force_login(getattr(house, name))
        listed = numbers(client.get(url(house), {"state": "all"}))
        seen[name] = (len(listed), client.get(complaint.get_absolute_url()).status_code)
    assert seen == {"dm": (0, 404), "pm": (1, 200), "gm": (1, 200)}


def test_row_says_who_where_what_and_when(web: Client, house: House) -> None:
    complaint = moves.extended(house)
    (row,) = web.get(url(house)).context["rows"]
    assert (row.who, row.place, row.status, row.owner) == (
        "王女士",
        "A座1806 主卧",
        "处理中",
        "周敏",
    )
    assert (row.words, row.category) == ("室内机风扇异响", "设施")
    assert row.due == Complaint.objects.get(pk=complaint.pk).current_due_at


def _extended_and_reopened(house: House) -> Complaint:
    done = workflow.resolve(moves.extended(house), by=house.dm, resolution="已修好")
    closed = workflow.close(done, by=house.pm, override="客户已离店")
    return workflow.reopen(closed, by=house.dm, reason="又响了")


@pytest.mark.parametrize(
    ("ready", "marked"),
    [
        (House.started, False),
        (moves.extended, True),
        (_extended_and_reopened, False),
    ],
    ids=["first time", "moved", "moved in the round before"],
)
@pytest.mark.parametrize("name", ["incidents:board", "desk:board", "desk:search"])
def test_row_whose_time_was_moved_this_round_says_so(
    web: Client, house: House, name: str, ready: Callable[[House], Complaint], *, marked: bool
) -> None:
    ready(house)
    address = reverse(name, args=[house.prop.code])
    page = web.get(address, {"q": "A座1806"}).content.decode()
    assert page.count("已延期") == int(marked)


def test_badge_of_a_moved_time_costs_no_statement(web: Client, house: House) -> None:
    costs = []
    for _n in range(2):
        moves.extended(house)
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            rows = web.get(url(house)).context["rows"]
        costs.append((len(captured), [row.extended for row in rows]))
    assert costs == [(costs[0][0], [True]), (costs[0][0], [True, True])]
