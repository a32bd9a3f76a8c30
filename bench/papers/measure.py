"""What the benches of papers measure with: CPU, peak memory, and the least of several rounds.

Only the standard library: the other engines run in an environment without the project.
"""

import gc
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path

Row = dict[str, float]


def cpu_seconds() -> float:
    """CPU of this process and of the children it has waited for."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, both))


def status_mb(field: str) -> float:
    """A figure of this process in MB: VmHWM is its peak, VmRSS what it holds now.

    ru_maxrss would still count the parent it was forked from, before the exec.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this comparison needs Linux")


def peak_mb() -> float:
    """Peak resident memory of this process or its largest child, in MB."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(status_mb("VmHWM"), children / 1024)


def measure(work: Callable[[], bytes], repeats: int) -> Row:
    """CPU seconds (least, after one warm-up), peak MB, size in MB of one way to print."""
    pdf = work()
    spent = [cost(work) for _ in range(repeats)]
    return {"cpu": min(spent), "rss": peak_mb(), "size": len(pdf) / 1e6}


def cost(work: Callable[[], object], clock: Callable[[], float] = cpu_seconds) -> float:
    """Seconds one call takes, by CPU unless another clock is given."""
    gc.collect()
    started = clock()
    work()
    return clock() - started


def in_turns(works: dict[str, Callable[[], object]], rounds: int, *, wall: bool = False) -> Row:
    """The least seconds of each, all of them in every round, after one round to warm up."""
    clock = time.perf_counter if wall else cpu_seconds
    runs = [{name: cost(work, clock) for name, work in works.items()} for _ in range(rounds + 1)]
    return least(runs[1:])


def least(runs: Iterable[Row]) -> Row:
    """The least of each figure."""
    several = list(runs)
    return {name: min(run[name] for run in several) for name in several[0]}
