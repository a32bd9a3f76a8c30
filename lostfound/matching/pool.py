"""The profiles of one side, from which the best matches for one of the other side are picked. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from typing import Final

from lostfound.matching.index import Index
from lostfound.matching.profile import Profile
from lostfound.matching.rarity import Rarity
from lostfound.matching.scoring import (
    FOLLOW_FROM,
    LIST_FROM,
    Match,
    explained,
    floor,
    squeezed,
    total,
    weigh,
)

MOST_PAIRS: Final = 200  # scored for one report: the promise
LIKELIEST: Final = 120  # scored of a larger pool; more find nothing more
_NEVER: Final = 101  # no pair has so many points


class Pool:
    """Profiles of one side, found items or lost reports; `best` takes one of the other side.

    `scored` counts the pairs of the last call of `best`, `most_scored` the most of any call.
    """

    def __init__(self, profiles: Iterable[Profile], *, of_lost: bool = False) -> None:
        self.profiles = list(profiles)
        self.of_lost = of_lost
        self.rarity = Rarity.of(self.profiles)
        self.scored = 0
        self.most_scored = 0
        self._index = Index(self.profiles)

    def best(
        self,
        one: Profile,
        limit: int = 5,
        exclude: Collection[int] = frozenset(),
        least: int = LIST_FROM,
    ) -> list[Match]:
        """Return up to `limit` matches for `one`, best first; all are weak unless the best is good.

        Once it is, somebody looks, and others are strong that would not be alone: a sloppy note on
        the right thing must not be hidden by a full one on a thing like it. Whoever looks for one
        thing wants the weak ones, too. `exclude` holds keys of the pool that staff has rejected for
        `one`; weak ones have `least` points at least.
        """
        ranked = []
        self.scored = 0
        most = MOST_PAIRS if len(self.profiles) <= MOST_PAIRS else LIKELIEST
        for at in self._index.nearest(one, most, later=not self.of_lost):
            other = self.profiles[at]
            if other.key in exclude:
                continue
            self.scored += 1
            lost, found = (other, one) if self.of_lost else (one, other)
            items = weigh(lost, found, self.rarity)
            if items is not None:
                reached = total(items)
                if squeezed(reached) >= LIST_FROM:
                    away = abs(found.since - lost.until)
                    ranked.append((reached, -away, -other.key, lost, found, items))
        self.most_scored = max(self.most_scored, self.scored)
        best = heapq.nlargest(limit, ranked, key=lambda each: each[:3])
        if not best:
            return []
        strong_from = FOLLOW_FROM if squeezed(best[0][0]) >= floor(best[0][3]) else _NEVER
        return [
            explained(lost, found, items, is_weak=points < strong_from)
            for reached, *_order, lost, found, items in best
            if (points := squeezed(reached)) >= min(strong_from, least)
        ]
