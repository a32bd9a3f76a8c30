"""Which sealed papers somebody may see: those of a case that his register shows him."""

from collections import defaultdict
from dataclasses import dataclass

from emergencies.queries import events
from incidents import queries as incidents
from lostfound.permissions import ACTIONS as FOUND
from lostfound.queries import item as items
from propdesk.core import appendices
from propdesk.core.models import Case, Document, Property, User
from propdesk.core.roles import may

PAGE = 100


def case_seen(user: User, prop: Property, number: str) -> Case | None:
    """The case of this number, when the register it belongs to lets this user read it."""
    case = Case.objects.filter(property=prop, number=number).select_related("property").first()
    return case if case is not None and _sees(user, prop, case) else None


def _sees(user: User, prop: Property, case: Case) -> bool:
    if case.kind == Case.Kind.DISPOSAL:
        return may(user, "read_batch", FOUND, prop=prop)
    rows = {
        Case.Kind.COMPLAINT: incidents.visible_to,
        Case.Kind.FOUND: items.visible_to,
        Case.Kind.EVENT: events.visible_to,
    }.get(Case.Kind(case.kind))
    return rows is not None and rows(user, prop).filter(case=case).exists()


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed paper as the page shows it, with the numbers of its appendices."""

    document: Document
    is_appendix: bool
    numbers: tuple[str, ...]


def sealed_papers(case: Case) -> list[Row]:
    """The sealed papers of a case, oldest first; two statements."""
    numbers: dict[int, list[str]] = defaultdict(list)
    for each in appendices.of_case(case):
        numbers[each.original_id].append(each.number)
    rows = Document.objects.filter(case=case, sealed=True).order_by("pk")[:PAGE]
    return [
        Row(row, row.kind.partition(":")[0] == appendices.KIND, tuple(numbers[row.pk]))
        for row in rows
    ]


def sealed_paper(case: Case, pk: int) -> Document | None:
    """One of them."""
    rows = Document.objects.filter(case=case, sealed=True, pk=pk)
    return rows.select_related("case__property", "report").first()
