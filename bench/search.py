"""The search over all registers with up to a million cases: time, plan and recall against LIKE.

    .venv/bin/python bench/search.py [--rows 1000 100000 1000000] [--rounds 7] [--data DIR]

Runs on a PostgreSQL of its own that is thrown away, or kept in DIR for the next run. What the house
holds stands in ``searched/house.py``. ``sql`` is the median of the statements of one page of the
search, ``like`` the same page by LIKE alone without index, ``key`` a page of 30 complaints by the
index of all lists, asked before each word; ``x`` is sql / key. What LIKE finds and the search does
not ends the run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import database
from searched.house import House

ASKED = ("镯", "空", "空调", "玉镯", "唐睿", "貔貅", "琉璃瓦", "空调漏水", "祖母绿戒指", "空调 琉璃瓦", "1806", "zgf", "5678",
         "王芳", "王芳 1806", "1123-004", "20251123", "雨伞", "火警", "一二三四五六七八九十")  # fmt: skip


def timed(ask: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median milliseconds after one to warm up, and the last answer."""
    answer = ask()
    times = []
    for _n in range(rounds):
        begun = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), answer


def sql_time(ask: Callable[[], Any], rounds: int) -> tuple[float, int, Any]:
    """Median milliseconds inside the database with planning, statements, and the answer."""
    from django.db import connection

    spent: list[float] = []

    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append((time.perf_counter() - begun) * 1000)

    ask()
    totals, answer = [], None
    for _n in range(rounds):
        spent.clear()
        with connection.execute_wrapper(watch):
            answer = ask()
        totals.append(sum(spent))
    return statistics.median(totals), len(spent), answer


def by_like(user: Any, prop: Any, typed: str) -> list[int]:
    """The newest page by LIKE alone over all this person may read; terms of people left out."""
    from django.db.models import Q

    from emergencies.queries import events
    from incidents import queries as complaints
    from lostfound.queries import item as items
    from propdesk.core.models import Case
    from propdesk.core.search import Query

    details = items.sees_all_details(user, prop)
    words = Q()
    for word in Query.of(typed).words:
        inside = Q(kind="found", search__details__contains=word) if details else Q()
        words &= (
            Q(search__text__contains=word) | inside if inside else Q(search__text__contains=word)
        )
    registers = (complaints, items, events)
    seen = [each.visible_to(user, prop).order_by().values("pk") for each in registers]
    visible = Q(pk__in=seen[0]) | Q(pk__in=seen[1]) | Q(pk__in=seen[2])
    rows = Case.objects.filter(words, visible, property=prop)
    return list(rows.order_by("-opened_at", "-pk").values_list("pk", flat=True)[:31])


def check(typed: str, found: Any, wanted: list[int], most: int) -> None:
    """A page has all that LIKE finds; a full one that ends in words, down to its last row."""
    from propdesk.core.search_terms import Rank

    got = [row.pk for row in found.rows]
    if len(got) < most:
        missing = set(wanted) - set(got)
    elif found.rows[-1].rank == Rank.WORDS:
        # Cases of the bench are numbered by time.
        missing = {pk for pk in wanted if pk > got[-1]} - set(got)
    else:
        missing = set()
    if missing:
        raise SystemExit(f"{typed}: LIKE found {missing}")


def table(people: dict[str, int], prop: Any, rounds: int) -> None:
    """One line per word and person."""
    from incidents import queries
    from propdesk.core.models import User
    from propdesk.core.search import Query
    from propdesk.desk import search_queries as desk

    head = f"{'asked':<12}{'sql ms':>9}{'key ms':>8}{'x':>6}{'stmts':>6}{'like ms':>9}{'faster':>8}"
    for who, pk in people.items():
        user = User.objects.get(pk=pk)

        def listed(user: Any = user) -> list[Any]:
            rows = queries.listed(queries.visible_to(user, prop))
            return list(rows.order_by("-case__opened_at", "-pk")[:31])

        print(f"\n{who}\n{head}{'rows':>6}")
        for typed in ASKED:
            filters = desk.Filters(query=Query.of(typed))

            def ask(user: Any = user, filters: Any = filters) -> Any:
                return desk.page_of(user, prop, filters, "")

            key, _n, _rows = sql_time(listed, rounds)
            sql, statements, found = sql_time(ask, rounds)
            like, wanted = timed(lambda t=typed, u=user: by_like(u, prop, t), 1)  # type: ignore[misc]
            check(typed, found, wanted, desk.PAGE)
            print(
                f"{typed:<12}{sql:>9.2f}{key:>8.2f}{sql / key:>6.1f}{statements:>6}{like:>9.1f}"
                f"{like / sql:>8.1f}{len(found.rows):>6}",
                flush=True,
            )


def main() -> None:
    """Build, grow and print a table at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[1000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--data", type=Path, help="keep the house here; only grow it when it is there"
    )
    args = parser.parse_args()
    with database(args.data):
        from django.db import connection

        from propdesk.core.models import Property

        house = House.open(args.data)
        for size in args.rows:
            begun = time.perf_counter()
            house.grow(size)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_size_pretty(pg_table_size('core_searchtext')),"
                    " pg_size_pretty(pg_relation_size('core_search_words'))"
                )
                heap, index = cursor.fetchone()
            took = time.perf_counter() - begun
            print(f"\n=== {house.rows} rows: built in {took:.0f} s; table {heap}, index {index}")
            table(house.people, Property.objects.get(pk=house.prop), args.rounds)


if __name__ == "__main__":
    main()
