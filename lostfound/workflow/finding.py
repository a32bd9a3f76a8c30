"""What cases of this register are searched by, for rewriting many search rows at once."""

from collections.abc import Iterable

from lostfound.models import DisposalBatch, FoundItem, LostReport, Stocktake
from lostfound.workflow import asking, base, lost, stocktaking
from propdesk.core.search import Entry


def things(keys: Iterable[int]) -> dict[int, Entry]:
    """Entries of found things by key, with whoever claims them."""
    rows = FoundItem.objects.filter(pk__in=keys).select_related("place")
    return {row.pk: base.entry_of(row, base.claimants_of(row)) for row in rows}


def reports(keys: Iterable[int]) -> dict[int, Entry]:
    """Entries of lost reports by key."""
    rows = LostReport.objects.filter(pk__in=keys).select_related(
        "guest__room", "place", "place2", "place3"
    )
    return {row.pk: lost.entry_of(row) for row in rows}


def batches(keys: Iterable[int]) -> dict[int, Entry]:
    """Entries of lists for disposal by key."""
    rows = DisposalBatch.objects.filter(pk__in=keys).select_related("case")
    return {row.pk: asking.entry_of(row.case) for row in rows}


def counts(keys: Iterable[int]) -> dict[int, Entry]:
    """Entries of counts by key."""
    rows = Stocktake.objects.filter(pk__in=keys).select_related("case", "storage")
    return {row.pk: stocktaking.entry_of(row) for row in rows}
