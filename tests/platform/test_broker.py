"""The queue when the broker dies: publishers fail at once, workers come back by themselves."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from propdesk.localstack import account
from propdesk.localstack.paths import BASE_DIR
from propdesk.localstack.processes import kill_group, spawn
from propdesk.localstack.valkey import Valkey
from tests.platform.stack import clean_environment, wait_for

PUBLISH = """
import time
from propdesk.celery import app
for attempt in range(2):
    began = time.monotonic()
    try:
        app.send_task("core.tick")
    except Exception as error:
        print(type(error).__name__, time.monotonic() - began)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pd-vk-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A broker that accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


def _publish_to(url: str, home: Path) -> list[tuple[str, float]]:
    result = subprocess.run(
        [sys.executable, "-c", PUBLISH],
        cwd=BASE_DIR,
        env={**clean_environment(home), "REDIS_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in result.stdout.splitlines()]
    return [(name, float(seconds)) for name, seconds in lines]


@pytest.mark.parametrize("url", ["unix:///nonexistent/v.sock", "redis://127.0.0.1:1/0"])
def test_publish_to_a_dead_broker_fails_at_once(url, home):
    first, second = _publish_to(url, home)

    assert (first[0], second[0]) == ("OperationalError", "OperationalError")
    assert second[1] < 0.3


def test_publish_to_a_silent_broker_fails_within_a_second(silent_port, home):
    _first, second = _publish_to(f"redis://127.0.0.1:{silent_port}/0", home)

    assert second[0] == "OperationalError"
    assert second[1] < 1.0


def test_pins_of_the_queue():
    """5.7 of Celery and kombu exits on the restart tested below (docs/adr/0008)."""
    pins = [version(name) for name in ("celery", "kombu", "redis")]

    assert pins == ["5.6.3", "5.6.2", "6.4.0"]


@pytest.mark.parametrize("pool", ["threads", "prefork"])
@pytest.mark.slow
def test_worker_survives_broker_restart_while_it_holds_a_message(pool, home):
    valkey = Valkey(home, account.current())
    broker = valkey.start()
    marks = home / "marks"
    environment = {
        **clean_environment(home),
        "REDIS_URL": f"unix://{valkey.socket}",
        "BROKER_MARKS": str(marks),
    }
    celery = [sys.executable, "-m", "celery", "-q", "-A", "tests.platform.broker_app"]
    worker = spawn(
        [*celery, "worker", "--pool", pool, "-c", "2", "--without-gossip", "--without-mingle"],
        home / "worker.log",
        environment,
        cwd=BASE_DIR,
    )
    try:
        subprocess.run(
            [*celery, "call", "broker_app.slow", "--args", "[6]"],
            cwd=BASE_DIR, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        wait_for(lambda: marks.exists(), 30, "the worker holds the message")

        broker.send_signal(signal.SIGKILL)
        broker.wait()
        time.sleep(1)
        broker = valkey.start()
        subprocess.run(
            [*celery, "call", "broker_app.mark"],
            cwd=BASE_DIR, env=environment, check=True, capture_output=True,
        )  # fmt: skip

        wait_for(lambda: "mark\n" in marks.read_text(), 40, "the worker takes messages again")
        assert worker.poll() is None
    finally:
        kill_group(worker)
        valkey.stop(broker)


def test_queued_messages_survive_kill(home):
    valkey = Valkey(home, account.current())
    broker = valkey.start()
    for number in range(100):
        assert valkey._ask(f"LPUSH pdf {number}").startswith(b":")
    time.sleep(1.2)  # the file is written once a second

    broker.send_signal(signal.SIGKILL)
    broker.wait()
    broker = valkey.start()

    assert valkey._ask("LLEN pdf") == b":100\r\n"
    assert valkey.has_messages("pdf")
    assert not valkey.has_messages("default")
    valkey.stop(broker)


def test_damaged_file_is_set_aside(home):
    valkey = Valkey(home, account.current())
    valkey.stop(valkey.start())
    manifest = next((home / "valkey" / "appendonlydir").glob("*.manifest"))
    manifest.write_text("rubbish\n")

    broker = valkey.start()

    assert valkey.is_ready()
    assert len(list(home.glob("valkey-broken-*"))) == 1
    valkey.stop(broker)
