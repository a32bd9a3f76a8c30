"""`manage.py up` with live processes: what is killed comes back, what is stopped is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from propdesk.localstack.paths import BASE_DIR
from tests.platform.stack import (
    Stack,
    clean_environment,
    descendants,
    directory,
    is_alive,
    running,
    wait_for,
)

pytestmark = [pytest.mark.stack, pytest.mark.slow]
WAKE = "from propdesk.core import wake; wake.now('core.render')"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running("--no-demo") as started:
        yield started


def _kill_and_wait(stack: Stack, word: str, seconds: float = 20) -> None:
    before = stack.children(word)
    assert before, f"{word} does not run"

    os.kill(before[0], signal.SIGKILL)

    wait_for(lambda: set(stack.children(word)) - set(before), seconds, f"{word} is restarted")


def _sql(stack: Stack, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(
        host=str(stack.home / "run"), user="propdesk", dbname="propdesk", autocommit=True
    ) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _answers(stack: Stack) -> bool:
    try:
        return _sql(stack, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_first_page_answers(stack):
    assert stack.status() == 200


def test_idle_children(stack):
    assert len(stack.children("granian")) == 2
    assert len(stack.children("--queues default")) == 1
    assert len(stack.children("propdesk.beat")) == 1


def test_supervisor_under_root_runs_as_service_account(stack):
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in descendants(stack.process.pid)}

    assert len(owners) == 1
    assert 0 not in owners


def test_home_is_closed_to_other_users(stack):
    modes = {
        name: (stack.home / name).stat().st_mode & 0o777 for name in (".", "run", "secret_key")
    }

    assert modes == {".": 0o700, "run": 0o700, "secret_key": 0o600}


def test_start_logs_no_refused_login(stack):
    logs = "".join(path.read_text() for path in (stack.home / "log").glob("postgresql-*.log"))

    assert "ready to accept connections" in logs
    assert "does not exist" not in logs
    assert "authentication failed" not in logs


def test_worker_for_papers_comes_with_the_first_message_as_one_process(stack):
    broker = redis.Redis(unix_socket_path=str(stack.home / "run" / "valkey.sock"))
    assert stack.children("--queues pdf") == []

    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", WAKE],
        cwd=BASE_DIR,
        env=clean_environment(stack.home),
        check=True,
    )

    wait_for(lambda: stack.children("--queues pdf"), 20, "the worker for papers starts")
    wait_for(lambda: broker.llen("pdf") == 0, 60, "it takes the message")
    assert len(stack.children("--queues pdf")) == 1


def test_second_up_in_same_home_is_refused(stack):
    result = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "8149"],
        cwd=BASE_DIR,
        env=clean_environment(stack.home),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "已经有一份在运行" in result.stdout
    assert str(stack.port) in result.stdout
    assert stack.status() == 200


def test_port_in_use_is_refused(stack):
    result = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(stack.port)],
        cwd=BASE_DIR,
        env=clean_environment(stack.home.with_name("other")),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert f"端口 {stack.port} 不能使用" in result.stdout


@pytest.mark.parametrize("word", ["--queues default", "propdesk.beat", "granian"])
def test_killed_service_is_restarted(stack, word):
    _kill_and_wait(stack, word)

    wait_for(lambda: stack.status() == 200, 20, "the page is back")


def test_killed_broker_is_restarted_and_worker_returns(stack):
    worker = stack.children("--queues default")

    _kill_and_wait(stack, "valkey-server")

    assert stack.status() == 200
    assert stack.children("--queues default") == worker


def test_killed_database_is_restarted_with_its_rows(stack):
    _sql(stack, "CREATE TABLE IF NOT EXISTS kept (n int)")
    _sql(stack, "INSERT INTO kept VALUES (42)")

    _kill_and_wait(stack, "bin/postgres -D")

    wait_for(lambda: _answers(stack), 20, "the database is back")
    assert stack.status() == 200
    assert _sql(stack, "SELECT n FROM kept") == [(42,)]
    _sql(stack, "DROP TABLE kept")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_stop_leaves_no_process(number):
    with running("--no-demo") as stack:
        family = list(descendants(stack.process.pid))

        assert stack.stop(number) == 0
        assert [pid for pid in family if is_alive(pid)] == []


def test_killed_supervisor_leaves_no_process():
    with running("--no-demo") as stack:
        family = list(descendants(stack.process.pid))

        stack.stop(signal.SIGKILL)

        wait_for(lambda: not any(map(is_alive, family)), 20, "all children end")


def test_stop_during_preparation_leaves_no_process():
    with directory() as home:
        stack = Stack(home, "--no-demo")
        wait_for(lambda: "已就绪" in stack.said(), 120, "the database runs")
        family = list(descendants(stack.process.pid))

        assert stack.stop() == 0
        assert [pid for pid in family if is_alive(pid)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts as somebody else")
def test_home_only_root_can_enter_is_refused(tmp_path):
    result = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=BASE_DIR,
        env=clean_environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "请另选数据目录" in result.stderr
