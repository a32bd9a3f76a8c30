"""A ladder as one would write it first: it looks, writes the rung and marks the call, each by itself.

No transaction, no lock, no unique key. Killed or run twice it does what the real one must not, so
the check of the real one is known to see it.
"""

import subprocess
import sys

from tests.faults.ladder import Connection, Ladder, Rung
from tests.platform.stack import Stack, clean_environment

TABLES = """
DROP SCHEMA IF EXISTS twin CASCADE;
CREATE SCHEMA twin;
CREATE TABLE twin.call (call bigint, level int, due int);
CREATE TABLE twin.rung (call bigint, level int, merged bool, told int, at timestamptz);
"""
PROGRAM = """
import sys, psycopg
host, order, pause = sys.argv[1:]
acts = {
    "rung": "INSERT INTO twin.rung VALUES (%(call)s, %(level)s, true, 0, now())",
    "mark": "UPDATE twin.call SET level = %(level)s WHERE call = %(call)s",
}
first, second = (acts[name] for name in order.split("-"))
def wait(where):
    if where == pause:
        print(where, flush=True)
        sys.stdin.readline()
with psycopg.connect(host=host, user="propdesk", dbname="propdesk", autocommit=True) as rows:
    look = "SELECT call, level + 1 FROM twin.call WHERE level < due ORDER BY call"
    due = rows.execute(look).fetchall()
    wait("looked")
    for call, level in due:
        rows.execute(first, {"call": call, "level": level})
        wait("between")
        rows.execute(second, {"call": call, "level": level})
"""


class Twin:
    """Three calls whose first level is due, in tables of their own."""

    def __init__(self, stack: Stack, connection: Connection) -> None:
        self.stack, self.connection = stack, connection
        connection.execute(TABLES)
        self.ladders = [Ladder(n, n, f"T-{n}", "fire", "N1", "", due=1) for n in range(1, 4)]
        for one in self.ladders:
            connection.execute("INSERT INTO twin.call VALUES (%s, 0, 1)", [one.call])

    def run(self, order: str, pause: str = "") -> subprocess.Popen[str]:
        """Start it; with a pause it has come that far and waits for a line."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.stack.home / "run"), order, pause],
            env=clean_environment(self.stack.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if pause:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{pause}\n"
        return process

    def rungs(self) -> list[Rung]:
        """What it wrote."""
        return [Rung(*row) for row in self.connection.execute("SELECT * FROM twin.rung")]
