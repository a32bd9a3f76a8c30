"""The figures of a month among few complaints and many: statements, time and plans.

    .venv/bin/python bench/insight.py [--rows 1000 100000] [--rounds 5] [--plans]

Runs on a PostgreSQL of its own that is thrown away. Rows are copies of a complaint that was walked
to its closing, with its history, promise, call-back and a notice, one every seven minutes: a month holds
some 6,200 of a hundred thousand. Each block is timed by itself, inside the database with planning.
"""

import argparse
from collections.abc import Callable
from typing import Any

from pages import copy, database, write_words
from search import sql_time

BASE, EVERY = 1_000_000, 40
"""First key of what is copied, and keys kept free for the history of each complaint."""
AT = "now() - n.n * interval '7 minutes'"
DONE = f"{AT} + interval '20 hours'"


def grow(complaint: Any, delivery: Any, first: int, last: int) -> None:
    """Closed complaints ``first`` … ``last`` with all that the figures read of them."""
    from django.db import connection

    from incidents.models import Callback, Complaint, Promise
    from propdesk.core.models import Case, Delivery, Notice

    key = f"{BASE} + n.n"
    own = {"_where": "true", "case_id": key}
    of = {"_where": "true", "complaint_id": key, "id": key}

    def rows(model: Any, pk: int, **changed: str) -> None:
        copy(model, pk, first, last, **changed)

    number = "'TX-' || lpad(n.n::text, 12, '0')"
    rows(Case, complaint.pk, _where="true", id=key, number=number, opened_at=AT, closed_at=DONE)
    rows(Complaint, complaint.pk, **own, received_at=AT)
    history: Any = Complaint.history.model
    for place, row in enumerate(history.objects.filter(case=complaint.pk).order_by("history_id")):
        when = f"{AT} + {place} * interval '1 hour'"
        past = f"{BASE} + n.n * {EVERY} + {place}"
        rows(history, row.pk, **own, history_id=past, history_date=when)
    promised = complaint.promises.get()
    told = {"told_at": AT, "created_at": AT, "due_at": f"{AT} + interval '3 hours'"}
    rows(Promise, promised.pk, **of, **told, ended_at=f"{AT} + interval '2 hours'")
    rows(Callback, complaint.callbacks.get().pk, **of, asked_at=DONE)
    said = {"_where": "true", "id": key, "created_at": AT}
    rows(Notice, delivery.notice_id, **said, key="'b' || n.n", case_id=key)
    seen = f"{AT} + mod(n.n, 60) * interval '1 minute'"
    rows(Delivery, delivery.pk, **said, notice_id=key, acknowledged_at=seen)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def blocks(asked: Any) -> dict[str, Callable[[], Any]]:
    """The whole page, and what each register is asked."""
    from incidents import queries_insight as complaints
    from propdesk.desk.insight import queries
    from propdesk.desk.insight.blocks import gather
    from propdesk.desk.insight.figures import FIGURES, opened

    def rows(key: str) -> Any:
        return FIGURES[key].rows(asked)

    def page(key: str, **params: str) -> Callable[[], Any]:
        found: Any = opened(asked, key, params)
        return lambda: found.figure.kind.page(asked, found.rows, "")

    return {
        "all figures": lambda: gather(asked),
        "promises": lambda: complaints.promise_counts(rows("promises")),
        "complaints": lambda: complaints.by_category(rows("complaints")),
        "answers": lambda: complaints.answer_counts(rows("answers")),
        "rooms": lambda: rows("rooms").count(),
        "time by holder": lambda: complaints.time_shares(rows("closed")),
        "notices": lambda: queries.waits(rows("notices")),
        "rows: promises": page("promises"),
        "rows: closed, of a holder": page("closed", department="desk"),
        "rows: notices": page("notices"),
    }


def plans(asked: Any) -> None:
    """How the database reads the sets of rows of a month."""
    from propdesk.desk.insight.figures import FIGURES

    for name in ("promises", "complaints", "closed", "answers", "notices"):
        print(f"\n--- {name}\n{FIGURES[name].rows(asked).order_by().explain(analyze=True)}")


def main() -> None:
    """Build, grow and print a table at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[1000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--plans", action="store_true")
    args = parser.parse_args()
    with database():
        from django.utils import timezone

        from propdesk.core.models import Delivery
        from propdesk.core.periods import Period
        from propdesk.desk.insight.queries import Asked
        from tests.incidents.journey import House

        write_words()
        house = House()
        complaint = house.closed()
        delivery = Delivery.objects.filter(notice__case=complaint.pk, channel="inbox")[0]
        today = timezone.localdate()
        asked = Asked(house.pm, house.prop, Period.month_of(today), timezone.now())
        done = 0
        for size in args.rows:
            grow(complaint, delivery, done + 1, size)
            done = size
            print(f"\n=== {size} complaints\n{'asked':<28}{'statements':>11}{'sql ms':>10}")
            for name, ask in blocks(asked).items():
                spent, statements, _answer = sql_time(ask, args.rounds)
                print(f"{name:<28}{statements:>11}{spent:>10.1f}", flush=True)
        if args.plans:
            plans(asked)


if __name__ == "__main__":
    main()
