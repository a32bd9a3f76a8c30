"""What polling costs: ten people watch one event, each asking every 5 seconds.

    .venv/bin/python bench/event_poll.py [--viewers 10] [--rounds 5]

Each question is the request a browser sends, through Django's test client in one process, on a
PostgreSQL of its own that is thrown away. Nothing changed, so the answer is 204. Server time is the
CPU of this process and of its backend of the database. Budget: 5 % of one core for ten viewers; the
exit status says whether it is kept. Beside it what it costs when something did change.
"""

import argparse
import logging
import statistics
import sys
from typing import Any

from pages import database
from stocktake import timed

EVERY, SHARE = 5.0, 0.05
POLL = {"HX-Request": "true"}


def asked(clients: list[Any], url: str, status: int) -> None:
    """One question of each viewer."""
    for client in clients:
        response = client.get(url, headers=POLL)
        if response.status_code != status:
            raise SystemExit(f"{response.status_code} instead of {status}")


def main() -> int:
    """Print the table; 1 when the viewers cost more than the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with database():
        from django.test import Client

        from tests.emergencies.journey import House, fresh

        house = House()
        event = house.answered(house.started("fire"), late=False)
        people = [house.dm, house.guard, house.pm, house.gm, house.desk, house.engineering]
        clients = [Client() for _n in range(options.viewers)]
        for number, client in enumerate(clients):
            client.force_login(people[number % len(people)])
        live, version = f"{event.get_absolute_url()}live/", fresh(event).case.version
        quiet, loud = f"{live}?v={version}", f"{live}?v=0"
        asked(clients, quiet, 204)
        asked(clients, loud, 200)
        silent = [timed(lambda: asked(clients, quiet, 204))[0] for _n in range(options.rounds)]
        changed = [timed(lambda: asked(clients, loud, 200))[0] for _n in range(options.rounds)]
    spent, all_parts = statistics.median(silent), statistics.median(changed)
    share = spent / EVERY
    print(f"{options.viewers} viewers every {EVERY:.0f} s, nothing changed: {spent * 1000:.0f} ms")
    print(f"  {spent / options.viewers * 1000:.1f} ms each, {share:.1%} of one core")
    print(f"  when something changed: {all_parts / options.viewers * 1000:.0f} ms each")
    kept = share <= SHARE
    print(f"budget {SHARE:.0%} of one core: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
