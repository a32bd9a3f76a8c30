"""Accounts and roles of staff: who works in a property, as what, and who may change that."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.models import Department, Membership, Property, User
from propdesk.core.names import sort_key
from propdesk.core.permissions import ACTIONS, TOP
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, lock, require

# Without the characters people confuse when they copy a password from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
LEAVING: list[Callable[[User], object]] = []
"""What registers do when an account is closed, in the same transaction: hand open cases on."""
_KEPT = frozenset({Role.ADMIN, Role.GENERAL_MANAGER})
"""Roles a property never loses its last holder of: nobody could give them back."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of a member of staff besides number and roles."""

    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A role to be held: in which department, from and to which local day (both inclusive)."""

    role: Role
    department: Department | None = None
    starts_on: date | None = None
    ends_on: date | None = None


def new_password() -> str:
    """A random first password of 15 characters (some 74 bits), in groups that are easy to copy."""
    groups = ("".join(secrets.choice(_ALPHABET) for _i in range(5)) for _g in range(3))
    return "-".join(groups)


def _allow(prop: Property, action: str, by: User, role: Role) -> None:
    """PermissionDenied unless ``by`` may do ``action``, and its ``top`` form for a high rank."""
    ensure(by, action, ACTIONS, prop=prop)
    if role in TOP:
        ensure(by, action.replace("_role", "_top_role"), ACTIONS, prop=prop)


def _current(user: User) -> Iterable[Membership]:
    day = timezone.localdate()
    rows = user.memberships.filter(Q(ends_on=None) | Q(ends_on__gte=day))
    return rows.select_related("property").order_by("property_id")


def may_look_after(by: User, user: User, prop: Property, action: str) -> bool:
    """Whether ``by`` may touch this account: as ``may_administer`` in every house it works in.

    A password or an e-mail address opens all the doors of the account, also those in other
    houses, so whoever changes them must be allowed to in each of them.
    """
    try:
        _guard(by, user, prop, action)
    except PermissionDenied:
        return False
    return True


def _guard(by: User, user: User, prop: Property, action: str) -> None:
    ensure(by, action, ACTIONS, prop=prop)
    memberships = list(_current(user))
    require(
        any(m.property_id == prop.pk for m in memberships)
        or user.memberships.filter(property=prop).exists(),
        _("此人不在本公寓任职。"),
    )
    if user.is_superuser and not by.is_superuser:
        raise PermissionDenied(_("这个账号由系统维护人员管理。"))
    for row in memberships:
        ensure(by, action, ACTIONS, prop=row.property)
        if row.role in TOP and user.pk != by.pk:
            ensure(by, "edit_top_user", ACTIONS, prop=row.property)


@transaction.atomic
def create_user(
    prop: Property, username: str, details: Details, post: Post, *, by: User
) -> tuple[User, str]:
    """A new account with one role; returns it and the first password, which is shown only once.

    RefusedInput for a staff number in use, a foreign department or wrong dates.
    """
    ensure(by, "create_user", ACTIONS, prop=prop)
    _allow(prop, "give_role", by, post.role)
    taken = _("这个工号已有人使用，请换一个，或到该员工页面增加岗位。")
    if User.objects.filter(username__iexact=username).exists():
        raise RefusedInput(username=taken)
    password = new_password()
    user = User(
        username=username,
        name=details.name,
        name_sort=sort_key(details.name),
        phone=details.phone,
        email=details.email,
        must_change_password=True,
    )
    user.set_password(password)
    try:
        audit.save(user, by=by, reason=_("新建账号"))
    except IntegrityError as error:  # somebody else was faster
        raise RefusedInput(username=taken) from error
    _appoint(prop, user, post, by=by, reason=_("新建账号"))
    return user, password


@transaction.atomic
def first_admin(username: str, name: str) -> tuple[User, str]:
    """The account a new installation begins with, and its first password.

    Called from the command line only. RefusedInput for a staff number in use.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise RefusedInput(username=_("这个工号已有人使用，请换一个。"))
    password = new_password()
    user = User(username=username, name=name, name_sort=sort_key(name), must_change_password=True)
    user.set_password(password)
    audit.save(user, by=None, reason=_("建立公寓"))
    return user, password


@transaction.atomic
def edit_user(prop: Property, user: User, details: Details, *, by: User, reason: str) -> list[str]:
    """Change name, phone or e-mail; returns the changed fields."""
    _guard(by, user, prop, "edit_user")
    user = lock(user)
    changed = [f for f in ("name", "phone", "email") if getattr(user, f) != getattr(details, f)]
    if not changed:
        return []
    for name in changed:
        setattr(user, name, getattr(details, name))
    user.name_sort = sort_key(user.name)
    audit.save(user, *changed, "name_sort", by=by, reason=reason)
    return changed


@transaction.atomic
def deactivate_user(prop: Property, user: User, *, by: User, reason: str) -> User:
    """Close the account at once and end its sessions; its history stays.

    RefusedInput for one's own account; ConflictError when already closed or when a property would
    lose its last administrator or general manager.
    """
    _guard(by, user, prop, "deactivate_user")
    if user.pk == by.pk:
        raise RefusedInput(reason=_("不能停用自己的账号，请由另一位管理人员办理。"))
    for row in _lock_houses(_current(user)):
        _not_the_last(row, timezone.localdate() - timedelta(days=1))
    user = lock(user)
    require(user.is_active, _("这个账号已经停用。"))
    user.is_active = False
    audit.save(user, "is_active", by=by, reason=reason)
    end_sessions(user)
    for hand_on in LEAVING:
        hand_on(user)
    return user


