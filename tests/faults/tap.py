"""How long after the tap that starts an event the first notice stands in somebody's inbox."""

import threading
import time
from typing import NamedTuple

import psycopg

from tests.faults.person import EVENTS, Person
from tests.platform.stack import Stack

KINDS = ("fire", "theft", "power_outage", "medical", "fight")
FIRST = """
SELECT n.created_at FROM core_notice n
JOIN core_delivery d ON d.notice_id = n.id AND d.channel = 'inbox'
     AND d.state IN ('pending', 'sent')
JOIN core_case c ON c.id = n.case_id
WHERE c.kind = 'event' AND n.id > %s ORDER BY n.id LIMIT 1
"""
"""Both states are in the inbox of the recipient; the relay only ticks it off."""
PATIENCE = 20.0


class Tap(NamedTuple):
    """Seconds from the tap to the row, and to the page that answers the tap."""

    row: float
    page: float


def database(stack: Stack, user: str = "propdesk") -> "psycopg.Connection[tuple[object, ...]]":
    """A connection to the stack's database as the owner of its tables, or as somebody else."""
    return psycopg.connect(
        host=str(stack.home / "run"), user=user, dbname="propdesk", autocommit=True
    )


def measure(stack: Stack, taps: int) -> list[Tap]:
    """Log in, and start events one after the other; an untimed one warms the server."""
    person = Person(stack, "1020")
    person.start("theft", "预热")
    with database(stack) as connection:
        return [_one(person, connection, KINDS[n % len(KINDS)]) for n in range(taps)]


def _one(person: Person, connection: "psycopg.Connection[tuple[object, ...]]", kind: str) -> Tap:
    """The row is looked for by another connection while the answer is still on its way."""
    page = person.get(f"{EVENTS}new/{kind}/")
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM core_notice").fetchone() or (0,)
    answered: list[float] = []
    began = time.monotonic()

    def tap() -> None:
        person.tap(page, kind, "大堂")
        answered.append(time.monotonic() - began)

    finger = threading.Thread(target=tap)
    finger.start()
    while connection.execute(FIRST, [last]).fetchone() is None:
        assert time.monotonic() - began < PATIENCE, f"no notice within {PATIENCE} s"
        time.sleep(0.01)
    row = time.monotonic() - began
    finger.join()
    assert answered, "the tap was refused"
    return Tap(row, answered[0])
