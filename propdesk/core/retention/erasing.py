"""Emptying cases, a batch a transaction: rows, history, people, words of the chain; then files.

As the owner of the tables alone, and through the guards with his word that he purges (ADR 0042). What
was filled in reads ``MARK`` afterwards, so no constraint and no page is surprised; each chain gets an
entry with the new digests, so it verifies as before.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg import sql

from propdesk.core import audit, case_people, drafts, persons
from propdesk.core.models import (
    Attachment,
    Case,
    Document,
    Erasure,
    Person,
    PersonChange,
    Property,
    PurgeRun,
)
from propdesk.core.retention import declared, terms

log = logging.getLogger(__name__)
BATCH = 25
"""Cases held at once: whoever wants to change one of them waits for so many at most."""
LOGS = 1000
TRIES = 3
PATIENCE = "5s"
NUMBER = re.compile(r"(?<!\d)\d{11,17}[\dXx]?(?!\d)")
"""A mobile telephone or an identity paper in the middle of a sentence; a date is shorter."""
Model = type[models.Model]


@dataclass(slots=True)
class Taken:
    """What went, for the record of the run; ``values`` are for its proof and are written nowhere."""

    cases: list[int] = field(default_factory=list)
    people: int = 0
    rows: int = 0
    files: int = 0
    broken: list[str] = field(default_factory=list)
    """Numbers of cases whose chain does not verify: emptying them would hide that."""
    passed: list[str] = field(default_factory=list)
    """Numbers of cases somebody held all the while, or that the database does not let be emptied."""
    values: set[str] = field(default_factory=set)

    def add(self, other: "Taken") -> None:
        """Count what another batch took too."""
        self.cases += other.cases
        self.people += other.people
        self.rows += other.rows
        self.files += other.files
        self.broken += other.broken
        self.passed += other.passed
        self.values |= other.values


def is_owner() -> bool:
    """Whether this connection may rewrite history: as the application role it may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(current_user, 'core_auditentry', 'UPDATE')")
        return bool(cursor.fetchone() == (True,))


def batches(run: PurgeRun, limit: int | None, now: datetime) -> Iterator[Taken]:
    """Empty what is due in the house of the run, oldest key first, at most ``limit`` cases.

    Killed at any point it has emptied whole cases only; the next run goes on with the rest.
    """
    after, done = 0, 0
    while limit is None or done < limit:
        size = BATCH if limit is None else min(BATCH, limit - done)
        rows = terms.due(run.property, now).filter(pk__gt=after).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:size])
        if not keys:
            return
        after = keys[-1]
        taken = _tried(run, keys, now)
        done += len(taken.cases)
        yield taken


def _tried(run: PurgeRun, keys: Sequence[int], now: datetime) -> Taken:
    """A batch is tried again when somebody held what it wanted; then case by case; then left."""
    for _attempt in range(TRIES):
        try:
            return _erase(run, keys, now)
        except OperationalError as error:
            log.warning("purge waits for %s cases: %s", len(keys), type(error).__name__)
        except IntegrityError as error:
            # Its own words would be the row's: the name of the rule is enough.
            rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
            log.error("purge of %s cases is refused by %s", len(keys), rule)
            break
    if len(keys) == 1:
        number = Case.objects.values_list("number", flat=True).get(pk=keys[0])
        return Taken(passed=[number])
    found = Taken()
    for key in keys:
        found.add(_tried(run, [key], now))
    return found


@transaction.atomic
def _erase(run: PurgeRun, keys: Sequence[int], now: datetime) -> Taken:
    with through_the_guards():
        beside, locked = _held(keys)
        # Asked again under the locks: somebody may have set a hold or opened one anew meanwhile.
        still = set(terms.due(run.property, now).filter(pk__in=keys).values_list("pk", flat=True))
        due = [case for case in locked if case.pk in still]
        problems = audit.problems_of(due)
        taken = Taken(broken=[case.number for case in due if problems[case.pk]])
        cases = [case for case in due if not problems[case.pk]]
        others = [case for case in locked if case.pk in beside - {case.pk for case in cases}]
        if cases:
            _empty(run, cases, others, taken, now)
    return taken


