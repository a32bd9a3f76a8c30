"""Who is on duty, and who therefore is told (decision 4, X-6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from propdesk.core.models import Membership, Property, Shift, User
from propdesk.core.roles import Role, standing


def on_duty(
    prop: Property, *roles: Role, at: datetime, department: int | None = None
) -> list[User]:
    """Active holders of ``roles`` whose shift covers ``at``; all holders of a role nobody covers.

    Deputies in force stand beside the people they act for; ``department`` (a key) leaves out the
    holders of other departments. Three queries for any number of roles.
    """
    rows = Membership.objects.current(at).filter(property=prop, role__in=roles)
    if department is not None:
        rows = rows.filter(department=department)
    members = list(rows.select_related("user"))
    roles = (*roles, *_in_place_of(roles, members))
    if Role.GENERAL_MANAGER in roles and not any(m.role == Role.GENERAL_MANAGER for m in members):
        more = Membership.objects.current(at).filter(property=prop, role=Role.GENERAL_MANAGER)
        members += list(more.select_related("user"))
    shifts = set(
        Shift.objects.filter(present(at), property=prop, role__in=roles, cancelled_at=None)
        .order_by()
        .values_list("role", "user_id")
    )
    covered = {role for role, user_id in shifts if any(_is(h, role, user_id) for h in members)}
    chosen = [h for h in members if h.role not in covered or (h.role, h.user_id) in shifts]
    return _unique([h.user for h in chosen] + deputies_of(chosen, at))


def present(at: datetime) -> Q:
    """The shifts that cover ``at`` by the roster, or by the signatures where both signed before the hour."""
    came = Q(starts_at__lte=at) | Q(came_at__lte=at)
    return came & Q(ends_at__gt=at) & (Q(left_at=None) | Q(left_at__gt=at))


def _in_place_of(roles: Iterable[Role], members: Iterable[Membership]) -> tuple[Role, ...]:
    """总物业经理 stands in where a house has no 物业经理: nothing may be told to nobody."""
    missing = Role.PROPERTY_MANAGER in roles and not any(
        m.role == Role.PROPERTY_MANAGER for m in members
    )
    return (Role.GENERAL_MANAGER,) if missing else ()


def task_roles(user: User, prop: Property) -> frozenset[Role]:
    """The roles whose tasks wait for this user: 总物业经理 does those of a 物业经理 nobody is."""
    mine = standing(user, prop)
    if Role.GENERAL_MANAGER not in mine.roles or holders(prop, Role.PROPERTY_MANAGER).exists():
        return mine.task_roles
    return mine.task_roles | {Role.PROPERTY_MANAGER}


def _is(holder: Membership, role: str, user_id: int) -> bool:
    return holder.role == role and holder.user_id == user_id


def deputies_of(memberships: Iterable[Membership], at: datetime) -> list[User]:
    """Active users who at ``at`` act for any of ``memberships``."""
    ids = [m.pk for m in memberships]
    if not ids:
        return []
    in_force = Q(
        deputyships__for_membership__in=ids,
        deputyships__starts_at__lte=at,
        deputyships__ends_at__gt=at,
        deputyships__revoked_at=None,
    )
    return list(User.objects.filter(in_force, is_active=True).distinct())


def _unique(users: Iterable[User]) -> list[User]:
    return list({user.pk: user for user in users}.values())


def holders(prop: Property, *roles: Role) -> "QuerySet[User]":
    """Active users who hold one of ``roles`` in the property today, in the order of their names."""
    held = Membership.objects.held_on(timezone.localdate())
    current = held.filter(property=prop, role__in=roles)
    return User.objects.filter(pk__in=current.values("user"), is_active=True).order_by("name_sort")


def manager_shifts(prop: Property, *, at: datetime | None = None) -> "QuerySet[Shift]":
    """The roster of 值班经理 without what was taken off it, or who is on it ``at`` a moment; unordered."""
    rows = Shift.objects.filter(property=prop, role=Role.DUTY_MANAGER, cancelled_at=None)
    return rows.filter(present(at)) if at else rows


def coming(prop: Property, now: datetime) -> "QuerySet[Shift]":
    """The shifts of 值班经理 that begin within a day and nobody has signed for yet; unordered."""
    within = {"starts_at__gt": now, "starts_at__lte": now + timedelta(days=1)}
    return manager_shifts(prop).filter(came_at=None, **within)


def end_of_shift(prop: Property, now: datetime) -> datetime:
    """When the running shift of the duty manager ends; eight hours from now without a roster."""
    shift = manager_shifts(prop, at=now).order_by("ends_at").first()
    return shift.ends_at if shift else now + timedelta(hours=8)
