"""J and the ways back: call-backs, and what the property manager decided."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models.complaint import Complaint, Via
from propdesk.core.models import User


class Callback(models.Model):
    """J: one attempt to ask the guest; three in vain, 2 hours apart, count as unreachable."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="callbacks")
    cycle = models.PositiveSmallIntegerField()
    via = models.CharField(_("回访方式"), max_length=12, choices=Via)
    asked_at = models.DateTimeField(_("回访时间"))
    satisfaction = models.CharField(max_length=12, choices=Complaint.Satisfaction)
    comment = models.TextField(_("客户意见"), blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("回访")
        indexes = [models.Index(fields=["-asked_at", "-id"], name="incidents_callback_asked")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.satisfaction}"


class Decision(models.Model):
    """What the property manager decided where the SOP leaves it to him, with the reason."""

    class Kind(models.TextChoices):
        REFUSAL = "refusal", _("客户不接受方案")
        DISSATISFIED = "dissatisfied", _("客户不满意")
        ANONYMOUS = "anonymous", _("匿名投诉")
        OVERRIDE = "override", _("越过门槛")
        VOID = "void", _("作废")
        REOPEN = "reopen", _("重新处理")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="decisions")
    cycle = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    choice = models.CharField(max_length=20)
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("决定")
        constraints = [
            models.CheckConstraint(
                name="incidents_decision_reason",
                condition=~Q(reason=""),
                violation_error_message=_("请写明理由。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.choice}"
