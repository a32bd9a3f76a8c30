"""Where things happen: building → floor → room or public spot."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.people import Property


class Place(models.Model):
    """A node of the house; ``label`` is the whole path as people say it (A座 18层 1806)."""

    class Kind(models.TextChoices):
        BUILDING = "building", _("楼栋")
        FLOOR = "floor", _("楼层")
        ROOM = "room", _("房间")
        SPOT = "spot", _("公共区域")

    property = models.ForeignKey(Property, models.PROTECT, related_name="places")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind)
    name = models.CharField(_("名称"), max_length=40)
    code = models.CharField(_("房号或代码"), max_length=20, blank=True)
    label = models.CharField(_("全称"), max_length=120)
    is_active = models.BooleanField(_("在用"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("地点")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "label"],
                name="core_place_label",
                violation_error_message=_("已有同名地点。"),
            ),
            models.UniqueConstraint(
                fields=["property", "code"],
                condition=~models.Q(code=""),
                name="core_place_code",
                violation_error_message=_("已有相同房号。"),
            ),
        ]
        indexes = [models.Index(fields=["property", "kind", "code"])]

    def __str__(self) -> str:
        return self.label
