"""How often something open to everybody is asked: counted a minute, in the database's cache."""

import time

from django.core.cache import cache


def too_often(what: str, who: str, per_minute: int) -> bool:
    """Count this question of ``who`` (an address, a digest) and say whether it is one too many.

    The minute is that of the clock, so a burst over its turn may be twice as large.
    """
    key = f"{what}:{who}:{int(time.time()) // 60}"
    cache.add(key, 0, 120)
    try:
        return cache.incr(key) > per_minute
    except ValueError:  # culled in between
        return False
