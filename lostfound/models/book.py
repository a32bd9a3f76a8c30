"""登记本: who took rows of the register out of the system, and how many."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from propdesk.core.models import Property, User


class RegisterExport(models.Model):
    """One Excel file of the register: kept for ever; the words searched for are not, they may name
    somebody.
    """

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("导出时间"))
    filters = models.JSONField(_("筛选"), default=dict)
    rows = models.PositiveIntegerField(_("行数"))
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = _("登记表导出记录")
        indexes = [models.Index(fields=["property", "-at"], name="lostfound_export_newest")]

    def __str__(self) -> str:
        return f"{self.property_id} {self.at:%F %T}"
