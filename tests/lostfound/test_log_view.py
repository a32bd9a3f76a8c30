"""拾物登记 by phone: what is sent, what is then true, and what the guard is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lostfound.categories import RULES
from lostfound.models import FoundItem
from propdesk.core import drafts
from propdesk.core.models import Attachment, Draft, Notice
from propdesk.core.roles import Role
from tests.factories import PlaceFactory, ShiftFactory, member
from tests.lostfound.journey import House, photo
from tools.vendor_assets import icon_names

pytestmark = pytest.mark.django_db
Data = dict[str, Any]


def url(house: House, name: str = "log", *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code, *args])


def web(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pictures(number: int = 1) -> Data:
    colours = ("navy", "red", "green")
    return {"photo": [SimpleUploadedFile(f"{c}.jpg", photo(c)) for c in colours[:number]]}


def facts(house: House, **changes: Any) -> Data:
    found = {"category": "phone", "place": house.lobby.pk, "features": "黑色，右上角有裂纹"}
    return found | {"quantity": "1"} | changes


def test_guard_logs_with_three_photos_and_sees_the_number() -> None:
    house = House()
    client = web(house.guard)
    response = client.post(url(house), facts(house) | pictures(3))

    item = FoundItem.objects.get()
    assert (response.status_code, response["Location"]) == (
        302,
        url(house, "logged", item.case.number),
    )
    assert (item.name, item.unit, item.place, item.finder_user) == (
        "手机",
        "部",
        house.lobby,
        house.guard,
    )
    assert item.case.attachments.count() == 3
    assert Notice.objects.filter(case=item.case, recipient=house.dm).count() == 1
    page = client.get(response["Location"]).content.decode()
    assert f'<h1 class="num">{item.case.number}</h1>' in page


def test_everybody_on_the_staff_may_log_and_the_administrator_not() -> None:
    house = House()
    admin = member(house.prop, Role.ADMIN)
    staff = member(house.prop, Role.STAFF)
    got = [web(user).get(url(house)).status_code for user in (staff, admin)]
    assert got == [200, 403]
    assert web(admin).post(url(house), facts(house) | pictures()).status_code == 403
    assert FoundItem.objects.count() == 0


def test_form_shows_one_text_field_outside_its_folds() -> None:
    house = House()
    page = web(house.guard).get(url(house)).content.decode()
    form = page.partition('id="log-form"')[2].partition("</form>")[0]
    while True:
        shorter = re.sub(r"<details((?!<details).)*?</details>", "", form, flags=re.DOTALL)
        if shorter == form:
            break
        form = shorter
    typed = re.findall(r'<textarea|<input type="(?:text|tel|search)"', form)
    assert typed == ["<textarea"]


@pytest.mark.parametrize("missing", ["category", "features", "place"])
def test_missing_fact_is_refused_with_everything_else_kept(missing: str) -> None:
    house = House()
    data = {k: v for k, v in facts(house).items() if k != missing}
    response = web(house.guard).post(url(house), data | pictures())
    assert (response.status_code, set(response.context["form"].errors)) == (422, {missing})
    assert FoundItem.objects.count() == 0
    kept = Draft.objects.get(form="lostfound.log").data
    assert {name: values[0] for name, values in kept.items()} == {
        name: str(value) for name, value in data.items()
    }


def test_broken_picture_is_refused_in_words_and_nothing_is_written() -> None:
    house = House()
    broken = {"photo": [SimpleUploadedFile("a.jpg", b"\xff\xd8\xffnot a picture")]}
    response = web(house.guard).post(url(house), facts(house) | broken)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"photo"}
    assert (FoundItem.objects.count(), Notice.objects.count()) == (0, 0)


def test_time_in_the_future_is_refused() -> None:
    house = House()
    ahead = f"{timezone.localtime() + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    response = web(house.guard).post(url(house), facts(house, found_at=ahead) | pictures())
    assert set(response.context["form"].errors) == {"found_at"}


def test_draft_comes_back_and_goes_with_the_log() -> None:
    house = House()
    client = web(house.guard)
    data = {"features": "写到一半", "guard_password": "x", "place": house.lobby.pk}
    assert client.post(url(house, "log_draft"), data).status_code == 204
    page = client.get(url(house)).content.decode()
    assert "写到一半" in page
    assert re.search(rf'value="{house.lobby.pk}" checked', page)
    client.post(url(house), facts(house) | pictures())
    assert Draft.objects.count() == 0


def test_same_form_twice_makes_one_thing() -> None:
    house = House()
    client = web(house.guard)
    data = facts(house, token=drafts.new_token())
    first = client.post(url(house), data | pictures())
    second = client.post(url(house), data | pictures())
    item = FoundItem.objects.get()
    assert first["Location"] == url(house, "logged", item.case.number)
    assert second["Location"] == item.get_absolute_url()


def test_scanned_spot_of_a_long_path_is_chosen_already() -> None:
    house = House()
    spot = PlaceFactory(property=house.prop, name="泳池边", label="东区" * 40 + "泳池边")

    page = web(house.guard).get(url(house), {"spot": spot.label})

    assert page.context["form"]["place"].value() == spot.pk


def test_scanned_spot_is_chosen_already() -> None:
    house = House()
    spot = PlaceFactory(property=house.prop, name="快递柜", code="K-1")
    for code in ("K-1", "k-1", "快递柜"):
        page = web(house.guard).get(url(house), {"spot": code}).content.decode()
        assert page.count(f'value="{spot.pk}" checked') == 1


@pytest.mark.parametrize("code", ["", "nowhere", "长" * 500])
def test_unknown_spot_is_ignored(code: str) -> None:
    house = House()
    response = web(house.guard).get(url(house), {"spot": code})
    assert (response.status_code, response.context["form"].picked) == (200, "")


# --- L-B: late -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "reason", "asked"),
    [(29, "", False), (32, "", True), (90, "忙着疏散", False), (0, "", False)],
)
def test_late_report_is_asked_why_and_then_taken(minutes: int, reason: str, asked: bool) -> None:
    house = House()
    client = web(house.guard)
    found = f"{timezone.localtime() - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"
    data = facts(house, found_at=found, late_reason=reason)
    response = client.post(url(house), data | pictures())
    if asked:
        form = response.context["form"]
        assert (response.status_code, list(form.errors)) == (422, ["late_reason"])
        assert form["features"].value() == data["features"]
        response = client.post(url(house), data | {"late_reason": "忙着疏散"} | pictures())
    assert response.status_code == 302
    assert FoundItem.objects.get().late_reason == ("忙着疏散" if asked else reason)


# --- who found it --------------------------------------------------------------------------


def test_colleague_or_outsider_can_have_found_it() -> None:
    house = House()
    client = web(house.guard)
    client.post(url(house), facts(house, finder_user=house.cleaner.pk) | pictures())
    outside = {"finder_name": "访客王先生", "finder_phone": "13800005678"}
    client.post(url(house), facts(house, **outside) | pictures())
    first, second = FoundItem.objects.order_by("pk")
    assert (first.finder_user, first.logged_by) == (house.cleaner, house.guard)
    assert (second.finder_user, second.finder.name) == (None, "访客王先生")
    assert second.finder.phone == "13800005678"


def test_guard_who_photographs_a_paper_first_is_told_why_and_loses_no_word() -> None:
    house = House()
    client = web(house.guard)
    said = facts(house, category="document", features="红色封皮", serial="尾号 3344")

    refused = client.post(url(house), said | pictures(), headers={"HX-Request": "true"})
    form = refused.context["form"]
    kept = {name: form[name].value() for name in said}
    again = client.post(url(house), {**kept, "token": form["token"].value() or ""})

    assert (refused.status_code, list(form.errors)) == (422, ["photo"])
    page = refused.content.decode()
    assert ("已从这里撤下" in page, 'id="log-photo" hx-preserve' in page) == (True, False)
    assert (again.status_code, Attachment.objects.count()) == (302, 0)
    item = FoundItem.objects.get()
    assert (item.features, item.serial) == ("红色封皮", "尾号 3344")


def test_papers_need_no_photo_and_say_why() -> None:
    house = House()
    response = web(house.guard).post(url(house), facts(house, category="document"))
    assert response.status_code == 302
    assert FoundItem.objects.get().no_photo_reason == "证件、卡片不拍照"


# --- after it ------------------------------------------------------------------------------


def test_next_page_says_to_whom_it_goes() -> None:
    house = House()
    ShiftFactory(property=house.prop, role=Role.DUTY_MANAGER, user=house.dm)
    member(house.prop, Role.DUTY_MANAGER, name="闲人")
    house.prop.settings.duty_phone = "0755-1234"
    house.prop.settings.save()
    item = house.logged()
    page = web(house.guard).get(url(house, "logged", item.case.number)).content.decode()
    assert ("周敏" in page, "闲人" in page, 'href="tel:0755-1234"' in page) == (True, False, True)
    assert page.count("不要触碰") == 0


def test_forbidden_thing_is_left_where_it_is() -> None:
    house = House()
    item = house.logged(category="contraband")
    page = web(house.guard).get(url(house, "logged", item.case.number)).content.decode()
    assert str(RULES["contraband"].advice) in page


def test_every_category_has_an_icon_of_the_sprite() -> None:
    assert {rule.icon for rule in RULES.values()} - set(icon_names()) == set()


def test_advice_of_each_kind_stands_ready_in_the_form() -> None:
    house = House()
    page = web(house.guard).get(url(house)).content.decode()
    wanted = {code for code, rule in RULES.items() if rule.advice}
    assert set(re.findall(r"advice advice-(\w+)", page)) == wanted
