"""What an outage is measured with: clocks that fall due, the oracle, a signal, requests in a row."""

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from tests.faults.ladder import Connection
from tests.faults.person import Person, at_work
from tests.platform.stack import Stack

ARM = """
WITH open AS (
  SELECT c.case_id, row_number() OVER (ORDER BY c.case_id) - 1 AS nr, count(*) OVER () AS all_of_them
  FROM incidents_complaint c JOIN core_case k ON k.id = c.case_id
  WHERE c.status IN ('intake', 'recorded') AND k.is_open)
INSERT INTO core_clock (case_id, rule, due_at, merged)
SELECT open.case_id, 'incidents.promise_late',
       clock_timestamp() + %(gap)s * n * interval '1 s' - %(ago)s * interval '1 s'
       + n * interval '1 microsecond', false
FROM generate_series(1, %(n)s) n JOIN open ON open.nr = n %% open.all_of_them RETURNING id
"""
"""Clocks of the complaints nobody has promised anything on: as if their limit were that moment."""
ORACLE = """
SELECT c.id, m.user_id FROM core_clock c JOIN incidents_complaint i ON i.case_id = c.case_id
CROSS JOIN LATERAL (SELECT i.owner_id AS user_id UNION
  SELECT user_id FROM core_membership WHERE role = 'property_manager') m
WHERE c.id = ANY(%s)
"""
"""Who must hear of each at the least: whose complaint it is, and the property manager."""
WAITING = """
SELECT count(*) FROM core_clock WHERE id = ANY(%s) AND fired_at IS NULL
"""
FIRED = "SELECT id FROM core_clock WHERE id = ANY(%s) AND fired_at IS NOT NULL"
TOLD = """
SELECT n.key, n.recipient_id, count(d.id),
       count(d.id) FILTER (WHERE d.state IN ('sent', 'acknowledged'))
FROM core_notice n LEFT JOIN core_delivery d ON d.notice_id = n.id AND d.channel = 'inbox'
WHERE n.key = ANY(%s) GROUP BY n.id
"""
SENDING = "SELECT count(*) FROM core_delivery WHERE state = 'pending' AND next_try_at <= now()"


def sizes(name: str, few: int, many: int) -> pytest.MarkDecorator:
    """A size that fits into every run, and the full one behind ``soak``."""
    return pytest.mark.parametrize(name, [few, pytest.param(many, marks=pytest.mark.soak)])


def figure(said: str) -> None:
    """A figure belongs into the log of the run."""
    print(said)  # noqa: T201 -- see above


class Told(NamedTuple):
    """One notice of a clock to one person, its rows in inboxes, those handed on among them."""

    clock: int
    recipient: int
    inboxes: int
    sent: int


def arm(connection: Connection, n: int, *, ago: float = 60, gap: float = 0) -> list[int]:
    """Let ``n`` clocks fall due, ``gap`` seconds apart, the first ``ago`` seconds before now."""
    found = connection.execute(ARM, {"n": n, "ago": ago, "gap": gap})
    return [row[0] for row in found]


def are_done(connection: Connection, clocks: list[int]) -> bool:
    """Whether each has fired and nothing waits to be handed on."""
    (due,) = connection.execute(WAITING, [clocks]).fetchone() or (1,)
    (sending,) = connection.execute(SENDING).fetchone() or (1,)
    return (due, sending) == (0, 0)


def faults(connection: Connection, clocks: list[int]) -> list[str]:
    """What is wrong with these clocks by the rows of the application and the oracle."""
    keys = {f"clock:{each}": each for each in clocks}
    fired = {row[0] for row in connection.execute(FIRED, [clocks])}
    told = [
        Told(keys[key], *rest) for key, *rest in connection.execute(TOLD, [list(keys)]).fetchall()
    ]
    return judged(set(clocks), fired, told, set(connection.execute(ORACLE, [clocks]).fetchall()))


def judged(
    due: set[int], fired: set[int], told: Collection[Told], oracle: set[tuple[int, int]]
) -> list[str]:
    """One sentence for each clock that is silent, and each person told never, twice or in vain."""
    found = [f"clock {clock} did not fire" for clock in sorted(due - fired)]
    count = Counter((row.clock, row.recipient) for row in told)
    found += [f"clock {clock}: {who} told {n} times" for (clock, who), n in count.items() if n > 1]
    found += [
        f"clock {clock}: {who} not told"
        for clock, who in sorted(oracle)
        if (clock, who) not in count
    ]
    return found + [
        f"clock {row.clock}: {row.inboxes} rows in an inbox, {row.sent} handed on"
        for row in told
        if (row.inboxes, row.sent) != (1, 1)
    ]


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Freeze processes: they hold their connections and answer nothing, as behind a black hole."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def kill(stack: Stack, word: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to the first child whose command line holds a word; its process number."""
    pid = stack.children(word)[0]
    os.kill(pid, number)
    return pid


@dataclass
class Requests:
    """Pages asked for without end by some people: (moment, seconds, status) of each."""

    people: list[Person]
    paths: list[str]
    every: float
    seen: list[tuple[float, float, int]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask, until the block ends."""
        with at_work(self._ask, self.people):
            yield

    def _ask(self, person: Person, i: int, over: threading.Event) -> None:
        while not over.wait(self.every):
            i += 1
            began = time.monotonic()
            try:
                status = person.get(self.paths[i % len(self.paths)]).status
            except OSError:
                status = 0
            self.seen.append((began, time.monotonic() - began, status))

    def failed(self) -> list[tuple[float, float, int]]:
        """Those that got no page."""
        return sorted(one for one in self.seen if one[2] >= 500 or one[2] == 0)
