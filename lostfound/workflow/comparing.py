"""What a count and the ledger disagree about, judged over the whole time of the count (F6).

People go on working while somebody counts. A thing is missed only when the chain of custody kept it
in the place from the first moment of the count to the last: whatever was put in or taken out on record
in between may have been counted or not, and either is right. A thing that was counted belongs there
when it lay there on record at any moment of the count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from lostfound.models import CustodyMove, FoundItem, Stocktake, StocktakeDifference, StocktakeEntry
from lostfound.workflow.storing import subtree
from lostfound.workflow.tags import Tag, resolve

Kind = StocktakeDifference.Kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many should have been there and were, and each difference, not saved yet."""

    expected: int
    present: int
    differences: list[StocktakeDifference]

    @property
    def shortages(self) -> int:
        """How many things are missing."""
        return sum(row.kind == Kind.SHORTAGE for row in self.differences)


def compare(row: Stocktake, entries: Iterable[StocktakeEntry]) -> Outcome:
    """The count against the ledger at this moment; locks every thing in question, by key.

    The locks wait for moves that are half done, so that none of them is taken for a loss.
    """
    places = [place.pk for place in subtree(row.storage)]
    counted, unknown = _counted(row, entries)
    items = _locked({*counted, *_lying(places)})
    links = _links(places, items, row.started_at)
    must = {pk for pk in links if _stayed(links[pk], places, row.started_at, items[pk])}
    fits = {pk for pk in links if _was_there(links[pk], places, row.started_at, items[pk])}
    found = [_short(row, items[pk], links[pk]) for pk in sorted(must - counted.keys())]
    found += [_strange(row, items[pk], links.get(pk, [])) for pk in sorted(counted.keys() - fits)]
    found += [StocktakeDifference(stocktake=row, kind=Kind.UNKNOWN, tag=tag) for tag in unknown]
    there = counted.keys() & fits
    return Outcome(len(must | there), len(there), found)


def _counted(
    row: Stocktake, entries: Iterable[StocktakeEntry]
) -> tuple[dict[int, StocktakeEntry], list[str]]:
    """Entries by the key of their thing, and tags that still fit nothing (a book may have been
    imported while somebody counted).
    """
    entries = list(entries)
    strange = [Tag(entry.tag, entry.tag) for entry in entries if entry.item_id is None]
    known = resolve(row.case.property, strange) if strange else {}
    found: dict[int, StocktakeEntry] = {}
    unknown = []
    for entry in entries:
        item = known.get(entry.tag)
        key = entry.item_id or (item.pk if item else None)
        if key is None:
            unknown.append(entry.tag)
        else:
            found.setdefault(key, entry)
    return found, unknown


def _lying(places: list[int]) -> list[int]:
    """Keys of the open things that lie in these places now."""
    rows = CustodyMove.objects.filter(storage__in=places, ended_at=None, item__ended_at=None)
    return list(rows.values_list("item", flat=True))


def _locked(keys: set[int]) -> dict[int, FoundItem]:
    rows = FoundItem.objects.select_for_update(no_key=True, of=("self", "case")).select_related(
        "case"
    )
    return {item.pk: item for item in rows.filter(pk__in=keys).order_by("pk")}


def _links(
    places: list[int], items: dict[int, FoundItem], since: datetime
) -> dict[int, list[CustodyMove]]:
    """The links of custody in force at any moment since, in order, by thing: read under the locks."""
    rows = CustodyMove.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since), item__in=list(items)
    ).select_related("storage")
    found: dict[int, list[CustodyMove]] = {}
    for link in rows.order_by("item", "seq"):
        found.setdefault(link.item_id, []).append(link)
    return found


def _stayed(links: list[CustodyMove], places: list[int], since: datetime, item: FoundItem) -> bool:
    """Whether it should have been found: there at the start and never away, nor ended meanwhile."""
    inside = all(link.storage_id in places for link in links)
    return inside and links[0].at <= since and item.ended_at is None


def _was_there(
    links: list[CustodyMove], places: list[int], since: datetime, item: FoundItem
) -> bool:
    """Whether it may have been found: there at some moment while it was in the care of the house."""
    lived = item.ended_at is None or item.ended_at > since
    return lived and any(link.storage_id in places for link in links)


def _short(row: Stocktake, item: FoundItem, links: list[CustodyMove]) -> StocktakeDifference:
    return StocktakeDifference(
        stocktake=row,
        kind=Kind.SHORTAGE,
        item=item,
        tag=item.case.number,
        expected_in=links[-1].storage,
    )


def _strange(row: Stocktake, item: FoundItem, links: list[CustodyMove]) -> StocktakeDifference:
    """It was counted and does not belong here: it has another place, or none at all."""
    place = links[-1].storage if links and item.ended_at is None else None
    kind = Kind.MISPLACED if place is not None else Kind.SURPLUS
    return StocktakeDifference(
        stocktake=row, kind=kind, item=item, tag=item.case.number, expected_in=place
    )
