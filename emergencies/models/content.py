"""What an event runs by: the playbook as it stood when the event began (decision 18)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models import Property, User


class Kind(models.TextChoices):
    """The eight playbooks (E-1 … E-8)."""

    THEFT = "theft", _("客户财物失窃")
    DAMAGE = "property_damage", _("客户损坏财物")
    DRUNK = "drunk_guest", _("醉客")
    FIGHT = "fight", _("打架斗殴")
    MEDICAL = "medical", _("医疗急救")
    DEATH = "death", _("客户死亡")
    OUTAGE = "power_outage", _("停电")
    FIRE = "fire", _("火警")


class PlaybookVersion(models.Model):
    """One playbook as one property runs it; insert-only but for its end. An event keeps its own."""

    class Source(models.TextChoices):
        BUNDLED = "bundled", _("随系统")
        SWITCHED = "switched", _("停用了个别步骤")
        OVERRIDE = "override", _("本处预案")

    property = models.ForeignKey(Property, models.PROTECT, related_name="playbooks")
    code = models.CharField(_("预案"), max_length=16, choices=Kind)
    number = models.PositiveIntegerField(_("版本"))
    source = models.CharField(_("来源"), max_length=8, choices=Source)
    content = models.TextField()
    """Canonical JSON of the playbook."""
    sha256 = models.CharField(max_length=64)
    base_sha256 = models.CharField(max_length=64)
    """Digest of the bundled playbook it was made from: a newer one asks for a new look."""
    text = models.TextField(blank=True)
    """The YAML text of an override as it was put in."""
    off = models.JSONField(default=list)
    """Ids of the practice steps that are switched off."""
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("预案版本")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "code", "number"], name="emergencies_playbook_number"
            ),
            models.UniqueConstraint(
                fields=["property", "code"],
                condition=Q(superseded_at=None),
                name="emergencies_playbook_current",
                violation_error_message=_("刚有人更新了这个预案，请看最新版本。"),
            ),
            models.CheckConstraint(
                name="emergencies_playbook_changed_by",
                condition=Q(source="bundled") | (Q(by__isnull=False) & ~Q(reason="")),
                violation_error_message=_("请写明修改预案的原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.number}"
