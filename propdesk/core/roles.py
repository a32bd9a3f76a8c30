"""Who may do what. Each app owns a table ``action -> Grant``; nothing else decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from propdesk.core.models import Property, User


class Role(models.TextChoices):
    """Rank and duty of a person in one property (glossary: 岗位)."""

    STAFF = "staff", gettext_lazy("员工")
    FRONT_DESK = "front_desk", gettext_lazy("前台")
    SECURITY = "security", gettext_lazy("保安部")
    SECURITY_MANAGER = "security_manager", gettext_lazy("保安部经理")
    ENGINEERING = "engineering", gettext_lazy("工程部")
    DUTY_ENGINEER = "duty_engineer", gettext_lazy("值班工程师")
    HOUSEKEEPING = "housekeeping", gettext_lazy("管家部")
    MEDIC = "medic", gettext_lazy("医务")
    FIRST_AIDER = "first_aider", gettext_lazy("急救员")
    CASHIER = "cashier", gettext_lazy("收银")
    DEPARTMENT_MANAGER = "department_manager", gettext_lazy("部门经理")
    DUTY_MANAGER = "duty_manager", gettext_lazy("值班经理")
    PROPERTY_MANAGER = "property_manager", gettext_lazy("物业经理")
    GENERAL_MANAGER = "general_manager", gettext_lazy("总物业经理")
    ADMIN = "admin", gettext_lazy("管理员")


ALL_STAFF = frozenset(Role) - {Role.ADMIN}
"""Everybody who may read cases; 管理员 administers people and settings and reads none."""

DUTY = frozenset({Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER})
MANAGERS = frozenset({Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER})


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles that may act: on any row, only on rows they took in, only on rows assigned to them."""

    any: frozenset[Role] = frozenset()
    own: frozenset[Role] = frozenset()
    assigned: frozenset[Role] = frozenset()

    def allows(self, roles: frozenset[Role], *, owns: bool, assigned: bool) -> bool:
        return bool(
            roles & self.any or (owns and roles & self.own) or (assigned and roles & self.assigned)
        )


Table = Mapping[str, Grant]


@dataclass(frozen=True, slots=True)
class Seat:
    """One membership that speaks for a user: role, department, and whose it is."""

    role: Role
    department_id: int | None = None
    holder_id: int | None = None
    """The person he is deputy of; None for his own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one user is in one property at one moment: roles, departments, and for whom he acts."""

    roles: frozenset[Role]
    departments: frozenset[int]
    acting_for: tuple[tuple[Role, int], ...] = ()
    """(role, user id) pairs of the people he is deputy of: their roles are part of ``roles``."""
    own: frozenset[Role] = frozenset()
    """The roles he holds himself."""
    seats: tuple[Seat, ...] = ()
    """Which role in which department: a rank in one department is none in another."""

    def departments_as(self, *roles: Role) -> frozenset[int]:
        """Departments in which he holds, or is deputy for, one of ``roles``."""
        return frozenset(
            seat.department_id
            for seat in self.seats
            if seat.role in roles and seat.department_id is not None
        )

    @property
    def task_roles(self) -> frozenset[Role]:
        """The roles whose tasks concern him: 保安部经理 answers for what 保安部 is called to."""
        leads = Role.SECURITY_MANAGER in self.roles
        return self.roles | {Role.SECURITY} if leads else self.roles

    def without(self, user_id: int) -> frozenset[Role]:
        """The roles left when he may not act for ``user_id``: four eyes (decision 32)."""
        return self.own | {role for role, other in self.acting_for if other != user_id}


NOBODY = Standing(frozenset(), frozenset())


def standing(user: "User", prop: "Property", at: datetime | None = None) -> Standing:
    """The user's standing in ``prop``; read once per user object, request and property."""
    if at is not None:
        return _read(user, prop, at)
    cache: dict[int, Standing] = user.__dict__.setdefault("_standings", {})
    if prop.pk not in cache:
        cache[prop.pk] = _read(user, prop, timezone.now())
    return cache[prop.pk]


def remember(user: "User", prop: "Property", rows: "Iterable[Mapping[str, Any]]") -> None:
    """Keep a standing whose membership rows were read along with the property."""
    user.__dict__.setdefault("_standings", {})[prop.pk] = _standing(user, rows)


def _read(user: "User", prop: "Property", at: datetime) -> Standing:
    from propdesk.core.models import Membership

    return _standing(user, Membership.objects.standing_rows(user, prop, at))


def _standing(user: "User", rows: "Iterable[Mapping[str, Any]]") -> Standing:
    if not user.is_active:
        return NOBODY
    roles: set[Role] = set()
    departments: set[int] = set()
    own: set[Role] = set()
    acting: list[tuple[Role, int]] = []
    seats: list[Seat] = []
    for row in rows:
        role = Role(row["role"])
        roles.add(role)
        if row["department_id"]:
            departments.add(row["department_id"])
        if row["user_id"] == user.pk:
            own.add(role)
            seats.append(Seat(role, row["department_id"]))
        else:
            acting.append((role, row["user_id"]))
            seats.append(Seat(role, row["department_id"], row["user_id"]))
    return Standing(
        frozenset(roles), frozenset(departments), tuple(acting), frozenset(own), tuple(seats)
    )


def may(
    user: "User",
    action: str,
    table: Table,
    *,
    prop: "Property",
    owns: bool = False,
    assigned: bool = False,
) -> bool:
    """Whether the table allows it: for showing or hiding a button. ``ensure`` decides."""
    return table[action].allows(standing(user, prop).roles, owns=owns, assigned=assigned)


def ensure(
    by: "User",
    action: str,
    table: Table,
    *,
    prop: "Property",
    owns: bool = False,
    assigned: bool = False,
) -> Standing:
    """Raise PermissionDenied (403) unless the table allows ``action``; return the standing."""
    mine = standing(by, prop)
    if not table[action].allows(mine.roles, owns=owns, assigned=assigned):
        raise PermissionDenied(_("您的岗位不能办理这一步，请交由有权限的同事办理。"))
    return mine
