"""Keys under which a profile is filed, and the inverted index that narrows thousands to a few. Pure.

A list of one key is in the order of time, and a query reads only the stretch next to its own time,
so that the work for one report does not grow with the pool.
"""

from __future__ import annotations

import functools
import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from lostfound.matching.colours import NEAR, distance
from lostfound.matching.lexicon import lexicon
from lostfound.matching.profile import Profile

STRETCH: Final = 150  # entries read under one key
AKIN: Final = 0.25  # kinship from which another family is asked for, too
_TAIL: Final = 2
_TELLING: Final = frozenset(
    {"形象", "图案", "损伤", "国家", "型号", "式样", "侧", "内容", "机构", "性能"}
)


class Index:
    """Positions of profiles by key; all lists are in the order of `since`."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.order = sorted(range(len(profiles)), key=lambda at: profiles[at].since)
        self.times = [profiles[at].since for at in self.order]
        self.lists: dict[str, list[int]] = {}
        for rank, at in enumerate(self.order):
            for key in set(filed_under(profiles[at])):
                self.lists.setdefault(key, []).append(rank)

    def nearest(self, one: Profile, most: int, *, later: bool) -> list[int]:
        """Return positions of up to `most` profiles that share the most with `one`.

        `later` asks for those from the time of `one` on (found after a loss), otherwise for those
        up to it.
        """
        if later:
            first, last = bisect_left(self.times, one.since), len(self.times)
        else:
            first, last = 0, bisect_right(self.times, one.since)
        if last - first <= most:
            return self.order[first:last]
        points: dict[int, float] = {}
        for key in set(asked_for(one)):
            ranks = self.lists.get(key)
            if ranks:
                weight = math.log(1 + len(self.times) / len(ranks))
                for rank in _stretch(ranks, first, last, later=later):
                    points[rank] = points.get(rank, 0.0) + weight
        best = heapq.nlargest(most, points, key=lambda rank: (round(points[rank], 6), -rank))
        if len(best) < most:
            # A small pool: what shares no word may still be the one, soon after the loss.
            nearest = range(first, last) if later else range(last - 1, first - 1, -1)
            best += islice((rank for rank in nearest if rank not in points), most - len(best))
        return [self.order[rank] for rank in best]


def _stretch(ranks: list[int], first: int, last: int, *, later: bool) -> list[int]:
    if later:
        start = bisect_left(ranks, first)
        return ranks[start : start + STRETCH]
    end = bisect_left(ranks, last)
    return ranks[max(0, end - STRETCH) : end]


def filed_under(one: Profile) -> Iterator[str]:
    """Yield the keys of a profile in the pool."""
    families = {_family(thing) for thing in (*one.heads, *one.things)}
    yield from _keys(one, families, {_base(colour) for colour in one.colours})


def asked_for(one: Profile) -> Iterator[str]:
    """Yield the keys a profile of the other side asks for: related families, near colours."""
    families = {_family(thing) for thing in (*one.heads, *one.things)}
    for head in one.heads:
        families.update(_akin(_family(head)))
    colours = {near for colour in one.colours for near in _near(colour)}
    yield from _keys(one, families, colours)


def _keys(one: Profile, families: Iterable[str], colours: Iterable[str]) -> Iterator[str]:
    spots = ["/".join(place) for place in one.places]
    marks = [mark for mark in one.marks if mark.partition(":")[0] in _TELLING]
    for group in (*families, one.category):
        yield f"f:{group}"
        for colour in colours:
            yield f"f:{group}|{colour}"
        for each in (*one.brands, *marks, *spots):
            yield f"f:{group}|{each}"
    for each in (*one.brands, *marks, *one.latin, *spots):
        yield f"w:{each}"
    for name in one.names:
        yield f"n:{name}"
    for code in (*one.tails, *one.codes):
        yield f"e:{code[-_TAIL:]}"
        yield f"e:{code[-_TAIL - 1 :]}"
    for gram in (each for each in one.grams if len(each) > 1):
        yield f"g:{gram}"


def _family(thing: str) -> str:
    return thing.partition("/")[0]


@functools.cache
def _akin(family: str) -> tuple[str, ...]:
    return tuple(
        other for (one, other), share in lexicon().kin.items() if one == family and share >= AKIN
    )


@functools.cache
def _base(colour: str) -> str:
    return min(lexicon().hexes, key=lambda each: distance(colour, each))


@functools.cache
def _near(colour: str) -> tuple[str, ...]:
    return tuple(each for each in lexicon().hexes if distance(colour, each) <= NEAR)
