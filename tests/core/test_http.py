"""Who asks and where; what happens to a form whose log-in or token has run out."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from propdesk.core.http import attempt
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import MembershipFactory, PropertyFactory, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


def test_page_asks_for_the_log_in_and_comes_back(client: Client) -> None:
    prop = PropertyFactory()
    url = f"{reverse('incidents:board', args=[prop.code])}?state=all"
    response = client.get(url)
    assert (
        response["Location"]
        == f"/accounts/login/?next={url.replace('?', '%3F').replace('=', '%3D')}"
    )


def test_htmx_without_log_in_leads_the_whole_page_to_it(client: Client) -> None:
    url = reverse("desk:counts", args=[PropertyFactory().code])
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/p/x/?a=1"}
    response = client.get(url, headers=headers)
    assert response["HX-Redirect"] == "/accounts/login/?next=/p/x/%3Fa%3D1"


def test_form_sent_after_the_log_in_ran_out_is_kept(client: Client) -> None:
    url = reverse("incidents:intake", args=[PropertyFactory().code])
    data = {"words": "空调响 <b>", "password": "secret", "csrfmiddlewaretoken": "old"}
    data |= {"guard_password": "secret", "id_number": "secret"}
    response = client.post(url, data)
    page = response.content.decode()
    assert (response.status_code, "空调响 &lt;b&gt;" in page) == (401, True)
    assert ("secret" in page, f'action="{url}"' in page) == (False, True)
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        ("http://testserver", True),
        ("http://testserver.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_stale_token_is_sent_again_only_from_our_own_page(origin: str, kept: bool) -> None:
    house = House()
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.dm)
    url = reverse("incidents:intake", args=[house.prop.code])
    response = client.post(url, {"words": "空调响"}, headers={"Origin": origin})
    assert (response.status_code, "空调响" in response.content.decode()) == (403, kept)


def test_foreign_form_is_not_kept_for_whoever_is_logged_out(client: Client) -> None:
    url = reverse("incidents:intake", args=[PropertyFactory().code])
    response = client.post(url, {"words": "骗局"}, headers={"Origin": "https://evil.example"})
    assert (response.status_code, "骗局" in response.content.decode()) == (302, False)


@pytest.mark.parametrize("code", ["nowhere", "-", "x" * 90])
def test_unknown_property_is_not_found(client: Client, code: str) -> None:
    client.force_login(member(PropertyFactory(), Role.GENERAL_MANAGER))
    assert client.get(f"/p/{code}/").status_code == 404


def test_role_that_ended_opens_nothing(client: Client) -> None:
    from datetime import date

    prop = PropertyFactory()
    user = member(PropertyFactory(), Role.STAFF)
    MembershipFactory(user=user, property=prop, ends_on=date(2020, 2, 1))
    client.force_login(user)
    assert client.get(reverse("desk:board", args=[prop.code])).status_code == 404


def test_private_pages_are_never_stored(client: Client) -> None:
    house = House()
    client.force_login(house.dm)
    response = client.get(house.new().get_absolute_url())
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_log_in_never_leads_to_another_host(client: Client, target: str) -> None:
    user = member(PropertyFactory(), Role.STAFF)
    data = {"login": user.username, "password": "test-Password-1", "next": target}
    response = client.post(f"/accounts/login/?next={target}", data)
    assert (response.status_code, response["Location"]) == (302, "/")


# --- attempt -------------------------------------------------------------------------------


class Form:
    """A form as ``attempt`` needs it."""

    fields = {"name": None}

    def __init__(self) -> None:
        self.errors: list[tuple[str | None, str]] = []

    def add_error(self, field: str | None, error: Any) -> None:
        self.errors.append((field, getattr(error, "message", error)))


def _raise(error: Exception) -> Any:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "status", "errors"),
    [
        (RefusedInput(name="甲"), 422, [("name", "甲")]),
        (RefusedInput(other="乙"), 422, [(None, "乙")]),
        (ConflictError("丙", (("A", "丁"),)), 409, [(None, "丙"), (None, "丁")]),
        (PermissionDenied("戊"), 403, [(None, "戊")]),
    ],
)
def test_refusal_is_put_on_the_form(error: Exception, status: int, errors: Any) -> None:
    form: Any = Form()
    assert (attempt(form, _raise(error)), form.errors) == (status, errors)


def test_act_that_works_leaves_the_form_alone() -> None:
    form: Any = Form()
    assert (attempt(form, lambda: None), form.errors) == (200, [])
