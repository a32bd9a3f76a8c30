"""失物 on the screens over all registers: frame, board, search, notices; each reader his share."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from lostfound import workflow
from lostfound.models import FoundItem
from propdesk.core.models import Delivery
from tests.lostfound.journey import House

pytestmark = pytest.mark.django_db


def get(house: House, who: str, name: str, **params: str) -> Any:
    client = Client()
    client.force_login(getattr(house, who))
    return client.get(reverse(name, args=[house.prop.code]), params)


def late(item: FoundItem, **ago: float) -> None:
    FoundItem.objects.filter(pk=item.pk).update(next_due_at=timezone.now() - timedelta(**ago))


# --- frame ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "count"), [("dm", 2), ("desk", 2), ("cleaner", 1)])
def test_navigation_counts_what_is_kept_as_far_as_he_sees_it(who: str, count: int) -> None:
    house = House()
    house.stored()
    house.logged(by=house.cleaner)
    workflow.void(house.logged(), by=house.pm, reason="重复")
    nav = get(house, who, "lostfound:board").context["shell"]["nav"]
    (entry,) = [item for item in nav if item["key"] == "lostfound"]
    assert (entry["count"], entry["current"]) == (count, True)


def test_late_things_count_on_the_board_entry() -> None:
    house = House()
    late(house.stored(), hours=1)
    nav = get(house, "dm", "desk:board").context["shell"]["nav"]
    assert nav[0]["count"] == 1


# --- 值班台 --------------------------------------------------------------------------------


def test_board_lists_urgent_things_beside_complaints() -> None:
    house = House()
    stored, logged, calm = house.stored(), house.logged(name="黑色手机"), house.stored()
    late(stored, hours=3)
    late(logged, hours=-1)
    late(calm, hours=-9)
    context = get(house, "dm", "desk:board").context
    rows = [(row.number, row.url, row.next) for row in context["urgent"]]
    assert rows == [
        (stored.case.number, stored.get_absolute_url(), "看有无线索"),
        (logged.case.number, logged.get_absolute_url(), "接收入库"),
    ]
    figures = context["figures"]
    names = ("things", "things_overdue", "things_soon", "urgent")
    assert [figures[name] for name in names] == [3, 1, 1, 2]
    assert figures["things_overdue_url"].endswith("/lostfound/?state=overdue")


def test_board_leaves_out_what_waits_for_disposal() -> None:
    house = House()
    item = house.stored()
    FoundItem.objects.filter(pk=item.pk).update(status="expired")
    late(item, days=9)
    context = get(house, "dm", "desk:board").context
    assert (context["urgent"], context["figures"]["things_overdue"]) == ([], 0)
    assert context["figures"]["things"] == 1


def test_board_of_the_front_desk_names_the_category_only() -> None:
    house = House()
    late(house.stored(house.logged(name="黑色折叠机")), hours=1)
    page = get(house, "desk", "desk:board").content.decode()
    assert ("黑色折叠机" in page, "2号柜" in page, "手机" in page) == (False, False, True)


def test_task_on_a_thing_leads_to_its_page() -> None:
    house = House()
    item = house.ownerless()
    (task,) = get(house, "pm", "desk:board").context["tasks"]
    assert (task["number"], task["url"]) == (item.case.number, item.get_absolute_url())


# --- notices -------------------------------------------------------------------------------


def test_notice_leads_to_the_page_of_the_thing() -> None:
    house = House()
    item = house.logged()
    client = Client()
    client.force_login(house.dm)
    page = get(house, "dm", "desk:notices").content.decode()
    assert f'href="{item.get_absolute_url()}"' in page
    delivery = Delivery.objects.get(recipient=house.dm)
    url = reverse("desk:acknowledge", args=[house.prop.code, delivery.pk])
    response = client.post(url, {"open": "1"})
    assert response["Location"] == item.get_absolute_url()


# --- search --------------------------------------------------------------------------------


def test_number_alone_leads_straight_to_the_thing() -> None:
    house = House()
    item = house.stored()
    response = get(house, "dm", "desk:search", q=item.case.number.lower())
    assert (response.status_code, response["Location"]) == (302, item.get_absolute_url())


@pytest.mark.parametrize(
    ("who", "words", "titles"),
    [
        ("dm", "贴猫", ["黑色折叠机"]),
        ("desk", "贴猫", []),
        ("desk", "手机", ["手机"]),
        ("cleaner", "手机", []),
    ],
)
def test_search_shows_each_reader_his_share(who: str, words: str, titles: list[str]) -> None:
    house = House()
    house.stored(house.logged(name="黑色折叠机", features="背面贴猫"))
    context = get(house, who, "desk:search", q=words).context
    assert [strip_tags(hit.title) for hit in context["rows"]] == titles
