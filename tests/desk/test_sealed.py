"""The sealed papers of a case: who may open them, and how one is put right."""

from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from propdesk.core import paging, rendering
from propdesk.core.models import Appendix, CopyLog, Document, User
from propdesk.core.roles import Role
from tests.core.test_verifying import Sealed, counted
from tests.desk import test_verify_kinds as kinds
from tests.factories import PASSWORD, member, web
from tests.lostfound import claiming
from tests.lostfound.journey import House as FoundHouse

pytestmark = pytest.mark.django_db
FILLED = {
    "subject": "财物损失",
    "was": "无",
    "text": "风扇一台，300 元",
    "reason": "核对维修单",
    "password": PASSWORD,
    "second_password": PASSWORD,
}


def filled(second: User) -> dict[str, str]:
    """What a manager sends, with the colleague who reads it over."""
    return FILLED | {"second": str(second.pk)}


def address(sealed: Sealed, name: str = "") -> str:
    case = sealed.document.case
    end = f"{sealed.document.pk}/{name}/" if name else ""
    return f"/p/{case.property.code}/papers/{case.number}/{end}"


def test_page_lists_papers_with_their_ways_and_appendices() -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)
    pm.post(address(sealed, "append"), filled(sealed.house.dm))
    rendering.render_due(timezone.now())

    text = pm.get(address(sealed)).content.decode()

    number = sealed.document.number
    assert [each in text for each in (f"{number}-附1", f"/v/{sealed.document.verify_code}")] == [
        True,
        True,
    ]
    assert text.count("写更正附录") == 1


def test_form_is_not_shown_for_a_paper_that_may_have_no_appendix() -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)
    pm.post(address(sealed, "append"), filled(sealed.house.dm))
    rendering.render_due(timezone.now())
    paper = Document.objects.get(kind__startswith="appendix:")
    url = address(sealed, "append").replace(f"/{sealed.document.pk}/", f"/{paper.pk}/")

    answer = pm.get(url)

    assert (answer.status_code, "请给原文书写" in answer.content.decode()) == (409, True)


def test_duty_manager_reads_and_is_offered_no_appendix() -> None:
    sealed = Sealed()
    dm = web(sealed.house.dm)

    page = dm.get(address(sealed))
    form = dm.get(address(sealed, "append"))

    assert (page.status_code, "写更正附录" in page.content.decode(), form.status_code) == (
        200,
        False,
        403,
    )


def test_file_is_served_as_sealed_and_the_look_is_logged() -> None:
    sealed = Sealed()
    before = CopyLog.objects.count()

    response = web(sealed.house.dm).get(address(sealed, "file"))

    assert (response.status_code, response.content) == (200, rendering.stored(sealed.document))
    assert CopyLog.objects.count() == before + 1


def test_altered_file_is_not_served_and_says_so() -> None:
    sealed = Sealed()
    sealed.write(b"%PDF-1.7 other")

    response = web(sealed.house.dm).get(address(sealed, "file"))

    assert (response.status_code, "不能给出" in response.content.decode()) == (503, True)


def test_appendix_is_written_once_however_often_it_is_sent() -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)

    answers = [
        pm.post(address(sealed, "append"), filled(sealed.house.dm) | {"form_token": "t"})
        for _twice in "ab"
    ]

    assert [each.status_code for each in answers] == [302, 302]
    assert [row.text for row in Appendix.objects.all()] == ["风扇一台，300 元"]


