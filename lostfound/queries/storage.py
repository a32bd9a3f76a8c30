"""Where found things lie: the tree with counts, and what is in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lostfound.models import CustodyMove, Stocktake, StoragePlace
from propdesk.core.models import Place, Property
from propdesk.core.paging import Page, number_or_none

PAGE = 50
SHEET = 48
"""Labels on one page of the printer's sheet: two A4 of 3 by 8."""


@dataclass(slots=True)
class Node:
    """One place of the tree: how deep it stands, and how many things lie there and below.

    ``is_counting``: it is being counted at this moment, so nobody is told what should be there.
    """

    place: StoragePlace
    depth: int
    lies: int
    below: int
    is_counting: bool
    children: "list[Node]" = field(default_factory=list)

    @property
    def total(self) -> int:
        """Here and below."""
        return self.lies + self.below


def places(prop: Property, *, active: bool = True) -> "QuerySet[StoragePlace]":
    """The places of the house by their whole path."""
    rows = StoragePlace.objects.filter(property=prop).order_by("label")
    return rows.filter(is_active=True) if active else rows


def tree(prop: Property) -> list[Node]:
    """All places, parents before what stands in them, with their counts: one statement."""
    here = CustodyMove.objects.filter(
        storage=OuterRef("pk"), ended_at=None, item__ended_at=None
    ).order_by()
    number = here.values("storage").annotate(n=Count("pk")).values("n")
    counting = Stocktake.objects.filter(storage=OuterRef("pk"), status=Stocktake.Status.COUNTING)
    rows = places(prop, active=False).annotate(
        lies=Coalesce(Subquery(number), 0), counting=Exists(counting)
    )
    return _ordered(rows)


def _ordered(rows: "Iterable[Any]") -> list[Node]:
    nodes = {row.pk: Node(row, 0, row.lies, 0, row.counting) for row in rows}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.place.parent_id or 0)
        (parent.children if parent else roots).append(node)
    found: list[Node] = []
    for root in roots:
        _walk(root, 0, root.is_counting, found)
    return found


def _walk(node: Node, depth: int, is_counting: bool, found: list[Node]) -> None:
    """Put the node and all below it on the list; below is summed, counting is inherited both ways."""
    node.depth, node.is_counting = depth, node.is_counting or is_counting
    found.append(node)
    for child in node.children:
        _walk(child, depth + 1, node.is_counting, found)
    node.below = sum(child.total for child in node.children)
    node.is_counting = node.is_counting or any(child.is_counting for child in node.children)


def place(prop: Property, code: str) -> StoragePlace | None:
    """One place of the house by its code, also out of use."""
    rows = StoragePlace.objects.select_related("property", "parent")
    return rows.filter(property=prop, code=code.upper()).first()


def below(nodes: list[Node], code: str) -> list[Node]:
    """From a tree: the place with the code, then everything that stands in it."""
    start = next((n for n, node in enumerate(nodes) if node.place.code == code), None)
    if start is None:
        return []
    end = start + 1
    while end < len(nodes) and nodes[end].depth > nodes[start].depth:
        end += 1
    return nodes[start:end]


def lying(nodes: list[Node], after: str) -> Page:
    """Links of custody of what lies in these places, in the order of logging, fifty at a time."""
    rows = (
        CustodyMove.objects.filter(
            storage__in=[node.place.pk for node in nodes], ended_at=None, item__ended_at=None
        )
        .select_related("item__case__property", "storage", "seal")
        .order_by("item")
    )
    last = number_or_none(after)
    if last is not None:
        rows = rows.filter(item__gt=last)
    found = list(rows[: PAGE + 1])
    return Page(found[:PAGE], str(found[PAGE - 1].item_id) if len(found) > PAGE else "")


def changes(storage: StoragePlace, limit: int = 20) -> list[Any]:
    """Who wrote what into a place, newest first."""
    rows: Any = StoragePlace.history.model.objects
    found = rows.filter(id=storage.pk).select_related("history_user")
    return list(found.order_by("-history_date", "-history_id")[:limit])


def spots(prop: Property, after: str) -> Page:
    """Public spots in use by their path, one sheet of labels at a time."""
    rows = Place.objects.filter(
        property=prop, kind=Place.Kind.SPOT, is_active=True, label__gt=after[:120]
    ).order_by("label")
    found = list(rows[: SHEET + 1])
    return Page(found[:SHEET], found[SHEET - 1].label if len(found) > SHEET else "")
