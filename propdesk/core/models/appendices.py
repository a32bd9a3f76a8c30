"""What is put right on a sealed paper, beside it: the paper itself never changes again."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.papers import Document, StaffSignature
from propdesk.core.models.people import User


class Appendix(models.Model):
    """更正附录: the n-th correction of a sealed paper, signed and sealed as a paper of its own."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="appendices")
    original = models.ForeignKey(Document, models.PROTECT, related_name="appendices")
    seq = models.PositiveSmallIntegerField()
    subject = models.CharField(_("更正哪一项"), max_length=60)
    was = models.TextField(_("原文书怎么写"), blank=True)
    text = models.TextField(_("更正为"))
    reason = models.CharField(_("更正的原因和依据"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signature = models.ForeignKey(StaffSignature, models.PROTECT, related_name="+")
    second = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """复核人: whoever read it over and signed too; none on what was written before there was one."""
    second_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    ADDED_LATER: ClassVar = {"second_id": None, "second_signature_id": None}

    class Meta:
        verbose_name = verbose_name_plural = _("更正附录")
        constraints = [
            models.UniqueConstraint(
                fields=["original", "seq"],
                name="core_appendix_number",
                violation_error_message=_("刚刚已有一份附录，请刷新后再写。"),
            ),
            models.CheckConstraint(
                name="core_appendix_complete",
                condition=Q(seq__gte=1) & ~Q(subject="") & ~Q(text="") & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="core_appendix_four_eyes",
                condition=Q(second__isnull=False)
                & Q(second_signature__isnull=False)
                & ~Q(second=models.F("by")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number of the paper it belongs to, and which of its appendices it is."""
        return f"{self.original.number}-附{self.seq}"
