"""What is lost, who was hit, and what is to be better next time."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.event import Event
from propdesk.core.models import Case, Department, Person, Place, User


class LossItem(models.Model):
    """失窃物品清单: one thing the guest misses, in his own words (E-1)."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="losses")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("物品"), max_length=60)
    quantity = models.PositiveSmallIntegerField(_("数量"), default=1)
    features = models.CharField(_("特征"), max_length=200, blank=True)
    value = models.DecimalField(
        _("客户自述价值（元）"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recovered_at = models.DateTimeField(_("找回时间"), null=True)
    recovered_where = models.CharField(_("在哪里找回"), max_length=120, blank=True)
    recovered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_reason = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("失窃物品")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "position"], name="emergencies_lossitem_position"
            ),
            models.CheckConstraint(
                name="emergencies_lossitem_values",
                condition=Q(quantity__gte=1) & (Q(value=None) | Q(value__gte=Decimal("0.00"))),
                violation_error_message=_("数量至少为1，价值不能是负数。"),
            ),
            models.CheckConstraint(
                name="emergencies_lossitem_recovered",
                condition=Q(recovered_at=None, recovered_by=None, recovered_where="")
                | (
                    Q(recovered_at__isnull=False, recovered_by__isnull=False)
                    & ~Q(recovered_where="")
                ),
                violation_error_message=_("请写明在哪里找回。"),
            ),
            models.CheckConstraint(
                name="emergencies_lossitem_removed_has_reason",
                condition=Q(removed_at=None) | ~Q(removed_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Affected(models.Model):
    """受影响客户: a household an outage hit; each is told, and a claim is linked (E-7)."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="affected")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    place_note = models.CharField(_("范围说明"), max_length=80, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    needs_help = models.BooleanField(_("重点照应"), default=False)
    claim = models.CharField(_("损失或诉求"), max_length=200, blank=True)
    claim_case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    """The complaint or event in which the claim goes on: linked, never copied."""
    informed_at = models.DateTimeField(_("告知时间"), null=True)
    informed_via = models.CharField(_("告知方式"), max_length=16, blank=True)
    informed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("受影响客户")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "place"],
                condition=Q(place__isnull=False),
                name="emergencies_affected_place_once",
                violation_error_message=_("这一户已经登记过。"),
            ),
            models.CheckConstraint(
                name="emergencies_affected_where",
                condition=Q(place__isnull=False) | ~Q(place_note=""),
                violation_error_message=_("请选择房号，或写明范围。"),
            ),
            models.CheckConstraint(
                name="emergencies_affected_informed",
                condition=Q(informed_at=None, informed_by=None, informed_via="")
                | (Q(informed_at__isnull=False, informed_by__isnull=False) & ~Q(informed_via="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.pk}"


class ReviewAction(models.Model):
    """整改措施: what a review asks for, of whom, by when; it outlives the event (复盘)."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="actions")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("整改措施"), max_length=200)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("责任人"))
    due_on = models.DateField(_("完成期限"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    result = models.CharField(_("完成情况"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("整改措施")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "position"], name="emergencies_reviewaction_position"
            ),
            models.CheckConstraint(
                name="emergencies_reviewaction_done",
                condition=Q(done_at=None, done_by=None, result="")
                | (Q(done_at__isnull=False, done_by__isnull=False) & ~Q(result="")),
                violation_error_message=_("请写明完成情况。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "due_on"],
                condition=Q(done_at=None),
                name="emergencies_action_open",
            )
        ]

    def __str__(self) -> str:
        return self.text
