"""What a blind count of a cupboard costs: 200 scans one by one, one paste of 200, the comparison.

    .venv/bin/python bench/stocktake.py [--tags 200] [--rounds 3]

Each scan is the request a browser sends (session, person, property and answer included), through
Django's test client in one process, on a PostgreSQL of its own that is thrown away. Server time is
the CPU of this process and of its backend of the database; what the clock says beside it depends on
who else uses the machine. The budget is 2 s of server time for all 200 scans; the exit status says
whether it is kept.
"""

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import database

BUDGET = 2.0
SCAN = {"HX-Request": "true", "HX-Target": "said"}


def backend_cpu() -> float:
    """Seconds of CPU of the database's process for our connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of server time and of the clock it took."""
    before, cpu, clock = backend_cpu(), time.process_time(), time.perf_counter()
    act()
    spent, passed = time.process_time() - cpu, time.perf_counter() - clock
    return spent + backend_cpu() - before, passed


def one_round(house: Any, items: list[Any]) -> dict[str, tuple[float, float]]:
    """A count by scanner and its end, a count by paste and its end: seconds of each."""
    from django.test import Client
    from django.urls import reverse

    from tests.lostfound.counting import number, started

    client = Client()
    client.force_login(house.dm)

    def url(row: Any, name: str) -> str:
        return reverse(f"lostfound:{name}", args=[house.prop.code, row.case.number])

    def expect(response: Any, status: int) -> None:
        if response.status_code != status:
            raise SystemExit(f"{response.status_code} instead of {status}")

    def scan(row: Any, item: Any) -> None:
        data = {"tag": number(item)}
        expect(client.post(url(row, "stocktake_count"), data, headers=SCAN), 200)

    def paste(row: Any) -> None:
        data = {"tags": "\n".join(map(number, items))}
        expect(client.post(url(row, "stocktake_paste"), data), 200)

    def finish(row: Any) -> None:
        expect(client.post(url(row, "stocktake_finish")), 302)
        row.refresh_from_db()
        if (row.status, row.present) != ("matched", len(items)):
            raise SystemExit(f"{row.status}: {row.present} of {len(items)}")

    first = started(house)
    costs = {"scans": timed(lambda: [scan(first, item) for item in items])}
    costs["end after scans"] = timed(lambda: finish(first))
    second = started(house)
    costs["one paste"] = timed(lambda: paste(second))
    costs["end after paste"] = timed(lambda: finish(second))
    return costs


def main() -> int:
    """Print the table; 1 when the scans cost more than the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with database():
        logging.disable(logging.CRITICAL)
        import propdesk.celery  # noqa: F401 -- whose broker nobody serves here
        from tests.lostfound.counting import lying
        from tests.lostfound.journey import House

        house = House()
        items = lying(house, options.tags)
        rounds = [one_round(house, items) for _n in range(options.rounds)]
    allowed = BUDGET * options.tags / 200
    print(f"{'':16} {'server':>8} {'a tag':>8} {'clock':>8}")
    for name in rounds[0]:
        server, clock = (statistics.median(r[name][n] for r in rounds) for n in (0, 1))
        each = server / options.tags * 1000
        print(f"{name:16} {server:6.2f} s {each:5.1f} ms {clock:6.2f} s")
    spent = statistics.median(r["scans"][0] for r in rounds)
    print(f"{'budget of scans':16} {allowed:6.2f} s {'kept' if spent <= allowed else 'OVER'}")
    return 0 if spent <= allowed else 1


if __name__ == "__main__":
    sys.exit(main())
