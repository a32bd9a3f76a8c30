"""失物: order, filters kept in the address, pages by key, and what each reader learns of a thing."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lostfound import workflow
from lostfound.models import FoundItem
from propdesk.core import paging
from propdesk.desk import shell
from tests.lostfound import claiming
from tests.lostfound.journey import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def web(client: Client, house: House) -> Client:
    client.force_login(house.dm)
    return client


JOINT = ["遗失登记", "存放位置", "盘点", "到期处置", "打印登记表", "保管规则"]


def url(house: House) -> str:
    return reverse("lostfound:board", args=[house.prop.code])


def numbers(response: Any) -> list[str]:
    return [row.number for row in response.context["rows"]]


def due(item: FoundItem, **span: float) -> str:
    moment = timezone.now() + timedelta(**span)
    FoundItem.objects.filter(pk=item.pk).update(next_due_at=moment)
    return item.case.number


def test_most_urgent_stands_first(web: Client, house: House) -> None:
    made = [due(house.stored(), hours=n) for n in (3, -1, 2)]
    assert numbers(web.get(url(house))) == [made[1], made[2], made[0]]


def test_all_and_ended_stand_by_number_newest_first(web: Client, house: House) -> None:
    items = [house.logged() for _n in range(3)]
    for item in items[:2]:
        workflow.void(item, by=house.pm, reason="重复")
    made = [item.case.number for item in items]
    assert numbers(web.get(url(house), {"state": "all"})) == made[::-1]
    assert numbers(web.get(url(house), {"state": "ended"})) == made[1::-1]


STATES = {
    "logged": House.logged,
    "stored": House.stored,
    "tracing": House.tracing,
    "ownerless": House.ownerless,
    "claims": claiming.described,
    "ended": claiming.returned,
}


def _one_of_each(house: House) -> dict[str, str]:
    return {name: ready(house).case.number for name, ready in STATES.items()}


@pytest.mark.parametrize("state", STATES)
def test_state_narrows_the_list(web: Client, house: House, state: str) -> None:
    made = _one_of_each(house)
    assert numbers(web.get(url(house), {"state": state})) == [made[state]]


def test_open_is_everything_still_kept(web: Client, house: House) -> None:
    made = _one_of_each(house)
    assert set(numbers(web.get(url(house)))) == set(made.values()) - {made["ended"]}


def test_overdue_leaves_out_terms_that_ended(web: Client, house: House) -> None:
    late = due(house.stored(), hours=-1)
    due(house.stored(), hours=1)
    expired = house.stored()
    FoundItem.objects.filter(pk=expired.pk).update(status="expired")
    due(expired, hours=-5)
    assert numbers(web.get(url(house), {"state": "overdue"})) == [late]
    assert numbers(web.get(url(house), {"state": "disposal"})) == [expired.case.number]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"category": "umbrella"}, True),
        ({"category": "phone"}, False),
        ({"q": "弯钩"}, True),
        ({"q": "弯钩 大堂"}, True),
        ({"q": "弯钩", "state": "ended"}, False),
        ({"category": "x"}, True),
        ({"state": "x"}, True),
    ],
    ids=str,
)
def test_filter_narrows_the_list(
    web: Client, house: House, params: dict[str, str], found: bool
) -> None:
    item = house.logged(category="umbrella", features="木质弯钩", place=house.lobby)
    assert numbers(web.get(url(house), params)) == ([item.case.number] if found else [])


@pytest.mark.parametrize("state", ["open", "all"])
def test_pages_hold_every_row_once(
    web: Client, house: House, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    made = {house.logged().case.number for _n in range(5)}
    FoundItem.objects.update(next_due_at=timezone.now())
    seen: list[list[str]] = []
    address = f"{url(house)}?state={state}"
    while address:
        with CaptureQueriesContext(connection) as captured:
            response = web.get(address)
        assert not any(" OFFSET " in q["sql"] for q in captured)
        seen.append(numbers(response))
        address = response.context["older_url"]

    flat = [number for page in seen for number in page]
    assert [len(page) for page in seen] == [2, 2, 1]
    assert (len(flat), set(flat)) == (5, made)


@pytest.mark.parametrize("after", ["x", "~", "~-5", "2026-11-23~1", "9" * 5000])
def test_malformed_key_gives_the_first_page(web: Client, house: House, after: str) -> None:
    number = house.logged().case.number
    assert numbers(web.get(url(house), {"after": after})) == [number]


def test_filters_stay_in_every_address(
    web: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 1)
    for _n in range(2):
        house.logged()
    context = web.get(url(house), {"category": "phone", "q": "黑色"}).context
    older = parse_qs(urlsplit(context["older_url"]).query)
    kept = {code: parse_qs(urlsplit(address).query) for code, _label, address in context["states"]}
    assert (older["category"], older["q"], len(older["after"])) == (["phone"], ["黑色"], 1)
    assert kept["open"] == {"category": ["phone"], "q": ["黑色"]}
    assert kept["all"] == {"category": ["phone"], "q": ["黑色"], "state": ["all"]}


def test_list_costs_the_same_for_one_row_and_three(web: Client, house: House) -> None:
    costs = []
    for more in (1, 2):
        for _n in range(more):
            house.stored()
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            rows = web.get(url(house)).context["rows"]
        costs.append((len(captured), len(rows)))
    assert costs == [(costs[0][0], 1), (costs[0][0], 3)]
    assert costs[0][0] <= 6


# --- what a row says -----------------------------------------------------------------------


def row_for(house: House, user: Any, item: FoundItem) -> Any:
    client = Client()
    client.force_login(user)
    rows = client.get(url(house), {"state": "all"}).context["rows"]
    return next(row for row in rows if row.number == item.case.number)


def test_row_says_what_where_and_what_next(house: House) -> None:
    item = house.stored(house.logged(name="黑色手机", place=house.lobby, quantity=2))
    row = row_for(house, house.dm, item)
    assert (row.who, row.category, row.place, row.owner, row.status, row.next) == (
        "黑色手机 × 2",
        "手机",
        "A座大堂",
        "2号柜 上层",
        "在库",
        "看有无线索",
    )


def test_row_tells_the_front_desk_category_and_place_only(house: House) -> None:
    item = house.stored(house.logged(name="黑色手机", place=house.lobby, place_note="沙发缝"))
    row = row_for(house, house.desk, item)
    assert (row.who, row.place, row.owner) == ("手机", "A座大堂", "")


def test_place_in_words_is_for_whom_details_are_open(house: House) -> None:
    item = house.logged(place=None, place_note="沙发缝里")
    places = [row_for(house, user, item).place for user in (house.dm, house.desk)]
    assert places == ["沙发缝里", ""]


def test_row_of_his_own_thing_is_open_to_the_front_desk(house: House) -> None:
    item = house.logged(by=house.desk, name="黑色手机")
    assert row_for(house, house.desk, item).who == "黑色手机"


@pytest.mark.parametrize(
    ("ready", "word"),
    [
        (House.logged, "接收入库"),
        (lambda h: h.logged(category="contraband"), "移交公安"),
        (lambda h: h.stored(guard_password=""), "等会签"),
        (House.stored, "看有无线索"),
        (House.tracing, "查找失主"),
        (House.ownerless, "物业经理知悉"),
        (claiming.described, "核对认领"),
        (claiming.disputed, "裁定异议"),
        (claiming.returned, ""),
        (lambda h: claiming.expired(h)[0], "申请处置"),
        (lambda h: claiming.in_batch(h)[0][0], "等批示"),
    ],
)
def test_row_names_the_next_act(house: House, ready: Any, word: str) -> None:
    assert row_for(house, house.dm, ready(house)).next == word


def test_acknowledged_thing_without_owner_is_announced_then_kept(house: House) -> None:
    item = house.ownerless()
    workflow.acknowledge(item, by=house.pm)
    before = row_for(house, house.dm, item).next
    today = timezone.localdate()
    workflow.announce(item, by=house.dm, published_on=today, channel="board")
    assert (before, row_for(house, house.dm, item).next) == ("公告招领", "按期保管")


def test_fragment_for_htmx_has_rows_and_no_frame(web: Client, house: House) -> None:
    number = house.logged().case.number
    page = web.get(url(house), headers={"HX-Request": "true"}).content.decode()
    assert (number in page, "<html" in page, 'class="rail"' in page) == (True, False, False)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "没有在管的失物"),
        ({"state": "overdue"}, "没有超时的失物"),
        ({"state": "ended"}, "这一栏是空的"),
        ({"q": "没有"}, "没有符合条件的失物"),
    ],
    ids=str,
)
def test_empty_list_says_what_is_empty(
    web: Client, house: House, params: dict[str, str], words: str
) -> None:
    assert words in web.get(url(house), params).content.decode()


@pytest.mark.parametrize(
    ("who", "ways"),
    [
        ("dm", [*JOINT[:4], "招领公告", *JOINT[4:], "导入导出"]),
        ("guard", JOINT),
        ("desk", ["遗失登记"]),
        ("cleaner", ["遗失登记"]),
    ],
)
def test_ways_on_follow_the_role(house: House, who: str, ways: list[str]) -> None:
    client = Client()
    client.force_login(getattr(house, who))
    links = client.get(url(house)).context["links"]
    assert [link["label"] for link in links] == ways
