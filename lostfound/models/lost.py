"""报失: what a guest misses, before anybody found it; and which found thing it may be (F7)."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from lostfound.categories import Category
from lostfound.models.item import FoundItem
from propdesk.core.models import Case, Person, Place, Property, User


class LostReport(models.Model):
    """遗失登记 (BS): who misses what, since when and where perhaps."""

    class Status(models.TextChoices):
        OPEN = "open", _("查找中")
        FOUND = "found", _("已找回")
        CLOSED = "closed", _("已结束")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="lost_report", verbose_name=_("单号")
    )
    status = models.CharField(_("状态"), max_length=6, choices=Status, default=Status.OPEN)
    guest = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("失主"))
    category = models.CharField(_("类别"), max_length=12, choices=Category)
    name = models.CharField(_("物品名称"), max_length=60)
    quantity = models.PositiveIntegerField(_("数量"), default=1)
    features = models.TextField(_("特征"))
    serial = models.CharField(_("序列号、尾号"), max_length=60, blank=True)
    lost_from = models.DateTimeField(_("最后一次见到"))
    lost_to = models.DateTimeField(_("发现不见"))
    # Three columns, no rows of their own: at most three, and history and digest cover them.
    place = models.ForeignKey(
        Place,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("可能遗失的地点"),
    )
    place2 = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("也可能在")
    )
    place3 = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("还可能在")
    )
    place_note = models.CharField(_("可能丢在哪里（补充）"), max_length=120, blank=True)
    reported_at = models.DateTimeField(_("报失时间"))
    received_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("受理人")
    )
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(_("结束原因"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("遗失登记")
        constraints = [
            models.CheckConstraint(
                name="lostfound_lost_times",
                condition=Q(lost_from__lte=F("lost_to")) & Q(lost_to__lte=F("reported_at")),
                violation_error_message=_("最后见到、发现不见、报失的时间要依次不早于前一个。"),
            ),
            models.CheckConstraint(
                name="lostfound_lost_facts",
                condition=~Q(name="") & ~Q(features="") & Q(quantity__gte=1),
                violation_error_message=_("名称、特征和数量要填全。"),
            ),
            models.CheckConstraint(
                name="lostfound_lost_places",
                condition=Q(place2=None, place3=None)
                | (
                    Q(place__isnull=False, place2__isnull=False)
                    & ~Q(place2=F("place"))
                    & (Q(place3=None) | (~Q(place3=F("place")) & ~Q(place3=F("place2"))))
                ),
                violation_error_message=_("同一个地点只填一次。"),
            ),
            models.CheckConstraint(
                name="lostfound_lost_ended",
                condition=Q(status="open", ended_at=None)
                | (~Q(status="open") & Q(ended_at__isnull=False) & ~Q(ended_reason="")),
                violation_error_message=_("结束遗失登记要写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("lostfound:lost_detail", args=[self.case.property.code, self.case.number])

    @property
    def places(self) -> list[Place]:
        """Where it may have been lost, the likeliest first."""
        return [row for row in (self.place, self.place2, self.place3) if row is not None]


class MatchProfile(models.Model):
    """What the matching compares of one case; derived, rewritten at will, purged with the case."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="+")
    property = models.ForeignKey(Property, models.CASCADE, related_name="+")
    is_found = models.BooleanField()
    is_open = models.BooleanField(default=True)
    version = models.PositiveSmallIntegerField(default=0)
    data = models.JSONField(default=dict)
    stale_at = models.DateTimeField(null=True)
    """Since when it waits to be compared; NULL once it was."""

    class Meta:
        verbose_name = verbose_name_plural = _("比对资料")
        indexes = [
            models.Index(
                fields=["property", "is_found"],
                condition=Q(is_open=True),
                name="lostfound_profile_open",
            ),
            models.Index(
                fields=["stale_at"],
                condition=Q(stale_at__isnull=False, is_open=True),
                name="lostfound_profile_stale",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"


class MatchPair(models.Model):
    """A found thing that may be the lost one: why, how sure, and what somebody decided about it."""

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("可能是")
        PERHAPS = "perhaps", _("也许相关")
        ACCEPTED = "accepted", _("认为是")
        REJECTED = "rejected", _("不是")
        OUTDATED = "outdated", _("不再提示")

    # Both have their index below: the nightly run writes thousands of rows.
    lost = models.ForeignKey(LostReport, models.PROTECT, db_index=False, related_name="pairs")
    found = models.ForeignKey(FoundItem, models.PROTECT, db_index=False, related_name="pairs")
    points = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    against = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State, default=State.SUGGESTED)
    suggested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(_("理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("比对建议")
        constraints = [
            models.UniqueConstraint(fields=["lost", "found"], name="lostfound_pair_once"),
            models.CheckConstraint(
                name="lostfound_pair_decided",
                condition=Q(
                    state__in=["suggested", "perhaps", "outdated"], decided_by=None, decided_at=None
                )
                | Q(
                    state__in=["accepted", "rejected"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
        ]
        indexes = [models.Index(fields=["found", "-points"], name="lostfound_pair_found")]

    def __str__(self) -> str:
        return f"{self.lost_id}~{self.found_id}"
