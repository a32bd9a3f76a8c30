"""How a house is organised: its start, departments, deputies and shifts.

Accounts and roles are in ``house_people``, places in ``house_places``, settings in
``house_settings``.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from propdesk.core import audit, seals
from propdesk.core.models import (
    Department,
    Deputy,
    Membership,
    Property,
    PropertySettings,
    Shift,
    User,
)
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, lock, require

M = TypeVar("M", bound=models.Model)
LONGEST_SHIFT = timedelta(hours=24)
LONGEST_DEPUTY = timedelta(days=92)
WEEK = timedelta(days=7)


def add_many(rows: Sequence[M], *, by: User | None, reason: str) -> list[M]:
    """Insert rows of one model with their history: two statements for any number of rows."""
    if not rows:
        return []
    made: list[M] = bulk_create_with_history(
        rows, type(rows[0]), batch_size=1000, default_user=by, default_change_reason=reason
    )
    return made


def change_many(rows: Sequence[M], *fields: str, by: User | None, reason: str) -> None:
    """Update ``fields`` of rows of one model with their history, in a few statements."""
    if rows:
        bulk_update_with_history(
            rows,
            type(rows[0]),
            list(fields),
            batch_size=1000,
            default_user=by,
            default_change_reason=reason,
        )


@transaction.atomic
def start_house(code: str, name: str, *, admin: User) -> Property:
    """The first rows of a new property: itself, its settings, and ``admin`` as 管理员.

    Called from the command line only: nobody can hold a role in a property that is not there yet.
    """
    reason = _("建立公寓")
    if Property.objects.filter(code=code).exists():
        raise RefusedInput(code=_("已有这个代码的公寓。"))
    prop = Property(code=code, name=name)
    audit.save(prop, by=admin, reason=reason)
    audit.save(PropertySettings(property=prop), by=admin, reason=reason)
    row = Membership(user=admin, property=prop, role=Role.ADMIN, starts_on=timezone.localdate())
    audit.save(row, by=admin, reason=reason)
    seals.current(prop)
    return prop


# --- Departments ----------------------------------------------------------------------------------


@transaction.atomic
def create_department(
    prop: Property, name: str, extension: str = "", *, by: User, reason: str = ""
) -> Department:
    """A new department; RefusedInput when the property has one of this name."""
    ensure(by, "create_department", ACTIONS, prop=prop)
    lock(prop)
    _free_name(prop, name, None)
    row = Department(property=prop, name=name, extension=extension)
    audit.save(row, by=by, reason=reason or _("新建部门"))
    return row


@transaction.atomic
def edit_department(
    department: Department, name: str, extension: str, *, by: User, reason: str = ""
) -> Department:
    """Rename a department or change its internal number."""
    prop = department.property
    ensure(by, "edit_department", ACTIONS, prop=prop)
    lock(prop)
    department = lock(department)
    _free_name(prop, name, department)
    department.name, department.extension = name, extension
    audit.save(department, "name", "extension", by=by, reason=reason or _("修改部门"))
    return department


def _free_name(prop: Property, name: str, own: Department | None) -> None:
    others = prop.departments.exclude(pk=own.pk) if own else prop.departments.all()
    if others.filter(name=name).exists():
        raise RefusedInput(name=_("已有同名部门。"))


@transaction.atomic
def retire_department(
    department: Department, *, by: User, reason: str, active: bool = False
) -> Department:
    """Take a department out of use, or back into use (``active``).

    ConflictError while people hold a role in it: their cases would belong to nobody.
    """
    ensure(by, "retire_department", ACTIONS, prop=department.property)
    department = lock(department)
    require(
        department.is_active != active,
        _("这个部门已经在用。") if active else _("这个部门已经停用。"),
    )
    staffed = department.memberships.filter(
        Q(ends_on=None) | Q(ends_on__gte=timezone.localdate()), user__is_active=True
    )
    require(active or not staffed.exists(), _("部门里还有人任职，请先调整他们的部门。"))
    department.is_active = active
    audit.save(department, "is_active", by=by, reason=reason)
    return department


# --- Deputies -------------------------------------------------------------------------------------


def _ensure_deputy(by: User, action: str, membership: Membership) -> None:
    """The holder himself, or 总物业经理 or 管理员; a deputy cannot hand his powers on."""
    owns = membership.user_id == by.pk
    prop, grant = membership.property, ACTIONS[action]
    ensure(by, action, ACTIONS, prop=prop, owns=owns)
    held = Membership.objects.current(timezone.now()).filter(
        user=by, property=prop, role__in=grant.any
    )
    if not owns and not held.exists():
        raise PermissionDenied(_("代理人不能再指定代理人，请由本人或管理员办理。"))


@transaction.atomic
def name_deputy(
    membership: Membership,
    deputy: User,
    *,
    by: User,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> Deputy:
    """Let ``deputy`` act for the holder of ``membership`` from one moment to another.

    RefusedInput for oneself, for the holder, for somebody from outside or for wrong times;
    ConflictError when the role has ended or another deputy stands in that span.
    """
    _ensure_deputy(by, "name_deputy", membership)
    prop, now = membership.property, timezone.now()
    membership = lock(membership)
    if deputy.pk == membership.user_id:
        raise RefusedInput(deputy=_("代理人不能是本人。"))
    if deputy.pk == by.pk:
        raise RefusedInput(deputy=_("不能指定自己代理，请由本人或另一位管理员指定。"))
    if not Membership.objects.current(now).filter(user=deputy, property=prop).exists():
        raise RefusedInput(deputy=_("代理人须是本公寓在职的员工。"))
    _check_span(starts_at, ends_at, now, LONGEST_DEPUTY)
    require(
        membership.ends_on is None or membership.ends_on >= timezone.localdate(ends_at),
        _("这个岗位在代理期内已经结束。"),
    )
    others = membership.deputies.filter(
        starts_at__lt=ends_at, ends_at__gt=starts_at, revoked_at=None
    )
    require(not others.exists(), _("这段时间已有代理人，请先撤销。"))
    row = Deputy(
        for_membership=membership,
        by_user=deputy,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
    )
    audit.save(row, by=by, reason=reason)
    return row


def _check_span(starts_at: datetime, ends_at: datetime, now: datetime, most: timedelta) -> None:
    if ends_at <= starts_at:
        raise RefusedInput(ends_at=_("截止时间要晚于开始时间。"))
    if ends_at <= now:
        raise RefusedInput(ends_at=_("截止时间已经过去，请改为将来的时间。"))
    if ends_at - starts_at > most:
        raise RefusedInput(
            ends_at=_("时间太长，最多 %(hours)d 小时。") % {"hours": most // timedelta(hours=1)}
        )


@transaction.atomic
def revoke_deputy(row: Deputy, *, by: User, reason: str) -> Deputy:
    """End a deputyship at once; ConflictError when it is over."""
    _ensure_deputy(by, "revoke_deputy", row.for_membership)
    row, now = lock(row), timezone.now()
    require(row.revoked_at is None and row.ends_at > now, _("这次代理已经结束。"))
    row.revoked_at = now
    audit.save(row, "revoked_at", by=by, reason=reason)
    return row


# --- Shifts ---------------------------------------------------------------------------------------


def _holders(prop: Property, role: str, at: datetime) -> "models.QuerySet[Membership]":
    return Membership.objects.current(at).filter(property=prop, role=role)


@transaction.atomic
def plan_shift(
    prop: Property,
    role: Role,
    user: User,
    *,
    by: User,
    label: str,
    starts_at: datetime,
    ends_at: datetime,
) -> Shift:
    """Put ``user`` on duty in ``role`` from ``starts_at`` up to ``ends_at`` (24 hours at most).

    RefusedInput when he does not hold the role then or the times are wrong; ConflictError when he
    is on duty in it already.
    """
    ensure(by, "plan_shift", ACTIONS, prop=prop)
    lock(prop)
    _check_span(starts_at, ends_at, timezone.now(), LONGEST_SHIFT)
    if not _holders(prop, role, starts_at).filter(user=user).exists():
        raise RefusedInput(user=_("此人当天不任这个岗位，请先任命。"))
    overlapping = prop.shifts.filter(
        role=role, user=user, cancelled_at=None, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    require(not overlapping.exists(), _("此人这段时间已有班次。"))
    row = Shift(
        property=prop, role=role, user=user, label=label, starts_at=starts_at, ends_at=ends_at
    )
    audit.save(row, by=by, reason=_("排班"))
    return row


@transaction.atomic
def copy_week(prop: Property, monday: datetime, *, by: User) -> tuple[int, int]:
    """Repeat the shifts of the week before ``monday`` (local midnight): (planned, left out).

    Left out are shifts that are planned already, overlap another one of the same person, or whose
    person no longer holds the role. Two writes for any number of shifts.
    """
    ensure(by, "copy_week", ACTIONS, prop=prop)
    lock(prop)
    if monday + WEEK <= timezone.now():
        raise RefusedInput(week=_("这一周已经过去，不能再排班。"))
    planned = prop.shifts.filter(cancelled_at=None)
    before = list(planned.filter(starts_at__gte=monday - WEEK, starts_at__lt=monday))
    there = list(planned.filter(starts_at__lt=monday + WEEK + LONGEST_SHIFT, ends_at__gt=monday))
    posts = list(prop.memberships.filter(user__is_active=True))
    new = [
        Shift(
            property=prop,
            role=old.role,
            user_id=old.user_id,
            label=old.label,
            starts_at=old.starts_at + WEEK,
            ends_at=old.ends_at + WEEK,
        )
        for old in before
    ]
    new = [s for s in new if _holds(posts, s) and not any(_clash(s, t) for t in there)]
    add_many(new, by=by, reason=_("沿用上周班次"))
    return len(new), len(before) - len(new)


def _holds(posts: Sequence[Membership], shift: Shift) -> bool:
    day = timezone.localdate(shift.starts_at)
    return any(
        (p.user_id, p.role) == (shift.user_id, shift.role)
        and p.starts_on <= day
        and (p.ends_on is None or p.ends_on >= day)
        for p in posts
    )


def _clash(one: Shift, two: Shift) -> bool:
    same = (one.user_id, one.role) == (two.user_id, two.role)
    return same and one.starts_at < two.ends_at and two.starts_at < one.ends_at


@transaction.atomic
def cancel_shift(shift: Shift, *, by: User, reason: str) -> Shift:
    """Take a shift that is not over out of the roster; ConflictError otherwise."""
    ensure(by, "cancel_shift", ACTIONS, prop=shift.property)
    shift, now = lock(shift), timezone.now()
    require(shift.cancelled_at is None, _("这个班次已经取消。"))
    require(shift.ends_at > now, _("这个班次已经结束，不能取消。"))
    shift.cancelled_at = now
    audit.save(shift, "cancelled_at", by=by, reason=reason)
    return shift
