"""The keys a house seals its papers with."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.people import Property, User


class SealKey(models.Model):
    """A certificate of a house with its key: its own authority, or the seal that authority issued.

    ``private`` is encrypted (``core.seals``) and emptied when the key is retired; the certificate
    stays for ever, because the papers it sealed are verified with it.
    """

    class Kind(models.TextChoices):
        AUTHORITY = "authority", _("根证书")
        SEAL = "seal", _("封存章")

    property = models.ForeignKey(Property, models.PROTECT, related_name="seal_keys")
    kind = models.CharField(max_length=9, choices=Kind)
    issuer = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    certificate = models.BinaryField()
    private = models.BinaryField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    retired_reason = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=["private"])

    class Meta:
        verbose_name = verbose_name_plural = _("封存证书")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "kind"],
                condition=Q(retired_at=None),
                name="core_sealkey_current",
                violation_error_message=_("封存证书刚刚已换过，请刷新后再看。"),
            ),
            models.CheckConstraint(
                name="core_sealkey_issued",
                condition=Q(kind="authority", issuer=None) | Q(kind="seal", issuer__isnull=False),
            ),
            models.CheckConstraint(
                name="core_sealkey_retired_complete",
                condition=Q(retired_at=None, retired_by=None, retired_reason="")
                | (Q(retired_at__isnull=False, private=b"") & ~Q(retired_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.property_id} {self.kind}"
