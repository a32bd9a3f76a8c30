"""导入楼栋、房间和员工: the page shows the plan of the file sent last, and of no other."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from propdesk.core.models import Place, Property, User
from propdesk.core.roles import Role
from tests.factories import PropertyFactory, member

pytestmark = pytest.mark.django_db
GOOD = {
    "places": "楼栋,楼层,房间或公共区域,类型,房号\nA座,,101,房间,A-101\n",
    "staff": "工号,姓名,岗位,部门,手机,邮箱\n3001,甲,前台,,,\n",
}
REFUSED = [("报价.pdf", "x"), ("空.csv", ""), ("别的.csv", "甲,乙\n1,2\n")]


@pytest.mark.parametrize("part", GOOD)
@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_refused_file_leaves_no_plan_of_the_one_before(
    client: Client, part: str, name: str, text: str
) -> None:
    prop = PropertyFactory()
    client.force_login(member(prop, Role.ADMIN))
    seen = _first(client, prop, part)

    refused = _send(client, prop, part, name, text)
    confirmed = client.post(_url(prop, f"{part}_confirm"), {"seen": seen})

    assert (refused.status_code, refused.context["plan"]) == (422, None)
    assert "确认导入" not in refused.content.decode()
    assert confirmed.status_code == 409
    assert (Place.objects.count(), User.objects.filter(username="3001").count()) == (0, 0)


@pytest.mark.parametrize("part", GOOD)
def test_button_without_a_file_keeps_the_plan(client: Client, part: str) -> None:
    prop = PropertyFactory()
    client.force_login(member(prop, Role.ADMIN))
    seen = _first(client, prop, part)
    response = client.post(_url(prop, f"{part}_import"), {})
    assert (response.status_code, response.context["plan"].seen) == (422, seen)


def _url(prop: Property, name: str) -> str:
    return reverse(f"house:{name}", args=[prop.code])


def _send(client: Client, prop: Property, part: str, name: str, text: str) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return client.post(_url(prop, f"{part}_import"), {"file": file})


def _first(client: Client, prop: Property, part: str) -> str:
    assert _send(client, prop, part, "表.csv", GOOD[part]).status_code == 302
    return str(client.get(_url(prop, f"{part}_import")).context["plan"].seen)
