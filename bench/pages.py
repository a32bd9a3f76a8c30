"""What each page costs: statements and CPU, with few complaints and with many.

    .venv/bin/python bench/pages.py [--rows 1000 100000] [--rounds 15]

Runs in one process on a PostgreSQL of its own that is thrown away. Rows are copies of complaints
that went through the workflow, made inside the database; 2 % are open. CPU is the median of this
process (PostgreSQL's own is not in it); ``x`` is against the door, a page of three statements that
draws nothing. The numbers of the frame are read anew each time, as after 15 seconds.
"""

import argparse
import gzip
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OPEN_EVERY = 50
WORDS = ("空调", "热水", "走廊噪音", "电梯", "门锁", "账单", "窗帘", "网络", "异味", "漏水")
PLACES = ("主卧", "浴室", "客厅", "车库", "大堂")


@dataclass(frozen=True)
class Cost:
    """One page: statements, milliseconds of CPU, bytes plain and zipped."""

    statements: int
    cpu: float
    size: int
    zipped: int


@contextmanager
def database(kept: Path | None = None) -> Iterator[int]:
    """A throw-away server, migrated, with Django set up on it; in ``kept`` it stays for the next run.

    Gives the number of its process.
    """
    sys.path.insert(0, str(ROOT))
    from propdesk.environment import database_url
    from propdesk.localstack import account, paths
    from propdesk.localstack.postgres import Postgres

    base = kept or Path(tempfile.mkdtemp(prefix="propdesk-bench-"))
    base.mkdir(exist_ok=True)
    base.chmod(0o711)
    server = Postgres(base / "pg", account.service_account(create=False), throwaway=True)
    process = server.start()
    try:
        server.bootstrap()
        os.environ["DATABASE_URL"] = database_url(paths.OWNER_ROLE, server.run_dir, paths.DATABASE)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield process.pid
    finally:
        server.stop(process)
        if kept is None:
            shutil.rmtree(base, ignore_errors=True)


def copy(model: Any, pk: Any, first: int, last: int, **changed: str) -> None:
    """Rows ``first`` … ``last`` like row ``pk``; ``changed`` gives SQL in ``n`` for columns."""
    from django.db import connection

    columns = [field.column for field in model._meta.concrete_fields]  # noqa: SLF001 -- Django's model API
    values = [changed.get(column, f"t.{column}") for column in columns]
    table = model._meta.db_table  # noqa: SLF001 -- Django's model API
    key = model._meta.pk.column  # noqa: SLF001 -- Django's model API
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 -- our own names
        f"FROM {table} t CROSS JOIN generate_series({first}, {last}) n "
        f"LEFT JOIN bench_text w ON w.n = mod(n.n, 50) WHERE t.{key} = %s AND {changed['_where']}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [pk])


def write_words() -> None:
    """Fifty texts with their grams, from which the copies take theirs."""
    from django.db import connection

    from propdesk.core.search_grams import grams, normalise

    texts = [normalise(f"{place}{word}坏了，请今晚处理") for word in WORDS for place in PLACES]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_text (n int PRIMARY KEY, text text, grams text[])")
        rows = [(n, text, grams(text)) for n, text in enumerate(texts)]
        cursor.executemany("INSERT INTO bench_text VALUES (%s, %s, %s)", rows)


