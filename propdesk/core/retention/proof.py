"""Proof of a purge: every table, every column and every file is searched for what should be gone."""

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
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
NUMBER = 7
"""Digits of the shortest number that is somebody's; shorter ones are not looked for."""
LATIN = 5
"""Letters of a word that is looked for wherever it stands; shorter ones stand in others."""
OWN = ("purged", "purged_beside")
"""What the purge itself says in the chains."""
TEXTS = """
SELECT c.relname, a.attname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
  AND NOT a.attisdropped AND (t.typcategory IN ('S', 'A') OR t.typname IN ('json', 'jsonb', 'tsvector'))
ORDER BY 1, 2
"""
NO_WORDS = {"core.AuditEntry": {"action", "content_sha", "rows", "hash"}}
"""Codes, names of models and digests of our own, in rows that also say something in words."""
CODES = {
    "auth.Permission",
    "contenttypes.ContentType",
    "django_migrations",
    "sessions.Session",
}
"""Tables in which nobody writes; sessions are read by themselves, for their text is encoded."""


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
    words = patterns(sorted(values))
    _sessions(words.values(), proof)
    items = list(words.items())
    for start in range(0, len(items), CHUNK):
        _values(dict(items[start : start + CHUNK]), proof)
    return proof


def _columns(prop: Property, proof: Proof) -> None:
    """No column of a purged case may hold a word, whichever run took it."""
    for model, ways in declared.owned():
        # A row of two cases goes with the second of them.
        mine = declared.purged(ways) & Q(**{f"{ways[0]}__property": prop})
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
    proof.add("core.AuditEntry", told.exclude(action__in=OWN).count())
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


def patterns(values: Iterable[str]) -> "dict[str, re.Pattern[str]]":
    """How each value is known again in a text: a number between other signs than digits only.

    A short number is none: four digits are in any time and any key. Nor is a short Latin word found
    inside of another, or of a hash.
    """
    found = {}
    for word in values:
        edge = ""
        if not any(sign.isalpha() for sign in word.rstrip("xX")):
            if sum(sign.isdecimal() for sign in word) < NUMBER:
                continue
            edge = r"\d"
        elif word.isascii() and len(word) < LATIN:
            edge = "[0-9A-Za-z]"
        around = (f"(?<!{edge})", f"(?!{edge})") if edge else ("", "")
        found[word] = re.compile(re.escape(word).join(around))
    return found


def _values(words: "dict[str, re.Pattern[str]]", proof: Proof) -> None:
    by_table = {model._meta.db_table: model for model in apps.get_models()}  # noqa: SLF001 -- Django's model API
    for table, columns in _texts(by_table).items():
        model = by_table.get(table)
        key = str(model._meta.pk.column) if model else ""  # noqa: SLF001 -- Django's model API
        found = list(_hits(table, key, columns, words))
        if found and model is None:
            proof.add(table, len(found))
        elif found and model is not None:
            living = _living(model, found)
            proof.add(model._meta.label, len(found) - living)  # noqa: SLF001 -- Django's model API
            proof.add(model._meta.label, living, kept=True)  # noqa: SLF001 -- Django's model API


def _texts(by_table: "dict[str, type[models.Model]]") -> dict[str, list[str]]:
    """Columns of each table that can hold words, as the database has them: models may not know of all."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        rows = cursor.fetchall()
    for table, column in rows:
        model = by_table.get(table)
        label = getattr(model, "instance_type", model)._meta.label if model else table  # noqa: SLF001 -- Django's model API
        if column not in NO_WORDS.get(label, ()) and label not in CODES:
            found.setdefault(table, []).append(column)
    return found


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _hits(
    table: str, key: str, columns: Sequence[str], words: "dict[str, re.Pattern[str]]"
) -> Iterator[Any]:
    """Keys of rows that hold one of the words in a column: picked by the database, judged here."""
    text = sql.SQL("concat_ws(chr(10), {})").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
    )
    statement = sql.SQL("SELECT {key}, {text} FROM {table} WHERE {text} LIKE ANY(%s)").format(
        key=sql.Identifier(key) if key else sql.SQL("1"), text=text, table=sql.Identifier(table)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[f"%{_escaped(word)}%" for word in words]])
        for row, said in cursor.fetchall():
            if any(pattern.search(said) for pattern in words.values()):
                yield row


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
        purged = declared.purged(declared.OWNED[label])
        gone = set(base._default_manager.filter(purged, pk__in=owners).values_list("pk", flat=True))  # noqa: SLF001 -- Django's model API
        return sum(owner not in gone for owner in owners)
    if label in declared.DERIVED:
        return int(rows.filter(**{f"{declared.DERIVED[label]}__erasure": None}).count())
    if base is Person:
        return int(rows.filter(purged_at=None).count())
    if label in ("core.PersonChange", "core.PersonSignature", "core.Unmasking"):
        return int(rows.filter(person__purged_at=None).count())
    if base is AuditEntry:
        own = Q(action__in=OWN)
        return int(rows.filter(Q(case__erasure=None) | own).count())
    return len(keys) if label in declared.OF_THE_HOUSE or label in declared.BY_DATE else 0


def _sessions(words: "Collection[re.Pattern[str]]", proof: Proof) -> None:
    for session in Session.objects.iterator() if words else ():
        said = str(session.get_decoded())
        proof.add("sessions.Session", int(any(word.search(said) for word in words)))
