"""The copies given of the papers of a case; the papers themselves are in ``sealed_queries``."""

from propdesk.core.models import Case, PaperCopy
from propdesk.core.paging import Page, page_by_time


def given(case: Case, after: str) -> Page:
    """The copies that were given out, the newest first; one statement."""
    rows = PaperCopy.objects.filter(case=case).select_related("source", "recipient", "by")
    rows = rows.order_by("-at", "-pk")
    return page_by_time(rows, "at", after, lambda row: row.at, newest_first=True)


def copy(case: Case, pk: int) -> PaperCopy | None:
    """One copy of this case."""
    return PaperCopy.objects.filter(case=case, pk=pk).select_related("case", "source").first()
