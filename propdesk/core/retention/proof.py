"""Proof of a purge: every table, every column and every file is searched for what should be gone."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import Q
from psycopg import sql

from propdesk.core.models import AuditEntry, Erasure, Person, Property, PurgeRun
from propdesk.core.retention import declared, erasing

log = logging.getLogger(__name__)
CHUNK = 200
"""Values looked for in one pass over a table."""


@dataclass(slots=True)
class Proof:
    """What is left: where, and how often. ``elsewhere`` counts rows that are kept with good reason."""

    left: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Findings that ought not to be."""
        return sum(self.left.values())

    def add(self, where: str, count: int, *, kept: bool = False) -> None:
        """Count findings in one place."""
        if count:
            counts = self.elsewhere if kept else self.left
            counts[where] = counts.get(where, 0) + count


def search(run: PurgeRun, values: Iterable[str]) -> Proof:
    """Look for words in purged cases of the house, for files of the run, and for ``values`` everywhere."""
    proof = Proof()
    _columns(run.property, proof)
    _files(run, proof)
    words = sorted(values)
    _sessions(words, proof)
    for start in range(0, len(words), CHUNK):
        _values(words[start : start + CHUNK], proof)
    return proof


def _columns(prop: Property, proof: Proof) -> None:
    """No column of a purged case may hold a word, whichever run took it."""
    for model, ways in declared.owned():
        # A row of two cases goes with the second of them.
        mine = Q(**{f"{ways[0]}__property": prop})
        for way in ways:
            mine &= Q(**{f"{way}__erasure__isnull": False})
        rows: Any = model._default_manager.filter(mine)  # noqa: SLF001 -- Django's own name
        keys = rows.order_by().values("pk")
        full = _full(model)
        proof.add(model._meta.label, rows.filter(full).distinct().count())  # noqa: SLF001 -- Django's model API
        if hasattr(model, "history"):
            past: Any = model.history.model
            versions = past.objects.filter(**{f"{model._meta.pk.attname}__in": keys})  # noqa: SLF001 -- Django's model API
            proof.add(past._meta.label, versions.filter(full).count())  # noqa: SLF001 -- Django's model API
    erased = {"case__erasure__isnull": False, "case__property": prop}
    told = AuditEntry.objects.filter(content__isnull=False, **erased)
    own = ("purged", "purged_beside")
    proof.add("core.AuditEntry", told.exclude(action__in=own).count())
    for label, way in declared.DERIVED.items():
        derived = apps.get_model(label)._default_manager  # noqa: SLF001 -- Django's own name
        gone = {f"{way}__erasure__isnull": False, f"{way}__property": prop}
        proof.add(label, derived.filter(**gone).count())


def _full(model: type[models.Model]) -> Q:
    found = Q()
    for column in declared.taken(model):
        if isinstance(column, models.JSONField):
            found |= ~Q(**{f"{column.name}__in": [{}, []]}) & Q(**{f"{column.name}__isnull": False})
        elif isinstance(column, models.BinaryField):
            found |= ~Q(**{column.name: b""})
        elif column.name in declared.unique(model):
            found |= ~Q(**{column.name: ""}) & ~Q(**{f"{column.name}__startswith": declared.MARK})
        else:
            found |= ~Q(**{f"{column.name}__in": ["", declared.MARK]})
    return found


def _files(run: PurgeRun, proof: Proof) -> None:
    """Of this run, and of those before that did not come to an end; the others were looked for by theirs."""
    unfinished = Q(files_gone_at=None) | Q(run__finished_at=None)
    rows = Erasure.objects.filter(Q(run=run) | (Q(case__property=run.property) & unfinished))
    gone = Q(case__in=rows.values("case"))
    for name in erasing.names_of(gone):
        proof.add("media", int((Path(settings.MEDIA_ROOT) / name).exists()))


# --- the words themselves, wherever they stand ----------------------------------------------


def _values(words: Sequence[str], proof: Proof) -> None:
    by_table = {model._meta.db_table: model for model in apps.get_models()}  # noqa: SLF001 -- Django's model API
    patterns = [f"%{_escaped(word)}%" for word in words]
    for table in connection.introspection.table_names():
        model = by_table.get(table)
        key = str(model._meta.pk.column) if model else ""  # noqa: SLF001 -- Django's model API
        found = list(_hits(table, key, patterns))
        if found and model is None:
            proof.add(table, len(found))
        elif found and model is not None:
            living = _living(model, found)
            proof.add(model._meta.label, len(found) - living)  # noqa: SLF001 -- Django's model API
            proof.add(model._meta.label, living, kept=True)  # noqa: SLF001 -- Django's model API


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _hits(table: str, key: str, patterns: Sequence[str]) -> Iterator[Any]:
    """Keys of rows that hold one of the words in any column, whatever its type."""
    statement = sql.SQL("SELECT {key} FROM {table} t WHERE t::text LIKE ANY(%s)").format(
        key=sql.Identifier(key) if key else sql.SQL("1"), table=sql.Identifier(table)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(patterns)])
        yield from (row[0] for row in cursor.fetchall())


def _living(model: type[models.Model], keys: Sequence[Any]) -> int:
    """How many of these rows are of the house, or of cases and people that are not purged."""
    base: Any = getattr(model, "instance_type", model)
    label = base._meta.label  # noqa: SLF001 -- Django's model API
    rows: Any = model._default_manager.filter(pk__in=keys)  # noqa: SLF001 -- Django's own name
    if base is not model:
        owners = rows.values_list(base._meta.pk.attname, flat=True)  # noqa: SLF001 -- Django's model API
    else:
        owners = rows.values_list("pk", flat=True)
    if label in declared.OWNED:
        purged = Q()
        for way in declared.OWNED[label]:
            purged &= Q(**{f"{way}__erasure__isnull": False})
        gone = set(base._default_manager.filter(purged, pk__in=owners).values_list("pk", flat=True))  # noqa: SLF001 -- Django's model API
        return sum(owner not in gone for owner in owners)
    if label in declared.DERIVED:
        return int(rows.filter(**{f"{declared.DERIVED[label]}__erasure": None}).count())
    if base is Person:
        return int(rows.filter(purged_at=None).count())
    if label in ("core.PersonChange", "core.PersonSignature", "core.Unmasking"):
        return int(rows.filter(person__purged_at=None).count())
    if base is AuditEntry:
        return int(rows.filter(Q(case__erasure=None) | Q(action="purged")).count())
    return len(keys) if label in declared.OF_THE_HOUSE or label in declared.BY_DATE else 0


def _sessions(words: Sequence[str], proof: Proof) -> None:
    for session in Session.objects.iterator() if words else ():
        said = str(session.get_decoded())
        proof.add("sessions.Session", int(any(word in said for word in words)))
