"""Databases of one throw-away server, and the statements of a request in them."""

from typing import Any


def statements(client: Any, url: str, status: int = 200, **sent: Any) -> list[tuple[str, Any]]:
    """Statements of one request with a cold frame, with what they were given; a POST with ``data``."""
    from django.db import connection

    from propdesk.desk import shell

    found: list[tuple[str, Any]] = []

    def watch(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    shell._counts.clear()  # noqa: SLF001 -- the price of the frame is part of the page
    with connection.execute_wrapper(watch):
        answer = (client.post if "data" in sent else client.get)(url, **sent)
    if answer.status_code != status:
        raise SystemExit(f"{url}: {answer.status_code}")
    return found


def may_copy() -> None:
    """Let this role copy without looking up foreign keys: what they name is copied by the same numbers."""
    import psycopg
    from django.db import connection

    from propdesk.localstack.postgres import SUPERUSER

    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"], user=SUPERUSER, dbname="postgres", autocommit=True
    ) as root:
        root.execute(f"GRANT SET ON PARAMETER session_replication_role TO {given['USER']}")


def trust() -> None:
    """For all that follows: no trigger, no foreign key is looked up."""
    from django.db import connection

    may_copy()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def names() -> set[str]:
    """The databases that are there."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {row[0] for row in cursor.fetchall()}


def go(name: str, *statements: str) -> None:
    """Run statements where nobody is, then go over to the database."""
    from django.db import connection

    connection.close()
    if statements:
        connection.settings_dict["NAME"] = "postgres"
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()
    connection.settings_dict["NAME"] = name
