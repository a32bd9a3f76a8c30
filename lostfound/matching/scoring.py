"""Weighs the evidence for and against one pair: points from 0 to 100, with reasons. Pure.

Each comparison adds or takes away; the sum is squeezed into points. A unique number dominates all
else, and two things are vetoes: found before it was lost, and serials that contradict by more than
a slip.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lostfound.matching import evidence
from lostfound.matching.evidence import Item
from lostfound.matching.profile import Profile
from lostfound.matching.rarity import NEUTRAL, Rarity
from lostfound.matching.reasons import worded

SUGGEST_FROM: Final = 45  # points the best must reach, or all of the report are weak
FOLLOW_FROM: Final = 15  # points of the others, once the best is worth a look
LIST_FROM: Final = 3  # points below which a pair is not even listed as weak
SUGGEST_FROM_LITTLE: Final = (22, 28, 36)  # of a report that tells nothing, one thing, two
MIDDLE: Final = 5.0  # the sum that makes fifty points
STEEPNESS: Final = 2.2


@dataclass(frozen=True, slots=True)
class Match:
    """One suggested pair; reasons and contradictions are sentences for the duty manager.

    A weak one is listed for whoever looks for the thing, and told nobody.
    """

    lost: int
    found: int
    points: int
    is_weak: bool = False
    reasons: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()


def score(lost: Profile, found: Profile, rarity: Rarity | None = None) -> Match | None:
    """Compare a lost report with a found item; None when a veto rules the pair out."""
    items = weigh(lost, found, rarity or NEUTRAL)
    return None if items is None else explained(lost, found, items)


def explained(
    lost: Profile, found: Profile, items: Iterable[Item], *, is_weak: bool = False
) -> Match:
    """Return the match of weighed evidence, with its sentences."""
    hidden = lost.hidden | found.hidden
    ordered = sorted(items, key=lambda item: (-abs(item.weight), item))
    return Match(
        lost=lost.key,
        found=found.key,
        points=squeezed(total(ordered)),
        is_weak=is_weak,
        reasons=worded(ordered, hidden, against=False),
        contradictions=worded(ordered, hidden, against=True),
    )


def squeezed(total: float) -> int:
    """Return the points of a sum of evidence."""
    power = max(-60.0, min(60.0, (MIDDLE - total) / STEEPNESS))
    return round(100 / (1 + math.exp(power)))


def floor(lost: Profile) -> int:
    """Return the points that make the best match of a report strong; less when it tells little."""
    told = (lost.marks, lost.brands, lost.colours, lost.part_colours, lost.latin, lost.names)
    count = sum(map(len, told)) + 2 * len(lost.tails)
    return (*SUGGEST_FROM_LITTLE, SUGGEST_FROM)[min(count, len(SUGGEST_FROM_LITTLE))]


def total(items: Iterable[Item]) -> float:
    """Return the sum of weighed evidence."""
    return math.fsum(item.weight for item in items)


def weigh(lost: Profile, found: Profile, rarity: Rarity) -> list[Item] | None:
    """Return everything that speaks for or against the pair; None for a veto."""
    if found.since < lost.since or evidence.serials_contradict(lost, found):
        return None
    items: list[Item] = []
    for compare in evidence.ALL:
        compare(lost, found, rarity, items)
    return items
