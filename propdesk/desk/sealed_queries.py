"""The sealed papers of a case; who may see the case is asked of ``reading``."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from propdesk.core import appendices, copies, duty, rendering
from propdesk.core.models import Case, Document, User
from propdesk.core.paging import Page, page_by_time
from propdesk.desk.reading import case_seen


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed paper as the page shows it, with the numbers of its appendices."""

    document: Document
    is_appendix: bool
    numbers: tuple[str, ...]


def sealed_papers(case: Case, after: str) -> Page:
    """A page of ``Row``, the paper sealed last first; two statements."""
    found = page(case, after)
    numbers: dict[int, list[str]] = defaultdict(list)
    for each in appendices.of_papers(found.rows):
        numbers[each.original_id].append(each.number)
    rows = [
        Row(row, rendering.family(row.kind) == appendices.KIND, tuple(numbers[row.pk]))
        for row in found.rows
    ]
    return Page(rows, found.after)


def page(case: Case, after: str) -> Page:
    """A page of sealed papers, the one sealed last first; one statement."""
    rows = originals(case).order_by("-created_at", "-pk")
    return page_by_time(rows, "created_at", after, lambda row: row.created_at, newest_first=True)


def may_read_over(case: Case, original: Document, by: User) -> dict[str, User]:
    """Who may sign an appendix beside ``by``, by key: the duty side, of what they may see."""
    people = duty.holders(case.property, *appendices.readers(original, case.property, by)).exclude(
        pk=by.pk
    )
    return {
        str(user.pk): user
        for user in people
        if not case.restricted or case_seen(user, case.property, case.number)
    }


def originals(case: Case) -> "QuerySet[Document]":
    """Copies for others are left out: they have a log of their own, for managers."""
    rows = Document.objects.filter(case=case, sealed=True)
    return rows.select_related("case__property", "report").exclude(
        kind__startswith=f"{copies.KIND}:"
    )


def sealed_paper(case: Case, pk: int) -> Document | None:
    """One of them."""
    return originals(case).filter(pk=pk).first()
