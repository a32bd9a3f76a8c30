"""How many messages a robot may still get; pure, the numbers lie in ``RobotMeter``.

A bucket holds half of what a minute allows and is filled with the other half in the course of a
minute: so in no sixty seconds, wherever they begin, more go out than the robot takes.
"""

from datetime import datetime

MINUTE = 60.0


def size(per_minute: int) -> float:
    """Messages a full bucket holds."""
    return per_minute / 2


def filled(tokens: float, since: datetime, now: datetime, per_minute: int) -> float:
    """Messages that may go at ``now``, when ``tokens`` might at ``since``; a clock set back adds none."""
    passed = max((now - since).total_seconds(), 0.0)
    return min(size(per_minute), tokens + passed * size(per_minute) / MINUTE)
