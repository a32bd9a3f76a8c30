"""G–I: what was offered, what was promised, what was done."""

from datetime import timedelta
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from incidents.models.complaint import Complaint, Via
from propdesk.core.models import Department, User


class Option(models.Model):
    """A solution that may be offered; above the limit only after approval (C-G)."""

    class Approval(models.TextChoices):
        NOT_NEEDED = "not_needed", _("权限内")
        PENDING = "pending", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="options")
    cycle = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    text = models.TextField(_("方案"))
    limits = models.CharField(_("时间与限制"), max_length=200, blank=True)
    cost = models.DecimalField(
        _("费用（元）"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    feasible = models.BooleanField(_("确认办得到"), default=True)
    approval = models.CharField(max_length=10, choices=Approval)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField(null=True)
    chosen = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("方案")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle", "position"], name="incidents_option_position"
            ),
            models.UniqueConstraint(
                fields=["complaint", "cycle"],
                condition=Q(chosen=True),
                name="incidents_option_one_chosen",
            ),
            models.CheckConstraint(
                name="incidents_option_told_approved",
                condition=Q(told_at=None)
                | (Q(approval__in=["not_needed", "approved"]) & Q(feasible=True)),
                violation_error_message=_("超出权限的方案未批准前不得告知客户。"),
            ),
            models.CheckConstraint(
                name="incidents_option_chosen_told",
                condition=Q(chosen=False) | (Q(told_at__isnull=False) & Q(withdrawn_at=None)),
                violation_error_message=_("只能选定已告知客户的方案。"),
            ),
            models.CheckConstraint(
                name="incidents_option_decided_by_other",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                violation_error_message=_("自己提出的方案须由另一人批准。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.text[:20]}"


class Promise(models.Model):
    """承诺台账: one told time, never overwritten; moving it adds a row (C-H, C-I, F1)."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("进行中")
        KEPT = "kept", _("已兑现")
        MOVED = "moved", _("已延期")
        BROKEN = "broken", _("未兑现")
        DROPPED = "dropped", _("已终止")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="promises")
    cycle = models.PositiveSmallIntegerField()
    seq = models.PositiveSmallIntegerField()
    what = models.TextField(_("承诺事项"))
    due_at = models.DateTimeField(_("承诺完成时间"))
    told_at = models.DateTimeField(_("告知客户的时间"))
    told_via = models.CharField(_("告知方式"), max_length=12, choices=Via)
    told_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    next_contact_at = models.DateTimeField(_("下次主动联系"), null=True, blank=True)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    reason = models.TextField(_("延误原因"), blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    ended_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("承诺")
        indexes = [
            models.Index(fields=["-due_at", "-id"], name="incidents_promise_due"),
            models.Index(
                fields=["complaint", "cycle"],
                condition=Q(seq__gt=1),
                name="incidents_promise_moved",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle", "seq"], name="incidents_promise_seq"
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(outcome="open"),
                name="incidents_promise_one_open",
                violation_error_message=_("已有一个进行中的承诺时限。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_after_told",
                condition=Q(due_at__gte=F("told_at") + timedelta(minutes=5))
                & Q(due_at__lte=F("told_at") + timedelta(days=90)),
                violation_error_message=_("时限须在告知之后5分钟至90天之间。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_move_reason",
                condition=Q(seq=1) | ~Q(reason=""),
                violation_error_message=_("延期须写明原因。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_ended",
                condition=Q(outcome="open", ended_at=None)
                | (~Q(outcome="open") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="incidents_promise_kept_in_time",
                condition=~Q(outcome="kept") | Q(ended_at__lte=F("due_at")),
                violation_error_message=_("过了时限的承诺不能记为已兑现。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_ended_after_made",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at")),
                violation_error_message=_("承诺的结束不能早于它的登记。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.due_at:%F %H:%M}"


class Progress(models.Model):
    """I: what was done when; append-only."""

    class Kind(models.TextChoices):
        STARTED = "started", _("开工")
        PROGRESS = "progress", _("进展")
        CONTACT = "contact", _("联系客户")
        DONE = "done", _("部门完成")
        NOT_DONE = "not_done", _("核实未完成")
        ASKED = "asked", _("请示再延期")
        GRANTED = "granted", _("同意再延期")
        DECLINED = "declined", _("不同意再延期")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="progress")
    cycle = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.TextField(_("进展"))
    occurred_at = models.DateTimeField(_("发生时间"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("进展")
        indexes = [models.Index(fields=["complaint", "at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle"],
                condition=Q(kind="started"),
                name="incidents_started_once",
                violation_error_message=_("这一轮已经登记开工。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


_KIND = Progress.Kind
REPORTED = frozenset({_KIND.STARTED, _KIND.PROGRESS, _KIND.CONTACT, _KIND.DONE, _KIND.NOT_DONE})
"""What is reported as progress; the other kinds are written by acts of their own."""
