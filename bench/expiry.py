"""What the expiry sweep costs: 1,000 things expire of 100,000 that are kept.

    .venv/bin/python bench/expiry.py [--open 100000] [--due 1000]

Runs in one process on a PostgreSQL of its own that is thrown away. Things are copies of one that went
through the workflow, made inside the database, each with its three reminders and its last day. The
pages read by a batch are compared with those of a batch of the same size among 1,000 things: the
sweep touches due rows only, each found through trees that are one level deeper in larger tables, so
they may grow by that level and no more. Ends with 1 when a goal fails.
"""

import argparse
import sys
import time
from typing import Any

from pages import database

SMALL = 1_000
MOST_STATEMENTS = 3
MOST_GROWTH = 1.5
BASE = 1_000_000
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def copy(model: Any, pk: Any, first: int, last: int, **changed: str) -> None:
    """Rows ``first`` … ``last`` like row ``pk``; ``changed`` gives SQL in ``n`` for columns."""
    from django.db import connection

    meta = model._meta  # noqa: SLF001 -- Django's model API
    columns = [f.column for f in meta.concrete_fields if f.column in changed or not f.primary_key]
    values = [changed.get(column, f"t.{column}") for column in columns]
    statement = (
        f"INSERT INTO {meta.db_table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 -- our own names
        f"FROM {meta.db_table} t CROSS JOIN generate_series({first}, {last}) n "
        f"WHERE t.{meta.pk.column} = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [pk])


def grow(item: Any, first: int, last: int, due: int) -> None:
    """Things ``first`` … ``last``; those up to ``due`` expired an hour ago, the oldest first."""
    from django.db import connection

    from lostfound.models import FoundItem
    from lostfound.workflow import Rule
    from propdesk.core.models import Case, Clock

    number = "'SX-' || lpad(n.n::text, 12, '0')"
    copy(Case, item.pk, first, last, id=f"{BASE} + n.n", number=number)
    copy(FoundItem, item.pk, first, last, case_id=f"{BASE} + n.n")
    late = "interval '-1 hour' + n.n * interval '1 millisecond'"
    day = f"CASE WHEN n.n <= {due} THEN {late} ELSE n.n * interval '1 minute' END"
    for clock in item.case.clocks.filter(rule__in=[Rule.EXPIRES_SOON, Rule.EXPIRED]):
        before = "0" if clock.rule == Rule.EXPIRED else str(clock.pk % 7 + 1)
        fired = "NULL" if clock.rule == Rule.EXPIRED else "now() - interval '1 day'"
        copy(
            Clock,
            clock.pk,
            first,
            last,
            case_id=f"{BASE} + n.n",
            due_at=f"now() + {day} - {before} * interval '1 day'",
            fired_at=fired,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lostfound_founditem i SET expires_on = ((c.due_at - interval '1 minute') "
            "AT TIME ZONE 'Asia/Shanghai')::date - 1 "
            "FROM core_clock c WHERE c.case_id = i.case_id AND c.rule = %s AND i.case_id >= %s",
            [Rule.EXPIRED, BASE + first],
        )
        cursor.execute("VACUUM ANALYZE")


def batch(now: Any) -> tuple[list[str], list[int]]:
    """The statements of one batch, and the pages each reads; nothing is kept."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from lostfound.workflow import sweep

    people = sweep._people(now)  # noqa: SLF001 -- what a run reads once
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            sweep._flag_batch(now, people)  # noqa: SLF001 -- one batch is what is measured
        transaction.set_rollback(True)
    sent = [q["sql"] for q in captured if not q["sql"].startswith(CONTROL)]
    pages = []
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in sent:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
            ((found,),) = cursor.fetchall()
            pages.append(_pages(found[0]["Plan"]))
        transaction.set_rollback(True)
    return sent, pages


def _pages(plan: dict[str, Any]) -> int:
    """Pages a statement reads; of one that writes, those of its parts, which the whole leaves out."""
    parts = [p for p in plan.get("Plans", []) if p.get("Subplan Name", "").startswith("CTE")]
    if parts:
        return sum(_pages(part) for part in parts)
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def measure(open_things: int, due: int) -> bool:
    """Print what a batch and a run cost; True when the goals hold."""
    from django.utils import timezone

    from lostfound import workflow
    from lostfound.workflow import Rule, sweep
    from propdesk.core import clocks
    from propdesk.core.models import Notice
    from tests.lostfound.journey import House

    house = House()
    item = house.stored()
    grow(item, 1, SMALL, clocks.BATCH)
    now = timezone.now()
    few_sent, few = batch(now)
    grow(item, SMALL + 1, open_things, SMALL + due - clocks.BATCH)
    now = timezone.now()
    sent, many = batch(now)
    print(f"{'things kept':<16}{'statements':>11}{'pages read, each':>24}")
    print(f"{SMALL:<16,}{len(few_sent):>11}{few!s:>24}")
    print(f"{open_things:<16,}{len(sent):>11}{many!s:>24}")
    began = time.monotonic()
    fired = workflow.flag_due(now)
    took = time.monotonic() - began
    left = sweep.clocks.pending(tuple(sweep.TARGETS), now).count()
    told = Notice.objects.filter(rule=Rule.EXPIRED).count()
    print(f"\n{fired:,} clocks fired in {took:.2f} s, {told:,} notices, {left} left")
    fits = all(b <= MOST_GROWTH * a for a, b in zip(few, many, strict=True))
    return fits and len(sent) <= MOST_STATEMENTS and fired == due and left == 0


def main() -> int:
    """Print the table; 0 when the goals hold."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--open", type=int, default=100_000)
    options.add_argument("--due", type=int, default=1_000)
    given = options.parse_args()
    with database():
        from django.db import connection

        fits = measure(given.open, given.due)
        connection.close()
    print("goals hold" if fits else "A GOAL FAILS")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