@transaction.atomic
def reactivate_user(prop: Property, user: User, *, by: User, reason: str) -> tuple[User, str]:
    """Open a closed account again with a new first password (returned, shown once)."""
    _guard(by, user, prop, "reactivate_user")
    user = lock(user)
    require(not user.is_active, _("这个账号没有停用。"))
    password = new_password()
    user.is_active = True
    user.must_change_password = True
    user.set_password(password)
    audit.save(user, "is_active", "must_change_password", "password", by=by, reason=reason)
    return user, password


@transaction.atomic
def reset_password(
    prop: Property, user: User, *, by: User, reason: str, drop_second: bool = False
) -> str:
    """A new first password (returned, shown once); running sessions of the account end.

    ``drop_second`` takes the second step of log-in away, for whoever has lost his telephone.
    """
    _guard(by, user, prop, "reset_password")
    if user.pk == by.pk:
        raise RefusedInput(reason=_("自己的密码请在“我的账号”里修改。"))
    user = lock(user)
    require(user.is_active, _("这个账号已经停用，请先恢复。"))
    password = new_password()
    user.must_change_password = True
    user.set_password(password)
    if drop_second:
        Authenticator.objects.filter(user=user).delete()
        reason = _("%(why)s（并停用两步登录）") % {"why": reason}
    audit.save(user, "must_change_password", "password", by=by, reason=reason)
    end_sessions(user)
    return password


def sessions_of(user: User) -> list[Session]:
    """The rows of ``user``'s sessions, those over the idle limit too; all are read, some hundred a house."""
    running = Session.objects.filter(expire_date__gt=timezone.now())
    return [s for s in running.iterator() if s.get_decoded().get(SESSION_KEY) == str(user.pk)]


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Delete the running sessions of ``user``, ``but`` one; returns how many there were."""
    mine = [session.pk for session in sessions_of(user) if session.pk != but]
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)


@transaction.atomic
def give_role(prop: Property, user: User, post: Post, *, by: User, reason: str) -> Membership:
    """Let ``user`` hold a role of this property; a role comes from somebody else only.

    Who looks after accounts reads no case: he may not let himself in (decision 2).

    RefusedInput for oneself, a foreign department or wrong dates; ConflictError when held already.
    """
    _allow(prop, "give_role", by, post.role)
    if user.pk == by.pk:
        raise PermissionDenied(_("不能给自己任命岗位，请由另一位管理人员办理。"))
    user = lock(user)
    require(user.is_active, _("这个账号已经停用，请先恢复。"))
    return _appoint(prop, user, post, by=by, reason=reason)


def _appoint(prop: Property, user: User, post: Post, *, by: User, reason: str) -> Membership:
    if post.department and (
        post.department.property_id != prop.pk or not post.department.is_active
    ):
        raise RefusedInput(department=_("请选择本公寓在用的部门。"))
    starts_on = post.starts_on or timezone.localdate()
    if post.ends_on and post.ends_on < starts_on:
        raise RefusedInput(ends_on=_("任职止日不能早于起日。"))
    overlapping = user.memberships.filter(
        Q(ends_on=None) | Q(ends_on__gte=starts_on), property=prop, role=post.role
    )
    if post.ends_on:
        overlapping = overlapping.filter(starts_on__lte=post.ends_on)
    require(not overlapping.exists(), _("此人这段时间已任该岗位。"))
    row = Membership(
        user=user,
        property=prop,
        role=post.role,
        department=post.department,
        starts_on=starts_on,
        ends_on=post.ends_on,
    )
    audit.save(row, by=by, reason=reason)
    return row


@transaction.atomic
def end_role(membership: Membership, *, by: User, ends_on: date, reason: str) -> Membership:
    """Let a role end with ``ends_on`` (its last day); yesterday ends it at once.

    RefusedInput for a day before yesterday or before the start; ConflictError when it has ended
    or the property would lose its last administrator or general manager.
    """
    prop = membership.property
    _allow(prop, "end_role", by, Role(membership.role))
    lock(prop)
    membership = lock(membership)
    today = timezone.localdate()
    require(membership.ends_on is None or membership.ends_on >= today, _("这个岗位已经结束。"))
    if ends_on < today - timedelta(days=1):
        raise RefusedInput(ends_on=_("最早填昨天：已经过去的日子里此人仍在任。"))
    if ends_on < membership.starts_on:
        raise RefusedInput(ends_on=_("任职止日不能早于起日。"))
    _not_the_last(membership, ends_on)
    membership.ends_on = ends_on
    audit.save(membership, "ends_on", by=by, reason=reason)
    if ends_on < today:
        end_sessions(membership.user)
    return membership


def _lock_houses(memberships: Iterable[Membership]) -> list[Membership]:
    """Lock the properties in one order, so that two last holders cannot go at the same time."""
    rows = list(memberships)
    ids = {row.property_id for row in rows}
    list(Property.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    return rows


def _not_the_last(membership: Membership, last_day: date) -> None:
    """ConflictError unless somebody else holds the kept role on the day after ``last_day``."""
    if membership.role not in _KEPT:
        return
    after = last_day + timedelta(days=1)
    others = Membership.objects.held_on(after)
    others = others.filter(
        property_id=membership.property_id, role=membership.role, user__is_active=True
    ).exclude(user_id=membership.user_id)
    require(
        others.exists(),
        _("这是本公寓最后一位%(role)s，请先任命另一位。") % {"role": Role(membership.role).label},
    )
