"""How long personal data stay: what may not go yet, what went, and each run that took it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.people import Property, User


class LegalHold(models.Model):
    """暂缓清除: a dispute, an inquiry or a court needs a case beyond its term."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="holds")
    reason = models.CharField(_("原因"), max_length=200)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("起"))
    lifted_reason = models.CharField(_("解除原因"), max_length=200, blank=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(_("解除"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("暂缓清除")
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(lifted_at=None),
                name="core_legalhold_one",
                violation_error_message=_("这一件已经暂缓清除。"),
            ),
            models.CheckConstraint(
                name="core_legalhold_reason",
                condition=~Q(reason=""),
                violation_error_message=_("请写明暂缓的原因。"),
            ),
            models.CheckConstraint(
                name="core_legalhold_lifted_complete",
                condition=Q(lifted_at=None, lifted_by=None, lifted_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_reason="")),
                violation_error_message=_("解除须写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"


class PurgeRun(models.Model):
    """One run of the purge over one house: who ordered it, what went, and what its proof found."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("原因"), max_length=200)
    started_at = models.DateTimeField(_("开始"))
    finished_at = models.DateTimeField(_("结束"), null=True)
    cases = models.PositiveIntegerField(_("案件"), default=0)
    people = models.PositiveIntegerField(_("人"), default=0)
    rows = models.PositiveIntegerField(_("行"), default=0)
    files = models.PositiveIntegerField(_("文件"), default=0)
    skipped = models.PositiveIntegerField(_("跳过"), default=0)
    left = models.PositiveIntegerField(_("残留"), null=True)
    """What the search of all tables and files found afterwards; none while it has not searched."""

    class Meta:
        verbose_name = verbose_name_plural = _("清除")
        indexes = [models.Index(fields=["property", "-id"], name="core_purgerun_newest")]

    def __str__(self) -> str:
        return f"{self.property_id} {self.started_at:%F}"


class Erasure(models.Model):
    """The tombstone of a case: its personal data went; number, times and hashes stay."""

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="erasure", verbose_name=_("编号")
    )
    run = models.ForeignKey(PurgeRun, models.PROTECT, related_name="erasures")
    at = models.DateTimeField()
    files_gone_at = models.DateTimeField(null=True)
    """Files go after the rows are safely gone; whoever finds none here goes on where a run was killed."""

    class Meta:
        verbose_name = verbose_name_plural = _("已清除")
        indexes: ClassVar = [
            models.Index(
                fields=["case"], condition=Q(files_gone_at=None), name="core_erasure_unfinished"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"
