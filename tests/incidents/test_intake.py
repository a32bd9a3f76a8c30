"""登记投诉: in one go, once, with the guest who is known already."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from incidents.models import Complaint
from propdesk.core.models import CaseCounter, Draft, FormToken, Property, User
from propdesk.core.roles import Role
from tests.factories import PlaceFactory, PropertyFactory, member
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
DATA = {
    "words": "空调响",
    "severity": "serious",
    "channel": "phone",
    "room": "a-1806",
    "name": "王晓梅",
    "honorific": "ms",
    "phone": "13800005678",
    "token": "one-and-only",
}


@pytest.fixture
def prop() -> Property:
    return PropertyFactory()


@pytest.fixture
def guard(prop: Property) -> User:
    return member(prop, Role.SECURITY)


@pytest.fixture
def web(client: Client, guard: User) -> Client:
    client.force_login(guard)
    return client


def url(prop: Property, name: str = "intake") -> str:
    return reverse(f"incidents:{name}", args=[prop.code])


def test_intake_is_registered_with_all_that_was_typed(web: Client, prop: Property) -> None:
    place = PlaceFactory(property=prop, code="A-1806")
    page = web.post(url(prop), DATA, follow=True)

    row = Complaint.objects.select_related("case", "guest").get()
    assert page.redirect_chain == [(row.get_absolute_url(), 302)]
    assert f"已登记 {row.case.number}。" in page.content.decode()
    assert (row.opening_words, row.severity, row.channel) == ("空调响", "serious", "phone")
    assert (row.place, row.guest.name, row.guest.phone) == (place, "王晓梅", "13800005678")


def test_intake_in_an_unknown_place_keeps_the_words_for_it(web: Client, prop: Property) -> None:
    web.post(url(prop), DATA | {"room": "大堂沙发"})
    row = Complaint.objects.get()
    assert (row.place, row.place_note) == (None, "大堂沙发")


def test_intake_through_htmx_leads_on(web: Client, prop: Property) -> None:
    response = web.post(url(prop), DATA, headers={"HX-Request": "true"})
    row = Complaint.objects.get()
    assert (response.status_code, response["HX-Redirect"]) == (200, row.get_absolute_url())


def test_same_form_sent_twice_is_one_complaint(web: Client, prop: Property) -> None:
    first = web.post(url(prop), DATA)
    again = web.post(url(prop), DATA)
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert (Complaint.objects.count(), CaseCounter.objects.get(prefix="TS").last) == (1, 1)


def test_token_of_another_person_does_not_count(web: Client, prop: Property) -> None:
    web.post(url(prop), DATA)
    other = Client()
    other.force_login(member(prop, Role.STAFF))
    other.post(url(prop), DATA)
    assert Complaint.objects.count() == 2


def test_every_form_carries_a_fresh_token(web: Client, prop: Property) -> None:
    forms = [web.get(url(prop)).context["form"] for _n in range(2)]
    tokens = {form.initial["token"] for form in forms}
    assert (len(tokens), all(len(token) >= 32 for token in tokens)) == (2, True)


def test_token_is_unique_in_the_database(guard: User) -> None:
    from django.utils import timezone

    values = {"owner": guard, "token": "x", "url": "/", "created_at": timezone.now()}
    FormToken.objects.create(**values)
    with refuses(IntegrityError), transaction.atomic():
        FormToken.objects.create(**values)


def test_refused_intake_is_restored_with_a_fresh_token(web: Client, prop: Property) -> None:
    assert web.post(url(prop), DATA | {"words": "", "name": "王某"}).status_code == 422
    form = web.get(url(prop)).context["form"]
    assert (form.initial["name"], form.initial["token"] != DATA["token"]) == ("王某", True)


def test_draft_goes_with_the_intake(web: Client, prop: Property) -> None:
    assert web.post(url(prop, "intake_draft"), {"words": "写到一半"}).status_code == 204
    assert "写到一半" in web.get(url(prop)).content.decode()
    web.post(url(prop), DATA)
    assert Draft.objects.count() == 0


def test_draft_goes_with_an_intake_without_token_too(web: Client, prop: Property) -> None:
    web.post(url(prop, "intake_draft"), {"words": "写到一半"})
    web.post(url(prop), DATA | {"token": ""})
    assert Draft.objects.count() == 0


NASTY = {
    "nul": ("空\x00调", "空调"),
    "bidi": ("空\u202e调", "空调"),
    "zero width": ("空\u200b调", "空调"),
    "lines": ("空\r\n调", "空\n调"),
    "rare": ("𠮷先生住在㐂楼", "𠮷先生住在㐂楼"),
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "rtl": ("مرحبا", "مرحبا"),
}


@pytest.mark.parametrize(("typed", "kept"), NASTY.values(), ids=NASTY)
def test_nasty_text_is_cleaned_and_shown_harmless(
    web: Client, prop: Property, typed: str, kept: str
) -> None:
    page = web.post(url(prop), DATA | {"words": typed}, follow=True)
    assert (page.status_code, Complaint.objects.get().opening_words) == (200, kept)
    assert "<script>alert" not in page.content.decode()


def test_lone_surrogates_in_the_request_are_no_error(web: Client, prop: Property) -> None:
    raw = b"words=%ED%A0%80ok&severity=normal&channel=phone"
    kind = "application/x-www-form-urlencoded"
    response = web.post(url(prop), raw, content_type=kind)
    assert (response.status_code, Complaint.objects.get().opening_words[-2:]) == (302, "ok")


def test_rooms_are_suggested_while_typing(web: Client, prop: Property) -> None:
    PlaceFactory(property=prop, code="A-1806")
    page = web.get(url(prop, "known_guests"), {"room": "A-18"}).content.decode()
    assert "A-1806" in page
