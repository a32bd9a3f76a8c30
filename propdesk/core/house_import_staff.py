"""What a file of staff does: one row is one person with one or more roles."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.house import add_many, change_many
from propdesk.core.house_import import CHANGED, NEW, UNCHANGED, Kind, Step
from propdesk.core.house_people import may_look_after, new_password
from propdesk.core.importing import Column, Line, Problem
from propdesk.core.models import Membership, Property, User
from propdesk.core.names import sort_key
from propdesk.core.permissions import TOP
from propdesk.core.roles import Role

COLUMNS: Final = (
    Column("username", "工号", required=True),
    Column("name", "姓名", required=True),
    Column("roles", "岗位", required=True),
    Column("department", "部门"),
    Column("phone", "手机"),
    Column("email", "邮箱"),
)
EXAMPLES: Final = (
    ("2001", "示例一", "前台", "前台", "13800000000", ""),
    ("2002", "示例二", "保安部、急救员", "保安部", "", ""),
)
USERNAME: Final = re.compile(r"[A-Za-z0-9._-]{1,30}")
PHONE: Final = re.compile(r"[0-9+() 转-]{5,30}")
REASON: Final = "导入员工"
QUICK: Final = 20_000
"""Rounds of hashing for a random first password of 74 bits: guessing it is hopeless anyway, and
hundreds of accounts are made in one request. The next log-in hashes it in full."""

_ROLES: Final = {str(role.label): role for role in Role}


class _Planner:
    """Reads what is needed of the property once, then judges row by row."""

    def __init__(self, prop: Property, lines: Sequence[Line], by: User) -> None:
        self.prop, self.by = prop, by
        names = [line.cells["username"] for line in lines]
        self.users = {u.username: u for u in User.objects.filter(username__in=names)}
        self.lower = {n.lower() for n in User.objects.values_list("username", flat=True)}
        self.departments = dict(prop.departments.filter(is_active=True).values_list("name", "pk"))
        self.held: dict[int, set[str]] = {}
        self.delicate: set[int] = set()
        """Who works elsewhere too or holds a high rank: only these are asked about one by one."""
        lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
        rows = Membership.objects.filter(lasting, user__in=self.users.values())
        for user_id, property_id, role in rows.values_list("user_id", "property_id", "role"):
            if property_id == prop.pk:
                self.held.setdefault(user_id, set()).add(role)
            if property_id != prop.pk or role in TOP:
                self.delicate.add(user_id)
        self.rows: dict[str, int] = {}
        self.problems: list[Problem] = []

    def line(self, line: Line) -> Step | None:
        """What this row does; None after noting why it cannot be imported."""
        before = len(self.problems)
        for key, sentence in self._faults(line.cells):
            heading = next(c.heading for c in COLUMNS if c.key == key)
            self.problems.append(Problem(line.number, heading, sentence))
        self.rows.setdefault(line.cells["username"].lower(), line.number)
        if len(self.problems) > before:
            return None
        return self._step(line)

    def _faults(self, cells: dict[str, str]) -> Iterable[tuple[str, str]]:
        number = cells["username"]
        if not USERNAME.fullmatch(number):
            yield "username", _("只能用字母、数字和 . _ -，最多 30 个。")
        if number.lower() in self.rows:
            text = _("与第 %(row)d 行的工号相同；一人多个岗位请在一格里用“、”分开。")
            yield "username", text % {"row": self.rows[number.lower()]}
        yield from self._account_faults(number)
        if len(cells["name"]) > 40:
            yield "name", _("最多 %(limit)d 个字。") % {"limit": 40}
        if cells["phone"] and not PHONE.fullmatch(cells["phone"]):
            yield "phone", _("请填电话号码，例如 13800000000。")
        if cells["email"]:
            try:
                validate_email(cells["email"])
            except ValidationError:
                yield "email", _("请填完整的邮箱地址。")
        if cells["department"] and cells["department"] not in self.departments:
            yield "department", _("没有这个部门，请先在“部门”里新建。")
        yield from self._role_faults(cells["roles"])

    def _account_faults(self, number: str) -> Iterable[tuple[str, str]]:
        user = self.users.get(number)
        if user is None:
            if number.lower() in self.lower:
                yield "username", _("已有只差大小写的工号，请核对。")
        elif not user.is_active:
            yield "username", _("这个账号已停用，请先在员工页面恢复。")
        elif user.pk not in self.held:
            yield "username", _("这个工号不属于本公寓的在职员工，请核对。")
        elif (user.is_superuser or user.pk in self.delicate) and not may_look_after(
            self.by, user, self.prop, "edit_user"
        ):
            yield "username", _("您不能修改这位员工的资料，请交由管理员办理。")

    def _role_faults(self, text: str) -> Iterable[tuple[str, str]]:
        for label in _labels(text):
            if label not in _ROLES:
                text = _("没有“%(label)s”这个岗位，可填：%(all)s。")
                yield "roles", text % {"label": label, "all": "、".join(_ordinary())}
            elif _ROLES[label] in TOP:
                yield "roles", _("“%(label)s”请在员工页面逐个任命。") % {"label": label}

    def _step(self, line: Line) -> Step:
        cells = line.cells
        user = self.users.get(cells["username"])
        roles = [_ROLES[label].value for label in _labels(cells["roles"])]
        data: dict[str, Any] = {**cells, "roles": roles}
        text = f"{cells['username']} {cells['name']}"
        if user is None:
            return Step(line.number, NEW, text, "、".join(_labels(cells["roles"])), data)
        # An empty cell says nothing: it never erases a number or an address.
        fields = [
            k for k in ("name", "phone", "email") if cells[k] and cells[k] != getattr(user, k)
        ]
        data["fields"] = fields
        data["roles"] = [role for role in roles if role not in self.held[user.pk]]
        notes = [f"{getattr(user, k) or '—'} → {cells[k]}" for k in fields]
        notes += [_("增加岗位 %(role)s") % {"role": Role(role).label} for role in data["roles"]]
        return Step(line.number, CHANGED if notes else UNCHANGED, text, "，".join(notes), data)


def _labels(text: str) -> list[str]:
    return list(dict.fromkeys(part for part in re.split(r"[、,，;；/\s]+", text) if part))


def _ordinary() -> list[str]:
    return [label for label, role in _ROLES.items() if role not in TOP]


def plan(prop: Property, lines: Sequence[Line], by: User) -> tuple[list[Step], list[Problem]]:
    """What the rows would do; a fixed number of queries for new accounts."""
    planner = _Planner(prop, lines, by)
    steps = [step for line in lines if (step := planner.line(line))]
    return steps, planner.problems


def apply(prop: Property, steps: Sequence[Step], by: User) -> list[tuple[str, ...]]:
    """Write the steps; returns (staff number, name, first password) of the new accounts."""
    new = [step.data for step in steps if step.state == NEW]
    passwords = [new_password() for _step in new]
    made = [
        User(
            username=data["username"],
            name=data["name"],
            name_sort=sort_key(data["name"]),
            phone=data["phone"],
            email=data["email"],
            password=_quick_hash(password),
            must_change_password=True,
        )
        for data, password in zip(new, passwords, strict=True)
    ]
    add_many(made, by=by, reason=REASON)
    changed = [step.data for step in steps if step.state == CHANGED]
    users = {
        u.username: u for u in User.objects.filter(username__in=[d["username"] for d in changed])
    }
    for data in changed:
        for name in data["fields"]:
            setattr(users[data["username"]], name, data[name])
        users[data["username"]].name_sort = sort_key(users[data["username"]].name)
    edited = [users[data["username"]] for data in changed if data["fields"]]
    change_many(edited, "name", "name_sort", "phone", "email", by=by, reason=REASON)
    _appoint(prop, [*new, *changed], {**users, **{u.username: u for u in made}}, by)
    return [(u.username, u.name, p) for u, p in zip(made, passwords, strict=True)]


def _appoint(
    prop: Property, rows: Sequence[dict[str, Any]], users: dict[str, User], by: User
) -> None:
    if any(data["roles"] and data["username"] == by.username for data in rows):
        raise PermissionDenied(_("不能给自己任命岗位，请由另一位管理人员办理。"))
    departments = dict(prop.departments.values_list("name", "pk"))
    posts = [
        Membership(
            user=users[data["username"]],
            property=prop,
            role=role,
            department_id=departments.get(data["department"]),
            starts_on=timezone.localdate(),
        )
        for data in rows
        for role in data["roles"]
    ]
    add_many(posts, by=by, reason=REASON)


def _quick_hash(password: str) -> str:
    hasher = get_hasher()
    if isinstance(hasher, PBKDF2PasswordHasher):
        return hasher.encode(password, hasher.salt(), iterations=QUICK)
    return make_password(password)


STAFF: Final = Kind("import_staff", COLUMNS, plan, apply)
