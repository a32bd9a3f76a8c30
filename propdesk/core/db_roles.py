"""Two database roles: the owner migrates and purges, the application cannot rewrite the past."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 -- Django's name
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext as _
from psycopg import sql

WRITTEN_ONCE = (
    "core_auditentry",
    "core_notice",
    "core_personchange",
    "core_personsignature",
    "core_unmasking",
)

OWNED = ("core_erasure", "core_purgerun")
"""What only a purge writes: the application may look at it (ADR 0042)."""


def is_written_once(table: str) -> bool:
    """Say whether the application may only add rows to a table: history, audit chain, outbox."""
    return "historical" in table or table in WRITTEN_ONCE


def connect() -> None:
    """Register the grants after `migrate`; called once by CoreConfig.ready()."""
    post_migrate.connect(_after_migrate, dispatch_uid="propdesk.db_roles")


def _after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    if sender.label == "core":
        grant(using)


def grant(using: str = "default") -> bool:
    """Give the application role its rights on all tables; return whether it exists.

    Run as the owner. A server with one role only is left as it is; a system check tells.
    """
    role = settings.DB_APP_ROLE
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [role]
        )
        if cursor.fetchone() is None:
            return False
        tables = connection.introspection.table_names(cursor)
        for statement in _statements(role, tables):
            cursor.execute(statement)
    return True


def _statements(role: str, tables: list[str]) -> list[sql.Composed]:
    """Return the statements that give a role what the application needs and nothing more."""
    name = sql.Identifier(role)
    rows = sql.SQL("SELECT, INSERT, UPDATE, DELETE ON")
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("GRANT {} ALL TABLES IN SCHEMA public TO {}").format(rows, name),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
        # Tables made after this one, such as the cache table.
        sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} TABLES TO {}").format(
            rows, name
        ),
    ]
    written_once = [sql.Identifier(table) for table in tables if is_written_once(table)]
    if written_once:
        statements.append(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                sql.SQL(", ").join(written_once), name
            )
        )
    owned = [sql.Identifier(table) for table in tables if table in OWNED]
    if owned:
        statements.append(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                sql.SQL(", ").join(owned), name
            )
        )
    return statements


@register(Tags.database)
def check_roles(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn when one database role both migrates and runs (decision 7)."""
    if not settings.SINGLE_DATABASE_ROLE:
        return []
    return [
        Warning(
            _("应用与数据库结构使用同一个数据库账号，历史记录只靠程序保护。"),
            hint=_("请另设 PROPDESK_OWNER_DATABASE_URL，见 docs/deploy.md。"),
            id="propdesk.W001",
        )
    ]
