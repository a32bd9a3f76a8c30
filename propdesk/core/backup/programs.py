"""pg_dump, pg_restore and psql: found beside the server's own programs, never given a password
on the command line.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from propdesk.core.backup.errors import BackupError
from propdesk.localstack import binaries

NOT_OF_LIBPQ = {"pool", "isolation_level", "assume_role", "server_side_binding", "cursor_factory"}
NEWER_SETTING = b"SET transaction_timeout"
"""pg_dump 17 and later writes it into every dump; PostgreSQL 15 and 16 do not know it."""
HEAD_LINES = 60
SPEED = "-c maintenance_work_mem=256MB -c synchronous_commit=off"


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory with the three programs, and their major version."""

    directory: Path
    major: int

    def path(self, name: str) -> str:
        """One of them."""
        return str(self.directory / name)


def find(least: int) -> Programs:
    """The programs of version ``least`` or later; BackupError when there are none."""
    for directory in binaries.postgres_candidates():
        major = binaries.major_of(directory / "pg_dump")
        has_all = all((directory / name).exists() for name in ("pg_restore", "psql"))
        if major is not None and major >= least and has_all:
            return Programs(directory, major)
    raise BackupError(
        _(
            "找不到 PostgreSQL %(major)s 的 pg_dump、pg_restore 和 psql。请安装 postgresql-client-%(major)s，"
            "或用 PROPDESK_PG_BIN 指定它们所在的目录。"
        )
        % {"major": least}
    )


def _target(database: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """How libpq reaches a database of the settings: words for the command line, and the secret not."""
    options = {k: v for k, v in database.get("OPTIONS", {}).items() if k not in NOT_OF_LIBPQ}
    given = {
        "dbname": database["NAME"],
        "user": database.get("USER"),
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        **options,
    }
    secret = given.pop("password", None) or database.get("PASSWORD")
    words = {key: str(value) for key, value in given.items() if value not in {None, ""}}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    environment |= {"LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"}
    if secret:
        environment["PGPASSWORD"] = str(secret)
    return make_conninfo(**words), environment


def start_dump(
    programs: Programs, database: dict[str, Any], snapshot: str, without: list[str], errors: IO[Any]
) -> "subprocess.Popen[bytes]":
    """Start writing all tables as ``snapshot`` sees them, without the rows of ``without``."""
    target, environment = _target(database)
    command = [programs.path("pg_dump"), "--format=custom", "--compress=1", "--no-password"]
    command += ["--no-owner", "--no-privileges", "--no-comments", f"--snapshot={snapshot}"]
    # A migration under way holds its tables: rather no backup than a queue of the desk behind us.
    command += ["--lock-wait-timeout=20s"]
    command += [f"--exclude-table-data=public.{table}" for table in without]
    return subprocess.Popen(  # noqa: S603 -- our own program, no shell
        [*command, f"--dbname={target}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def load(programs: Programs, database: dict[str, Any], dump: Path) -> None:
    """Read a dump into an empty database in one transaction; BackupError leaves it empty."""
    target, environment = _target(database)
    words = [programs.path("psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
    words += [
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--set=VERBOSITY=terse",
        "--output=/dev/null",
        f"--dbname={target}",
    ]
    with tempfile.TemporaryFile() as errors:
        reading = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            [programs.path("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dump)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        writing = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            words,
            env={**environment, "PGOPTIONS": SPEED},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _relay(reading, writing)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if reading.returncode or writing.returncode:
        raise BackupError(
            _("数据库没有接受这份备份，什么也没有恢复：%(said)s") % {"said": said[-600:]}
        )


def _relay(reading: "subprocess.Popen[bytes]", writing: "subprocess.Popen[bytes]") -> None:
    """Hand the statements on; when the dump breaks off, psql must not see an end it would commit."""
    if reading.stdout is None or writing.stdin is None:
        raise TypeError(reading)
    try:
        _without_newer_setting(reading.stdout, writing.stdin)
        if reading.wait():
            writing.kill()
        writing.stdin.close()
    except BrokenPipeError:
        reading.kill()
    finally:
        reading.stdout.close()
        reading.wait()
        writing.wait()


def _without_newer_setting(source: IO[bytes], target: IO[bytes]) -> None:
    for _number in range(HEAD_LINES):
        line = source.readline()
        if not line.startswith(NEWER_SETTING):
            target.write(line)
    shutil.copyfileobj(source, target, 1 << 20)
    target.flush()


def wait(dump: "subprocess.Popen[bytes]", errors: BinaryIO | IO[Any]) -> None:
    """Wait for pg_dump; BackupError with its last words."""
    if dump.wait():
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
        raise BackupError(_("数据库没有导出：%(said)s") % {"said": said[-600:]})
