"""The database lets the application add to history, never rewrite it."""

import pytest
from django.db import ProgrammingError, connection, transaction

from propdesk.core import db_roles

pytestmark = pytest.mark.django_db


def _rights(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE']) p"
            " WHERE has_table_privilege(current_user, %s, p)",
            [table],
        )
        return {row[0] for row in cursor.fetchall()}


def test_body_runs_as_application_role(settings):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DB_APP_ROLE,)


def test_rights_on_every_table():
    tables = connection.introspection.table_names()
    wanted = {
        table: {"SELECT", "INSERT"}
        if db_roles.is_written_once(table)
        else {"SELECT", "INSERT", "UPDATE", "DELETE"}
        for table in tables
    } | {table: {"SELECT"} for table in db_roles.OWNED}

    assert {table: _rights(table) for table in tables} == wanted
    assert "core_auditentry" in tables
    assert any("historical" in table for table in tables)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET id = id",
        "DELETE FROM core_notice",
        "UPDATE core_personchange SET id = id",
        "DELETE FROM core_unmasking",
    ],
)
def test_history_rewritten_by_application_is_refused(statement):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_owner_can_purge(as_owner):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_notice")
        assert cursor.rowcount == 0


@pytest.mark.django_db(transaction=True)
def test_new_connection_in_body_runs_as_application_role(settings):
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DB_APP_ROLE,)
