"""Spans of days a search goes back through, the newest first, and how the index tells them apart. Pure.

Every search row is marked, by an expression of its index (``core_search_marks``), with its day and
with the blocks of 8, 64 and 512 days its day lies in, for its house and for its kind in the house.
The first spans are short and the next ones longer: whatever stands in many rows fills a page out of
the first, and what is rare costs a few looks into the index.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import floor

DAY = 86_400
SIZES = (1, 8, 64, 512)
"""Days of a block; the index holds them: to change them is to make it anew."""
MOST_MARKS = 200
"""The first span is read by so many at most."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``first`` up to ``last``, seconds since 1970, and all blocks of one size it lies in."""

    place: int
    blocks: range
    last: int

    @property
    def first(self) -> int:
        """The moment its first block begins."""
        return self.blocks.start * SIZES[self.place] * DAY

    def marks(self, house: int, kinds: Iterable[str]) -> list[str]:
        """Terms of the index, one of which each row of these kinds has; kind "" is any."""
        return [f"{house}{kind}/{self.place}/{block}" for kind in kinds for block in self.blocks]


def spans(
    newest: datetime, oldest: datetime, recent: datetime | None = None, kinds: int = 1
) -> Iterator[Span]:
    """From ``newest`` back to ``oldest``, both inclusive: first to ``recent``, or else two days.

    Then two blocks of each size, and the longest one by one.
    """
    upto, end = _day(newest) + 1, _day(oldest)
    if recent is not None:
        yield (span := _whole(_day(recent), upto, MOST_MARKS // kinds))
        upto = span.blocks.start * SIZES[span.place]
    place = 0
    while upto > end:
        longest = place == len(SIZES) - 1
        block = (upto - 1) // SIZES[place]
        yield (span := Span(place, range(block if longest else block - 1, block + 1), upto * DAY))
        upto = span.blocks.start * SIZES[place]
        place += not longest


def _whole(first: int, upto: int, most: int) -> Span:
    """All days from ``first`` on, in the smallest blocks that are not too many."""
    last = upto - 1
    fits = (n for n, size in enumerate(SIZES) if last // size - first // size < most)
    place = next(fits, len(SIZES) - 1)
    blocks = range(first // SIZES[place], last // SIZES[place] + 1)
    return Span(place, blocks, upto * DAY)


def _day(moment: datetime) -> int:
    return floor(moment.timestamp()) // DAY
