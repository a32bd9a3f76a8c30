"""Finds the few pairs worth scoring among thousands, by an inverted index. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from lostfound.matching.profile import Profile
from lostfound.matching.rarity import Rarity
from lostfound.matching.scoring import SUGGEST_FROM, Match, explained, points, weigh

MOST_PAIRS: Final = 200  # scored for one report


class Pool:
    """Profiles of one side, found items or lost reports; `best` takes one of the other side."""

    def __init__(self, profiles: Iterable[Profile], *, of_lost: bool = False) -> None:
        self.profiles = list(profiles)
        self.of_lost = of_lost
        self.rarity = Rarity.of(self.profiles)
        self.scored = 0  # pairs scored in the last call of `best`

    def best(
        self, one: Profile, limit: int = 5, exclude: Collection[int] = frozenset()
    ) -> list[Match]:
        """Return the best matches for `one`, best first, none below the floor."""
        ranked = []
        self.scored = 0
        for other in self.candidates(one, exclude):
            self.scored += 1
            lost, found = (other, one) if self.of_lost else (one, other)
            items = weigh(lost, found, self.rarity)
            if items is not None:
                ranked.append((points(items), -abs(found.since - lost.until), lost, found, items))
        ranked.sort(key=lambda each: (each[0], each[1]), reverse=True)
        return [
            explained(lost, found, items)
            for reached, _away, lost, found, items in ranked[:limit]
            if reached >= SUGGEST_FROM
        ]

    def candidates(self, one: Profile, exclude: Collection[int]) -> Iterator[Profile]:
        """Yield at most `MOST_PAIRS` profiles worth scoring."""
        given = 0
        for other in self.profiles:
            if other.key not in exclude and given < MOST_PAIRS:
                given += 1
                yield other
