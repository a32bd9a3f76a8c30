"""The pages of a house: who sees them, what a wrong form answers, how many queries a list takes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from propdesk.core.models import Department, Deputy, Membership, Place, Property, Shift, User
from propdesk.core.permissions import ADMINISTERS
from propdesk.core.roles import Role
from tests.factories import (
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    PlaceFactory,
    PropertyFactory,
    ShiftFactory,
    member,
)

pytestmark = pytest.mark.django_db
HOUSE_PAGES = (
    "settings",
    "staff",
    "staff_new",
    "staff_import",
    "staff_template",
    "departments",
    "department_new",
    "places",
    "place_new",
    "places_import",
    "places_template",
)
OPEN_PAGES = ("index", "deputies", "shifts")
WHY = "测试原因"


@pytest.fixture
def prop() -> Property:
    return PropertyFactory()


@pytest.fixture
def admin(prop: Property) -> User:
    return member(prop, Role.ADMIN)


@pytest.fixture
def web(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def url(prop: Property, name: str, *args: Any) -> str:
    return reverse(f"house:{name}", args=[prop.code, *args])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", HOUSE_PAGES)
def test_house_page_only_administering_roles_get_in(
    client: Client, prop: Property, name: str, role: Role
) -> None:
    client.force_login(member(prop, role))

    answer = client.get(url(prop, name))

    assert answer.status_code == (200 if role in ADMINISTERS else 403)


@pytest.mark.parametrize("role", [Role.STAFF, Role.DUTY_MANAGER, Role.ADMIN])
@pytest.mark.parametrize("name", OPEN_PAGES)
def test_open_page_every_role_gets_in(
    client: Client, prop: Property, name: str, role: Role
) -> None:
    client.force_login(member(prop, role))

    assert client.get(url(prop, name)).status_code == 200


@pytest.mark.parametrize("name", [*HOUSE_PAGES, *OPEN_PAGES, "first_run", "shift_new"])
def test_page_of_another_property_is_not_found(web: Client, name: str) -> None:
    assert web.get(url(PropertyFactory(), name)).status_code == 404


def _staff(prop: Property) -> None:
    member(prop, Role.STAFF, Role.CASHIER, department=DepartmentFactory(property=prop))


def _shift(prop: Property) -> None:
    ShiftFactory(property=prop, starts_at=timezone.now(), user=member(prop, Role.DUTY_MANAGER))


def _deputy(prop: Property) -> None:
    DeputyFactory(for_membership__property=prop)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("staff", _staff),
        ("places", lambda prop: PlaceFactory(property=prop)),
        ("departments", lambda prop: DepartmentFactory(property=prop)),
        ("deputies", _deputy),
        ("shifts", _shift),
    ],
    ids=["staff", "places", "departments", "deputies", "shifts"],
)
def test_list_queries_do_not_grow(
    web: Client, prop: Property, name: str, make: Callable[[Property], None]
) -> None:
    web.get(url(prop, "index"))  # the first request writes the session
    counts = []
    for more in (1, 2):
        for _i in range(more):
            make(prop)
        with CaptureQueriesContext(connection) as queries:
            assert web.get(url(prop, name)).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 6


def test_staff_list_pages_by_name(web: Client, prop: Property, admin: User) -> None:
    for number in range(52):
        member(prop, Role.STAFF, name=f"周{number:02}", name_sort=f"zhou {number:02}")
    admin_first = {"name": "阿一", "name_sort": "a yi"}
    User.objects.filter(pk=admin.pk).update(**admin_first)

    first = web.get(url(prop, "staff")).context["page"]
    second = web.get(url(prop, "staff"), {"after": first.after}).context["page"]

    assert [len(first.rows), len(second.rows), second.after] == [50, 3, ""]
    assert second.rows[0].name == "周49"


def test_staff_list_finds_by_name_pinyin_and_number(web: Client, prop: Property) -> None:
    person = member(prop, Role.STAFF, name="曾国藩", username="7788")
    member(prop, Role.STAFF, name="李四", username="9999")

    found = [
        [row.pk for row in web.get(url(prop, "staff"), {"q": q}).context["page"].rows]
        for q in ("国藩", "zeng", "778")
    ]

    assert found == [[person.pk]] * 3


def test_staff_list_gone_shows_closed_accounts_and_ended_roles(web: Client, prop: Property) -> None:
    closed = member(prop, Role.STAFF, is_active=False, name="甲")
    ended = MembershipFactory(property=prop, ends_on=timezone.localdate() - timedelta(days=1))

    rows = web.get(url(prop, "staff"), {"gone": "1"}).context["page"].rows

    assert {row.pk for row in rows} == {closed.pk, ended.user_id}


def test_places_list_pages_by_label(web: Client, prop: Property) -> None:
    for number in range(51):
        PlaceFactory(property=prop, name=f"地点{number:02}")

    first = web.get(url(prop, "places")).context["page"]
    second = web.get(url(prop, "places"), {"after": first.after}).context["page"]

    assert [row.label for row in second.rows] == ["地点50"]


def test_staff_new_shows_the_first_password_once(web: Client, prop: Property) -> None:
    answer = web.post(
        url(prop, "staff_new"), {"username": "5001", "name": "新人", "role": "front_desk"}
    )

    person = User.objects.get(username="5001")
    assert answer.status_code == 200
    assert person.check_password(answer.context["password"])
    assert person.must_change_password is True
    assert answer.context["password"] in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"username": "", "name": "新人", "role": "staff"}, "username"),
        ({"username": "有空格 的", "name": "新人", "role": "staff"}, "username"),
        ({"username": "5001", "name": "\u200b", "role": "staff"}, "name"),
        ({"username": "5001", "name": "新人", "role": "king"}, "role"),
        ({"username": "5001", "name": "新人", "role": "staff", "phone": "abc"}, "phone"),
    ],
    ids=["no number", "bad number", "invisible name", "no such role", "bad phone"],
)
def test_staff_new_wrong_form_is_422(
    web: Client, prop: Property, data: dict[str, str], field: str
) -> None:
    answer = web.post(url(prop, "staff_new"), data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert User.objects.count() == 1


def test_staff_new_taken_number_is_422_on_the_field(
    web: Client, prop: Property, admin: User
) -> None:
    data = {"username": admin.username, "name": "新人", "role": "staff"}

    answer = web.post(url(prop, "staff_new"), data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["username"]


def test_staff_new_property_manager_is_not_offered_high_ranks(
    client: Client, prop: Property
) -> None:
    client.force_login(member(prop, Role.PROPERTY_MANAGER))

    answer = client.post(
        url(prop, "staff_new"), {"username": "5001", "name": "新人", "role": "general_manager"}
    )

    assert answer.status_code == 422
    assert User.objects.filter(username="5001").exists() is False


def test_staff_pages_lead_through_a_working_life(web: Client, prop: Property) -> None:
    person = member(prop, Role.STAFF)
    detail = url(prop, "staff_detail", person.pk)
    edit = {"name": "改名", "phone": "13800001111", "email": "a@b.cn", "reason": WHY}
    role = {"role": "cashier", "reason": WHY}

    assert web.get(detail).status_code == 200
    assert web.post(url(prop, "staff_edit", person.pk), edit).url == detail
    assert web.post(url(prop, "role_new", person.pk), role).url == detail
    post = Membership.objects.get(user=person, role="cashier")
    end = {"ends_on": timezone.localdate().isoformat(), "reason": WHY}
    assert web.post(url(prop, "role_end", post.pk), end).url == detail
    shown = web.post(url(prop, "staff_password", person.pk), {"reason": WHY})
    assert web.post(url(prop, "staff_deactivate", person.pk), {"reason": WHY}).url == detail
    again = web.post(url(prop, "staff_reactivate", person.pk), {"reason": WHY})

    person.refresh_from_db()
    post.refresh_from_db()
    assert (person.name, person.is_active, post.ends_on) == ("改名", True, timezone.localdate())
    assert person.check_password(again.context["password"])
    assert shown.context["password"] != again.context["password"]


@pytest.mark.parametrize(
    "name", ["staff_edit", "role_new", "staff_password", "staff_deactivate", "staff_reactivate"]
)
def test_staff_act_pages_show_and_refuse(web: Client, prop: Property, name: str) -> None:
    person = member(prop, Role.STAFF, is_active=name != "staff_reactivate")
    stranger = member(PropertyFactory(), Role.STAFF)

    assert web.get(url(prop, name, person.pk)).status_code == 200
    assert web.post(url(prop, name, person.pk), {"reason": ""}).status_code == 422
    assert web.get(url(prop, name, stranger.pk)).status_code == 404


def test_deactivate_last_general_manager_is_409(web: Client, prop: Property) -> None:
    only = member(prop, Role.GENERAL_MANAGER)

    answer = web.post(url(prop, "staff_deactivate", only.pk), {"reason": WHY})

    only.refresh_from_db()
    assert answer.status_code == 409
    assert only.is_active is True


def test_deactivate_ends_the_session(web: Client, prop: Property) -> None:
    person = member(prop, Role.STAFF)
    theirs = Client()
    theirs.force_login(person)

    web.post(url(prop, "staff_deactivate", person.pk), {"reason": WHY})

    assert Session.objects.count() == 1
    assert theirs.get(url(prop, "index")).status_code == 302


def test_department_pages(web: Client, prop: Property) -> None:
    back = url(prop, "departments")
    assert web.post(url(prop, "department_new"), {"name": "工程部"}).url == back
    row = Department.objects.get(property=prop)
    assert web.post(url(prop, "department_new"), {"name": "工程部"}).status_code == 422
    edit = {"name": "工程维修部", "extension": "8004"}
    assert web.post(url(prop, "department_edit", row.pk), edit).url == back
    post = MembershipFactory(property=prop, department=row)
    retire = url(prop, "department_retire", row.pk)
    assert web.post(retire, {"reason": WHY}).status_code == 409
    Membership.objects.filter(pk=post.pk).update(department=None)
    assert web.post(retire, {"reason": WHY}).url == back

    row.refresh_from_db()
    assert (row.name, row.extension, row.is_active) == ("工程维修部", "8004", False)


def test_deputy_pages(client: Client, prop: Property) -> None:
    holder, deputy = member(prop, Role.DUTY_MANAGER), member(prop, Role.STAFF)
    client.force_login(holder)
    post = holder.memberships.get()
    day = timezone.localtime()
    data = {
        "deputy": deputy.pk,
        "starts_at": day.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (day + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "reason": WHY,
    }

    new = url(prop, "deputy_new", post.pk)
    assert client.get(new).status_code == 200
    assert client.post(new, {**data, "deputy": holder.pk}).status_code == 422
    assert client.post(new, data).url == url(prop, "deputies")
    assert client.post(new, data).status_code == 409
    row = Deputy.objects.get()
    assert client.get(url(prop, "deputies")).context["rows"][0] == row
    assert client.post(url(prop, "deputy_revoke", row.pk), {"reason": WHY}).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_deputy_new_for_somebody_else_is_403(client: Client, prop: Property) -> None:
    post = MembershipFactory(property=prop)
    client.force_login(member(prop, Role.DUTY_MANAGER))

    assert client.get(url(prop, "deputy_new", post.pk)).status_code == 403


def test_shift_pages(web: Client, prop: Property) -> None:
    person = member(prop, Role.SECURITY)
    day = timezone.localdate() + timedelta(days=1)
    data = {
        "role": "security",
        "user": person.pk,
        "label": "夜班",
        "day": f"{day:%Y%m%d}",
        "begins": "23:00",
        "ends": "07:00",
    }

    answer = web.post(url(prop, "shift_new"), data)
    row = Shift.objects.get()

    assert answer.url == f"{url(prop, 'shifts')}?week={day:%Y-%m-%d}"
    assert row.ends_at - row.starts_at == timedelta(hours=8)
    assert web.post(url(prop, "shift_new"), data).status_code == 409
    assert web.post(url(prop, "shift_new"), {**data, "role": "medic"}).status_code == 422
    copied = web.post(url(prop, "shifts_copy"), {"week": f"{day + timedelta(days=7):%Y-%m-%d}"})
    assert copied.status_code == 302
    assert Shift.objects.count() == 2
    cancel = url(prop, "shift_cancel", row.pk)
    assert web.get(cancel).status_code == 200
    assert web.post(cancel, {"reason": WHY}).status_code == 302
    assert web.post(cancel, {"reason": WHY}).status_code == 409


def test_shifts_copy_refused_shows_why_and_changes_nothing(web: Client, prop: Property) -> None:
    answer = web.post(url(prop, "shifts_copy"), {"week": "2020-01-06"}, follow=True)

    assert [str(m) for m in answer.context["messages"]] == ["这一周已经过去，不能再排班。"]
    assert web.get(url(prop, "shifts_copy")).status_code == 405


@pytest.mark.parametrize("week", ["yesterday", "9999-12-31", "2026-13-01"])
def test_shifts_of_no_week_is_not_found(web: Client, prop: Property, week: str) -> None:
    assert web.get(url(prop, "shifts"), {"week": week}).status_code == 404


def test_place_pages(web: Client, prop: Property) -> None:
    back = url(prop, "places")
    assert web.post(url(prop, "place_new"), {"kind": "building", "name": "A座"}).url == back
    building = Place.objects.get()
    room = {"kind": "room", "name": "1806", "code": "A-1806", "parent": building.pk}
    assert web.post(url(prop, "place_new"), room).url == back
    assert web.post(url(prop, "place_new"), room).status_code == 422
    edit = url(prop, "place_edit", building.pk)
    assert web.get(edit).status_code == 200
    assert web.post(edit, {"name": "东座"}).url == back
    assert Place.objects.get(code="A-1806").label == "东座 1806"
    retire = url(prop, "place_retire", building.pk)
    assert web.get(retire).status_code == 200
    assert web.post(retire, {"reason": WHY}).url == back
    assert Place.objects.filter(is_active=True).count() == 0


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("department_edit", DepartmentFactory),
        ("department_retire", DepartmentFactory),
        ("place_edit", PlaceFactory),
        ("place_retire", PlaceFactory),
        ("shift_cancel", ShiftFactory),
        ("role_end", MembershipFactory),
        ("deputy_new", MembershipFactory),
        ("deputy_revoke", DeputyFactory),
    ],
)
def test_row_of_another_property_is_not_found(
    web: Client, prop: Property, name: str, make: Callable[[], Any]
) -> None:
    assert web.get(url(prop, name, make().pk)).status_code == 404
