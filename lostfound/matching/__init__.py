"""Matches lost reports with found items by their descriptions. Pure: no database, no requests.

    profiles = [profile(each) for each in found]
    Pool(profiles).best(profile(lost))

The word lists are read when the first text is profiled, not at import.
"""

from lostfound.matching.described import Described
from lostfound.matching.lexicon import VERSION
from lostfound.matching.pool import Pool
from lostfound.matching.profile import Profile, profile
from lostfound.matching.rarity import Rarity
from lostfound.matching.scoring import FOLLOW_FROM, LIST_FROM, SUGGEST_FROM, Match, score

__all__ = [
    "FOLLOW_FROM",
    "LIST_FROM",
    "SUGGEST_FROM",
    "VERSION",
    "Described",
    "Match",
    "Pool",
    "Profile",
    "Rarity",
    "profile",
    "score",
]
