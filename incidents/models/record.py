"""A–F: the conduct of the talk, and corrections beside the frozen record."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from incidents.models.complaint import CONDUCT, Complaint
from propdesk.core.models import User


class StepRecord(models.Model):
    """A–E: confirmed, or not applicable with a reason (C-A … C-E)."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="steps")
    letter = models.CharField(max_length=1, choices=[(c, c) for c in CONDUCT])
    done = models.BooleanField()
    reason = models.CharField(_("不适用原因"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("谈话要领确认")
        constraints = [
            models.UniqueConstraint(fields=["complaint", "letter"], name="incidents_step_once"),
            models.CheckConstraint(
                name="incidents_step_reason",
                condition=Q(done=True) | ~Q(reason=""),
                violation_error_message=_("标为不适用的要领请写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return self.letter


class Correction(models.Model):
    """F is frozen once complete; what was wrong is corrected beside it, never over it."""

    class Field(models.TextChoices):
        KEY_POINTS = "key_points", _("要点记录")
        PLACE = "place", _("地点")
        OCCURRED = "occurred_at", _("发生时间")
        CATEGORY = "category", _("类别")
        CORE_ISSUE = "core_issue", _("问题症结")
        EXPECTATION = "expectation", _("客户诉求")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="corrections")
    field = models.CharField(_("更正哪一项"), max_length=12, choices=Field)
    old = models.TextField(blank=True)
    text = models.TextField(_("更正为"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("更正")

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.field}"
