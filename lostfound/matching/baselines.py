"""Three simple ways to rank, against which ours is measured. Pure.

None has a floor, which favours their recall. The first knows dates: only what was found since the
loss, the nearest first. The other two are text and nothing else; equal scores go by date.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from lostfound.matching.benchmark import Half, Ranker
from lostfound.matching.described import Described
from propdesk.core.search_grams import normalise

Likeness = Callable[[Described, Described], float]


def same_category(half: Half) -> dict[int, list[int]]:
    """Exact category, the nearest to the time of the loss first."""
    return _ranked(
        half,
        lambda lost, found: float(lost.category == found.category and found.since >= lost.since),
    )


def shared_words(half: Half) -> dict[int, list[int]]:
    """Overlap of words parted by spaces and punctuation, as English systems do it."""
    words = {id(each): _words(each) for each in (*half.found, *half.lost)}
    return _ranked(half, lambda lost, found: float(len(words[id(lost)] & words[id(found)])))


def shared_bigrams(half: Half) -> dict[int, list[int]]:
    """Jaccard index of pairs of characters."""
    pairs = {id(each): _pairs(each) for each in (*half.found, *half.lost)}
    return _ranked(half, lambda lost, found: _jaccard(pairs[id(lost)], pairs[id(found)]))


BASELINES: Final[dict[str, Ranker]] = {
    "category": same_category,
    "words": shared_words,
    "bigrams": shared_bigrams,
}


def _ranked(half: Half, likeness: Likeness) -> dict[int, list[int]]:
    made: dict[int, list[int]] = {}
    for lost in half.lost:
        scored = [
            (-likeness(lost, found), abs((found.since - lost.until).total_seconds()), found.key)
            for found in half.found
        ]
        made[lost.key] = [key for against, _away, key in sorted(scored) if against < 0]
    return made


def _text(each: Described) -> str:
    return normalise(f"{each.name} {each.features} {each.serial}")


def _words(each: Described) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in _text(each)).split())


def _pairs(each: Described) -> set[str]:
    kept = "".join(char for char in _text(each) if char.isalnum())
    return {a + b for a, b in pairwise(kept)}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
