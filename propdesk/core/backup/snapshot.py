"""One look at the whole database: its rows by table, the files they name, the migrations it knows.

A file is written before its row is committed, under a name no other file ever gets, and never
deleted while a row that is not a draft names it. So whatever this look sees is on the disk when the
files are copied afterwards, however long that takes; an upload under way is in neither.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

LEFT_OUT = ["core_cache", "core_draft", "django_session"]
"""Rows nobody wants back: log-ins that would live again, fragments, what was typed for a day."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that names files, where their SHA-256 stands, and which rows need theirs."""

    table: str
    name: str
    sha256: str
    needed: str = "true"


COLUMNS = (
    Column("core_attachment", "file", "sha256"),
    Column("core_attachment", "print_file", "print_sha256"),
    # The file of a draft is deleted after a day, its row stays.
    Column("core_document", "file", "sha256", needed="sealed"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A file below MEDIA_ROOT as a row names it; ``sha256`` is empty for photos of before it was kept."""

    name: str
    sha256: str
    needed: bool


@contextmanager
def opened() -> Iterator[tuple[BaseDatabaseWrapper, str]]:
    """A connection of its own that sees one moment, and the name by which pg_dump sees the same."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (name,) = cursor.fetchone()
        yield own, name
    finally:
        own.close()


def tables(cursor: CursorWrapper) -> dict[str, list[str]]:
    """Rows and sum of hashes of each table of ours; the sum is the same for any order of rows."""
    # Times print in the zone of the session and floats with its digits: both sides use the same.
    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
        " ORDER BY relname"
    )
    found: dict[str, list[str]] = {}
    for (table,) in cursor.fetchall():
        if table not in LEFT_OUT:
            cursor.execute(
                sql.SQL(
                    "SELECT count(*)::text, coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
                    " FROM {} t"
                ).format(sql.Identifier("public", table))
            )
            found[table] = list(cursor.fetchone())
    return found


def files(cursor: CursorWrapper) -> Iterator[Named]:
    """Every file a row names, each once."""
    seen: set[str] = set()
    for column in COLUMNS:
        cursor.execute(
            sql.SQL("SELECT {}, {}, {} FROM {} WHERE {} <> '' ORDER BY 1").format(
                sql.Identifier(column.name),
                sql.Identifier(column.sha256),
                sql.SQL(column.needed),
                sql.Identifier(column.table),
                sql.Identifier(column.name),
            )
        )
        for name, digest, needed in cursor.fetchall():
            if name not in seen:
                seen.add(name)
                yield Named(name, digest, needed)


def migrations(cursor: CursorWrapper) -> list[str]:
    """Names of all applied migrations."""
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    return [name for (name,) in cursor.fetchall()]


def major(own: BaseDatabaseWrapper) -> int:
    """Major version of the server."""
    own.ensure_connection()
    version: Any = own.connection.info.server_version
    return int(version) // 10_000


def size(cursor: CursorWrapper) -> int:
    """Bytes of the database: a dump is smaller."""
    cursor.execute("SELECT pg_database_size(current_database())")
    return int(cursor.fetchone()[0])


def is_empty(cursor: CursorWrapper) -> bool:
    """Whether nobody has made anything in the database yet."""
    cursor.execute(
        "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e'))"
    )
    return bool(cursor.fetchone()[0])
