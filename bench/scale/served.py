"""The application under the server it is delivered with, one for each size, and people who ask it.

CPU is that of the server and of its database, read from /proc: what else runs on the machine
moves it far less than the time on the wall.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from scale.asked import Ask

ROOT = Path(__file__).resolve().parent.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
OK = {200, 204, 302}


@dataclass
class Took:
    """What requests of one kind cost: seconds on the wall each, and CPU milliseconds of all."""

    walls: list[float] = field(default_factory=list)
    cpu: float = 0.0
    failed: int = 0

    @property
    def each(self) -> float:
        """CPU milliseconds of one."""
        return self.cpu / max(len(self.walls), 1)

    @property
    def p95(self) -> float:
        """Milliseconds within which 95 of a hundred were answered."""
        return statistics.quantiles(self.walls, n=20)[-1] * 1000 if len(self.walls) > 1 else 0.0


def _stat(pid: int) -> tuple[int, float] | None:
    """Parent and CPU milliseconds of a process, with those of its children that ended."""
    with suppress(OSError, IndexError):
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return int(values[1]), sum(map(int, values[11:15])) / TICK * 1000
    return None


def family(pid: int) -> list[int]:
    """A process and all below it."""
    parents = {
        int(p.name): s[0]
        for p in Path("/proc").iterdir()
        if p.name.isdigit() and (s := _stat(int(p.name)))
    }
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu(*roots: int) -> float:
    """CPU milliseconds of processes and all below them."""
    return sum(s[1] for root in roots for pid in family(root) if (s := _stat(pid)))


def memory(pid: int) -> float:
    """Proportional megabytes of a process and all below it."""
    total = 0
    for each in family(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


class Served:
    """One server on one database, and a browser logged in to it."""

    def __init__(self, size: int, database: str, url: str, cookie: str, postmaster: int) -> None:
        self.size, self.cookie, self.postmaster = size, cookie, postmaster
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        env = os.environ | {
            "DATABASE_URL": url.rpartition("/")[0] + f"/{database}",
            "DJANGO_SETTINGS_MODULE": "scale.settings",
            "PYTHONPATH": f"{ROOT / 'bench'}:{ROOT}",
        }
        # As localstack/services.py starts it.
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        command += ["--blocking-threads", "4", "--backpressure", "64", "--log-level", "error"]
        # That no broker listens is said with each notice.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command.append("propdesk.wsgi:application")
        self.process = subprocess.Popen(command, env=env, cwd=ROOT, **quiet)
        ends = time.monotonic() + 90
        while time.monotonic() < ends:
            with suppress(OSError):
                if self._one(http.client.HTTPConnection("127.0.0.1", self.port), "/healthz", None):
                    return
            time.sleep(0.2)
        raise SystemExit("the server did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _one(self, link: http.client.HTTPConnection, url: str, form: dict[str, Any] | None) -> bool:
        token = "b" * 32
        headers = {"Cookie": f"sessionid={self.cookie}; csrftoken={token}"}
        if form is not None:
            headers |= {"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"}
        body = None if form is None else urlencode(form)
        link.request("GET" if form is None else "POST", quote(url, safe="/?&=%~:.-"), body, headers)
        answer = link.getresponse()
        answer.read()
        return answer.status in OK

    def ask(self, ask: Ask, clients: int, each: int, took: Took) -> None:
        """So many people ask so often, one after the other."""

        def person() -> None:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            for _n in range(each):
                begun = time.perf_counter()
                took.failed += not self._one(link, ask.url, ask.sent())
                took.walls.append(time.perf_counter() - begun)
            link.close()

        before = cpu(self.process.pid, self.postmaster)
        people = [threading.Thread(target=person) for _n in range(clients)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        took.cpu += cpu(self.process.pid, self.postmaster) - before
