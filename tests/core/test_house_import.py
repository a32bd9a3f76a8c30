"""Import of places and staff: shown first, then all of it or nothing."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from propdesk.core import house_import, house_places
from propdesk.core.house_import import Kind, Plan
from propdesk.core.house_import_places import PLACES
from propdesk.core.house_import_staff import STAFF
from propdesk.core.models import Draft, Membership, Place, Property, User
from propdesk.core.roles import Role, standing
from propdesk.core.transitions import ConflictError
from tests.factories import DepartmentFactory, PlaceFactory, PropertyFactory, fresh, member
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
PLACE_HEAD = "楼栋,楼层,房间或公共区域,类型,房号\n"
STAFF_HEAD = "工号,姓名,岗位,部门,手机,邮箱\n"


@pytest.fixture
def prop() -> Property:
    return PropertyFactory()


@pytest.fixture
def admin(prop: Property) -> User:
    return member(prop, Role.ADMIN)


def upload(kind: Kind, prop: Property, text: str, by: User) -> Plan:
    head = PLACE_HEAD if kind is PLACES else STAFF_HEAD
    raw = (head + text).encode()
    return house_import.upload(kind, prop, io.BytesIO(raw), "表.csv", len(raw), by=by)


def shown(plan: Plan) -> list[tuple[int, str, str, str]]:
    return [(step.row, step.state, step.text, step.note) for step in plan.steps]


def faults(plan: Plan) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in plan.problems]


def test_places_upload_writes_nothing_but_the_draft(prop: Property, admin: User) -> None:
    before = fingerprint()

    plan = upload(PLACES, prop, "A座,18层,1806,房间,A-1806\n", admin)

    after = fingerprint()
    assert shown(plan) == [
        (2, "new", "A座", ""),
        (2, "new", "A座 18层", ""),
        (2, "new", "A座 18层 1806", "A-1806"),
    ]
    assert {name for name in after if after[name] != before[name]} == {"core_draft"}


def test_places_confirm_makes_the_whole_tree(prop: Property, admin: User) -> None:
    rows = "A座,18层,1806,房间,A-1806\nA座,18层,1807,,A-1807\nA座,1层,大堂,公共区域,\n,,停车场,公共区域,\n"
    plan = upload(PLACES, prop, rows, admin)

    counts, accounts = house_import.confirm(PLACES, prop, plan.seen, by=admin)

    room = Place.objects.get(code="A-1807")
    assert (counts, accounts) == ({"new": 7, "changed": 0, "unchanged": 0}, [])
    assert (room.label, room.kind) == ("A座 18层 1807", "room")
    assert room.parent.parent.label == "A座"
    assert Place.objects.get(label="停车场").parent is None
    assert room.history.get().history_user == admin
    assert Draft.objects.count() == 0


def test_places_second_time_is_unchanged_and_changes_are_named(prop: Property, admin: User) -> None:
    building = PlaceFactory(property=prop, kind="building", name="A座")
    room = PlaceFactory(property=prop, kind="room", name="101", parent=building, code="A-101")
    old = PlaceFactory(property=prop, kind="spot", name="仓库", is_active=False)
    PlaceFactory(property=prop, kind="spot", name="大堂")

    plan = upload(PLACES, prop, "A座,,101,房间,A-0101\n,,仓库,公共区域,\n,,大堂,公共区域,\n", admin)
    house_import.confirm(PLACES, prop, plan.seen, by=admin)

    room.refresh_from_db()
    old.refresh_from_db()
    assert shown(plan) == [
        (2, "changed", "A座 101", "房号 A-101 → A-0101"),
        (3, "changed", "仓库", "恢复使用"),
        (4, "unchanged", "大堂", ""),
    ]
    assert (room.code, old.is_active) == ("A-0101", True)
    assert Place.objects.count() == 4


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("A座,,101,房间,\nA座,,101,房间,\n", [(3, "房间或公共区域")]),
        ("A座,,101,房间,X\nA座,,102,房间,X\n", [(3, "房号")]),
        ("A座,,101,厨房,\n", [(2, "类型")]),
        (",18层,101,房间,\n", [(2, "楼栋")]),
        ("A座,,,房间,\n", [(2, "房间或公共区域")]),
        ("A座,1层,大堂,楼层,\n", [(2, "房间或公共区域")]),
        ("A座,1层,,楼栋,\n", [(2, "楼层")]),
        (f"{'长' * 41},,101,房间,\n", [(2, "楼栋")]),
        (f"{'长' * 40},{'层' * 40},{'间' * 40},房间,\n", [(2, "房间或公共区域")]),
        ("旧仓,,101,房间,\n", [(2, "楼栋")]),
        (",,旧仓,房间,\n", [(2, "类型")]),
        (",,新仓,公共区域,Z-9\n", [(2, "房号")]),
        ("A座,,1层,房间,\nA座,1层,101,房间,\n", [(3, "楼层")]),
        ("=1,,101,房间,\n甲座,,,房间,\n", [(2, "楼栋"), (3, "房间或公共区域")]),
    ],
)
def test_places_wrong_rows_are_named_and_nothing_is_imported(
    prop: Property, admin: User, rows: str, expected: list[tuple[int, str]]
) -> None:
    PlaceFactory(property=prop, kind="spot", name="旧仓", code="Z-9")
    plan = upload(PLACES, prop, rows, admin)
    before = fingerprint()

    with pytest.raises(ConflictError):
        house_import.confirm(PLACES, prop, plan.seen, by=admin)

    assert faults(plan) == expected
    assert fingerprint() == before


def test_confirm_refuses_what_was_not_shown(prop: Property, admin: User) -> None:
    plan = upload(PLACES, prop, "A座,,101,房间,A-101\n", admin)
    house_places.create_place(
        prop, house_places.Spot("building", "A座"), by=admin, reason="somebody else"
    )
    before = fingerprint()

    with pytest.raises(ConflictError):
        house_import.confirm(PLACES, prop, plan.seen, by=admin)
    assert fingerprint() == before


def test_confirm_without_a_file_of_ones_own_is_a_conflict(prop: Property, admin: User) -> None:
    plan = upload(PLACES, prop, "A座,,101,房间,\n", admin)
    other = member(prop, Role.ADMIN)

    with refuses(ConflictError):
        house_import.confirm(PLACES, prop, plan.seen, by=other)


def test_confirm_after_a_day_is_a_conflict(prop: Property, admin: User) -> None:
    plan = upload(PLACES, prop, "A座,,101,房间,\n", admin)
    Draft.objects.update(updated_at=timezone.now() - timedelta(hours=25))

    with refuses(ConflictError):
        house_import.confirm(PLACES, prop, plan.seen, by=admin)


def test_confirm_of_nothing_new_is_a_conflict(prop: Property, admin: User) -> None:
    PlaceFactory(property=prop, kind="spot", name="大堂")
    plan = upload(PLACES, prop, ",,大堂,公共区域,\n", admin)

    with refuses(ConflictError):
        house_import.confirm(PLACES, prop, plan.seen, by=admin)


@pytest.mark.parametrize(
    ("kind", "row"),
    [(PLACES, "A座,{n}层,{n}01,房间,A-{n}01\n"), (STAFF, "30{n},某{n},前台,,,\n")],
    ids=["places", "staff"],
)
def test_queries_do_not_grow_with_the_rows(
    kind: Kind, row: str, django_assert_max_num_queries: Any
) -> None:
    for rows in (1, 60):
        prop = PropertyFactory()
        by = member(prop, Role.ADMIN)
        with django_assert_max_num_queries(35):
            text = "".join(row.format(n=n + rows * 100) for n in range(rows))
            plan = upload(kind, prop, text, by)
            house_import.confirm(kind, prop, plan.seen, by=by)


def test_staff_confirm_makes_accounts_that_can_log_in(prop: Property, admin: User) -> None:
    unit = DepartmentFactory(property=prop, name="保安部")
    rows = "3001,曾国藩,保安部、急救员,保安部,13800001111,a@b.cn\n3002,李四,前台,,,\n"
    plan = upload(STAFF, prop, rows, admin)

    counts, accounts = house_import.confirm(STAFF, prop, plan.seen, by=admin)

    user = User.objects.get(username="3001")
    number, name, password = accounts[0]
    mine = standing(user, prop)
    assert counts == {"new": 2, "changed": 0, "unchanged": 0}
    assert (number, name) == ("3001", "曾国藩")
    assert user.check_password(password)
    assert (user.must_change_password, user.name_sort) == (True, "zeng guo fan 曾国藩")
    assert mine.roles == {Role.SECURITY, Role.FIRST_AIDER}
    assert mine.departments == {unit.pk}
    assert user.history.get().history_user == admin


def test_staff_second_time_changes_only_what_the_file_says(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF, username="3001", name="甲", phone="13800001111")
    member(prop, Role.STAFF, username="3002", name="乙")
    plan = upload(STAFF, prop, "3001,甲一,员工、前台,,,\n3002,乙,员工,,,\n", admin)

    _counts, accounts = house_import.confirm(STAFF, prop, plan.seen, by=admin)

    user.refresh_from_db()
    assert shown(plan) == [
        (2, "changed", "3001 甲一", "甲 → 甲一，增加岗位 前台"),
        (3, "unchanged", "3002 乙", ""),
    ]
    assert (user.name, user.phone, accounts) == ("甲一", "13800001111", [])
    assert standing(fresh(user), prop).roles == {Role.STAFF, Role.FRONT_DESK}
    assert Membership.objects.count() == 4


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("30 01,甲,前台,,,\n", [(2, "工号")]),
        ("3001,甲,前台,,,\n3001,乙,员工,,,\n", [(3, "工号")]),
        ("3001,甲,国王,,,\n", [(2, "岗位")]),
        ("3001,甲,物业经理,,,\n", [(2, "岗位")]),
        ("3001,甲,前台,没有的部,,\n", [(2, "部门")]),
        ("3001,甲,前台,,打电话,\n", [(2, "手机")]),
        ("3001,甲,前台,,,写信\n", [(2, "邮箱")]),
        (f"3001,{'长' * 41},前台,,,\n", [(2, "姓名")]),
        ("3001,,前台,,,\n", [(2, "姓名")]),
        ("outside,甲,前台,,,\n", [(2, "工号")]),
        ("OUTSIDE,甲,前台,,,\n", [(2, "工号")]),
        ("closed,甲,前台,,,\n", [(2, "工号")]),
        ("boss,甲,前台,,,\n", [(2, "工号")]),
    ],
)
def test_staff_wrong_rows_are_named_and_nothing_is_imported(
    prop: Property, rows: str, expected: list[tuple[int, str]]
) -> None:
    by = member(prop, Role.PROPERTY_MANAGER)
    member(PropertyFactory(), Role.STAFF, username="outside")
    member(prop, Role.STAFF, username="closed", is_active=False)
    member(prop, Role.GENERAL_MANAGER, username="boss")
    plan = upload(STAFF, prop, rows, by)
    before = fingerprint()

    with pytest.raises(ConflictError):
        house_import.confirm(STAFF, prop, plan.seen, by=by)

    assert faults(plan) == expected
    assert fingerprint() == before


def url(prop: Property, name: str) -> str:
    return reverse(f"house:{name}", args=[prop.code])


def sheet(text: str, name: str = "表.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_import_pages_show_then_import(client: Client, prop: Property, admin: User) -> None:
    client.force_login(admin)
    page = url(prop, "places_import")

    sent = client.post(page, {"file": sheet(PLACE_HEAD + "A座,,101,房间,A-101\n")})
    seen = client.get(page).context["plan"].seen
    done = client.post(url(prop, "places_confirm"), {"seen": seen})
    again = client.post(url(prop, "places_confirm"), {"seen": seen})

    assert (sent.status_code, sent.url) == (302, page)
    assert (done.status_code, done.url) == (302, url(prop, "places"))
    assert again.status_code == 409
    assert Place.objects.count() == 2


def test_import_page_wrong_file_is_422(client: Client, prop: Property, admin: User) -> None:
    client.force_login(admin)

    answers = [
        client.post(url(prop, "places_import"), data)
        for data in ({}, {"file": sheet("x", "a.pdf")}, {"file": sheet("", "a.csv")})
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert Draft.objects.count() == 0


def test_import_page_names_each_problem_and_offers_no_import(
    client: Client, prop: Property, admin: User
) -> None:
    client.force_login(admin)
    client.post(url(prop, "places_import"), {"file": sheet(PLACE_HEAD + "A座,,101,厨房,\n")})

    text = client.get(url(prop, "places_import")).content.decode()

    assert text.count("只能填：房间、公共区域、楼栋、楼层。") == 1
    assert text.count("确认导入") == 0


def test_import_pages_discard(client: Client, prop: Property, admin: User) -> None:
    client.force_login(admin)
    client.post(url(prop, "places_import"), {"file": sheet(PLACE_HEAD + "A座,,101,房间,\n")})

    answer = client.post(url(prop, "places_confirm"), {"discard": "1"})

    assert answer.url == url(prop, "places_import")
    assert (Draft.objects.count(), Place.objects.count()) == (0, 0)


def test_staff_import_page_shows_first_passwords_once(
    client: Client, prop: Property, admin: User
) -> None:
    client.force_login(admin)
    client.post(url(prop, "staff_import"), {"file": sheet(STAFF_HEAD + "3001,甲,前台,,,\n")})
    seen = client.get(url(prop, "staff_import")).context["plan"].seen

    answer = client.post(url(prop, "staff_confirm"), {"seen": seen})

    password = answer.context["accounts"][0][2]
    assert answer.status_code == 200
    assert answer.content.decode().count(password) == 1
    assert User.objects.get(username="3001").check_password(password)


@pytest.mark.parametrize("name", ["places_template", "staff_template"])
def test_template_download_is_a_workbook_that_imports(
    client: Client, prop: Property, admin: User, name: str
) -> None:
    for unit in ("前台", "保安部"):
        DepartmentFactory(property=prop, name=unit)
    client.force_login(admin)
    page = url(prop, name.replace("template", "import"))

    answer = client.get(url(prop, name))
    client.post(page, {"file": SimpleUploadedFile("t.xlsx", answer.content)})

    assert client.get(page).context["plan"].problems == ()


def test_staff_import_gives_nobody_a_role_of_his_own(prop: Property, admin: User) -> None:
    plan = upload(STAFF, prop, f"{admin.username},{admin.name},值班经理,,,\n", admin)

    with refuses(PermissionDenied):
        house_import.confirm(STAFF, prop, plan.seen, by=admin)
