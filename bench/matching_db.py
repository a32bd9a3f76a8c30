"""What the nightly comparison costs in the database: 10,000 open found × 5,000 open lost.

    .venv/bin/python bench/matching_db.py [--found 10000] [--lost 5000]

Runs in one process on a PostgreSQL of its own that is thrown away; the texts are those of
bench/matching.py, the rows are made by bulk. A night is all of it: marking, reading the words,
ranking, writing the pairs, telling the duty manager. Then the same night again, when nothing has
changed, and one new thing and one new report by day. Another house has twice as many of both. Goals:
60 s, 2.5 times that for twice as many, 200 pairs a report. What counts is the CPU of this process
and of the database, one after the other: the clock tells the same on a machine that does nothing
else. Ends with 1 when a goal fails.
"""

import argparse
import os
import resource
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from matching import world
from pages import database

GOAL_SECONDS, GOAL_RATIO, GOAL_PAIRS = 60.0, 2.5, 200
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@dataclass(frozen=True)
class Cost:
    """One run: seconds by the clock, of this process and of the database, statements, cases."""

    wall: float
    cpu: float
    server: float
    statements: int
    cases: int


def places(prop: Any, paths: set[tuple[str, ...]]) -> dict[tuple[str, ...], Any]:
    """The tree of places; returns each node by its way from the root."""
    from propdesk.core.models import Place

    made: dict[tuple[str, ...], Any] = {}
    for depth, kind in ((1, "building"), (2, "floor"), (3, "spot")):
        for path in sorted({each[:depth] for each in paths}):
            parent = made.get(path[:-1])
            label = " ".join(path)
            made[path] = Place(
                property=prop, parent=parent, kind=kind, name=path[-1], label=label, code=""
            )
        Place.objects.bulk_create([row for path, row in made.items() if len(path) == depth])
    return made


def cases(prop: Any, kind: str, prefix: str, by: Any, count: int) -> list[Any]:
    """That many open cases of a kind."""
    from django.utils import timezone

    from propdesk.core.models import Case

    now = timezone.now()
    return Case.objects.bulk_create(
        Case(
            property=prop,
            number=f"{prefix}-20260101-{n:05}",
            kind=kind,
            neutral_title=prefix,
            opened_at=now,
            created_by=by,
        )
        for n in range(count)
    )


def fill(house: Any, found: int, lost: int) -> None:
    """So many open things and reports of one house, none compared yet."""
    from django.utils import timezone

    from lostfound.models import FoundItem, LostReport, MatchProfile
    from propdesk.core.models import Person

    items, reports, _truth = world(found, lost)
    prop, by, now = house.prop, house.dm, timezone.now()
    spots = places(prop, {path for each in items + reports for path in each.places})
    anchors = cases(prop, "found", "SW", by, found)
    FoundItem.objects.bulk_create(
        FoundItem(
            case=case,
            category=each.category,
            name=each.name,
            features=each.features,
            place=spots[each.places[0]],
            found_at=each.since,
            reported_at=each.since,
            logged_by=by,
            finder_user=by,
            next_due_at=now,
        )
        for case, each in zip(anchors, items, strict=True)
    )
    wanted = cases(prop, "lost", "BS", by, lost)
    guests = Person.objects.bulk_create(Person(property=prop, name="林小雨") for _n in range(lost))
    LostReport.objects.bulk_create(
        LostReport(
            case=case,
            guest=guest,
            category=each.category,
            name=each.name,
            features=each.features,
            place=spots[each.places[0]],
            lost_from=each.since,
            lost_to=each.until,
            reported_at=each.until,
            received_by=by,
        )
        for case, guest, each in zip(wanted, guests, reports, strict=True)
    )
    MatchProfile.objects.bulk_create(
        MatchProfile(case=case, property=prop, is_found=kind, stale_at=None)
        for rows, kind in ((anchors, True), (wanted, False))
        for case in rows
    )


def server_seconds() -> float:
    """CPU the database has spent on this connection so far; 0 where nothing tells."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def run(moment: datetime, *, night: bool) -> Cost:
    """One round of the two sweeps."""
    from django.db import connection
    from django.utils import timezone

    from lostfound import workflow

    sent = 0

    def count(execute: Any, sql: str, *args: Any) -> Any:
        nonlocal sent
        sent += not sql.startswith(CONTROL)
        return execute(sql, *args)

    server = server_seconds()
    began, cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        if night:
            workflow.compare_all_matches(moment)
        cases_compared = workflow.refresh_matches(timezone.now())
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Cost(wall, cpu, server_seconds() - server, sent, cases_compared)


def show(name: str, cost: Cost) -> None:
    """One line of the table."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<26}{cost.cases:>9,}{cost.wall:>9.1f}{cost.cpu:>9.1f}{cost.server:>9.1f}"
        f"{cost.statements:>12,}{peak:>8.0f}"
    )


def by_day(house: Any, moment: datetime) -> None:
    """One thing is logged, then one report taken down: what the worker does after each."""
    from tests.lostfound.losing import lost

    house.logged(pictures=[], no_photo_reason="太暗")
    show("one new thing", run(moment, night=False))
    lost(house)
    show("one new report", run(moment, night=False))


def measure(found: int, lost: int) -> bool:
    """Print what the nights cost; True when the goals hold."""
    from django.db import connection
    from django.utils import timezone

    import propdesk.celery  # noqa: F401 -- whose broker nobody serves here
    from lostfound.matching import Pool
    from lostfound.models import MatchPair, MatchProfile
    from propdesk.core.models import Notice
    from tests.lostfound.journey import House

    most = 0
    real = Pool.best

    def watched(pool: Any, *args: Any) -> Any:
        nonlocal most
        shown = real(pool, *args)
        most = max(most, pool.scored)
        return shown

    Pool.best = watched  # type: ignore[method-assign]
    local = timezone.localtime()
    moment = local.replace(hour=2, minute=30)
    nights = []
    print(f"{'run':<26}{'cases':>9}{'wall s':>9}{'CPU s':>9}{'DB s':>9}", end="")
    print(f"{'statements':>12}{'MB':>8}")
    for factor in (1, 2):
        MatchProfile.objects.update(is_open=False)
        house = House()
        fill(house, found * factor, lost * factor)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        nights.append(run(moment, night=True))
        show(f"night, {found * factor:,} x {lost * factor:,}", nights[-1])
        moment += timedelta(days=1)
        show("next night, nothing new", run(moment, night=True))
        moment += timedelta(days=1)
        by_day(house, moment)
    needed = [night.cpu + night.server for night in nights]
    ratio = needed[1] / needed[0]
    print(
        f"\n{MatchPair.objects.count():,} pairs, {Notice.objects.count():,} notices; "
        f"at most {most} pairs scored for a report; "
        f"a night needs {needed[0]:.1f} s, twice as many {ratio:.2f} times that"
    )
    return needed[0] <= GOAL_SECONDS and ratio <= GOAL_RATIO and most <= GOAL_PAIRS


def main() -> int:
    """Print the table; 0 when the goals hold."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--found", type=int, default=10_000)
    options.add_argument("--lost", type=int, default=5_000)
    given = options.parse_args()
    with database():
        from django.db import connection

        fits = measure(given.found, given.lost)
        connection.close()
    print("goals hold" if fits else "A GOAL FAILS")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
