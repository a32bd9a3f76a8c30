"""Every value the SOP or the law leaves to the house, as one typed row per property."""

from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.people import Property

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def _minutes(label: "str | StrPromise", default: int) -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(
        label, default=default, validators=[MinValueValidator(1), MaxValueValidator(60 * 24 * 90)]
    )


class PropertySettings(models.Model):
    """设置. Times in minutes; changing one never moves a clock that already runs."""

    class ReportRequired(models.TextChoices):
        ALWAYS = "always", _("每件投诉都要")
        SERIOUS_UP = "serious_up", _("严重及以上才要")

    class Retention(models.TextChoices):
        SOP = "sop", _("按本处程序：100元以内3个月，以上1年")
        HOTEL = "hotel", _("按旅馆业：公告满3个月移交公安")
        HANDOVER = "handover", _("限期移交公安")

    class SecondStep(models.TextChoices):
        NOBODY = "nobody", _("自愿")
        MANAGERS = "managers", _("物业经理、总物业经理、管理员必须")
        EVERYBODY = "everybody", _("全体员工必须")

    property = models.OneToOneField(Property, models.PROTECT, related_name="settings")
    first_run_done_at = models.DateTimeField(null=True, blank=True, editable=False)

    dm_limit_yuan = models.DecimalField(
        _("值班经理可自行决定的方案费用上限（元）"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(500),
        validators=[MinValueValidator(Decimal(0))],
    )
    report_required = models.CharField(
        _("《事故报告》"), max_length=12, choices=ReportRequired, default=ReportRequired.ALWAYS
    )
    record_remind = _minutes(_("受理后多久未完成记录即提醒（分钟）"), 30)
    promise_within_normal = _minutes(_("一般投诉须在多久内约定时限（分钟）"), 24 * 60)
    promise_within_serious = _minutes(_("严重投诉须在多久内约定时限（分钟）"), 4 * 60)
    promise_within_major = _minutes(_("重大投诉须在多久内约定时限（分钟）"), 60)
    not_started = _minutes(_("约定后多久未开工即提醒（分钟）"), 30)
    escalate_after = _minutes(_("逾期多久升级总物业经理（分钟）"), 24 * 60)
    review_remind = _minutes(_("解决后多久未回访即提醒（分钟）"), 24 * 60)
    review_escalate = _minutes(_("解决后多久未回访报物业经理（分钟）"), 48 * 60)
    ceiling_normal = _minutes(_("一般投诉时限上限（分钟）"), 7 * 24 * 60)
    ceiling_serious = _minutes(_("严重投诉时限上限（分钟）"), 48 * 60)
    ceiling_major = _minutes(_("重大投诉时限上限（分钟）"), 24 * 60)
    sign_within = _minutes(_("《事故报告》提交后多久内签批（分钟）"), 24 * 60)
    idle_logout = _minutes(_("无操作自动退出（分钟）"), 30)
    second_step = models.CharField(
        _("两步登录"),
        max_length=12,
        choices=SecondStep,
        default=SecondStep.NOBODY,
        db_default=SecondStep.NOBODY,
    )

    found_hand_in = _minutes(_("失物登记后多久未上交值班经理即提醒（分钟）"), 120)
    found_trace = _minutes(_("失物多久未查找失主即提醒（分钟）"), 24 * 60)
    found_ack = _minutes(_("无主失物上报后多久未知悉即提醒（分钟）"), 24 * 60)
    found_scan = _minutes(_("认领单纸质签名后多久未补扫描件即提醒（分钟）"), 24 * 60)
    found_two_staff_over = models.DecimalField(
        _("价值超过多少元的失物须两人核对认领（元）"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(1000),
        validators=[MinValueValidator(Decimal(0))],
    )

    quiet_from = models.TimeField(
        _("夜间从几点起不发非紧急的提醒"), default=time(22), db_default=time(22)
    )
    quiet_to = models.TimeField(_("到几点再发"), default=time(7), db_default=time(7))

    retention = models.CharField(
        _("失物保管规则"), max_length=10, choices=Retention, default=Retention.SOP
    )
    keep_cases_years = models.PositiveSmallIntegerField(
        _("办结的案件和文书保留多少年"),
        default=3,
        db_default=3,
        validators=[MinValueValidator(3), MaxValueValidator(30)],
    )
    """After it the personal data in them go; 3 years is how long a claim may still be brought (民法典 188)."""
    keep_shifts_years = models.PositiveSmallIntegerField(
        _("交接班和值班日志保留多少年"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )
    hospital_name = models.CharField(_("指定就诊医院"), max_length=60, blank=True)
    hospital_phone = models.CharField(_("医院急诊电话"), max_length=30, blank=True)
    power_supplier = models.CharField(_("供电部门"), max_length=60, blank=True)
    power_phone = models.CharField(_("供电服务电话"), max_length=30, default="95598", blank=True)
    duty_phone = models.CharField(_("值班经理电话"), max_length=30, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("设置")
        constraints = [
            models.CheckConstraint(
                name="core_propertysettings_keep",
                condition=Q(keep_cases_years__gte=3, keep_shifts_years__gte=1),
            )
        ]

    def __str__(self) -> str:
        return f"{self.property_id}"

    def promise_within(self, severity: str) -> timedelta:
        """Time from receipt to the first promise for normal | serious | major (decision 30)."""
        return timedelta(minutes=getattr(self, f"promise_within_{severity}"))

    def ceiling(self, severity: str) -> timedelta:
        """Longest promise that needs no word to the property manager, by severity (C-H)."""
        return timedelta(minutes=getattr(self, f"ceiling_{severity}"))
