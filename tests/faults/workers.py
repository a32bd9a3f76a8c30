"""The workers of a stack: killed with -9, and hired again by the test or by the supervisor."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from celery import Celery

from tests.platform.stack import Stack

QUEUE = "--queues default"


class Workers:
    """The supervisor's worker, and twins of it that do not wait for its growing pauses."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.hired: list[subprocess.Popen[bytes]] = []
        first = Path(f"/proc/{stack.children(QUEUE)[0]}")
        self.command = (first / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        pairs = (first / "environ").read_bytes().rstrip(b"\0").split(b"\0")
        self.environment = dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair)
        self.directory = (first / "cwd").readlink()
        self.owner = first.stat()
        self.queue = Celery(broker=f"redis+socket://{stack.home / 'run' / 'valkey.sock'}")

    def tick(self) -> None:
        """Send what beat sends every minute."""
        self.queue.send_task("core.tick", queue="default", ignore_result=True)

    def hire(self) -> None:
        """Start one more, the same program as the same user; it begins with a tick of its own."""
        change = os.geteuid() == 0
        self.hired.append(
            subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                user=self.owner.st_uid if change else None,
                group=self.owner.st_gid if change else None,
                extra_groups=[] if change else None,
            )
        )

    def kill(self) -> int:
        """Kill -9 whoever works; returns how many did."""
        pids = [*self.stack.children(QUEUE), *(one.pid for one in self.hired)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for one in self.hired:
            one.wait()
        self.hired.clear()
        return len(pids)
