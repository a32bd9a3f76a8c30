"""How far two places lie apart in the tree building → floor → spot. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lostfound.matching.described import Place

UNKNOWN: Final = 0
ELSEWHERE: Final = 1  # nothing in common
TWIN: Final = 2  # the same spot of another building: towers look alike
SAME_ROOT: Final = 3  # the same building
SAME_FLOOR: Final = 4
WITHIN: Final = 5  # one path leads to the other: the report names only building or floor
SAME_SPOT: Final = 6


def nearness(one: Place, other: Place) -> int:
    """Return how near two places are, from ELSEWHERE to SAME_SPOT; UNKNOWN when one is not given."""
    if not one or not other:
        return UNKNOWN
    if one == other:
        return SAME_SPOT
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    if not shared:
        return TWIN if one[1:] and one[1:] == other[1:] else ELSEWHERE
    if shared == min(len(one), len(other)):
        return WITHIN
    # "A座/电梯" hangs directly under the building: one step up is the building, not a floor.
    return SAME_FLOOR if shared > 1 else SAME_ROOT


def nearest(lost: Iterable[Place], found: Iterable[Place]) -> int:
    """Return the best nearness of any pair; UNKNOWN when one side names no place."""
    others = [place for place in found if place]
    return max((nearness(a, b) for a in lost if a for b in others), default=UNKNOWN)
