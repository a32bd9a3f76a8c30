"""What the board costs while closed complaints pile up: statements and pages of the database it touches.

    .venv/bin/python bench/board.py [--rows 1000 1000000] [--rounds 7]

On a PostgreSQL of its own that is thrown away. Twenty complaints are open at any size; all others are
closed. ``blocks`` are those EXPLAIN counts for all statements of a request, which no other work on
the machine changes. Ends with 1 when a goal fails: 10 statements, and of blocks no more than 1.3
times and 20 beyond those of the smallest size; a poll that changed nothing 4 statements.
"""

import argparse
import re
import sys
from typing import Any

import pages

STATEMENTS, POLL, RATIO, SLACK = 10, 4, 1.3, 20
AFTER = 1_000_000
"""Keys of the copies begin here (``pages.grow``)."""


def asked(client: Any, url: str, status: int) -> list[tuple[str, Any]]:
    """Statements of one request with a cold frame, with what they were given."""
    from django.db import connection

    from propdesk.desk import shell

    found: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    shell._counts.clear()  # noqa: SLF001 -- the price of the frame is part of the page
    with connection.execute_wrapper(watch):
        answer = client.get(url, headers={"HX-Request": "true"} if status == 204 else {})
    if answer.status_code != status:
        raise SystemExit(f"{url}: {answer.status_code}")
    return [(sql, params) for sql, params in found if sql.startswith("SELECT")]


def blocks(statements: list[tuple[str, Any]]) -> int:
    """Blocks all of them touch, in memory or not, planning left out."""
    from django.db import connection

    total = 0
    for sql, params in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0][0]["Plan"]
        total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return total


def remember(case: Any, first: int, last: int) -> None:
    """One act on each case: the board looks at the newest of them."""
    from propdesk.core.models import AuditEntry

    entry = AuditEntry.objects.filter(case=case).order_by("pk")[0]
    key = f"{AFTER} + n.n"
    pages.copy(AuditEntry, entry.pk, first, last, id=key, case_id=key, _where="TRUE")


def poll_of(client: Any, url: str) -> str:
    """The address the open board asks, out of its page."""
    text = client.get(url).content.decode()
    return re.findall(r'id="board-live" hx-get="([^"]+)"', text)[0].replace("&amp;", "&")


def measure(rows: list[int], rounds: int) -> bool:
    """Print the table; whether the goals hold."""
    import time_machine
    from django.db import connection
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from tests.incidents.journey import House

    house = House()
    models = {"open": house.recorded(), "closed": house.closed()}
    for _n in range(19):
        house.new()
    pages.OPEN_EVERY = 10**9
    pages.write_words()
    client = Client()
    client.force_login(house.dm)
    url = reverse("desk:board", args=[house.prop.code])
    done, least, fits = 0, 0, True
    print(
        f"{'closed':>10}{'statements':>12}{'blocks':>9}{'x':>6}{'CPU ms':>8}{'poll':>6}{'blocks':>8}"
    )
    for size in sorted(rows):
        pages.grow(models, done + 1, size)
        remember(models["closed"].case, done + 1, size)
        done = size
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        cpu = pages.cost(client, url, rounds).cpu
        # A board that is asked in another minute is drawn anew.
        with time_machine.travel(timezone.now(), tick=False):
            page, poll = asked(client, url, 200), asked(client, poll_of(client, url), 204)
        found = blocks(page)
        least = least or found
        fits = fits and len(page) <= STATEMENTS and found <= RATIO * least + SLACK
        fits = fits and len(poll) <= POLL
        print(
            f"{size:>10,}{len(page):>12}{found:>9}{found / least:>6.2f}{cpu:>8.1f}{len(poll):>6}"
            f"{blocks(poll):>8}",
            flush=True,
        )
    return fits


def main() -> int:
    """Print the figures; 0 when the goals hold."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, nargs="+", default=[1_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    with pages.database():
        from django.db import connection

        fits = measure(given.rows, given.rounds)
        connection.close()
    print("goals hold" if fits else "A GOAL FAILS")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
