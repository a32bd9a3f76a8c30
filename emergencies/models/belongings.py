"""遗物: what two people counted and wrote down together, and who received it against what papers."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from emergencies.models.event import Event
from propdesk.core.models import Attachment, Person, PersonSignature, StaffSignature, User


class Inventory(models.Model):
    """清点造册: by two people who were both there; a new count supersedes it, nothing changes it."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="inventories")
    seq = models.PositiveSmallIntegerField()
    counted_at = models.DateTimeField(_("清点时间"))
    counted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    counted_with = models.ForeignKey(User, models.PROTECT, related_name="+")
    signature = models.ForeignKey(StaffSignature, models.PROTECT, related_name="+")
    """Of the second person, who typed his password on the same screen."""
    photo = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    is_empty = models.BooleanField(_("没有遗物"), default=False)
    reason = models.CharField(_("重新清点的原因"), max_length=200, blank=True)
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("遗物清点")
        constraints = [
            models.UniqueConstraint(fields=["event", "seq"], name="emergencies_inventory_seq"),
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(superseded_at=None),
                name="emergencies_inventory_current",
                violation_error_message=_("刚有人登记了清点，请看最新情况。"),
            ),
            models.CheckConstraint(
                name="emergencies_inventory_two_people",
                condition=~Q(counted_by=F("counted_with")),
                violation_error_message=_("清点要两个人，不能是同一人。"),
            ),
            models.CheckConstraint(
                name="emergencies_inventory_again_has_reason",
                condition=Q(seq=1) | ~Q(reason=""),
                violation_error_message=_("重新清点请写明原因。"),
            ),
            models.CheckConstraint(
                name="emergencies_inventory_times", condition=Q(counted_at__lte=F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.seq}"


class Handover(models.Model):
    """移交遗物: to the police or an heir, against papers, signed; never changed afterwards."""

    class To(models.TextChoices):
        POLICE = "police", _("公安")
        HEIR = "heir", _("继承人")

    event = models.ForeignKey(Event, models.PROTECT, related_name="handovers")
    to = models.CharField(_("移交给"), max_length=6, choices=To)
    receiver = models.ForeignKey(Person, models.PROTECT, related_name="+")
    papers = models.CharField(_("凭什么手续"), max_length=120)
    """Number of the police receipt, of the notarised certificate of inheritance …"""
    signature = models.ForeignKey(PersonSignature, models.SET_NULL, null=True, related_name="+")
    signature_sha256 = models.CharField(max_length=64)
    """Stays when the signature is purged with its person."""
    handed_at = models.DateTimeField(_("移交时间"))
    handed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    handed_with = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("遗物移交")
        constraints = [
            models.CheckConstraint(
                name="emergencies_handover_two_people",
                condition=~Q(handed_by=F("handed_with")),
                violation_error_message=_("移交要两个人在场，不能是同一人。"),
            ),
            models.CheckConstraint(
                name="emergencies_handover_has_papers",
                condition=~Q(papers="") & ~Q(signature_sha256=""),
                violation_error_message=_("移交要有手续和接收人签名。"),
            ),
            models.CheckConstraint(
                name="emergencies_handover_times", condition=Q(handed_at__lte=F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.to}"


class Belonging(models.Model):
    """One line: a thing and where it is, or cash of one denomination, which lies in the safe."""

    inventory = models.ForeignKey(Inventory, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("物品"), max_length=120)
    count = models.PositiveIntegerField(_("数量"))
    found_in = models.CharField(_("在哪里"), max_length=80, blank=True)
    in_safe = models.BooleanField(_("入保险柜"), default=False)
    currency = models.CharField(_("币种"), max_length=3, blank=True)
    denomination = models.DecimalField(_("面额"), max_digits=10, decimal_places=2, null=True)
    handover = models.ForeignKey(Handover, models.PROTECT, null=True, related_name="lines")

    class Meta:
        verbose_name = verbose_name_plural = _("遗物")
        constraints = [
            models.UniqueConstraint(
                fields=["inventory", "position"], name="emergencies_belonging_position"
            ),
            models.CheckConstraint(
                name="emergencies_belonging_counted", condition=Q(count__gte=1) & ~Q(text="")
            ),
            models.CheckConstraint(
                name="emergencies_belonging_cash",
                condition=Q(currency="", denomination=None)
                | (~Q(currency="") & Q(denomination__gt=0, in_safe=True)),
                violation_error_message=_("现金要写币种、面额和张数，并放进保险柜。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inventory_id}/{self.position}"