@contextmanager
def through_the_guards() -> Iterator[None]:
    """A block in which the owner's updates pass the guards; outside of it they do not.

    After an error the transaction is rolled back, and the word with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    _say("on")
    yield
    _say("off")


def _say(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('propdesk.purging', %s, true)", [word])


def _held(keys: Sequence[int]) -> tuple[set[int], list[Case]]:
    """Lock these cases and those beside them, a link that came in meanwhile included."""
    beside = _beside(keys)
    while True:
        locked = _lock([*keys, *beside])
        more = _beside(keys) - beside
        if not more:
            return beside, locked
        beside |= more


def _lock(keys: Iterable[int]) -> list[Case]:
    rows = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("property")
    return list(rows.filter(pk__in=keys).order_by("pk"))


def _beside(keys: Sequence[int]) -> set[int]:
    """Cases that share a row with one of these: their chains may hold its digest."""
    found: set[int] = set()
    for model, ways in declared.owned():
        if len(ways) > 1:
            rows = model._default_manager.filter(declared.naming(ways, keys))  # noqa: SLF001 -- Django's own name
            for pair in rows.values_list(*ways):
                found |= set(pair)
    return found - set(keys)


def _empty(
    run: PurgeRun, cases: list[Case], others: list[Case], taken: Taken, now: datetime
) -> None:
    keys = [case.pk for case in cases]
    digests = audit.last_digests([*cases, *others])
    sound = {case.pk: _sound(digests[case.pk]) for case in others}
    people = case_people.of_many(cases)
    people -= case_people.named_elsewhere(people, cases)
    taken.values |= _values_of(people)
    for model, ways in declared.owned():
        mine = declared.naming(ways, keys) & declared.purged(ways, keys)
        taken.rows += _blank(model, mine, taken.values)
    taken.people += persons.forget(people, now)
    _strike(run, keys, now)
    for label, way in declared.DERIVED.items():
        gone = apps.get_model(label)._default_manager.filter(**{f"{way}__in": keys})  # noqa: SLF001 -- Django's own name
        taken.rows += gone.delete()[0]
    taken.rows += drafts.forget_cases(run.property, cases)
    taken.rows += audit.forget(cases)
    acts = [
        audit.Act(case, "purged", run.by, run.reason, rows=audit.differing(digests[case.pk]))
        for case in cases
    ]
    acts += [
        audit.Act(case, "purged_beside", run.by, rows=rows)
        for case in others
        if (rows := [r for r in audit.differing(digests[case.pk]) if _key(r) in sound[case.pk]])
    ]
    audit.record_many(acts)
    Erasure.objects.bulk_create(Erasure(case=case, run=run, at=now) for case in cases)
    taken.cases += keys
    PurgeRun.objects.filter(pk=run.pk).update(
        cases=models.F("cases") + len(keys),
        people=models.F("people") + taken.people,
        rows=models.F("rows") + taken.rows,
    )


def _key(row: models.Model) -> tuple[str, Any]:
    return row._meta.label_lower, row.pk  # noqa: SLF001 -- Django's model API


def _sound(digests: dict[tuple[str, Any], str]) -> set[tuple[str, Any]]:
    """Rows that are what the chain says: what somebody altered before is not made right by a purge."""
    return digests.keys() - {_key(row) for row in audit.differing(digests)}


def _strike(run: PurgeRun, keys: Sequence[int], now: datetime) -> None:
    """Photos are struck out like any other that is shown no more."""
    rows = Attachment.objects.filter(case__in=keys, removed_at=None)
    rows.update(removed_at=now, removed_by=run.by, removed_reason=declared.MARK)


# --- one model -----------------------------------------------------------------------------


def _blank(model: Model, mine: Q, values: "set[str] | None" = None) -> int:
    """Empty the text of these rows and of each version in their history; how many rows."""
    columns = declared.taken(model)
    count = 0
    manager: Any = model._default_manager  # noqa: SLF001 -- Django's own name
    keys = list(manager.filter(mine).order_by().values_list("pk", flat=True))
    if not keys:
        return 0
    if values is not None:
        _numbers_in(manager.filter(pk__in=keys), columns, values)
    count += _write(model, columns, keys)
    if hasattr(model, "history"):
        past: Any = model.history.model
        rows = past.objects.filter(**{f"{model._meta.pk.attname}__in": keys})  # noqa: SLF001 -- Django's model API
        if values is not None:
            _numbers_in(rows, columns, values)
        reason = past._meta.get_field("history_change_reason")  # noqa: SLF001 -- Django's model API
        versions = list(rows.order_by().values_list("pk", flat=True))
        count += _write(past, [*columns, reason], versions)
    return count


def _write(model: Model, columns: "Sequence[models.Field[Any, Any]]", keys: Sequence[Any]) -> int:
    """One statement; a row that holds no word is left alone, so that a second run finds nothing."""
    names = declared.unique(model)
    base: Any = getattr(model, "instance_type", model)
    row = sql.Identifier(str(base._meta.pk.column))  # noqa: SLF001 -- Django's model API
    words = [
        (sql.Identifier(str(each.column)), *_blanked(each, row if each.name in names else None))
        for each in columns
    ]
    statement = sql.SQL("UPDATE {table} SET {change} WHERE {key} = ANY(%s) AND ({full})").format(
        table=sql.Identifier(model._meta.db_table),  # noqa: SLF001 -- Django's model API
        key=sql.Identifier(str(model._meta.pk.column)),  # noqa: SLF001 -- Django's model API
        change=sql.SQL(", ").join(
            sql.SQL("{0} = CASE WHEN {1} THEN {2} ELSE {0} END").format(
                name, _over(full, name), _over(new, name)
            )
            for name, full, new in words
        ),
        full=sql.SQL(" OR ").join(_over(full, name) for name, full, _new in words),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(keys)])
        return int(cursor.rowcount)


def _over(said: sql.SQL | sql.Composed, name: sql.Identifier) -> sql.Composed:
    return said.format(name) if isinstance(said, sql.SQL) else said


def _blanked(
    column: "models.Field[Any, Any]", row: sql.Identifier | None
) -> tuple[sql.SQL | sql.Composed, sql.SQL | sql.Composed]:
    """When a column is full, and what stands in it afterwards, as SQL over its name.

    ``row`` is the key to add where no two rows may say the same.
    """
    if row is not None:
        mark = sql.SQL("'" + declared.MARK + "' || ") + row + sql.SQL("::text")
        return sql.SQL("{0} <> '' AND {0} NOT LIKE '" + declared.MARK + "%%'"), mark
    if isinstance(column, models.JSONField):
        return (
            sql.SQL("{0} IS NOT NULL AND {0} NOT IN ('{{}}', '[]')"),
            sql.SQL("CASE jsonb_typeof({0}) WHEN 'array' THEN '[]'::jsonb ELSE '{{}}'::jsonb END"),
        )
    if isinstance(column, ArrayField):
        return sql.SQL("cardinality({0}) > 0"), sql.SQL("'{{}}'")
    if isinstance(column, models.BinaryField):
        return sql.SQL("length({0}) > 0"), sql.SQL("''::bytea")
    return (
        sql.SQL("{0} NOT IN ('', '" + declared.MARK + "')"),
        sql.SQL("'" + declared.MARK + "'"),
    )


# --- what the proof looks for --------------------------------------------------------------


def _values_of(people: Iterable[int]) -> set[str]:
    """Names, numbers and addresses of these people, those of before too."""
    rows = Person.objects.filter(pk__in=people).values_list("name", "phone", "address")
    found = {value for row in rows for value in row}
    changes = PersonChange.objects.filter(person__in=people, field__in=("name", "phone", "address"))
    for old, new in changes.values_list("old", "new"):
        found |= {old, new}
    return {value for value in found if len(value) > 1}


def _numbers_in(rows: Any, columns: "Sequence[models.Field[Any, Any]]", values: set[str]) -> None:
    names = [c.name for c in columns if not isinstance(c, models.BinaryField)]
    for row in rows.values_list(*names) if names else ():
        for value in row:
            values.update(NUMBER.findall(value if isinstance(value, str) else str(value or "")))


# --- what belongs to no case ---------------------------------------------------------------


def logs(run: PurgeRun, now: datetime) -> int:
    """Empty what shifts wrote before their term, a batch a transaction; how many rows."""
    _cases, before = terms.cuts(run.property, now)
    count = 0
    for rows in declared.logs_before(run.property, before):
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(keys), LOGS):
            with transaction.atomic(), through_the_guards():
                # Asked again: somebody may have set a hold meanwhile.
                some = rows.filter(pk__in=keys[start : start + LOGS])
                count += _blank(rows.model, Q(pk__in=some.values("pk")))
    return count


# --- files ---------------------------------------------------------------------------------


def files(prop: Property, now: datetime) -> int:
    """Delete the files of purged cases that are still there, those of a killed run too; how many.

    After the rows are committed: a file without its row would be restored by nobody, a row without
    its file is only gone on with.
    """
    count = 0
    waiting = Erasure.objects.filter(files_gone_at=None, case__property=prop)
    for erasure in waiting.select_related("case").order_by("pk"):
        paths = {Path(settings.MEDIA_ROOT) / name for name in names_of(Q(case=erasure.case))}
        gone = [path for path in sorted(paths) if path.exists()]
        try:
            for path in gone:
                path.unlink()
        except OSError:
            log.exception("files of a purged case cannot be deleted")
            continue
        count += len(gone)
        Erasure.objects.filter(pk=erasure.pk, files_gone_at=None).update(files_gone_at=now)
    return count


def names_of(which: Q) -> Iterator[str]:
    """Names below MEDIA_ROOT of photos and papers of cases, whether they are there or not."""
    yield from Document.objects.filter(which).exclude(file="").values_list("file", flat=True)
    for pair in Attachment.objects.filter(which).values_list("file", "print_file"):
        yield from filter(None, pair)


def why_not() -> str:
    """What to say to whoever purges without the right to."""
    return _(
        "这个数据库账号不能改历史记录，不能清除。请设 PROPDESK_OWNER_DATABASE_URL，见 docs/operations.md。"
    )
