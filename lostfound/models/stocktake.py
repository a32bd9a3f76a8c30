"""盲盘点: what is really in a cupboard, counted without a list; and what differs (F6)."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from lostfound.models.item import FoundItem
from lostfound.models.storage import StoragePlace
from propdesk.core.models import Case, User


class Stocktake(models.Model):
    """One count of one storage place (with what stands below it), by two people."""

    class Status(models.TextChoices):
        COUNTING = "counting", _("盘点中")
        MATCHED = "matched", _("账实相符")
        DIFFERENT = "different", _("有差异，待处理")
        SETTLED = "settled", _("差异已处理")
        ABANDONED = "abandoned", _("已放弃")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="stocktake", verbose_name=_("单号")
    )
    status = models.CharField(_("状态"), max_length=9, choices=Status, default=Status.COUNTING)
    storage = models.ForeignKey(
        StoragePlace, models.PROTECT, related_name="+", verbose_name=_("盘点位置")
    )
    counted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("盘点人"))
    witnessed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("监盘人")
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expected = models.PositiveIntegerField(_("应有"), null=True)
    present = models.PositiveIntegerField(_("实有"), null=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("盘点")
        constraints = [
            models.CheckConstraint(
                name="lostfound_stocktake_two_people",
                condition=~Q(counted_by=F("witnessed_by")),
                violation_error_message=_("盘点要两个人，盘点人和监盘人不能是同一人。"),
            ),
            models.UniqueConstraint(
                fields=["storage"],
                condition=Q(status="counting"),
                name="lostfound_stocktake_one_running",
                violation_error_message=_("这个位置正在盘点。"),
            ),
            models.CheckConstraint(
                name="lostfound_stocktake_finished",
                condition=Q(status="counting", finished_at=None)
                | (~Q(status="counting") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="lostfound_stocktake_has_result",
                condition=Q(status="counting", expected=None, present=None)
                | (Q(status="abandoned") & ~Q(ended_reason=""))
                | Q(
                    status__in=["matched", "different", "settled"],
                    expected__isnull=False,
                    present__isnull=False,
                ),
                violation_error_message=_("放弃盘点要写明原因，结束盘点要有应有和实有。"),
            ),
            models.CheckConstraint(
                name="lostfound_stocktake_matched",
                condition=~Q(status="matched") | Q(expected=F("present")),
            ),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("lostfound:stocktake", args=[self.case.property.code, self.case.number])


class StocktakeEntry(models.Model):
    """One tag that was scanned or typed; the same tag, and the same thing, twice is refused.

    ``tag`` is the number of the thing whatever was read of it, or what was typed when nothing is
    known under that.
    """

    stocktake = models.ForeignKey(Stocktake, models.PROTECT, related_name="entries")
    tag = models.CharField(_("标签号"), max_length=30)
    item = models.ForeignKey(FoundItem, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("盘点记录")
        constraints = [
            models.UniqueConstraint(
                fields=["stocktake", "tag"],
                name="lostfound_entry_once",
                violation_error_message=_("这个标签已经点过。"),
            ),
            models.UniqueConstraint(
                fields=["stocktake", "item"],
                condition=Q(item__isnull=False),
                name="lostfound_entry_item_once",
                violation_error_message=_("这件物品已经点过。"),
            ),
            models.CheckConstraint(name="lostfound_entry_has_tag", condition=~Q(tag="")),
        ]

    def __str__(self) -> str:
        return self.tag


class StocktakeDifference(models.Model):
    """少了、多了、放错: what the count and the ledger disagree about, and what became of it."""

    class Kind(models.TextChoices):
        SHORTAGE = "shortage", _("缺少")
        SURPLUS = "surplus", _("多出")
        MISPLACED = "misplaced", _("放错位置")
        UNKNOWN = "unknown", _("无此编号")

    stocktake = models.ForeignKey(Stocktake, models.PROTECT, related_name="differences")
    kind = models.CharField(max_length=9, choices=Kind)
    item = models.ForeignKey(FoundItem, models.PROTECT, null=True, related_name="+")
    tag = models.CharField(max_length=30)
    expected_in = models.ForeignKey(StoragePlace, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("处理结果"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("盘点差异")
        constraints = [
            models.UniqueConstraint(fields=["stocktake", "tag"], name="lostfound_difference_once"),
            models.CheckConstraint(
                name="lostfound_difference_settled",
                condition=Q(settled_at=None, settled_by=None)
                | (Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(outcome="")),
                violation_error_message=_("处理差异要写明结果。"),
            ),
            models.CheckConstraint(
                name="lostfound_difference_of_item",
                condition=Q(kind="unknown", item=None)
                | (Q(kind__in=["shortage", "surplus", "misplaced"], item__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stocktake_id} {self.kind} {self.tag}"
