"""Where found things lie: a tree of store rooms, cupboards and boxes, and the seals on bags."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models import Property, User


class StoragePlace(models.Model):
    """A node of the store; ``label`` is the whole path (保安部库房 2号柜 上层)."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("名称"), max_length=40)
    label = models.CharField(_("全称"), max_length=120)
    code = models.CharField(_("代码"), max_length=12)
    is_safe = models.BooleanField(_("保险柜（存贵重物品）"), default=False)
    is_active = models.BooleanField(_("在用"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("存放位置")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "label"],
                name="lostfound_storage_label",
                violation_error_message=_("已有同名的存放位置。"),
            ),
            models.UniqueConstraint(
                fields=["property", "code"],
                name="lostfound_storage_code",
                violation_error_message=_("已有相同代码的存放位置。"),
            ),
            models.CheckConstraint(
                name="lostfound_storage_named",
                condition=~Q(name="") & ~Q(label="") & ~Q(code=""),
                violation_error_message=_("存放位置要有名称和代码。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class SealTag(models.Model):
    """封签: one number, used once in a property; opening it is on record."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    item = models.ForeignKey("lostfound.FoundItem", models.PROTECT, related_name="seals")
    number = models.CharField(_("封签号"), max_length=30)
    applied_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    applied_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_reason = models.CharField(_("拆封原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("封签")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "number"],
                name="lostfound_seal_once",
                violation_error_message=_("这个封签号已经用过，请换一个新封签。"),
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(opened_at=None),
                name="lostfound_seal_one_closed",
                violation_error_message=_("这件物品已有封签，请先登记拆封。"),
            ),
            models.CheckConstraint(
                name="lostfound_seal_opened_complete",
                condition=Q(opened_at=None, opened_by=None, opened_with=None)
                | (
                    Q(opened_at__isnull=False, opened_by__isnull=False, opened_with__isnull=False)
                    & ~Q(opened_reason="")
                ),
                violation_error_message=_("拆封要两个人在场，并写明原因。"),
            ),
            models.CheckConstraint(
                name="lostfound_seal_opened_by_two",
                condition=Q(opened_with=None) | ~Q(opened_with=F("opened_by")),
                violation_error_message=_("拆封的两个人不能是同一人。"),
            ),
        ]
        indexes = [
            # A seal is read aloud, typed or scanned: capitals make no difference.
            models.Index("property", Upper("number"), name="lostfound_seal_read"),
        ]

    def __str__(self) -> str:
        return self.number
