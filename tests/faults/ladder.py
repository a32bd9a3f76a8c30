"""The life of a ladder as data: what is due, what was written, and what is wrong with it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from emergencies import playbooks

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Ladder:
    """One call of a running event, and how many of its levels have fallen due by now."""

    call: int
    case: int
    number: str
    kind: str
    notice: str
    role: str
    due: int = 0
    asked: bool = False
    """Somebody confirmed it over the web while the worker was dead."""

    @property
    def minutes(self) -> tuple[int, ...]:
        """When its levels are due, in minutes from the call."""
        rungs = playbooks.PLAYBOOKS[self.kind].notices[self.notice].ladder
        return tuple(rung.after_min for rung in rungs)


class Rung(NamedTuple):
    """A level that was climbed."""

    call: int
    level: int
    merged: bool
    told: int
    at: datetime


class Told(NamedTuple):
    """One notice of a level to one person, its rows in inboxes, those handed on among them."""

    call: int
    level: int
    recipient: int
    at: datetime
    deliveries: int
    sent: int


STARTED = """
SELECT c.id, c.event_id, k.number, e.kind, c.notice, c.role FROM emergencies_call c
JOIN emergencies_event e ON e.case_id = c.event_id JOIN core_case k ON k.id = c.event_id
WHERE k.number = ANY(%s) AND c.next_rung_at IS NOT NULL AND c.level = 0 ORDER BY c.id
"""
STAND_STILL = """
UPDATE emergencies_call SET opened_at = now() + interval '1 hour',
       next_rung_at = now() + interval '2 hours' WHERE id = ANY(%s)
"""
TIME_PASSES = """
UPDATE emergencies_call SET opened_at = now() - %(after)s * interval '1 minute' - interval '5 s',
       next_rung_at = now() - interval '5 s' - %(past)s * interval '1 minute'
WHERE id = %(call)s AND next_rung_at IS NOT NULL
"""
RUNGS = "SELECT call_id, level, merged, told, at FROM emergencies_rung WHERE call_id = ANY(%s)"
TOLD = """
SELECT c.id, split_part(n.key, ':', 4)::int, n.recipient_id, n.created_at, count(d.id),
       count(d.id) FILTER (WHERE d.state IN ('sent', 'acknowledged'))
FROM emergencies_call c
JOIN core_notice n ON n.case_id = c.event_id AND n.key LIKE c.event_id || ':call:' || c.notice || ':%%'
LEFT JOIN core_delivery d ON d.notice_id = n.id AND d.channel = 'inbox'
WHERE c.id = ANY(%s) GROUP BY c.id, n.id
"""
ACKED = "SELECT id, acked_at FROM emergencies_call WHERE id = ANY(%s) AND acked_at IS NOT NULL"
WAITING = """
SELECT count(*) FROM emergencies_call c WHERE c.id = ANY(%s) AND c.next_rung_at <= now()
OR EXISTS (SELECT 1 FROM core_delivery WHERE state = 'pending' AND next_try_at <= now())
"""


def started(connection: Connection, numbers: Collection[str]) -> list[Ladder]:
    """The ladders of these events that nobody has answered; their minutes stand still."""
    found = [Ladder(*row) for row in connection.execute(STARTED, [list(numbers)])]
    with _able_to_move(connection):
        connection.execute(STAND_STILL, [[one.call for one in found]])
    return found


def let_time_pass(connection: Connection, ladders: Iterable[Ladder], level: int) -> None:
    """Move the beginning of each call back, so that its levels up to ``level`` are due now."""
    with _able_to_move(connection):
        for one in ladders:
            next_one = min(one.due + 1, len(one.minutes))
            one.due = min(level, len(one.minutes))
            after = one.minutes[one.due - 1]
            past = after - one.minutes[next_one - 1]
            connection.execute(TIME_PASSES, {"after": after, "past": past, "call": one.call})


@contextmanager
def _able_to_move(connection: Connection) -> Iterator[None]:
    """A transaction that may change when a call began, which nobody else ever may."""
    with connection.transaction():
        connection.execute("ALTER TABLE emergencies_call DISABLE TRIGGER emergencies_call_frozen")
        yield
        connection.execute("ALTER TABLE emergencies_call ENABLE TRIGGER emergencies_call_frozen")


def climbed(connection: Connection, ladders: Sequence[Ladder]) -> list[Rung]:
    """Every rung of these ladders that is committed."""
    return [Rung(*row) for row in connection.execute(RUNGS, [[one.call for one in ladders]])]


def faults(connection: Connection, ladders: Sequence[Ladder]) -> list[str]:
    """What is wrong with these ladders by the rows of the application."""
    calls = [one.call for one in ladders]
    acked: dict[int, datetime] = dict(connection.execute(ACKED, [calls]).fetchall())
    told = [Told(*row) for row in connection.execute(TOLD, [calls])]
    return judged(ladders, climbed(connection, ladders), told, acked)


def judged(
    ladders: Iterable[Ladder],
    rungs: Collection[Rung],
    told: Collection[Told],
    acked: dict[int, datetime],
) -> list[str]:
    """One sentence for each row too many, too few, half written, or later than the answer."""
    found = []
    for one in ladders:
        levels = [rung for rung in rungs if rung.call == one.call]
        rows = [row for row in told if row.call == one.call]
        found += [f"{one.number} {one.notice}: {fault}" for fault in _levels(one, levels, acked)]
        found += [f"{one.number} {one.notice}: {fault}" for fault in _people(levels, rows)]
        end = acked.get(one.call)
        late = [row for row in (*levels, *rows) if end is not None and row.at > end]
        found += [f"{one.number} {one.notice}: level {row.level} after the answer" for row in late]
    return found


def _levels(one: Ladder, levels: Collection[Rung], acked: dict[int, datetime]) -> list[str]:
    """Each level that is due once; what somebody answered may have ended at any of them."""
    count = Counter(rung.level for rung in levels)
    found = [f"level {level} {n} times" for level, n in count.items() if n > 1]
    most = max(count, default=0) if one.call in acked else one.due
    found += [f"level {level} missing" for level in range(1, most + 1) if level not in count]
    return found + [f"level {level} not due" for level in count if level > one.due]


def _people(levels: Collection[Rung], rows: Collection[Told]) -> list[str]:
    """Each person of a level once, in one inbox row, handed on; of a level passed over nobody."""
    count = Counter((row.level, row.recipient) for row in rows)
    found = [
        f"level {level}: somebody told {n} times" for (level, _who), n in count.items() if n > 1
    ]
    for rung in levels:
        told = {row.recipient for row in rows if row.level == rung.level}
        if rung.merged is not (rung.told == 0) or len(told) != rung.told:
            found.append(f"level {rung.level}: {len(told)} people told instead of {rung.told}")
    known = {rung.level for rung in levels}
    found += [f"level {row.level}: told without its rung" for row in rows if row.level not in known]
    return found + [
        f"level {row.level}: {row.deliveries} rows in an inbox, {row.sent} handed on"
        for row in rows
        if (row.deliveries, row.sent) != (1, 1)
    ]
