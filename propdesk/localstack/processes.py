"""Children that never outlive their parent: one process group each, told when the parent dies."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from propdesk.localstack import account as accounts
from propdesk.localstack.account import Account

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000  # bytes


def _die_with_parent(number: signal.Signals | None) -> Callable[[], None] | None:
    """Return what a child runs before exec so that Linux signals it when the parent dies."""
    if number is None or not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)

    return ask


def spawn(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    *,
    stop: signal.Signals | None = signal.SIGTERM,
    account: Account | None = None,
    cwd: Path | str = "/",
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, output appended to a log that is kept short.

    `stop` is the signal Linux sends the child when this process dies; None lets it live on.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- our own programs, no shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=cwd,
            umask=0o077,
            start_new_session=True,
            preexec_fn=_die_with_parent(stop),
            **(accounts.spawn_as(account) if account else {}),
        )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what a dead or dying child left behind in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def stop_all(children: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """Ask all children to stop, wait for them together, then kill what is left."""
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
    deadline = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        kill_group(child)
