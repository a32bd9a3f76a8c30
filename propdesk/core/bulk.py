"""Many rows of many tables in one statement: for sweeps, and for papers over many things.

``audit.save`` writes one row and its history; over 500 things that is some thousand statements. Here
the same rows are made in Python, histories and chained entries included, and go to the database
as JSON in one data-modifying statement. Nothing else differs: tests compare what is left behind
with what single saves leave. The caller holds the locks, as for ``audit.record``.

    page = bulk.Sheet(by, reason=_("批示"))
    page.change(items, "status", "next_due_at")      # rows, with their history
    page.acts(acts)                                  # entries of the chains, last of the rows
    page.tell(messages)                              # notices and deliveries
    page.write()
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models
from django.utils import timezone

from propdesk.core import audit, notices
from propdesk.core.models import Case, User

INSERTED, UPDATED = "+", "~"
"""How simple-history calls the two kinds of version."""


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of one model; with ``unique`` (field names) those that are there already are left out.

    ``fk`` names the foreign key of rows that point at unsaved rows of the insert ``under``, which
    has ``unique``: they are written where their parent really is new.
    """

    rows: Sequence[models.Model]
    unique: tuple[str, ...] = ()
    fk: str = ""
    under: "Insert | None" = None


@dataclass(frozen=True, slots=True)
class Update:
    """Rows of one model and the names of their fields to write."""

    rows: Sequence[models.Model]
    fields: Sequence[str]


def write(inserts: Sequence[Insert] = (), updates: Sequence[Update] = ()) -> None:
    """Write all of it in one statement; parents stand before their children.

    ConflictError with the constraint's sentence when a constraint refuses a row; LookupError when
    a row to update is gone; ValueError for a row that is updated twice, which would be left to chance.
    Foreign keys between the rows of one statement hold: PostgreSQL checks them at its end.
    """
    changed = [step for step in updates if step.rows]
    added = [step for step in inserts if step.rows]
    if not changed and not added:
        return
    _each_once(changed)
    names = {id(step): f"w{number}" for number, step in enumerate([*changed, *added])}
    parts = [_update(step) for step in changed] + [_insert(step, names) for step in added]
    steps = ", ".join(f"w{n} AS ({sql})" for n, (sql, _data) in enumerate(parts))
    counts = ", ".join(f"(SELECT count(*) FROM w{n})" for n in range(len(changed)))  # noqa: S608 -- our own names
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {steps} SELECT {counts or '0'}", [data for _sql, data in parts])
            found = cursor.fetchone()
    except IntegrityError as error:
        raise audit.conflict(error) from error
    for step, count in zip(changed, found, strict=False):
        if count != len(step.rows):
            message = f"{count} of {len(step.rows)} rows of {_table(step.rows)} are there"
            raise LookupError(message)


def number(*groups: Sequence[models.Model]) -> None:
    """Give unsaved rows their keys, each group of one model; one statement.

    For rows whose key stands in their history or in an entry before they are written.
    """
    groups = tuple(rows for rows in groups if rows)
    if not groups:
        return
    one = "SELECT %s, nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
    params: list[Any] = []
    for position, rows in enumerate(groups):
        params += [position, _table(rows), _key(rows).column, len(rows)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(groups)), params)
        found = sorted(cursor.fetchall())
    for row, (_position, key) in zip([r for rows in groups for r in rows], found, strict=True):
        row.pk = key


def versions(
    rows: Iterable[Any], kind: str, *, by: User | None, reason: str, at: datetime
) -> list[models.Model]:
    """The history rows simple-history would write for ``rows`` as they are; unsaved."""
    return [
        row.history.model(
            history_date=at,
            history_user=by,
            history_change_reason=reason,
            history_type=kind,
            **{f.attname: getattr(row, f.attname) for f in row.history.model.tracked_fields},
        )
        for row in rows
    ]


