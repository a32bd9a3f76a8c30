"""Who had a complaint when: segments without gap or overlap that sum exactly to its time (F3).

Pure: states and moments in, segments out. Wall-clock time without a pause (decision 28).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

CLOSED: Final = "closed"
WORKING: Final = "in_progress"


@dataclass(frozen=True, slots=True)
class State:
    """What a complaint was from ``at`` on, until the next one."""

    at: datetime
    status: str
    owner: int
    department: int | None
    department_done: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one owner, department and state; ``owner`` None while the complaint was closed.

    ``department`` only while the department carries a promise out and has not reported it done:
    otherwise the next move is the owner's.
    """

    start: datetime
    end: datetime
    owner: int | None
    department: int | None
    status: str

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def segments(states: Iterable[State], received_at: datetime, until: datetime) -> list[Segment]:
    """The time from receipt to ``until``, cut wherever holder or state changed.

    ``states`` stand in their order. The first counts from the receipt; what was written before it
    or after ``until`` is moved to that edge and so takes no time. Empty without a state.
    """
    rows = list(states)
    edges = [received_at, *(min(max(row.at, received_at), until) for row in rows[1:]), until]
    found: list[Segment] = []
    for row, start, end in zip(rows, edges, edges[1:], strict=False):
        if start >= end:
            continue
        part = _segment(row, start, end)
        if found and replace(found[-1], start=start, end=end) == part:
            found[-1] = replace(found[-1], end=end)
        else:
            found.append(part)
    return found


def _segment(row: State, start: datetime, end: datetime) -> Segment:
    works = row.status == WORKING and not row.department_done
    return Segment(
        start,
        end,
        None if row.status == CLOSED else row.owner,
        row.department if works else None,
        row.status,
    )
