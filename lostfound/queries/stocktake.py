"""Counts of the store: the list, one of them, what was counted and what differs."""

from django.db.models import Count, Q

from lostfound.models import Stocktake, StocktakeDifference, StocktakeEntry
from propdesk.core.models import Property
from propdesk.core.paging import Page, number_or_none

PAGE = 30
SHOWN = 1000
"""How many counted tags a finished count lists."""


def page_of(prop: Property, after: str) -> Page:
    """Counts of the house, the newest first, each with how many differences wait; one statement."""
    waiting = Count("differences", filter=Q(differences__settled_at=None))
    rows = (
        Stocktake.objects.filter(case__property=prop)
        .select_related("case", "storage", "counted_by", "witnessed_by")
        .annotate(waiting=waiting)
        .order_by("-pk")
    )
    before = number_or_none(after)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    return Page(found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def find(prop: Property, number: str) -> Stocktake | None:
    """One count of the house by its number, with what its pages and transitions read."""
    rows = Stocktake.objects.filter(case__property=prop, case__number=number.upper())
    row = rows.select_related("case", "storage", "counted_by", "witnessed_by").first()
    if row is not None:
        row.case.property = prop
    return row


def counted(prop: Property, number: str) -> int:
    """How many tags were counted so far; 0 for a number that is none."""
    rows = StocktakeEntry.objects.filter(stocktake__case__property=prop)
    return rows.filter(stocktake__case__number=number.upper()).count()


def counted_in(stocktake: int) -> int:
    """The same by the key of the count: the cheapest, for whoever scans one after another."""
    return StocktakeEntry.objects.filter(stocktake=stocktake).count()


def entries(row: Stocktake) -> list[StocktakeEntry]:
    """What was counted, in order, for the report of a count that is over."""
    rows = StocktakeEntry.objects.filter(stocktake=row).select_related("item", "by")
    return list(rows.order_by("pk")[:SHOWN])


def differences(row: Stocktake) -> list[StocktakeDifference]:
    """What differs: missing things first, then what turned up."""
    rows = StocktakeDifference.objects.filter(stocktake=row).select_related(
        "item__case__property", "expected_in", "settled_by"
    )
    order = list(StocktakeDifference.Kind.values)
    return sorted(rows, key=lambda each: (order.index(each.kind), each.tag))


def difference(row: Stocktake, pk: int) -> StocktakeDifference | None:
    """One difference of this count with what its transition reads."""
    rows = StocktakeDifference.objects.filter(stocktake=row, pk=pk)
    found = rows.select_related("item__case__property", "expected_in").first()
    if found is not None:
        found.stocktake = row
    return found