@dataclass(slots=True)
class Sheet:
    """What one act, or one batch of a sweep, writes; ``write`` writes it in one statement.

    ``reason`` goes into the history of the rows, as with ``audit.save``.
    """

    by: User | None
    reason: str
    at: datetime = field(default_factory=timezone.now)
    inserts: list[Insert] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)

    def add(self, rows: Sequence[models.Model]) -> None:
        """New rows of one model, numbered where they have a history."""
        self.inserts.append(Insert(rows))
        self._keep(rows, INSERTED)

    def change(self, rows: Sequence[models.Model], *fields: str) -> None:
        """Changed ``fields`` of rows of one model."""
        self.updates.append(Update(rows, fields))
        self._keep(rows, UPDATED)

    def _keep(self, rows: Sequence[models.Model], kind: str) -> None:
        if rows and hasattr(rows[0], "history"):
            made = versions(rows, kind, by=self.by, reason=self.reason, at=self.at)
            self.inserts.append(Insert(made))

    def acts(self, acts: Iterable[audit.Act], *case_fields: str) -> None:
        """Entries of the chains of locked cases; the rows they name hold their last values."""
        acts = list(acts)
        self.inserts.append(Insert(audit.chained(acts)))
        cases: dict[int, Case] = {act.case.pk: act.case for act in acts}
        fields = ["version", "audit_head", *case_fields]
        self.updates.append(Update(list(cases.values()), fields))

    def tell(self, messages: Iterable[notices.Message]) -> None:
        """Notices and deliveries; a notice its recipient had before is left out."""
        found, deliveries = notices.rows(messages, self.at)
        told = Insert(found, unique=("recipient", "key"))
        self.inserts += [told, Insert(deliveries, fk="notice", under=told)]

    def write(self) -> None:
        """Write everything; raises as ``write`` of this module."""
        write(self.inserts, self.updates)


def _each_once(steps: Iterable[Update]) -> None:
    keys = [(_table([row]), row.pk) for step in steps for row in step.rows]
    if len(keys) != len(set(keys)):
        message = "a row is updated twice in one statement"
        raise ValueError(message)


def _table(rows: Sequence[models.Model]) -> str:
    return str(rows[0]._meta.db_table)  # noqa: SLF001 -- model API


def _columns(rows: Sequence[models.Model]) -> list[Any]:
    return list(rows[0]._meta.concrete_fields)  # noqa: SLF001 -- model API


def _key(rows: Sequence[models.Model]) -> Any:
    return rows[0]._meta.pk  # noqa: SLF001 -- model API


def _q(name: str) -> str:
    return connection.ops.quote_name(name)


def _update(step: Update) -> tuple[str, str]:
    """SQL and data of one update."""
    table, key = _table(step.rows), _key(step.rows)
    columns: list[Any] = [step.rows[0]._meta.get_field(name) for name in dict.fromkeys(step.fields)]  # noqa: SLF001 -- model API
    sets = ", ".join(f"{_q(c.column)} = s.{_q(c.column)}" for c in columns)
    sql = (
        f"UPDATE {_q(table)} t SET {sets} "  # noqa: S608 -- names of our own tables
        f"FROM jsonb_populate_recordset(NULL::{_q(table)}, %s::jsonb) s "
        f"WHERE t.{_q(key.column)} = s.{_q(key.column)} RETURNING 1"
    )
    return sql, _dump([_values(row, [key, *columns]) for row in step.rows])


def _insert(step: Insert, names: dict[int, str]) -> tuple[str, str]:
    """SQL and data of one insert; each row is one JSON object, its parent beside it."""
    table, key = _table(step.rows), _key(step.rows)
    columns = [c for c in _columns(step.rows) if c is not key or step.rows[0].pk is not None]
    data = [{"row": _values(row, columns)} for row in step.rows]
    picked = {_q(c.column): f"s.{_q(c.column)}" for c in columns}
    source = (
        "jsonb_array_elements(%s::jsonb) x(j) "
        f"CROSS JOIN LATERAL jsonb_populate_record(NULL::{_q(table)}, x.j -> 'row') s"
    )
    if step.under is not None:
        parent = step.under.rows
        for row, values in zip(step.rows, data, strict=True):
            values["parent"] = _values(getattr(row, step.fk), _unique(step.under))
        alike = " AND ".join(f"p.{_q(c.column)} = q.{_q(c.column)}" for c in _unique(step.under))
        source += (
            f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{_q(_table(parent))}, "
            f"x.j -> 'parent') q JOIN {names[id(step.under)]} p ON {alike}"
        )
        picked[_q(next(c.column for c in columns if c.name == step.fk))] = (
            f"p.{_q(_key(parent).column)}"
        )
    sql = (
        f"INSERT INTO {_q(table)} ({', '.join(picked)}) "  # noqa: S608 -- names of our own tables
        f"SELECT {', '.join(picked.values())} FROM {source}"
    )
    unique = ", ".join(_q(c.column) for c in _unique(step))
    if unique:
        sql += f" ON CONFLICT ({unique}) DO NOTHING RETURNING {_q(key.column)}, {unique}"
    return sql, _dump(data)


def _unique(step: Insert) -> list[Any]:
    return [c for c in _columns(step.rows) if c.name in step.unique]


def _values(row: models.Model, columns: Iterable[Any]) -> dict[str, Any]:
    return {c.column: c.get_prep_value(getattr(row, c.attname)) for c in columns}


def _dump(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """What JSON does not know, as PostgreSQL reads it into a column."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, Decimal | UUID):
        return str(value)
    message = f"{type(value).__name__} has no place in a row"
    raise TypeError(message)
