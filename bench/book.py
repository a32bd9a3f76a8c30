"""What the old book costs to take over, and the register to hand out.

    .venv/bin/python bench/book.py [--rows 1000] [--export 20000]

The file is a workbook as somebody would send it. ``held`` is how long the import keeps the counter of
today's slips, for which a guard who logs something waits. Runs on a PostgreSQL of its own that is
thrown away. The goal is 1,000 rows within 60 s; the exit status says whether it is kept.
"""

import argparse
import io
import logging
import resource
import sys
import time
from typing import Any

from pages import database

BUDGET = 60.0


def workbook(count: int) -> bytes:
    """A book of that many rows, every tenth of them wrong."""
    from openpyxl import Workbook

    from lostfound.importing import COLUMNS

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([column.heading for column in COLUMNS])
    for n in range(count):
        day = f"2026-{n % 9 + 1:02}-{n % 27 + 1:02}"
        number = "无" if n % 10 == 9 else "1"
        facts = [f"OLD-{n}", "折叠伞", "雨伞", number, f"黑色长柄{n}", f"{day} 18:30"]
        sheet.append([*facts, "A座大堂", "住户", day, "60.00", "G2-1", "木柄"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def main() -> int:
    """Print the table; 1 when the import takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--export", type=int, default=20_000)
    options = parser.parse_args()
    with database():
        logging.disable(logging.CRITICAL)
        import propdesk.celery  # noqa: F401 -- whose broker nobody serves here
        from tests.lostfound.journey import House

        house = House()
        costs = take_over(house, options.rows)
        taken = sum(costs.values())
        costs |= hand_out(house, options.export)
    for name, seconds in costs.items():
        print(f"{name:28} {seconds:7.2f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'most memory':28} {memory:7.0f} MB")
    allowed = BUDGET * options.rows / 1000
    print(f"{'goal of the import':28} {allowed:7.2f} s {'kept' if taken <= allowed else 'OVER'}")
    return 0 if taken <= allowed else 1


def take_over(house: Any, rows: int) -> dict[str, float]:
    """Read, look at and confirm one file."""
    from lostfound import importing, workflow
    from lostfound.workflow import book
    from tests.factories import PASSWORD

    raw = workbook(rows)
    start = time.perf_counter()
    plan = importing.upload(house.prop, io.BytesIO(raw), "book.xlsx", len(raw), by=house.pm)
    read = time.perf_counter()
    begun: list[float] = []
    numbers = book.next_numbers

    def note(*arguments: Any) -> list[str]:
        begun.append(time.perf_counter())
        return numbers(*arguments)

    book.next_numbers = note
    second = workflow.Second(house.guard, PASSWORD)
    made = importing.confirm(house.prop, plan.seen, second, by=house.pm)
    done = time.perf_counter()
    book.next_numbers = numbers
    if len(made) != len(plan.entries) or plan.wrong_rows != rows // 10:
        raise SystemExit(f"{len(made)} of {rows}")
    return {
        f"read {rows} rows": read - start,
        f"confirm {len(made)} of them": done - read,
        "  of which held": done - begun[0],
    }


def hand_out(house: Any, rows: int) -> dict[str, float]:
    """The register of that many things: more copies of what was imported."""
    from django.db import connection
    from django.utils import timezone

    from lostfound import exporting
    from lostfound.models import FoundItem
    from lostfound.queries.item import Filters
    from propdesk.core.models import Case

    there = FoundItem.objects.count()
    first = FoundItem.objects.order_by("pk").first()
    copies = max(0, rows - there)
    for model, changed in ((Case, ("id", "number")), (FoundItem, ("case_id",))):
        columns = [field.column for field in model._meta.concrete_fields]  # noqa: SLF001 -- model API
        new = {"id": "1000000 + n", "case_id": "1000000 + n", "number": "'SX-' || n"}
        picked = [new[c] if c in changed else c for c in columns]
        table, key = model._meta.db_table, model._meta.pk.column  # noqa: SLF001 -- model API
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(picked)} "  # noqa: S608 -- our own names
                f"FROM {table} CROSS JOIN generate_series(1, %s) n WHERE {key} = %s",
                [copies, first.pk],
            )
    start = time.perf_counter()
    file = exporting.export(house.prop, Filters(state="all"), timezone.now(), by=house.dm)
    took = time.perf_counter() - start
    size = len(file.read())
    file.close()
    return {f"export {there + copies} ({size // 1000} kB)": took}


if __name__ == "__main__":
    sys.exit(main())
