"""How much a shared word says: the rarer among the things at hand, the more. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lostfound.matching.profile import Profile

LEAST: Final = 0.45
MOST: Final = 1.6
RAREST: Final = 6.5
UNKNOWN_PAIR: Final = 4.0
UNKNOWN_CHARACTER: Final = 2.5
FEW: Final = 20  # with fewer profiles nothing is known about rarity


@dataclass(frozen=True, slots=True)
class Rarity:
    """Shares of the pool in which each token stands."""

    size: int = 0
    weights: dict[str, float] = field(default_factory=dict)
    grams: dict[str, float] = field(default_factory=dict)
    rarest: float = RAREST

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> Rarity:
        """Count the tokens of all profiles."""
        counted: Counter[str] = Counter()
        grams: Counter[str] = Counter()
        size = 0
        for each in profiles:
            size += 1
            counted.update(set(tokens(each)))
            grams.update(each.grams)
        if size < FEW:
            return cls(size)
        middle = math.log(size + 1) * 0.55
        weights = {
            token: max(LEAST, min(MOST, math.log((size + 1) / count) / middle))
            for token, count in counted.items()
        }
        # Larger pools know rarer words; scaled so that a floor fits pools of any size.
        scale = RAREST / math.log((size + 1) / 0.5)
        rare = {g: scale * math.log((size + 1) / (n + 0.5)) for g, n in grams.items()}
        return cls(size, weights, rare)

    def of_token(self, token: str) -> float:
        """Return about 1 for a token of middling rarity, less for a common one."""
        if not self.weights:
            return 1.0
        return self.weights.get(token, MOST)

    def of_gram(self, gram: str) -> float:
        """Return 0 to RAREST for one or two characters."""
        if not self.grams:
            return UNKNOWN_PAIR if len(gram) > 1 else UNKNOWN_CHARACTER
        return self.grams.get(gram, self.rarest)


def tokens(each: Profile) -> Iterator[str]:
    """Yield what is counted of a profile."""
    yield from each.heads
    yield from each.things
    yield from each.colours
    yield from each.brands
    yield from each.marks
    yield from each.latin
    yield from each.names
    for place in each.places:
        yield "/".join(place)


NEUTRAL: Final = Rarity()
