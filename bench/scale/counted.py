"""What never depends on the machine: statements of each request, and the blocks they touch."""

import gzip
import time
from dataclasses import dataclass
from typing import Any

from shared.databases import statements
from shared.words import copied

from scale.asked import Ask, sweeps
from scale.tree import BASE, Copier, Tree

CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", 'UPDATE "django_session"')
"""What no page is charged with: a session notes once a minute that it was seen."""
DUE = 1_000


@dataclass(frozen=True)
class Counts:
    """Of one request: statements, blocks of those that read, bytes of the page, and the dearest."""

    statements: int
    blocks: int
    dearest: list[tuple[int, str, Any]]
    size: int = 0
    zipped: int = 0
    rows: int = 0
    """Lines of the tables on the page."""


class Seen:
    """Statements of a block of code, in order."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        self.found.append((sql, params))
        return execute(sql, params, many, context)


def blocks(found: list[tuple[str, Any]]) -> list[tuple[int, str, Any]]:
    """Blocks of each statement that reads, the dearest first."""
    from tests.desk import pile

    read = [each for each in found if each[0].startswith("SELECT")]
    each = [(pile.blocks(sql, params), sql, params) for sql, params in read]
    return sorted(each, key=lambda one: -one[0])


def plan(sql: str, params: Any) -> str:
    """How the database reads it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params)
        return "\n".join(row[0] for row in cursor.fetchall())


def page(client: Any, ask: Ask) -> Counts:
    """A page or post, asked once to warm up."""
    sent = {} if ask.data is None else {"data": ask.sent()}
    status = 200 if ask.data is None else 302
    statements(client, ask.url, status, **sent)
    sent = {} if ask.data is None else {"data": ask.sent()}
    found = [
        each
        for each in statements(client, ask.url, status, **sent)
        if not each[0].startswith(CONTROL)
    ]
    dear = blocks(found) if ask.data is None else []
    body = b"" if ask.data is not None else getattr(client.get(ask.url), "content", b"")
    zipped = len(gzip.compress(body, 6))
    total = sum(n for n, *_sql in dear)
    return Counts(len(found), total, dear[:3], len(body), zipped, body.count(b"<tr"))


def empty_sweeps(now: Any) -> dict[str, Counts]:
    """Each sweep once it has nothing left to do."""
    from django.db import connection

    counts = {}
    for name, sweep in sweeps().items():
        sweep(now)
        seen = Seen()
        with connection.execute_wrapper(seen):
            sweep(now)
        found = [each for each in seen.found if not each[0].startswith(CONTROL)]
        dear = blocks(found)
        counts[name] = Counts(len(found), sum(n for n, *_sql in dear), dear[:3])
    return counts


def due_sweep(now: Any) -> tuple[int, int, float]:
    """(fired, statements, milliseconds) of the sweep of complaints with a thousand due; undone after."""
    from django.db import connection, transaction

    from incidents import workflow

    seen = Seen()
    with transaction.atomic(), connection.cursor() as cursor:
        _due(cursor, now)
        begun = time.perf_counter()
        with connection.execute_wrapper(seen):
            fired = workflow.flag_due(now)
        took = (time.perf_counter() - begun) * 1000
        transaction.set_rollback(True)
    return fired, len([sql for sql, _given in seen.found if not sql.startswith(CONTROL)]), took


def _due(cursor: Any, now: Any) -> None:
    """A thousand complaints in work, each with one clock that just ran out."""
    from incidents.models import Complaint
    from incidents.workflow.base import Rule
    from propdesk.core.models import Clock

    sample = Complaint.objects.filter(status="in_progress", pk__lt=BASE).earliest("pk")
    tree = Tree(sample.pk, 9)
    clocks = Clock.objects.filter(case=sample.pk, rule=Rule.OVERDUE)
    tree.rows[Clock] = list(clocks.values_list("pk", flat=True)[:1])
    own = {
        ("Case", "number"): "p.number",
        ("Clock", "due_at"): "p.at - interval '1 minute'",
        ("Clock", "fired_at"): "NULL",
        ("Clock", "stopped_at"): "NULL",
    }
    cursor.execute(
        "CREATE TEMP TABLE bench_plan (n int, sample int, k int, earlier interval, days int, number text, at timestamptz)"
        " ON COMMIT DROP"
    )
    rows = [(n, 0, 1, "0", 0, f"TS-0-{n}", now) for n in range(9_000_000, 9_000_000 + DUE)]
    copied("bench_plan", ["n", "sample", "k", "earlier", "days", "number", "at"], rows)
    cursor.execute("SET LOCAL session_replication_role = replica")
    for sql, params in Copier([tree], own).statements(0, tree):
        cursor.execute(sql, params)
    cursor.execute("SET LOCAL session_replication_role = origin")
