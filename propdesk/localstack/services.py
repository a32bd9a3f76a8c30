"""What the supervisor keeps alive: the web server, two workers and the clock."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from propdesk.localstack.processes import kill_group, spawn
from propdesk.localstack.tls import Certificate

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# A child that ran this long was healthy: its next death is a new story.
HEALTHY_SECONDS = 60.0
# An on-demand child without work for so long gives its memory back.
QUIET_SECONDS = 900.0


class Service:
    """One child with its restarts: after each death in a row the pause doubles.

    With `wanted` it runs on demand: started when that says so, retired after a quiet time.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[], subprocess.Popen[bytes]],
        halt: Callable[[subprocess.Popen[bytes]], None] = kill_group,
        wanted: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.launch = launch
        self.halt = halt
        self.wanted = wanted
        self.process: subprocess.Popen[bytes] | None = None
        self.pause = FIRST_PAUSE
        self.started_at = 0.0
        self.wanted_at = 0.0
        self.retiring = False
        self.due_at: float | None = None

    def start(self) -> None:
        """Start the child; StartError when it does not come up."""
        self.due_at = None
        self.retiring = False
        self.process = self.launch()
        self.started_at = time.monotonic()

    def follow_demand(self) -> None:
        """Start an on-demand child that is needed, retire one that has long had nothing to do."""
        if self.wanted is None:
            return
        now = time.monotonic()
        if self.wanted():
            self.wanted_at = now
            if self.process is None and self.due_at is None:
                self.start()
            return
        quiet = now - max(self.wanted_at, self.started_at)
        if self.process is not None and not self.retiring and quiet > QUIET_SECONDS:
            self.retiring = True
            self.process.terminate()  # a task under way is finished first

    def died(self) -> int | None:
        """Return the exit code once when the child has ended by itself, and plan its restart."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        # Children of the dead child would hold its port or its queue.
        kill_group(self.process)
        self.process = None
        if self.retiring:
            return None
        if time.monotonic() - self.started_at > HEALTHY_SECONDS:
            self.pause = FIRST_PAUSE
            self.due_at = time.monotonic() + self.pause
        else:
            self.failed()
        return code

    def failed(self) -> None:
        """Plan the next attempt, later than the last one."""
        self.due_at = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def is_due(self) -> bool:
        """Say whether the pause after a death is over."""
        return self.due_at is not None and time.monotonic() >= self.due_at

    def stop(self) -> None:
        """Stop the child if it runs."""
        if self.process is not None:
            self.halt(self.process)
            self.process = None


def _web(options: argparse.Namespace, certificate: Certificate | None) -> list[str]:
    command = [
        *("-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", options.host, "--port", str(options.port), "--workers", "1"),
        *("--blocking-threads", "4", "--backpressure", "64", "--log-level", "warning"),
    ]
    if certificate is not None:
        command += ["--ssl-certificate", str(certificate.chain), "--ssl-keyfile"]
        command += [str(certificate.key), "--ssl-protocol-min", "tls1.2"]
    return [*command, "propdesk.wsgi:application"]


def _worker(queue: str, *pool: str) -> list[str]:
    return [
        *("-m", "celery", "-q", "-A", "propdesk.celery", "worker", "--queues", queue),
        *("--hostname", f"{queue}@propdesk", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", *pool),
    ]


def _beat() -> list[str]:
    return ["-m", "celery", "-q", "-A", "propdesk.beat", "beat", "--pidfile=", "-l", "WARNING"]


def django_services(
    home: Path,
    options: argparse.Namespace,
    certificate: Certificate | None,
    environment: Mapping[str, str],
    papers_wanted: Callable[[], bool] | None,
) -> list[Service]:
    """Return the services that run our code, the web server first.

    The worker for papers waits for its first message when `papers_wanted` can tell: it holds
    120 MB and many days pass without a printed paper.
    """

    def service(
        name: str, log: str, command: list[str], wanted: Callable[[], bool] | None = None
    ) -> Service:
        def launch() -> subprocess.Popen[bytes]:
            path = home / "log" / f"{log}.log"
            return spawn([sys.executable, *command], path, environment, cwd=Path.cwd())

        return Service(name, launch, wanted=wanted)

    threads = _worker("default", "--pool", "threads", "--concurrency", "4")
    # One process with one thread: each paper is printed in a child of its own (ADR 0012).
    solo = _worker("pdf", "--pool", "solo")
    return [
        service("网站", "web", _web(options, certificate)),
        service("后台任务", "worker", threads),
        service("定时器", "beat", _beat()),
        service("文书生成", "pdf", solo, papers_wanted),
    ]