def test_page_opened_before_another_appendix_was_sealed_tells_of_it() -> None:
    sealed = Sealed()
    client, url, words = web(sealed.house.pm), address(sealed, "append"), filled(sealed.house.dm)
    old = client.get(url).context["seen"]
    client.post(url, words | {"form_token": "a", "seen": old})

    stale = client.post(url, words | {"form_token": "b", "seen": old})

    assert (stale.status_code, Appendix.objects.count()) == (409, 1)
    assert Appendix.objects.get().number in stale.content.decode()
    now = words | {"form_token": "c", "seen": stale.context["seen"]}
    assert (client.post(url, now).status_code, Appendix.objects.count()) == (302, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": ""}, "更正为"),
        ({"reason": "x"}, "原因"),
        ({"password": "wrong"}, "密码不对"),
        ({"second": ""}, "复核人"),
        ({"second": "999999"}, "复核人"),
        ({"second_password": "wrong"}, "密码不对"),
        ({"subject": "长" * 61}, "60"),
    ],
)
def test_bad_form_is_refused_in_words_and_keeps_what_was_typed(
    change: dict[str, str], words: str
) -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)

    response = pm.post(address(sealed, "append"), filled(sealed.house.dm) | change)
    again = pm.get(address(sealed, "append")).content.decode()

    text = response.content.decode()
    assert (response.status_code, words in text, Appendix.objects.count()) == (422, True, 0)
    assert ("核对维修单" in again or "reason" in change, PASSWORD in again) == (True, False)


def test_second_is_chosen_among_other_managers_who_may_see_the_case() -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)

    offered = pm.get(address(sealed, "append")).context["form"].fields["second"].choices

    house = sealed.house
    assert {name for _pk, name in offered[1:]} == {house.dm.name, house.gm.name}


def test_case_somebody_may_not_see_is_not_there() -> None:
    sealed = Sealed()
    stranger = member(sealed.house.prop, Role.STAFF)

    codes = [
        web(stranger).get(address(sealed, name)).status_code for name in ("", "file", "append")
    ]

    assert codes == [404] * 3


def test_confidential_event_is_there_for_its_readers_alone(client: Client) -> None:
    case, manager = kinds.event()
    paper = kinds.sealed(case)[0]
    case.restricted = True
    case.save(update_fields=["restricted"])
    url = f"/p/{case.property.code}/papers/{case.number}/"

    codes = [
        web(manager).get(f"{url}{end}").status_code
        for end in ("", f"{paper.pk}/file/", f"{paper.pk}/append/")
    ]
    answer = web(manager).post(f"{url}{paper.pk}/append/", FILLED)
    public = client.get(f"/v/{paper.verify_code}").content.decode()

    assert (codes, answer.status_code, Appendix.objects.count()) == ([404] * 3, 404, 0)
    assert ("记录" in public, "事故报告" in public) == (False, False)


def test_slip_of_a_found_thing_gets_its_appendix_too() -> None:
    house = FoundHouse()
    item = claiming.returned(house)
    rendering.render_due(timezone.now())
    paper = Document.objects.get(case=item.case, sealed=True)
    url = f"/p/{house.prop.code}/papers/{item.case.number}/"

    answer = web(house.pm).post(f"{url}{paper.pk}/append/", filled(house.dm))
    page = web(house.dm).get(url).content.decode()

    assert (answer.status_code, f"{paper.number}-附1" in page) == (302, True)


def test_statements_of_the_page_do_not_grow() -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)
    pm.post(address(sealed, "append"), filled(sealed.house.dm))
    rendering.render_due(timezone.now())
    pm.get(address(sealed))
    one = counted(lambda: pm.get(address(sealed)))
    for _more in range(2):
        pm.post(address(sealed, "append"), filled(sealed.house.dm))
    rendering.render_due(timezone.now())

    three = counted(lambda: pm.get(address(sealed)))

    assert (three, one <= 10) == (one, True)


def test_papers_go_on_where_a_page_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Sealed()
    pm = web(sealed.house.pm)
    pm.post(address(sealed, "append"), filled(sealed.house.dm))
    rendering.render_due(timezone.now())
    monkeypatch.setattr(paging, "PAGE", 1)

    first = pm.get(address(sealed))
    second = pm.get(f"{address(sealed)}?after={quote(first.context['papers'].after)}")

    number = sealed.document.number
    found = [
        [row.document.number for row in page.context["papers"].rows] for page in (first, second)
    ]
    assert found == [[f"{number}-附1"], [number]]
    assert ["更早的文书" in page.content.decode() for page in (first, second)] == [True, False]
