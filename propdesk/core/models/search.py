"""One row of searchable text per case (ADR 0018)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.people import Property


class SearchText(models.Model):
    """Words of a case for search only; rewritten on change, deleted when the case is purged."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="search")
    property = models.ForeignKey(Property, models.CASCADE, related_name="+")
    text = models.TextField()
    grams = ArrayField(models.CharField(max_length=40))

    class Meta:
        verbose_name = verbose_name_plural = _("检索")
        indexes = [GinIndex(fields=["grams"], name="core_search_grams")]

    def __str__(self) -> str:
        return f"{self.case_id}"
