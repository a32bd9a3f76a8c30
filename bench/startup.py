"""Measures `script/server`: fresh clone to first page, second start, memory when idle.

    .venv/bin/python bench/startup.py [--wheels DIR] [--settle SECONDS] [--port PORT]

With --wheels the first start installs from a local folder of wheels and asks no index. Nothing of
the machine's own installation is used: clone, environment and data lie in a temporary directory.
"""

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "/accounts/login/"
PATIENCE = 600.0


@dataclass
class Row:
    """One line of the table: what was measured, its value, its budget."""

    what: str
    value: str
    goal: str


def environment(home: Path, wheels: Path | None) -> dict[str, str]:
    """Return the environment of the server: own data directory, chosen source of wheels."""
    foreign = ("PROPDESK_", "DATABASE_URL", "REDIS_URL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    if wheels is not None:
        kept |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return {**kept, "PROPDESK_HOME": str(home), "PYTHONDONTWRITEBYTECODE": ""}


def answers(port: int) -> bool:
    """Say whether the first page comes back complete."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", PAGE)
        response = connection.getresponse()
        return response.status == http.client.OK and len(response.read()) > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def server(
    clone: Path, port: int, env: dict[str, str], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run script/server; yield the process and the seconds to the first page."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(clone / "script" / "server"), "--port", str(port)],
            cwd=clone,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                sys.exit(f"the server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)
        yield process, time.monotonic() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def family(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def memory(pid: int) -> dict[str, float]:
    """Return the proportional memory (PSS, MB) of a process tree by kind of process."""
    found: dict[str, float] = {}
    for member in family(pid):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{member}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            pss = int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1]) / 1024
            found[kind(line)] = found.get(kind(line), 0.0) + pss
    return found


def kind(line: str) -> str:
    """Return a short name for a command line of the stack."""
    names = {
        "granian": "web",
        "--queues default": "worker",
        "--queues pdf": "pdf worker",
        "propdesk.beat": "beat",
        "postgres": "PostgreSQL",
        "valkey": "Valkey",
        "supervisor": "supervisor",
    }
    return next((name for word, name in names.items() if word in line), "other")


def measure(arguments: argparse.Namespace, base: Path) -> list[Row]:
    """Clone, start, rest, stop, start again."""
    clone, home = base / "clone", base / "home"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)  # noqa: S607
    env = environment(home, arguments.wheels)
    rows = []
    with server(clone, arguments.port, env, base / "first.log") as (process, seconds):
        rows.append(Row("fresh clone to first page", f"{seconds:.1f} s", "60 s"))
        time.sleep(arguments.settle)
        parts = memory(process.pid)
        rows.append(Row("memory when idle (PSS)", f"{sum(parts.values()):.0f} MB", "400 MB"))
        rows += [Row(f"  {name}", f"{size:.0f} MB", "") for name, size in sorted(parts.items())]
    with server(clone, arguments.port, env, base / "second.log") as (_process, seconds):
        rows.append(Row("second start to first page", f"{seconds:.1f} s", "8 s"))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheels", type=Path, help="folder of wheels; no index is asked")
    parser.add_argument("--settle", type=float, default=20.0, help="seconds of rest, default 20")
    parser.add_argument("--port", type=int, default=8100)
    arguments = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="propdesk-bench-"))
    base.chmod(0o711)
    try:
        rows = measure(arguments, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"| {'measured':30} | {'value':>10} | {'goal':>8} |\n|{'-' * 32}|{'-' * 12}|{'-' * 10}|")
    for row in rows:
        print(f"| {row.what:30} | {row.value:>10} | {row.goal:>8} |")


if __name__ == "__main__":
    main()
