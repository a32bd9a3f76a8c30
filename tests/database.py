"""The test database: one throw-away server a run, one database a worker, the application's role.

Tests are set up and torn down by the owner of the tables; the body of each test runs as the
application role, so what the application may not do fails in the tests too (decision 31).
"""

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.backends.signals import connection_created
from django.db.backends.utils import CursorWrapper

from propdesk.localstack import account, paths
from propdesk.localstack.postgres import Postgres
from tests import statements

PID_FILE = "postgres.pid"
NEEDS_DATABASE = {"_django_db_helper", "db", "transactional_db", "live_server"}
SERVERS = "tests/platform/"
"""Tests of the programs themselves: some start a database or a broker without a fixture of Django."""
PASSED_OVER = pytest.StashKey[int]()


class _Body:
    """Whether the body of a test runs now; threads of a live server read it too."""

    role: str | None = None


def _server() -> Postgres:
    home = Path(os.environ["PROPDESK_TEST_HOME"]) / "home"
    return Postgres(home, account.service_account(create=False), throwaway=True)


def _start_once() -> Path:
    """Start the server of this run unless another worker has; return its socket directory."""
    base = Path(os.environ["PROPDESK_TEST_HOME"])
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = _server()
        if not (base / PID_FILE).exists():
            process = server.start(outlive=True)
            (base / PID_FILE).write_text(str(process.pid))
            process.returncode = 0  # the controller of the run stops it
            server.bootstrap()
        return server.run_dir


def uses_database(item: pytest.Item) -> bool:
    """Say whether a test may open the database: Django's is shut to every other."""
    marked = item.get_closest_marker("django_db") is not None
    return marked or bool(NEEDS_DATABASE & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On other servers (``tests.real_servers``) pass over what no server can change."""
    if statements.OTHER_SERVERS not in os.environ:
        return
    chosen = _chosen(items)
    passed = [item for item in items if item.nodeid not in chosen]
    config.hook.pytest_deselected(items=passed)
    items[:] = [item for item in items if item.nodeid in chosen]
    config.stash[PASSED_OVER] = len(passed)
    if hasattr(config, "workeroutput"):
        config.workeroutput["passed_over"] = len(passed)


def _chosen(items: list[pytest.Item]) -> set[str]:
    """Return the tests whose statements other servers get, by what the first pass wrote down.

    Kept whole: programs, tests of constraints and searches (``every_case``: one statement, other
    values, another answer) and tests that commit (locks, races). Of the others so many that each
    statement is sent. A test nobody wrote about is kept, one case of each.
    """
    folder = os.environ.get(statements.FOLDER)
    sent = statements.read(Path(folder)) if folder else {}
    open_to_us = [item for item in items if _asks_the_server(item)]
    whole = {item.nodeid for item in open_to_us if _is_kept_whole(item)}
    written = {item.nodeid: sent[item.nodeid] for item in open_to_us if item.nodeid in sent}
    first_cases = {
        item.nodeid.partition("[")[0]: item.nodeid
        for item in reversed(open_to_us)
        if item.nodeid not in written
    }
    return whole | statements.cover(written, whole) | set(first_cases.values())


def _asks_the_server(item: pytest.Item) -> bool:
    return item.nodeid.startswith(SERVERS) or uses_database(item)


def _is_kept_whole(item: pytest.Item) -> bool:
    if item.nodeid.startswith(SERVERS) or item.get_closest_marker("every_case") is not None:
        return True
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and bool(marker.kwargs.get("transaction"))
    return commits or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Hear from a worker of pytest-xdist, which collects, how many tests it passed over."""
    with contextlib.suppress(AttributeError, KeyError):
        node.config.stash[PASSED_OVER] = node.workeroutput["passed_over"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests this pass left to the first one."""
    passed = terminalreporter.config.stash.get(PASSED_OVER, None)
    if passed is not None:
        terminalreporter.write_line(f"{passed} tests ask other servers nothing new: ran once")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server when the run, not one of its workers, ends."""
    if hasattr(config, "workerinput") or "PROPDESK_TEST_HOME" not in os.environ:
        return
    base = Path(os.environ["PROPDESK_TEST_HOME"])
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int((base / PID_FILE).read_text())
        os.kill(pid, signal.SIGQUIT)
        for _attempt in range(100):
            os.kill(pid, 0)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
    shutil.rmtree(base / "home", ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Point Django at the throw-away server, or make the role on the one of DATABASE_URL."""
    if settings.EMBEDDED_POSTGRES:
        settings_dict = connections["default"].settings_dict
        settings_dict["HOST"] = str(_start_once())
        settings_dict["USER"] = paths.OWNER_ROLE
    else:
        with django_db_blocker.unblock():
            _make_role()
    connection_created.connect(_take_role, dispatch_uid="tests.database")
    if statements.RECORD is not None:
        connection_created.connect(statements.RECORD.listen, dispatch_uid="tests.statements")


def _make_role() -> None:
    """Make the application role on a real server and let the owner act as it."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DB_APP_ROLE])
        if cursor.fetchone() is None:
            with contextlib.suppress(DatabaseError):  # another worker was first
                cursor.execute(f'CREATE ROLE "{settings.DB_APP_ROLE}"')
        cursor.execute("SELECT pg_has_role(%s, 'MEMBER')", [settings.DB_APP_ROLE])
        if cursor.fetchone() == (False,):
            cursor.execute(f'GRANT "{settings.DB_APP_ROLE}" TO CURRENT_USER')


def _take_role(sender: object, connection: Any, **kwargs: Any) -> None:
    if _Body.role:
        with connection.cursor() as cursor:
            _set_role(cursor)


def _set_role(cursor: CursorWrapper) -> None:
    cursor.execute(f'SET ROLE "{_Body.role}"')


@pytest.fixture(autouse=True)
def _application_role(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the body of every test that uses the database as the application role."""
    if not uses_database(request.node):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    _Body.role = settings.DB_APP_ROLE
    with connection.cursor() as cursor:
        _set_role(cursor)
    yield
    _Body.role = None
    if not connection.in_atomic_block:
        # A transaction takes the role with it when it is rolled back; a plain connection is left.
        connection.close()


@pytest.fixture
def reindex(as_owner: Callable[[], AbstractContextManager[None]]) -> Callable[[str], None]:
    """Build the indexes of a table anew and count its rows, for a test that asks which of them is taken.

    What earlier tests rolled back is still in them, and makes one or the other dearer; what is known
    of the rows is what was there when the server last looked.
    """

    def anew(table: str) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"REINDEX TABLE {table}")
            cursor.execute(f"ANALYZE {table}")

    return anew


@pytest.fixture
def as_owner() -> Callable[[], AbstractContextManager[None]]:
    """Return a context manager in which the main thread acts as the owner of the tables."""

    @contextlib.contextmanager
    def switch() -> Iterator[None]:
        role = _Body.role
        _Body.role = None
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        try:
            yield
        finally:
            _Body.role = role
            with connection.cursor() as cursor:
                _set_role(cursor)

    return switch
