"""What the matching is told of found things and lost reports, read for many at once (F7)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from lostfound.matching import Described
from lostfound.models import ContentLine, FoundItem, LostReport
from propdesk.core.models import Place

Path = tuple[str, ...]
Paths = dict[int, Path]
DEEPEST = 12
"""Levels of the house looked at: a tree that bites its tail ends somewhere."""
_CURRENCIES = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "HKD": "港币",
    "JPY": "日元",
    "GBP": "英镑",
}
_ITEM = ("pk", "category", "name", "features", "quantity", "serial", "place_id", "found_at")
_REPORT = ("pk", "category", "name", "features", "quantity", "serial", "lost_from", "lost_to")


def paths(prop: int) -> Paths:
    """The way to each place of a property from the root, by name (A座, 3层, 健身房); one statement."""
    rows = Place.objects.filter(property=prop).values_list("pk", "parent_id", "name")
    nodes = {pk: (parent, name) for pk, parent, name in rows}

    def way(pk: int | None) -> Iterator[str]:
        for _level in range(DEEPEST):
            if pk not in nodes:
                return
            pk, name = nodes[pk]
            yield name

    return {pk: tuple(way(pk))[::-1] for pk in nodes}


def of_found(pks: Collection[int], places: Paths) -> list[Described]:
    """Found things with what is inside them as details; two statements."""
    rows = FoundItem.objects.filter(pk__in=pks).values_list(*_ITEM)
    inside = _contents(pks)
    return [
        Described(
            key=pk,
            category=category,
            name=name,
            features=features,
            quantity=quantity,
            serial=serial,
            places=_known([place], places),
            since=found_at,
            until=found_at,
            details=inside.get(pk, ""),
        )
        for pk, category, name, features, quantity, serial, place, found_at in rows
    ]


def of_lost(pks: Collection[int], places: Paths) -> list[Described]:
    """Lost reports with the places where it may have been; one statement."""
    rows = LostReport.objects.filter(pk__in=pks)
    found = rows.values_list(*_REPORT, "place_id", "place2_id", "place3_id")
    return [
        Described(
            key=pk,
            category=category,
            name=name,
            features=features,
            quantity=quantity,
            serial=serial,
            places=_known(where, places),
            since=since,
            until=until,
        )
        for pk, category, name, features, quantity, serial, since, until, *where in found
    ]


def _known(pks: Iterable[int | None], places: Paths) -> tuple[Path, ...]:
    return tuple(places[pk] for pk in pks if pk is not None and pk in places)


def _contents(pks: Collection[int]) -> dict[int, str]:
    """What lies inside, as words; cash of one currency as its sum."""
    rows = ContentLine.objects.filter(item__in=pks, removed_at=None).order_by("item", "position")
    words: dict[int, list[str]] = defaultdict(list)
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for line in rows:
        if line.currency and line.denomination is not None:
            sums[line.item_id, line.currency] += line.denomination * line.count
        else:
            words[line.item_id].append(line.text)
    for (pk, currency), amount in sums.items():
        unit = _CURRENCIES.get(currency, currency)
        words[pk].append(f"现金{amount.normalize():f}{unit}")
    return {pk: "，".join(found) for pk, found in words.items()}
