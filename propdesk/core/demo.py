"""Demo data of the shared base: one fictional house with its people, places and shifts."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.house import add_many
from propdesk.core.house_places import path
from propdesk.core.models import (
    Department,
    Membership,
    Place,
    Property,
    PropertySettings,
    Shift,
    User,
)
from propdesk.core.names import sort_key
from propdesk.core.roles import Role
from propdesk.core.transitions import require

R, K = Role, Place.Kind
CODE: Final = "lanwan"
REASON: Final = "演示数据"

DEPARTMENTS: Final = {
    "管理处": "8001",
    "前台": "8002",
    "保安部": "8003",
    "工程部": "8004",
    "管家部": "8005",
    "餐饮部": "8006",
    "财务部": "8007",
}
STAFF: Final = (
    ("1001", "沈若琳", R.DUTY_MANAGER, "管理处"),
    ("1002", "许航", R.DUTY_MANAGER, "管理处"),
    ("1003", "程亦舟", R.DUTY_MANAGER, "管理处"),
    ("1010", "张岚", R.PROPERTY_MANAGER, "管理处"),
    ("1011", "顾安然", R.GENERAL_MANAGER, "管理处"),
    ("1020", "何小满", R.FRONT_DESK, "前台"),
    ("1021", "陆知夏", R.FRONT_DESK, "前台"),
    ("1030", "罗强", R.SECURITY, "保安部"),
    ("1031", "马志远", R.SECURITY, "保安部"),
    ("1032", "丁大勇", R.SECURITY, "保安部"),
    ("1033", "雷振邦", R.SECURITY_MANAGER, "保安部"),
    ("1040", "曾凡", R.ENGINEERING, "工程部"),
    ("1041", "唐一鸣", R.DUTY_ENGINEER, "工程部"),
    ("1042", "孟启明", R.DUTY_ENGINEER, "工程部"),
    ("1043", "尤海", R.DUTY_ENGINEER, "工程部"),
    ("1044", "蒋文涛", R.DEPARTMENT_MANAGER, "工程部"),
    ("1050", "吴阿珍", R.HOUSEKEEPING, "管家部"),
    ("1051", "苏巧云", R.DEPARTMENT_MANAGER, "管家部"),
    ("1060", "白露", R.MEDIC, "管理处"),
    ("1061", "田立", R.FIRST_AIDER, "保安部"),
    ("1070", "钱多多", R.CASHIER, "财务部"),
    ("1080", "汤圆圆", R.STAFF, "餐饮部"),
    ("1099", "任书文", R.ADMIN, "管理处"),
)
"""(staff number, name, role, department) of people who do not exist."""

LOGINS: list[tuple[str, str, str]] = [
    (number, name, str(role.label)) for number, name, role, _department in STAFF
]
BUILDINGS: Final = (("A", range(1, 6), 6), ("B", range(1, 5), 5), ("C", range(1, 3), 5))
"""(letter, floors, rooms on each floor): 60 rooms."""

SPOTS: Final = {
    "A座": ("大堂", "一层洗手间", "电梯厅", "屋顶花园"),
    "B座": ("大堂", "健身房", "洗衣房"),
    "C座": ("大堂", "会议室"),
    "": ("停车场 B1", "游泳池", "儿童乐园", "快递柜", "西餐厅"),
}
TURNS: Final = (("早班", 7), ("中班", 15), ("夜班", 23))
"""(label, hour it begins); each lasts eight hours."""

ROSTER: Final = {
    R.DUTY_MANAGER: ("1001", "1002", "1003"),
    R.SECURITY: ("1030", "1031", "1032"),
    R.DUTY_ENGINEER: ("1041", "1042", "1043"),
}


SEEDERS: list[Callable[[Property, str], None]] = []


@transaction.atomic
def seed(password: str) -> Property:
    """Fill an empty database with the demo house; everybody logs in with ``password``.

    A second call finds the house and changes nothing. Raises ConflictError when the database
    holds anything else: demo data never mixes with real people.
    """
    if is_seeded():
        return Property.objects.get(code=CODE)
    empty = not (User.objects.exists() or Property.objects.exists())
    require(empty, _("数据库里已有公寓或员工，演示数据只能装进空的数据库。"))
    prop = _house()
    people = _people(prop, make_password(password))
    _places(prop)
    _shifts(prop, people, timezone.now())
    with _one_password(password):
        for seeder in SEEDERS:
            seeder(prop, password)
    return prop


@contextmanager
def _one_password(password: str) -> Iterator[None]:
    """Everybody signs with the password just given; hashing it anew each time took most of a start."""
    from unittest import mock  # every process imports this module, and only a first start seeds

    def is_it(_user: User, raw: str | None) -> bool:
        return raw == password

    with mock.patch.object(User, "check_password", is_it):
        yield


def register(seeder: Callable[[Property, str], None]) -> None:
    """Called from an app's ``ready``: what the app adds to a fresh demo house."""
    SEEDERS.append(seeder)


