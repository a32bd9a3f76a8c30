"""Everything that grows, at several sizes, in one interleaved run.

    script/bench [--rows 1000 100000] [--rounds 3] [--each 8] [--data DIR] [--json FILE] [--counts] [--plans 500]

A house of each size, made by COPY on a PostgreSQL of its own that is thrown away or stays in ``--data``.
First the counts (statements, blocks by EXPLAIN), of each page and sweep; then, unless ``--counts``, the
time: one server for each size as it is delivered, asked in turn by one person and by eight. ``x`` is CPU of
server and database against the floor, a page of session and user that draws nothing. Ends with 1 when a
goal is missed.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import pages
from shared.databases import go

from scale import counted, house
from scale.asked import FLOOR, Ask, asks
from scale.served import Served, Took, memory
from scale.table import Table

CLIENTS = [1, 8]
CROWD, CROWD_EACH = 32, 15
FLOORS = 20
PLANNED = "complaints, all"


def log_in() -> tuple[Any, str]:
    """The duty manager's browser, and the key of her session."""
    from django.test import Client

    from propdesk.core.models import User

    client = Client()
    client.force_login(User.objects.filter(name="周敏").order_by("pk")[0])
    return client, client.cookies["sessionid"].value


def count(table: Table, size: int, every: list[Ask], plans: int | None) -> None:
    """Counts of one size."""
    from django.db import connection
    from django.utils import timezone

    now = timezone.now()
    table.sweeps[size] = counted.empty_sweeps(now)
    table.due[size] = counted.due_sweep(now)
    with connection.cursor() as cursor:
        # What sweeps and an earlier run wrote would send indexes to their tables.
        cursor.execute("VACUUM ANALYZE")
    client, _cookie = log_in()
    for ask in every:
        table.kinds[ask.name] = ask.kind
        table.counts[ask.name, size] = counted.page(client, ask)
        for found, sql, params in table.counts[ask.name, size].dearest:
            if plans is not None and found >= plans:
                print(f"\n--- {size:,}: {ask.name}, {found:,} blocks\n{counted.plan(sql, params)}")


def raw(client: Any, ask: Ask) -> str:
    """The statement of a list through psycopg alone, nothing drawn."""
    from django.db import connection

    _n, sql, params = counted.page(client, ask).dearest[0]
    connection.ensure_connection()
    walls = []
    with connection.connection.cursor() as cursor:
        for _n in range(15):
            begun = time.perf_counter()
            cursor.execute(sql, params).fetchall()
            walls.append((time.perf_counter() - begun) * 1000)
    return f"{statistics.median(walls):.2f} ms"


def ask_all(
    table: Table, servers: dict[int, Served], every: dict[int, list[Ask]], given: Any
) -> None:
    """In turn: each page, of each size, by one and by many."""
    for size, server in servers.items():
        for ask in every[size]:
            server.ask(ask, 1, 1, Took())
    for _round in range(given.rounds):
        for place in range(len(every[table.sizes[0]])):
            for size, server in servers.items():
                ask = every[size][place]
                # The clock of CPU ticks a hundred times a second: of the floor it needs many.
                each = given.each * (FLOORS if ask.kind == "floor" else 1)
                for clients in CLIENTS:
                    took = table.at(ask, size, clients)
                    server.ask(ask, clients, max(each // clients, 1), took)


def crowd(table: Table, server: Served, ask: Ask) -> None:
    """32 people at once: no error, and no more connections than threads and four."""
    from django.db import connection

    took = table.at(Ask("crowd", "floor", ask.url), server.size, CROWD)
    server.ask(ask, CROWD, CROWD_EACH, took)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [f"scale_{server.size}"]
        )
        links = cursor.fetchone()[0]
    if took.failed or links > 4 + 4:
        table.miss("P14", ask.name, f"{took.failed} errors, {links} connections")
    slow = statistics.quantiles(took.walls, n=100)
    table.other[f"{CROWD} clients"] = (
        f"{took.failed} errors, {links} connections, p99/p50 {slow[98] / slow[49]:.1f}"
    )


def measure(given: argparse.Namespace, url: str, postmaster: int) -> Table:
    """Build, count, ask."""
    from django.db import connection

    from propdesk.core.models import Property

    table, every, servers = Table(sorted(given.rows)), {}, {}
    last, done = connection.settings_dict["NAME"], -1
    try:
        for size in [0, *table.sizes]:
            last, done = house.stand(size, max(done, 0), last), size
            if not size:
                continue
            every[size] = asks(Property.objects.get())
            count(table, size, every[size], given.plans)
            if not given.counts:
                client, cookie = log_in()
                listed = next(ask for ask in every[size] if ask.name == PLANNED)
                table.other[f"raw SQL of the list, {size:,}"] = raw(client, listed)
                every[size].insert(0, Ask("floor", "floor", f"/{FLOOR}"))
                servers[size] = (cookie, last)
            connection.close()
        if not given.counts:
            running = {
                size: Served(size, name, url, cookie, postmaster)
                for size, (cookie, name) in servers.items()
            }
            try:
                ask_all(table, running, every, given)
                crowd(
                    table,
                    running[table.sizes[-1]],
                    next(a for a in every[table.sizes[-1]] if a.name == PLANNED),
                )
                for size, server in running.items():
                    table.other[f"memory of the server, {size:,}"] = (
                        f"{memory(server.process.pid):.0f} MB"
                    )
            finally:
                for server in running.values():
                    server.stop()
    finally:
        go("postgres")
    return table


def main() -> int:
    """Print the figures; 0 when all goals are met."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--each", type=int, default=8)
    options.add_argument("--data", type=Path)
    options.add_argument("--json", type=Path)
    options.add_argument("--counts", action="store_true")
    options.add_argument("--plans", type=int)
    given = options.parse_args()
    with pages.database(given.data) as postmaster:
        import os

        table = measure(given, os.environ["DATABASE_URL"], postmaster)
        table.print([] if given.counts else CLIENTS)
    if given.json:
        table.write(given.json)
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
