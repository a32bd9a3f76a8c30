"""Copies of sealed papers for others: to whom, for what, and what was struck out (F12, PIPL 23)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.papers import Document
from propdesk.core.models.people import User
from propdesk.core.models.person import Person


class PaperCopy(models.Model):
    """One copy given out; written once. Its PDF is sealed in its own right and kept."""

    class Profile(models.TextChoices):
        INTERNAL = "internal", _("内部")
        CLIENT = "client", _("客户")
        POLICE = "police", _("公安")
        INSURER = "insurer", _("保险")

    case = models.ForeignKey(Case, models.PROTECT, related_name="copies")
    source = models.ForeignKey(Document, models.PROTECT, related_name="given")
    nr = models.PositiveSmallIntegerField(_("第几份"))
    profile = models.CharField(_("给谁用"), max_length=8, choices=Profile)
    organisation = models.CharField(_("接收单位"), max_length=60, blank=True)
    recipient = models.ForeignKey(
        Person, models.PROTECT, related_name="+", verbose_name=_("接收人")
    )
    purpose = models.CharField(_("用途"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = verbose_name_plural = _("副本")
        constraints = [
            models.UniqueConstraint(fields=["source", "nr"], name="core_papercopy_nr"),
            models.CheckConstraint(name="core_papercopy_purpose", condition=~Q(purpose="")),
        ]
        indexes = [models.Index(fields=["case", "-id"])]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.nr}"


class CopyHidden(models.Model):
    """A name or number struck out besides those the profile strikes out; purged as a person is."""

    copy = models.ForeignKey(PaperCopy, models.PROTECT, related_name="hidden")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("另外涂去")

    def __str__(self) -> str:
        return f"{self.copy_id}"
