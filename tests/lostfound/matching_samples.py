"""Short ways to describe things for the tests of matching."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lostfound.matching import Described, Profile, profile

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 5, 12, tzinfo=ZONE)
GYM = ("A座", "3层", "健身房")


def described(name="雨伞", features="", **changed) -> Described:
    """An umbrella lost or found at noon in the gym, unless told otherwise."""
    given = {
        "key": 1,
        "category": "other",
        "quantity": 1,
        "serial": "",
        "places": (GYM,),
        "since": NOON,
        "until": NOON,
    } | changed
    return Described(name=name, features=features, **given)


def lost(name="雨伞", features="", **changed) -> Profile:
    """A report of a loss between eleven and noon."""
    return profile(described(name, features, **{"since": NOON - timedelta(hours=1)} | changed))


def found(name="雨伞", features="", **changed) -> Profile:
    """An item found at one o'clock."""
    later = NOON + timedelta(hours=1)
    return profile(described(name, features, **{"since": later, "until": later} | changed))
