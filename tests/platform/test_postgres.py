"""The embedded PostgreSQL: what is committed survives, strangers stay out."""

import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from propdesk.localstack import account, paths
from propdesk.localstack.errors import StartError
from propdesk.localstack.postgres import Postgres
from tests.platform.stack import is_alive


@pytest.fixture
def base() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pd-pg-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


def _server(home: Path) -> Postgres:
    return Postgres(home, account.service_account(create=False))


@pytest.fixture
def server(base: Path) -> Iterator[tuple[Postgres, subprocess.Popen[bytes]]]:
    postgres = _server(base / "home")
    process = postgres.start()
    postgres.bootstrap()
    yield postgres, process
    postgres.stop_leftover()
    postgres.stop(process)


def _connect(postgres: Postgres, role: str = paths.OWNER_ROLE) -> "psycopg.Connection[object]":
    return psycopg.connect(
        host=str(postgres.run_dir), user=role, dbname=paths.DATABASE, autocommit=True
    )


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.wait(20)


def test_committed_rows_survive_kill(server):
    postgres, process = server
    with _connect(postgres) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")

    process.send_signal(signal.SIGKILL)
    _reap(process)
    again = postgres.start()

    with _connect(postgres) as connection:
        assert connection.execute("SELECT count(*), sum(n) FROM kept").fetchone() == (1000, 500500)
    postgres.stop(again)


def test_leftover_server_is_stopped_before_start(server):
    postgres, process = server
    second = _server(postgres.home)

    new = second.start()
    _reap(process)

    assert not is_alive(process.pid)
    assert second.is_ready()
    second.stop(new)
    assert not is_alive(new.pid)


def test_bootstrap_twice_changes_nothing(server):
    postgres, _process = server

    postgres.bootstrap()

    with _connect(postgres) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'propdesk%' ORDER BY 1"
        ).fetchall()
    assert roles == [(paths.OWNER_ROLE, False, False), (paths.APP_ROLE, False, False)]


def test_chinese_text_is_split_by_trigrams(server):
    postgres, _process = server
    with _connect(postgres) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT cardinality(show_trgm('空调漏水'))").fetchone()

    assert row == (5,)


def test_application_role_cannot_make_tables(server):
    postgres, _process = server
    with (
        _connect(postgres, paths.APP_ROLE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE intruder (n int)")


def test_sockets_and_data_are_private(server):
    postgres, _process = server
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (postgres.home, postgres.run_dir, postgres.data)
    ]

    assert modes == [0o700, 0o700, 0o700]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_other_user_of_the_machine_is_refused(server, base):
    postgres, _process = server
    # Even with the directory open, the server itself asks who is calling.
    for directory in (postgres.home, postgres.run_dir):
        directory.chmod(0o755)

    result = subprocess.run(
        [postgres.bin / "psql", "-h", postgres.run_dir, "-U", paths.OWNER_ROLE, "-c", "SELECT 1"],
        user=2,
        group=2,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert "Peer authentication failed" in result.stderr


def test_data_of_another_major_version_is_refused(base):
    home = base / "home"
    (home / "pg14").mkdir(parents=True)
    (home / "pg14" / "PG_VERSION").write_text("14\n")

    with pytest.raises(StartError, match="pg14"):
        _server(home).start()


def test_half_made_cluster_is_made_again(base):
    home = base / "home"
    postgres = _server(home)
    draft = home / f"pg{postgres.major}.new"
    draft.mkdir(parents=True)
    (draft / "rubbish").write_text("x")

    process = postgres.start()

    assert postgres.is_ready()
    assert not draft.exists()
    postgres.stop(process)


def test_deep_home_gets_a_short_socket_directory(base):
    deep = base / ("x" * 60) / ("y" * 60) / "home"

    directory = paths.run_dir(deep)

    assert directory.parent == Path(tempfile.gettempdir())
    assert directory == paths.run_dir(deep)
    assert directory != paths.run_dir(deep.parent)


def test_somebody_elses_directory_is_refused(base, monkeypatch):
    planted = base / "run"
    planted.mkdir()
    os.chown(planted, 12345, 12345) if os.geteuid() == 0 else monkeypatch.setattr(
        os, "geteuid", lambda: 12345
    )

    with pytest.raises(StartError, match="属于别的用户"):
        account.private_dir(planted, account.Account("propdesk", 54321, 54321))
