"""The anchor of every register entry, its number, its links and its chained audit."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.people import Property, User


class Case(models.Model):
    """One number in one property; Complaint and the other registers hang on it one to one."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("投诉")
        FOUND = "found", _("失物")
        LOST = "lost", _("遗失登记")
        EVENT = "event", _("特殊事件")
        DISPOSAL = "disposal", _("过期失物处理")
        STOCKTAKE = "stocktake", _("失物盘点")
        HANDOVER = "handover", _("交接班")

    property = models.ForeignKey(Property, models.PROTECT, related_name="cases")
    number = models.CharField(_("编号"), max_length=20)
    kind = models.CharField(_("类别"), max_length=10, choices=Kind)
    neutral_title = models.CharField(_("标题"), max_length=80)
    restricted = models.BooleanField(_("保密"), default=False)
    is_open = models.BooleanField(default=True)
    opened_at = models.DateTimeField(_("受理时间"))
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    audit_head = models.CharField(max_length=64, default="", blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("案件")
        constraints = [
            models.UniqueConstraint(fields=["property", "number"], name="core_case_number"),
            models.CheckConstraint(
                name="core_case_closed_has_time",
                condition=Q(is_open=True, closed_at=None)
                | Q(is_open=False, closed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["property", "kind", "-opened_at", "-id"], name="core_case_newest"),
            models.Index(
                fields=["property", "kind", "id"],
                include=["restricted"],
                condition=Q(is_open=True),
                name="core_case_open_ids",
            ),
            models.Index(
                fields=["property", "kind", "-closed_at", "-id"],
                condition=Q(is_open=False),
                name="core_case_settled",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CaseCounter(models.Model):
    """The last number given per property, prefix and local day; incremented under its row lock."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    prefix = models.CharField(max_length=4)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("编号计数")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "prefix", "day"], name="core_casecounter_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.day:%Y%m%d}-{self.last:03}"


class CaseLink(models.Model):
    """Two cases of the same property belong together; stored once, lower id first."""

    a = models.ForeignKey(Case, models.PROTECT, related_name="links_a")
    b = models.ForeignKey(Case, models.PROTECT, related_name="links_b")
    note = models.CharField(_("说明"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("关联")
        constraints = [
            models.UniqueConstraint(
                fields=["a", "b"],
                name="core_caselink_once",
                violation_error_message=_("这两件已经关联。"),
            ),
            models.CheckConstraint(
                name="core_caselink_order",
                condition=Q(a__lt=F("b")),
                violation_error_message=_("不能与自身关联。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_id}–{self.b_id}"


class AuditEntry(models.Model):
    """One act on a case, chained by hash; insert-only for the application role.

    ``content`` (reason and facts for the timeline) may be purged by the owner role: its digest
    stays in the hash, so the chain still verifies.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries")
    property = models.ForeignKey(
        Property, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """That of the case, for whoever asks what just happened in a house; acts of before it have none."""
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40)
    occurred_at = models.DateTimeField(null=True)
    content = models.JSONField(null=True)
    content_sha = models.CharField(max_length=64)
    rows = models.JSONField(default=list)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = _("留痕")
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="core_auditentry_seq")]
        indexes = [
            models.Index(
                fields=["property", "-id"],
                condition=Q(property__isnull=False),
                name="core_auditentry_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.action}"