def grow(models: dict[str, Any], first: int, last: int) -> None:
    """Complaints ``first`` … ``last``, one of fifty open."""
    from django.db import connection

    from incidents.models import Complaint
    from propdesk.core.models import Case, Person, SearchText

    base = 1_000_000
    ago = "now() - n.n * interval '7 minutes'"
    for kind, where in (
        ("open", f"mod(n.n, {OPEN_EVERY}) = 0"),
        ("closed", f"mod(n.n, {OPEN_EVERY}) <> 0"),
    ):
        row = models[kind]
        due = "now() + mod(n.n, 1000) * interval '3 minutes'" if kind == "open" else "NULL"
        number = "'TX-' || lpad(n.n::text, 12, '0')"
        copy(Person, row.guest_id, first, last, id=f"{base} + n.n", _where=where)
        copy(
            Case,
            row.pk,
            first,
            last,
            id=f"{base} + n.n",
            number=number,
            opened_at=ago,
            _where=where,
        )
        copy(
            Complaint,
            row.pk,
            first,
            last,
            case_id=f"{base} + n.n",
            guest_id=f"{base} + n.n",
            received_at=ago,
            opening_words="w.text",
            core_issue="w.text",
            next_due_at=due,
            _where=where,
        )
        copy(
            SearchText,
            row.pk,
            first,
            last,
            case_id=f"{base} + n.n",
            text="w.text",
            grams="w.grams",
            _where=where,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def cost(client: Any, url: str, rounds: int, data: dict[str, str] | None = None) -> Cost:
    """Ask ``rounds`` times after one to warm up; a POST gets a token of its own each time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from propdesk.desk import shell

    def ask(n: int) -> Any:
        shell._counts.clear()  # noqa: SLF001 -- the price of the frame is part of the page
        if data is None:
            return client.get(url)
        return client.post(url, data | {"token": f"{time.monotonic_ns()}-{n}"})

    with CaptureQueriesContext(connection) as captured:
        response = ask(0)
    control = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    statements = sum(not q["sql"].startswith(control) for q in captured)
    times = []
    for n in range(1, rounds + 1):
        began = time.process_time()
        ask(n)
        times.append((time.process_time() - began) * 1000)
    body = response.content
    return Cost(statements, statistics.median(times), len(body), len(gzip.compress(body, 6)))


def pages(house: Any, complaint: Any) -> dict[str, tuple[str, dict[str, str] | None]]:
    """Name of each page, its address and what is sent to it."""
    from django.urls import reverse

    from propdesk.desk.calendar import workflow as calendar

    code = house.prop.code
    _feed, token = calendar.make_feed(house.prop, by=house.dm)
    board, here = reverse("incidents:board", args=[code]), complaint.get_absolute_url()
    intake = {"words": "空调响", "severity": "normal", "channel": "phone", "name": "王晓梅"}
    return {
        "door": ("/", None),
        "duty board": (reverse("desk:board", args=[code]), None),
        "list, open": (board, None),
        "list, all": (f"{board}?state=all", None),
        "list, all, filter": (f"{board}?state=closed&category=facility", None),
        "list, search": (f"{board}?state=all&q=漏水", None),
        "search, common": (f"{reverse('desk:search', args=[code])}?q=漏水", None),
        "search, none": (f"{reverse('desk:search', args=[code])}?q=鳄鱼", None),
        "detail": (here, None),
        "act page": (f"{here}do/offer/", None),
        "notices": (reverse("desk:notices", args=[code]), None),
        "calendar, month": (reverse("calendar:index", args=[code]), None),
        "calendar, feed": (reverse("calendar_feed", args=[token]), None),
        "poll": (reverse("desk:counts", args=[code]), None),
        "intake, form": (reverse("incidents:intake", args=[code]), None),
        "intake, POST": (reverse("incidents:intake", args=[code]), intake),
    }


def main() -> None:
    """Print one table per number of rows."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, nargs="+", default=[1_000])
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    with database():
        from django.db import connection
        from django.test import Client

        from tests.incidents.journey import House

        house = House()
        models = {"open": house.recorded(), "closed": house.closed()}
        write_words()
        client = Client()
        client.force_login(house.dm)
        done = 0
        for rows in sorted(given.rows):
            grow(models, done + 1, rows)
            done = rows
            print(f"\n{rows:,} complaints, {given.rounds} rounds")
            print(f"{'page':<20}{'statements':>11}{'CPU ms':>9}{'x':>7}{'kB':>7}{'kB gz':>7}")
            door = 0.0
            for name, (url, data) in pages(house, models["open"]).items():
                found = cost(client, url, given.rounds, data)
                door = door or found.cpu
                print(
                    f"{name:<20}{found.statements:>11}{found.cpu:>9.1f}{found.cpu / door:>7.1f}"
                    f"{found.size / 1000:>7.1f}{found.zipped / 1000:>7.1f}"
                )
        connection.close()


if __name__ == "__main__":
    main()
