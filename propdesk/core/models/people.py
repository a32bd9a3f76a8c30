"""Who works where, as what, and when: users, properties, memberships, deputies, shifts."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.roles import Role


class User(AbstractUser):
    """A member of staff; ``username`` is the staff number (工号)."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=40)
    name_sort = models.CharField(max_length=120, blank=True, editable=False)
    phone = models.CharField(_("手机"), max_length=30, blank=True)
    must_change_password = models.BooleanField(_("首次登录须改密码"), default=False)
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = _("员工")

    def __str__(self) -> str:
        return self.name or self.username


class Property(models.Model):
    """One house with its own register, numbers, staff and settings (公寓)."""

    code = models.SlugField(_("代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    phone = models.CharField(_("电话"), max_length=30, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("公寓")

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A department of one property; which ones exist is data, not code."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="departments")
    name = models.CharField(_("名称"), max_length=40)
    extension = models.CharField(_("内线"), max_length=20, blank=True)
    is_active = models.BooleanField(_("在用"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("部门")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "name"],
                name="core_department_name",
                violation_error_message=_("已有同名部门。"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def held_on(self, day: Any) -> "MembershipQuerySet":
        """Memberships in force on a day, which is a date or a reference to one in an outer query."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)

    def current(self, at: datetime) -> "MembershipQuerySet":
        """Memberships in force on the local date of ``at``, of active users only."""
        return self.held_on(timezone.localdate(at)).filter(user__is_active=True)

    def standing_rows(self, user: Any, prop: Any, at: datetime) -> Any:
        """Own rows and those the user is deputy for, as dicts: role, department_id, user_id.

        ``user`` and ``prop`` are rows, or references to them in an outer query.
        """
        deputy = Q(
            deputies__by_user=user,
            deputies__starts_at__lte=at,
            deputies__ends_at__gt=at,
            deputies__revoked_at=None,
        )
        return (
            self.current(at)
            .filter(Q(user=user) | deputy, property=prop)
            .values("role", "department_id", "user_id")
            .distinct()
        )


class Membership(models.Model):
    """A person holds a role in a property from one day to another (both inclusive)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    property = models.ForeignKey(Property, models.PROTECT, related_name="memberships")
    role = models.CharField(_("岗位"), max_length=20, choices=Role)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"), null=True, blank=True)
    history = HistoricalRecords()
    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("任职")
        constraints = [
            models.CheckConstraint(
                name="core_membership_dates",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("任职止日不能早于起日。"),
            ),
            models.UniqueConstraint(
                fields=["user", "property", "role"],
                condition=Q(ends_on=None),
                name="core_membership_open",
                violation_error_message=_("此人已任该岗位。"),
            ),
        ]
        indexes = [models.Index(fields=["property", "role"])]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class Deputy(models.Model):
    """代理人: somebody acts for a holder of a role, from one moment to another."""

    for_membership = models.ForeignKey(Membership, models.PROTECT, related_name="deputies")
    by_user = models.ForeignKey(User, models.PROTECT, related_name="deputyships")
    starts_at = models.DateTimeField(_("起"))
    ends_at = models.DateTimeField(_("止"))
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("代理")
        constraints = [
            models.CheckConstraint(
                name="core_deputy_times",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("代理的截止时间要晚于开始时间。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.by_user} → {self.for_membership}"


class Shift(models.Model):
    """One person on duty in one role, half-open [starts_at, ends_at)."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="shifts")
    role = models.CharField(_("岗位"), max_length=20, choices=Role)
    user = models.ForeignKey(User, models.PROTECT, related_name="shifts")
    label = models.CharField(_("班次"), max_length=10)
    starts_at = models.DateTimeField(_("起"))
    ends_at = models.DateTimeField(_("止"))
    cancelled_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField(null=True)
    """He signed for the shift before it began, and is on duty from here on."""
    left_at = models.DateTimeField(null=True)
    """It was signed for before it ended: he is on duty up to here."""
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("班次")
        constraints = [
            models.CheckConstraint(
                name="core_shift_times",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("下班时间要晚于上班时间。"),
            ),
            models.UniqueConstraint(
                fields=["property", "role", "user", "starts_at"],
                condition=Q(cancelled_at=None),
                name="core_shift_once",
                violation_error_message=_("这个班次已经排过。"),
            ),
        ]
        indexes = [
            models.Index(fields=["property", "role", "ends_at"]),
            models.Index(
                fields=["role", "ends_at"],
                condition=Q(cancelled_at=None),
                name="core_shift_ending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.user}"
