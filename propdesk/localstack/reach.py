"""Asks a database server of the house whether both accounts may work, before a page finds out.

A program of its own, run by the supervisor, which never loads a database driver.
"""

import sys
from collections.abc import Mapping

import psycopg
from django.core.exceptions import ImproperlyConfigured

from propdesk import environment

OWNER, APPLICATION = "PROPDESK_OWNER_DATABASE_URL", "DATABASE_URL"
# Django knows these words of OPTIONS, the driver does not.
NOT_FOR_THE_DRIVER = {"assume_role", "isolation_level", "pool", "server_side_binding"}


def problem(variable: str, *, table: str = "") -> str | None:
    """Return why the account of a variable cannot connect, or cannot read a table; None if it can."""
    try:
        config = environment.database(variable, "", max_age=0)
    except ImproperlyConfigured as error:
        return f"出错：{error}"
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    options = config.get("OPTIONS")
    given = dict(options) if isinstance(options, Mapping) else {}
    words = {key: value for key, value in given.items() if key not in NOT_FOR_THE_DRIVER}
    words |= {word: str(config[name]) for name, word in names.items() if config.get(name)}
    try:
        with psycopg.connect("", **{"connect_timeout": 10, **words}) as connection:
            if table:
                connection.execute(
                    psycopg.sql.SQL("SELECT FROM {} LIMIT 1").format(psycopg.sql.Identifier(table))
                )
    except psycopg.errors.InsufficientPrivilege:
        return (
            f"{variable} 的账号没有权限读写数据库。账号不叫 propdesk_app 时，"
            "PROPDESK_APP_ROLE 要写它的名字。"
        )
    except psycopg.Error:
        where = environment.host_of(environment.text(variable))
        return (
            f"连不上数据库 {where}。请检查 {variable} 的地址、账号和密码；"
            "密码里的 @ : / # % 等要写成 %40 这样的形式。"
        )
    return None


def main(*, prepared: bool) -> int:
    """Print what is wrong with the first account that may not work; return the exit code."""
    variables = [name for name in (OWNER, APPLICATION) if environment.text(name)]
    if prepared:
        found = problem(APPLICATION, table="django_migrations")
    else:
        found = next((said for name in variables if (said := problem(name))), None)
    if found:
        sys.stdout.write(found + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(prepared="--prepared" in sys.argv[1:]))
