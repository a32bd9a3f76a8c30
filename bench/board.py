"""What the board and the calendar cost while closed cases pile up: statements and blocks they touch.

    .venv/bin/python bench/board.py [--rows 1000 1000000] [--rounds 7] [--data DIR] [--plans 100]

On a PostgreSQL of its own that is thrown away, or stays in ``--data`` for the next run. What is open is
the same at any size; the closed complaints come with an act, a notice, a promise, a task and a clock
each, with a found thing for ten of them and an event for a hundred (``tests/desk/pile.py``). ``blocks``
are those EXPLAIN counts for all statements of a request, which no other work on the machine changes;
``--plans`` prints the statements of that many and more. Ends with 1 when a goal fails: 10 statements, and
of blocks no more than 1.3 times and 20 beyond those of the smallest size; a poll that changed nothing
4 statements.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pages
from shared.databases import go, names, statements, trust

STATEMENTS, POLL, RATIO, SLACK = 10, 4, 1.3, 20


@dataclass(frozen=True)
class Seen:
    """A board: whose it is, where, and when."""

    client: Any
    url: str
    at: Any


def asked(seen: Seen, url: str, status: int) -> list[tuple[str, Any]]:
    """Statements that read, of one request."""
    headers = {"HX-Request": "true"} if status == 204 else {}
    found = statements(seen.client, url, status, headers=headers)
    return [(sql, params) for sql, params in found if sql.startswith("SELECT")]


def blocks(statements: list[tuple[str, Any]], plans: int | None = None) -> int:
    """Blocks of all of them; the plans of those of ``plans`` blocks and more are printed."""
    from django.db import connection

    from tests.desk import pile

    total = 0
    for sql, params in statements:
        found = pile.blocks(sql, params)
        total += found
        if plans is not None and found >= plans:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params)
                lines = "\n".join(row[0] for row in cursor.fetchall())
            print(f"\n--- {found} blocks: {sql[:100]} …\n{lines}", flush=True)
    return total


DRAFT = "board_draft"


def stand(size: int, done: int, template: str) -> str:
    """Go over to the database of a size, grown out of a smaller one unless an earlier run left it."""
    from django.core.management import call_command
    from django.db import connection

    from tests.desk import pile

    name = f"board_{size}"
    if name in names():
        go(name)
        call_command("migrate", verbosity=0)
        return name
    copy = f"CREATE DATABASE {DRAFT} TEMPLATE {template} STRATEGY file_copy"
    go(DRAFT, f"DROP DATABASE IF EXISTS {DRAFT}", copy)
    if not done:
        import propdesk.celery  # noqa: F401 -- whose broker nobody serves here

        pile.house_at_work()
    trust()
    pile.pile(done + 1, size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    go(name, f"ALTER DATABASE {DRAFT} RENAME TO {name}")
    return name


def board() -> Seen:
    """The board of the duty manager at the time its house was built."""
    from django.db.models import Max
    from django.test import Client
    from django.urls import reverse

    from propdesk.core.models import Case, Property, User

    prop = Property.objects.get()
    user = User.objects.filter(name="周敏").order_by("pk")[0]
    client = Client()
    client.force_login(user)
    at = Case.objects.filter(is_open=True).aggregate(at=Max("opened_at"))["at"]
    return Seen(client, reverse("desk:board", args=[prop.code]), at + timedelta(seconds=1))


def poll_of(seen: Seen) -> str:
    """The address the open board asks, out of its page."""
    text = seen.client.get(seen.url).content.decode()
    return re.findall(r'id="board-live" hx-get="([^"]+)"', text)[0].replace("&amp;", "&")


def calendar(seen: Seen) -> dict[str, str]:
    """The page of this month, and the feed somebody's telephone reads."""
    from django.db import transaction
    from django.urls import reverse

    from propdesk.core.models import Property, User
    from propdesk.desk.calendar import workflow

    prop = Property.objects.get()
    user = User.objects.get(pk=seen.client.session["_auth_user_id"])
    with transaction.atomic():
        _feed, token = workflow.make_feed(prop, by=user)
    return {
        "calendar": reverse("calendar:index", args=[prop.code]),
        "feed": reverse("calendar_feed", args=[token]),
    }


def measure(rows: list[int], rounds: int, plans: int | None) -> bool:
    """Print the table; whether the goals hold."""
    import time_machine
    from django.db import connection

    least, fits, last, done = 0, True, connection.settings_dict["NAME"], 0
    head = f"{'closed':>10}{'statements':>12}{'blocks':>9}{'x':>6}{'CPU ms':>8}{'poll':>6}"
    print(f"{head}{'blocks':>8}")
    for size in sorted(rows):
        last, done = stand(size, done, last), size
        # A board that is asked in another minute is drawn anew.
        with time_machine.travel(board().at, tick=False):
            seen = board()
            cpu = pages.cost(seen.client, seen.url, rounds).cpu
            page, poll = asked(seen, seen.url, 200), asked(seen, poll_of(seen), 204)
        found = blocks(page, plans)
        least = least or found
        fits = fits and len(page) <= STATEMENTS and found <= RATIO * least + SLACK
        fits = fits and len(poll) <= POLL
        print(
            f"{size:>10,}{len(page):>12}{found:>9}{found / least:>6.2f}{cpu:>8.1f}{len(poll):>6}"
            f"{blocks(poll, plans):>8}",
            flush=True,
        )
        with time_machine.travel(seen.at, tick=False):
            for name, url in calendar(seen).items():
                price, page = pages.cost(seen.client, url, rounds), asked(seen, url, 200)
                print(
                    f"{name:>10}{price.statements:>12}{blocks(page, plans):>9}{price.cpu:>14.1f}"
                    f"  {price.size / 1000:.1f} kB, {price.zipped / 1000:.1f} zipped",
                    flush=True,
                )
    return fits


def main() -> int:
    """Print the figures; 0 when the goals hold."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, nargs="+", default=[1_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--data", type=Path)
    options.add_argument("--plans", type=int)
    given = options.parse_args()
    with pages.database(given.data):
        from django.db import connection

        fits = measure(given.rows, given.rounds, given.plans)
        connection.close()
    print("goals hold" if fits else "A GOAL FAILS")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
