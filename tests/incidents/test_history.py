"""修改记录: who changed what from what to what; nothing personal."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents import rows, workflow
from incidents.models import Complaint
from propdesk.core.persons import Guest
from tests.factories import PlaceFactory
from tests.incidents import moves
from tests.incidents.journey import GUEST, POINTS, House

pytestmark = pytest.mark.django_db


def test_history_says_who_why_and_from_what_to_what() -> None:
    house = House()
    complaint = house.new()
    workflow.change_severity(complaint, by=house.pm, severity="serious", reason="两户受影响")
    newest, first = rows.history(complaint)
    changes = {c["label"]: (c["old"], c["new"]) for c in newest["changes"]}
    assert (newest["by"], newest["why"]) == ("张岚", "两户受影响")
    assert changes["等级"] == ("一般", "严重")
    assert (first["by"], first["why"], first["changes"]) == ("周敏", "登记投诉", [])


def test_history_is_bounded() -> None:
    house = House()
    complaint = house.new()
    for n in range(4):
        severity = ("serious", "normal")[n % 2]
        workflow.change_severity(complaint, by=house.pm, severity=severity, reason=f"第{n}次")
    found = rows.history(complaint, limit=3)
    assert [row["why"] for row in found] == ["第3次", "第2次", "第1次"]
    assert all(row["changes"] for row in found)


def test_history_page_holds_nothing_personal(client: Client) -> None:
    house = House()
    complaint = house.recorded()
    workflow.edit_guest(complaint, Guest("王小美", "ms", "13900001111"), by=house.dm, reason="换号")
    client.force_login(house.dm)
    page = client.get(f"{complaint.get_absolute_url()}history/").content.decode()
    told = [s for s in (GUEST.name, "王小美", GUEST.phone, "13900001111") if s in page]
    assert (told, "完成记录" in page) == ([], True)


LATIN = re.compile("[A-Za-z]{2,}")


def test_every_field_of_a_complaint_has_a_chinese_label() -> None:
    labels = {f.name: str(f.verbose_name) for f in Complaint._meta.fields}
    assert {name: label for name, label in labels.items() if LATIN.search(label)} == {}


def test_history_of_the_whole_road_holds_no_name_of_a_column_and_no_key() -> None:
    """Closed, begun anew and voided, refused once on the way: each label and reason is Chinese."""
    house = House()
    complaint = workflow.void(house.reopened(), by=house.pm, reason="重复登记")
    refused = moves.refused(house)
    changed = [c for row in (complaint, refused) for v in rows.history(row) for c in v["changes"]]
    whys = {v["why"] for row in (complaint, refused) for v in rows.history(row)}
    assert {c["label"] for c in changed if LATIN.search(c["label"])} == set()
    assert {why for why in whys if LATIN.search(str(why))} == set()
    assert {(c["label"], c["new"]) for c in changed} >= {
        ("记录人", "周敏"),
        ("执行部门", "工程部"),
        ("单独会谈", "已单独会谈"),
        ("告知方案的方式", "当面"),
        ("作废原因", "重复登记"),
        ("不接受由谁登记", "周敏"),
    }


def test_history_names_people_and_places_in_one_statement_each() -> None:
    house = House()
    place = PlaceFactory(property=house.prop, name="1806", code="A-1806")
    other = PlaceFactory(property=house.prop, name="1612", code="A-1612")
    complaint = house.conduct(house.new(place=place))
    workflow.record(complaint, replace(POINTS, place=other), by=house.dm)
    for n in range(4):
        workflow.hand_over(complaint, by=house.pm, to=(house.pm, house.dm)[n % 2], reason="交班")
    with CaptureQueriesContext(connection) as captured:
        found = rows.history(complaint)
    said = {(c["label"], c["old"], c["new"]) for v in found for c in v["changes"]}
    assert said >= {("房号或地点", str(place), str(other)), ("跟进人", "周敏", "张岚")}
    # The versions, what was done at each, then people and places.
    assert len(captured) == 4


def test_history_says_what_was_done_and_why(client: Client) -> None:
    house = House()
    complaint = house.started()
    workflow.extend(complaint, house.word(6), by=house.dm, reason="备件调货未到")

    (last, *_older) = rows.history(complaint)

    assert (str(last["title"]), last["why"]) == ("延期", "备件调货未到")
    client.force_login(house.dm)
    page = client.get(f"{complaint.get_absolute_url()}history/").content.decode()
    assert '<div class="t">延期</div><div class="d">备件调货未到 · ' in page
