"""The whole stack in a data directory of its own, and what the process table says about it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from propdesk.localstack.paths import BASE_DIR


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll until a condition holds; AssertionError with its name after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def descendants(pid: int) -> dict[int, str]:
    """Return the running children of a process and theirs: process number to command line."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: dict[int, str] = {}
    waiting = list(children.get(pid, []))
    while waiting:
        child = waiting.pop()
        waiting += children.get(child, [])
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if is_alive(child):
                found[child] = b" ".join(words).decode(errors="replace").strip()
    return found


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(home: Path) -> dict[str, str]:
    """Return the environment without what the test run has set in it."""
    foreign = ("PROPDESK_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_", "COV_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return {**kept, "PROPDESK_HOME": str(home)}


class Stack:
    """One run of `manage.py up`."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.port = free_port()
        self.output = home.with_name(home.name + ".out")
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), *options]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=clean_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """Return everything the terminal has shown so far."""
        return self.output.read_text(encoding="utf-8")

    def status(self, path: str = "/accounts/login/") -> int:
        """Return the status of a page, 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def wait_ready(self) -> None:
        """Wait until the terminal says that everything runs.

        The demo house takes half a minute of CPU; on a machine with much else to do that is long.
        """

        def ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "按 Ctrl-C 停止" in self.said()

        wait_for(ready, 300, "the stack starts")

    def children(self, word: str) -> list[int]:
        """Return the direct and indirect children whose command line holds a word."""
        return sorted(pid for pid, line in descendants(self.process.pid).items() if word in line)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop as Ctrl-C does and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(120)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """Make a data directory the service account can reach; pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="pd-stack-", ignore_cleanup_errors=True) as base:
        Path(base).chmod(0o711)
        yield Path(base) / "home"


@contextlib.contextmanager
def running(*options: str) -> Iterator[Stack]:
    """Start a stack, wait until it serves pages, and leave nothing of it behind."""
    with directory() as home:
        stack = Stack(home, *options)
        try:
            stack.wait_ready()
            yield stack
        finally:
            stack.stop()
