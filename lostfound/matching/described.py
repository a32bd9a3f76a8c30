"""What matching is told of a found item or a lost report: words, places and times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """One found item or one lost report, as plain values.

    `places` are paths of labels from the root ("A座", "3层", "健身房"): exactly one where an item
    was found, any number where it may have been lost. `since` and `until` are aware: equal for a
    found item, the window of the loss for a report. `details` are features nobody is shown, and
    contents of bags; they are compared like `features` and never stand in a reason.
    """

    key: int
    category: str
    name: str
    features: str
    quantity: int
    serial: str
    places: tuple[Place, ...]
    since: datetime
    until: datetime
    details: str = ""
