"""Who must be told, whether he was, whether he confirmed; and the ladder that climbs till then."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.event import Event
from propdesk.core.models import User
from propdesk.core.roles import Role


class Call(models.Model):
    """One notice of the playbook: to a role of the house (acknowledged) or to somebody outside."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="calls")
    notice = models.CharField(max_length=12)
    party = models.CharField(max_length=20)
    """A role of the house or an outside party of the playbook."""
    role = models.CharField(max_length=20, choices=Role, blank=True)
    """The role called, after the fallback of the playbook; empty for outside parties."""
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(_("告知时间"), null=True)
    told_via = models.CharField(_("方式"), max_length=16, blank=True)
    told_whom = models.CharField(_("接听人"), max_length=60, blank=True)
    """Number or post of who answered outside (民警警号、话务员工号), never a guest's name."""
    told_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """The colleague who answered."""
    told_note = models.CharField(_("说明"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    not_told_reason = models.CharField(_("未通知原因"), max_length=200, blank=True)
    needs_ack = models.BooleanField(default=False)
    acked_at = models.DateTimeField(_("确认时间"), null=True)
    acked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    level = models.PositiveSmallIntegerField(default=0)
    next_rung_at = models.DateTimeField(null=True)
    """When the ladder climbs; None once it is confirmed, or at its top."""
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("通知记录")
        constraints = [
            models.UniqueConstraint(fields=["event", "notice"], name="emergencies_call_once"),
            models.CheckConstraint(
                name="emergencies_call_told_complete",
                condition=Q(told_at=None, told_via="")
                | (Q(told_at__isnull=False, recorded_by__isnull=False) & ~Q(told_via="")),
            ),
            models.CheckConstraint(
                name="emergencies_call_acked_complete",
                condition=Q(acked_at=None, acked_by=None)
                | Q(acked_at__isnull=False, acked_by__isnull=False),
            ),
            models.CheckConstraint(
                name="emergencies_call_answered_stops_ladder",
                condition=Q(next_rung_at=None) | Q(needs_ack=True, acked_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_rung_at", "id"],
                condition=Q(next_rung_at__isnull=False),
                name="emergencies_call_climbing",
            ),
            models.Index(
                fields=["role", "event"],
                condition=Q(needs_ack=True, acked_at=None),
                name="emergencies_call_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.notice}"


class Rung(models.Model):
    """One step of the ladder of a call, taken once: the due time stands beside the real one."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="rungs")
    level = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    at = models.DateTimeField()
    merged = models.BooleanField(default=False)
    """Passed over after downtime: only the highest that was due is sent (decision 11)."""
    told = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("升级通知")
        constraints = [
            models.UniqueConstraint(fields=["call", "level"], name="emergencies_rung_once")
        ]

    def __str__(self) -> str:
        return f"{self.call_id}/{self.level}"
