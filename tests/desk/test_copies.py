"""The pages of copies: who reaches them, what a wrong form says, what they cost."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from propdesk.core import copies, paging
from propdesk.core.models import Case, Document, PaperCopy
from propdesk.core.roles import Role
from tests.core.test_copies import POLICE, house, sealed  # noqa: F401 -- fixtures
from tests.factories import member, web
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db
DATA = {"profile": "police", "recipient": "李明", "purpose": "立案调查"}


def url(name: str, document: Document, *args: Any) -> str:
    case = document.case
    assert case is not None
    return reverse(f"desk:{name}", args=[case.property.code, case.number, *args])


def test_manager_gives_a_copy_and_sees_it_in_the_log(house: House, sealed: Document) -> None:  # noqa: F811
    client = web(house.pm)
    page = client.get(url("copies", sealed))
    assert [row.pk for row in page.context["papers"].rows] == [sealed.pk]
    response = client.post(
        url("copy_give", sealed, sealed.pk),
        DATA | {"hidden": "王晓梅、1806，A座", "organisation": "派出所"},
    )
    assert (response.status_code, response.headers["Location"]) == (302, url("copies", sealed))
    copy = PaperCopy.objects.get()
    assert [row.person.name for row in copy.hidden.order_by("pk")] == ["王晓梅", "1806", "A座"]
    shown = client.get(url("copies", sealed)).content.decode()
    assert all(word in shown for word in ("李明", "派出所", "立案调查", "第 1 份"))
    assert client.get(url("copy_file", sealed, copy.pk)).status_code == 202
    detail = client.get(f"/p/{house.prop.code}/incidents/{copy.case.number}/")
    assert "给出文书副本" in detail.content.decode()
    assert f"{sealed.number} 第 1 份（公安用）" in detail.content.decode()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER}))
def test_others_get_no_page(house: House, sealed: Document, role: Role) -> None:  # noqa: F811
    copy = copies.give(sealed, POLICE, by=house.pm)
    client = web(member(house.prop, role))
    pages = [
        url("copies", sealed),
        url("copy_give", sealed, sealed.pk),
        url("copy_file", sealed, copy.pk),
    ]
    expected = 403 if role == Role.DUTY_MANAGER else 404
    assert [client.get(page).status_code for page in pages] == [expected] * 3
    assert client.post(pages[1], DATA).status_code == expected
    assert PaperCopy.objects.count() == 1


def test_manager_of_another_house_finds_nothing(house: House, sealed: Document) -> None:  # noqa: F811
    other = House()
    client = web(other.pm)
    assert client.get(url("copies", sealed)).status_code == 404
    case = sealed.case
    assert case is not None
    here = reverse("desk:copies", args=[other.prop.code, case.number])
    assert client.get(here).status_code == 404


def test_wrong_form_keeps_what_was_typed(house: House, sealed: Document) -> None:  # noqa: F811
    response = web(house.pm).post(
        url("copy_give", sealed, sealed.pk),
        {"profile": "police", "recipient": "李明", "purpose": "", "hidden": "王"},
    )
    form = response.context["form"]
    assert (response.status_code, sorted(form.errors)) == (422, ["purpose"])
    assert 'value="李明"' in response.content.decode()
    response = web(house.pm).post(url("copy_give", sealed, sealed.pk), DATA | {"hidden": "王"})
    assert response.context["form"].errors["hidden"] == [
        "要涂去的词至少两个字，一个字会涂掉太多内容。"
    ]
    assert PaperCopy.objects.count() == 0


def test_guest_is_no_choice_for_an_internal_paper(house: House, sealed: Document) -> None:  # noqa: F811
    client = web(house.pm)
    form = client.get(url("copy_give", sealed, sealed.pk)).context["form"]
    assert [code for code, _label in form.fields["profile"].choices] == [
        "internal",
        "police",
        "insurer",
    ]
    assert "不给客户" in form.fields["profile"].help_text
    response = client.post(url("copy_give", sealed, sealed.pk), DATA | {"profile": "client"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["profile"])


def test_paper_of_another_case_is_not_copied_here(house: House, sealed: Document) -> None:  # noqa: F811
    other = house.new()
    assert isinstance(other.case, Case)
    here = reverse("desk:copy_give", args=[house.prop.code, other.case.number, sealed.pk])
    assert web(house.pm).get(here).status_code == 404


def test_log_keeps_its_budget(house: House, sealed: Document) -> None:  # noqa: F811
    client = web(house.pm)

    def cost() -> int:
        client.get(url("copies", sealed))
        with CaptureQueriesContext(connection) as captured:
            client.get(url("copies", sealed))
        return len(captured)

    copies.give(sealed, POLICE, by=house.pm)
    few = cost()
    for _n in range(3):
        copies.give(sealed, POLICE, by=house.pm)
    assert (cost(), few <= 10) == (few, True)


def test_copies_and_papers_go_on_where_a_page_ends(
    house: House,  # noqa: F811
    sealed: Document,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PAGE", 1)
    for _copy in range(2):
        copies.give(sealed, POLICE, by=house.pm)
    client = web(house.pm)

    first = client.get(url("copies", sealed))
    second = client.get(f"{url('copies', sealed)}?after={quote(first.context['given'].after)}")

    assert [[row.nr for row in each.context["given"].rows] for each in (first, second)] == [
        [2],
        [1],
    ]
    shown = ["更早的副本" in each.content.decode() for each in (first, second)]
    assert (shown, "更早的文书" in first.content.decode()) == ([True, False], False)
