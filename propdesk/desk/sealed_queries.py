"""The sealed papers of a case; who may see the case is asked of ``reading``."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from propdesk.core import appendices, copies, rendering
from propdesk.core.models import Case, Document

PAGE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed paper as the page shows it, with the numbers of its appendices."""

    document: Document
    is_appendix: bool
    numbers: tuple[str, ...]


def sealed_papers(case: Case) -> list[Row]:
    """The newest sealed papers of a case, in the order in which they were made; two statements."""
    numbers: dict[int, list[str]] = defaultdict(list)
    for each in appendices.of_case(case):
        numbers[each.original_id].append(each.number)
    rows = originals(case).order_by("-pk")[:PAGE]
    return [
        Row(row, rendering.family(row.kind) == appendices.KIND, tuple(numbers[row.pk]))
        for row in reversed(rows)
    ]


def originals(case: Case) -> "QuerySet[Document]":
    """Copies for others are left out: they have a log of their own, for managers."""
    rows = Document.objects.filter(case=case, sealed=True)
    return rows.select_related("case__property", "report").exclude(
        kind__startswith=f"{copies.KIND}:"
    )


def sealed_paper(case: Case, pk: int) -> Document | None:
    """One of them."""
    return originals(case).filter(pk=pk).first()
