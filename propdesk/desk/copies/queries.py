"""Sealed papers of a case and their copies, as far as the user may read the case."""

from typing import Any

from django.db.models import QuerySet

from propdesk.core.copies import KIND
from propdesk.core.models import Case, Document, PaperCopy

MOST = 100


def sealed(case: Case) -> "QuerySet[Document]":
    """Its sealed papers, copies left out, the newest first."""
    rows = Document.objects.filter(case=case, sealed=True).exclude(kind__startswith=f"{KIND}:")
    return rows.select_related("case__property").order_by("-pk")[:MOST]


def given(case: Case) -> "QuerySet[Any]":
    """Every copy that was given out, the newest first."""
    rows = PaperCopy.objects.filter(case=case).select_related("source", "recipient", "by")
    return rows.order_by("-pk")[:MOST]


def copy(case: Case, pk: int) -> PaperCopy | None:
    """One copy of this case."""
    return PaperCopy.objects.filter(case=case, pk=pk).select_related("case", "source").first()
