"""Which waiting lines go out as one message; pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from propdesk.core.models import Delivery

DIGEST_OVER = 5
"""More than so many lines waiting for one target become one message (ux.md, robots)."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Deliveries that go as one message, and its lines; several lines make a digest."""

    rows: tuple[Delivery, ...]
    lines: tuple[str, ...]

    @property
    def is_digest(self) -> bool:
        return len(self.lines) > 1


def pack(rows: Iterable[Delivery], line: Callable[[Delivery], str]) -> list[Parcel]:
    """Parcels for one target, urgent ones first; the same line is said once, whoever it is for."""
    groups: dict[tuple[bool, str], list[Delivery]] = {}
    for row in rows:
        groups.setdefault((row.notice.urgent, line(row)), []).append(row)
    found: list[Parcel] = []
    for urgent in (True, False):
        parcels = [
            Parcel(tuple(group), (text,)) for (hot, text), group in groups.items() if hot is urgent
        ]
        found += [_together(parcels)] if len(parcels) > DIGEST_OVER else parcels
    return found


def _together(parcels: Iterable[Parcel]) -> Parcel:
    parcels = list(parcels)
    rows = tuple(row for parcel in parcels for row in parcel.rows)
    return Parcel(rows, tuple(line for parcel in parcels for line in parcel.lines))
