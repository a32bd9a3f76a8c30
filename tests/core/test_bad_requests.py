"""Requests no view should meet: a NUL in the address, a form of a foreign page."""

import pytest
from django.urls import reverse

from propdesk.core import drafts
from tests.factories import fresh
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [("TS%00/", 404), ("new/guests/?room=a%00b", 400), ("?a%00=1", 400)],
)
def test_nul_in_an_address_is_a_page(client, path, status):
    house = House()
    client.force_login(house.dm)

    assert client.get(f"/p/{house.prop.code}/incidents/{path}").status_code == status


def test_nul_in_the_name_of_a_field_is_left_out_of_the_draft(client):
    house = House()
    client.force_login(house.dm)

    client.post(f"/p/{house.prop.code}/incidents/new/draft/", {"a\x00b": "x"})

    assert drafts.recall(fresh(house.dm), "intake").data == {"ab": ["x"]}


@pytest.mark.parametrize(
    ("origin", "status", "shown"),
    [("http://testserver", 401, True), ("https://evil.example", 302, False), ("null", 302, False)],
)
def test_form_of_a_foreign_page_is_not_shown_after_the_log_in_ended(client, origin, status, shown):
    house = House()
    url = f"/p/{house.prop.code}/incidents/new/"

    answer = client.post(url, {"words": "typed words"}, headers={"Origin": origin})

    assert (answer.status_code, b"typed words" in answer.content) == (status, shown)
    if status == 302:
        assert answer["Location"] == reverse("account_login")
    else:
        assert answer["Cache-Control"] == "private, no-store"
