"""The copies given of the papers of a case; the papers themselves are in ``sealed_queries``."""

from typing import Any

from django.db.models import QuerySet

from propdesk.core.models import Case, PaperCopy

MOST = 100


def given(case: Case) -> "QuerySet[Any]":
    """Every copy that was given out, the newest first."""
    rows = PaperCopy.objects.filter(case=case).select_related("source", "recipient", "by")
    return rows.order_by("-pk")[:MOST]


def copy(case: Case, pk: int) -> PaperCopy | None:
    """One copy of this case."""
    return PaperCopy.objects.filter(case=case, pk=pk).select_related("case", "source").first()
