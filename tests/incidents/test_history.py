"""修改记录: who changed what from what to what; nothing personal."""

import pytest
from django.test import Client

from incidents import rows, workflow
from propdesk.core.persons import Guest
from tests.incidents.journey import GUEST, House

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
