"""How long things are kept: one row per version of the rule, never changed once written (L-G)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models import Property, User


class RetentionPolicy(models.Model):
    """保管规则 in force from a day on; an item keeps the one it was received under."""

    class Preset(models.TextChoices):
        SOP = "sop", _("本处程序")
        HOTEL = "hotel", _("旅馆业规则")
        HANDOVER = "handover", _("限期移交公安")

    class Tier(models.TextChoices):
        SHORT = "short", _("短期")
        LONG = "long", _("长期")

    class Unit(models.TextChoices):
        MONTHS = "months", _("个月")
        DAYS = "days", _("天")

    class Start(models.TextChoices):
        RECEIVED = "received", _("值班经理接收之日")
        ANNOUNCED = "announced", _("招领公告之日")

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    preset = models.CharField(_("依据"), max_length=10, choices=Preset)
    valid_from = models.DateField(_("生效日期"))
    limit = models.DecimalField(_("价值界线（元）"), max_digits=10, decimal_places=2)
    boundary = models.CharField(_("恰好等于界线时"), max_length=5, choices=Tier)
    unvalued = models.CharField(_("未估价时"), max_length=5, choices=Tier)
    short_count = models.PositiveSmallIntegerField(_("短期"))
    short_unit = models.CharField(max_length=6, choices=Unit)
    long_count = models.PositiveSmallIntegerField(_("长期"))
    long_unit = models.CharField(max_length=6, choices=Unit)
    start = models.CharField(_("起算"), max_length=9, choices=Start)
    reminders = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("到期前几天提醒"))
    police_only = models.BooleanField(_("到期只能移交公安"), default=False)
    rolls = models.BooleanField(_("法定期限逢节假日顺延"), default=True)
    reason = models.CharField(_("制定或修改的原因"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("保管规则")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "version"],
                name="lostfound_policy_version",
                violation_error_message=_("规则刚被别人改过，请刷新后再改。"),
            ),
            models.CheckConstraint(
                name="lostfound_policy_terms",
                condition=Q(short_count__gt=0) & Q(long_count__gt=0) & Q(limit__gte=0),
                violation_error_message=_("保管期限要大于零。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_preset_display()} v{self.version}"