def is_seeded() -> bool:
    """Whether this database holds the demo house."""
    return bool(
        Property.history.filter(code=CODE, history_change_reason=REASON).exists()
        and Property.objects.filter(code=CODE).exists()
    )


def _house() -> Property:
    (prop,) = add_many(
        [
            Property(
                code=CODE,
                name="澜湾公寓",
                address="海州市滨江区澜湾路 18 号",
                phone="0755-2600 1800",
            )
        ],
        by=None,
        reason=REASON,
    )
    settings = PropertySettings(
        property=prop,
        first_run_done_at=timezone.now(),
        hospital_name="滨江区人民医院",
        hospital_phone="0755-2600 0120",
        power_supplier="海州供电局滨江营业厅",
        duty_phone="0755-2600 1888",
    )
    add_many([settings], by=None, reason=REASON)
    return prop


def _people(prop: Property, password: str) -> dict[str, User]:
    departments = add_many(
        [Department(property=prop, name=n, extension=e) for n, e in DEPARTMENTS.items()],
        by=None,
        reason=REASON,
    )
    by_name = {row.name: row for row in departments}
    users = [
        User(username=n, name=name, name_sort=sort_key(name), password=password)
        for n, name, _role, _department in STAFF
    ]
    people = {user.username: user for user in add_many(users, by=None, reason=REASON)}
    began = timezone.localdate() - timedelta(days=400)
    posts = [
        Membership(
            user=people[number],
            property=prop,
            role=role,
            department=by_name[department],
            starts_on=began,
        )
        for number, _name, role, department in STAFF
    ]
    add_many(posts, by=None, reason=REASON)
    return people


def _place(prop: Property, kind: str, name: str, parent: Place | None, code: str = "") -> Place:
    label = path(parent, name)
    return Place(property=prop, kind=kind, name=name, parent=parent, code=code, label=label)


def _places(prop: Property) -> None:
    """One statement for each level: a child needs the key of its parent."""
    buildings = _add(_place(prop, K.BUILDING, f"{b}座", None, f"{b}座") for b, _f, _n in BUILDINGS)
    floors = _add(
        _place(prop, K.FLOOR, f"{floor}层", building)
        for building, (_b, levels, _n) in zip(buildings, BUILDINGS, strict=True)
        for floor in levels
    )
    _add(
        _place(prop, K.ROOM, f"{floor}{room:02}", row, f"{b}-{floor}{room:02}")
        for row, (b, floor, most) in zip(floors, _levels(), strict=True)
        for room in range(1, most + 1)
    )
    by_name: dict[str, Place | None] = {"": None, **{row.name: row for row in buildings}}
    _add(
        _place(prop, K.SPOT, spot, by_name[building])
        for building, spots in SPOTS.items()
        for spot in spots
    )


def _add(rows: Iterable[Place]) -> list[Place]:
    return add_many(list(rows), by=None, reason=REASON)


def _levels() -> Iterable[tuple[str, int, int]]:
    return ((b, floor, rooms) for b, levels, rooms in BUILDINGS for floor in levels)


def _shifts(prop: Property, people: dict[str, User], now: datetime) -> None:
    """Round the clock from yesterday's night shift to the end of tomorrow, in turn."""
    midnight = datetime.combine(timezone.localdate(now), time(), timezone.get_current_timezone())
    add_many(
        [
            Shift(
                property=prop,
                role=role,
                user=people[numbers[turn]],
                label=label,
                starts_at=midnight + timedelta(days=day, hours=hour),
                ends_at=midnight + timedelta(days=day, hours=hour + 8),
            )
            for role, numbers in ROSTER.items()
            for day in (-1, 0, 1)
            for turn, (label, hour) in enumerate(TURNS)
        ],
        by=None,
        reason=REASON,
    )
