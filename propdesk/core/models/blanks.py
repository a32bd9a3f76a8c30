"""停电包: the printed pack for hours without a screen, and its numbered blank forms (F11)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.cases import Case
from propdesk.core.models.papers import Document, RenderJob
from propdesk.core.models.people import Property, User


class OutagePack(models.Model):
    """One set of numbers. Made anew every night until somebody takes it; then a next one is begun."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    made_at = models.DateTimeField(_("制作时间"))
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Whoever asked for it; None: the night sweep or the command."""
    job = models.ForeignKey(RenderJob, models.PROTECT, null=True, related_name="+")
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    """The last one that came out well: it stays while a newer one is in the making."""
    taken_at = models.DateTimeField(_("取用时间"), null=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Who opened it first; None with a time: the command wrote it into a file."""
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("停电包")
        constraints = [
            models.UniqueConstraint(fields=["property", "number"], name="core_outagepack_number"),
            models.UniqueConstraint(
                fields=["property"], condition=Q(taken_at=None), name="core_outagepack_one_ready"
            ),
            models.CheckConstraint(
                name="core_outagepack_taken",
                condition=Q(taken_at__isnull=False) | Q(taken_by=None),
            ),
        ]
        indexes = [models.Index(fields=["property", "-id"])]

    def __str__(self) -> str:
        return self.number


class BlankForm(models.Model):
    """A numbered blank form of a pack: 未回收 until it is entered under a case or voided."""

    class Form(models.TextChoices):
        COMPLAINT = "complaint", _("投诉受理单")
        FOUND = "found", _("拾获物品登记单")
        LOST = "lost", _("报失登记单")
        CLAIM = "claim", _("失物认领单")
        EVENT = "event", _("特殊事件记录单")

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    pack = models.ForeignKey(OutagePack, models.PROTECT, related_name="blanks")
    serial = models.CharField(_("空白表编号"), max_length=20)
    form = models.CharField(_("表单"), max_length=10, choices=Form)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="blank_forms")
    void_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("空白表")
        constraints = [
            models.UniqueConstraint(fields=["property", "serial"], name="core_blankform_serial"),
            models.CheckConstraint(
                name="core_blankform_settled",
                condition=Q(settled_at=None, settled_by=None, case=None, void_reason="")
                | (
                    Q(settled_at__isnull=False, settled_by__isnull=False)
                    & (Q(case__isnull=False, void_reason="") | (Q(case=None) & ~Q(void_reason="")))
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["property", "serial"],
                condition=Q(settled_at=None),
                name="core_blankform_out",
            ),
            models.Index(fields=["property", "-settled_at"], name="core_blankform_done"),
        ]

    def __str__(self) -> str:
        return self.serial
