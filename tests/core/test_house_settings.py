"""The first-run questions, later changes, and the history that shows them."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from propdesk.core import house_settings
from propdesk.core.models import Property, User
from propdesk.core.roles import Role, standing
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PropertyFactory, member
from tests.incidents.moves import fingerprint

pytestmark = pytest.mark.django_db
WHY = "换了签约医院"


@pytest.fixture
def prop() -> Property:
    return PropertyFactory(settings__hospital_name="旧医院")


@pytest.fixture
def admin(prop: Property) -> User:
    return member(prop, Role.ADMIN)


def answers(**changes: str) -> dict[str, str]:
    """The first-run form as a browser sends it."""
    return {
        "name": "海韵公寓",
        "address": "海边路 1 号",
        "phone": "0755-2600 0000",
        "retention": "hotel",
        "hospital_name": "人民医院",
        "hospital_phone": "0755-120 0000",
        "power_phone": "95598",
        "duty_phone": "13800000000",
        "dm_limit_yuan": "800",
        "second_step": "nobody",
        **changes,
    }


def test_save_settings_writes_only_what_changed(prop: Property, admin: User) -> None:
    values = {"hospital_name": "新医院", "duty_phone": "", "name": prop.name}

    changed = house_settings.save_settings(prop, values, by=admin, reason=WHY)

    record = prop.settings.history.latest()
    assert changed == ["hospital_name"]
    assert (record.history_user, record.history_change_reason) == (admin, WHY)
    assert (prop.history.count(), prop.settings.history.count()) == (1, 2)


def test_save_settings_that_contradict_are_refused(prop: Property, admin: User) -> None:
    before = fingerprint()

    with pytest.raises(RefusedInput) as refused:
        house_settings.save_settings(
            prop, {"name": "新名", "review_escalate": 5}, by=admin, reason=WHY
        )

    assert list(refused.value.errors) == ["review_escalate"]
    assert fingerprint() == before


def test_save_settings_from_a_stale_form_is_a_conflict(prop: Property, admin: User) -> None:
    seen = house_settings.version(prop)
    values = {"duty_phone": "13800000000"}
    house_settings.save_settings(prop, values, by=admin, reason=WHY, seen=seen)
    before = fingerprint()

    with pytest.raises(ConflictError):
        house_settings.save_settings(
            prop, {"duty_phone": "13900000000"}, by=admin, reason=WHY, seen=seen
        )
    assert fingerprint() == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER])
def test_save_settings_changes_how_long_things_are_kept_by_the_general_manager_only(
    prop: Property, role: Role
) -> None:
    by = member(prop, role)
    values = {"retention": "hotel", "hospital_name": "新医院"}

    if role == Role.GENERAL_MANAGER:
        changed = house_settings.save_settings(prop, values, by=by, reason=WHY)
        assert sorted(changed) == ["hospital_name", "retention"]
    else:
        before = fingerprint()
        with pytest.raises(PermissionDenied):
            house_settings.save_settings(prop, values, by=by, reason=WHY)
        assert fingerprint() == before


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER])
def test_settings_page_shows_how_long_things_are_kept_and_leads_to_the_rule(
    client: Client, prop: Property, role: Role
) -> None:
    client.force_login(member(prop, role))
    url = reverse("house:settings", args=[prop.code])
    page = client.get(url)
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    sent = client.post(
        url, {**data, "retention": "hotel", "duty_phone": "13800000000", "reason": WHY}
    )

    row = Property.objects.get(pk=prop.pk).settings
    link = f'<a href="{reverse("lostfound:policy", args=[prop.code])}">保管规则</a>'
    assert (sent.status_code, row.retention, row.duty_phone) == (302, "sop", "13800000000")
    assert form.fields["retention"].disabled is True
    assert (link in page.content.decode()) == (role != Role.ADMIN)


def test_history_says_who_when_why_and_what(prop: Property) -> None:
    admin = member(prop, Role.GENERAL_MANAGER)
    values = {"hospital_name": "新医院", "retention": "hotel", "address": "海边路"}
    house_settings.save_settings(prop, values, by=admin, reason=WHY)

    changes = house_settings.history(prop)

    assert [(c.by, c.reason) for c in changes] == [(admin.name, WHY)] * 2
    assert sorted(d for c in changes for d in c.differences) == [
        ("地址", "—", "海边路"),
        (
            "失物保管规则",
            "按本处程序：100元以内3个月，以上1年",
            "按旅馆业：公告满3个月移交公安",
        ),
        ("指定就诊医院", "旧医院", "新医院"),
    ]


def test_history_is_bounded(prop: Property, admin: User) -> None:
    for number in range(25):
        house_settings.save_settings(prop, {"duty_phone": str(number)}, by=admin, reason=WHY)

    changes = house_settings.history(prop)

    assert len(changes) == 20
    assert changes[0].differences == (("值班经理电话", "23", "24"),)


@pytest.mark.parametrize("role", Role)
def test_needs_first_run_asks_those_who_may_answer(role: Role) -> None:
    prop = PropertyFactory(settings__first_run_done_at=None)
    mine = standing(member(prop, role), prop)

    asked = house_settings.needs_first_run(prop, mine)

    assert asked is (role in {Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER})


def test_first_run_page_is_asked_once_and_saved_whole(client: Client) -> None:
    prop = PropertyFactory(settings__first_run_done_at=None)
    client.force_login(member(prop, Role.GENERAL_MANAGER))
    index = reverse("house:index", args=[prop.code])
    page = reverse("house:first_run", args=[prop.code])

    assert client.get(index).url == page
    assert client.get(page).status_code == 200
    assert client.post(page, answers()).url == index
    assert client.get(page).url == reverse("house:settings", args=[prop.code])

    prop = Property.objects.get(pk=prop.pk)
    row = prop.settings
    assert (prop.name, row.retention, row.dm_limit_yuan) == ("海韵公寓", "hotel", Decimal(800))
    assert row.first_run_done_at is not None
    assert house_settings.history(prop)[-1].reason == "首次设置"


def test_first_run_twice_is_a_conflict(prop: Property, admin: User) -> None:
    before = fingerprint()

    with pytest.raises(ConflictError):
        house_settings.first_run(prop, {"name": "新名"}, by=admin)
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("phone", "找小王"),
        ("retention", "forever"),
        ("dm_limit_yuan", "-1"),
        ("dm_limit_yuan", "很多"),
        ("second_step", "perhaps"),
    ],
)
def test_first_run_page_wrong_answer_is_422(client: Client, field: str, value: str) -> None:
    prop = PropertyFactory(settings__first_run_done_at=None)
    client.force_login(member(prop, Role.ADMIN))

    answer = client.post(reverse("house:first_run", args=[prop.code]), answers(**{field: value}))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Property.objects.get(pk=prop.pk).settings.first_run_done_at is None


def test_settings_page_saves_with_a_reason(client: Client, prop: Property, admin: User) -> None:
    client.force_login(admin)
    url = reverse("house:settings", args=[prop.code])
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    without = client.post(url, {**data, "hospital_name": "新医院"})
    assert (without.status_code, list(without.context["form"].errors)) == (422, ["reason"])
    saved = client.post(url, {**data, "hospital_name": "新医院", "reason": WHY})
    stale = client.post(url, {**data, "hospital_name": "旧医院", "reason": WHY})

    assert (saved.status_code, saved.url) == (302, url)
    assert stale.status_code == 409
    assert Property.objects.get(pk=prop.pk).settings.hospital_name == "新医院"


def test_settings_page_shows_every_value_that_is_saved(client: Client, prop: Property) -> None:
    client.force_login(member(prop, Role.GENERAL_MANAGER))

    answer = client.get(reverse("house:settings", args=[prop.code]))

    html = answer.content.decode()
    hidden = [name for name in answer.context["form"].fields if f'name="{name}"' not in html]
    assert hidden == []


@pytest.mark.parametrize(
    "name", ["found_hand_in", "found_trace", "found_ack", "found_scan", "found_two_staff_over"]
)
def test_settings_of_found_things_are_saved_from_the_page(
    client: Client, prop: Property, admin: User, name: str
) -> None:
    client.force_login(admin)
    url = reverse("house:settings", args=[prop.code])
    form = client.get(url).context["form"]
    data = {each: form[each].value() for each in form.fields if form[each].value() is not None}

    wrong = client.post(url, {**data, name: "-1", "reason": WHY})
    saved = client.post(url, {**data, name: "77", "reason": WHY})

    row = Property.objects.get(pk=prop.pk).settings
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, [name])
    assert (saved.status_code, getattr(row, name)) == (302, 77)
    assert row.history.latest().history_change_reason == WHY
