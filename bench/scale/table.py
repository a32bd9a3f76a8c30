"""Goals, and the table that says which are met."""

import json
from pathlib import Path
from typing import Any

from scale.asked import Ask
from scale.counted import Counts
from scale.served import Took

STATEMENTS = {"board": 10, "list": 6, "search": 6, "detail": 10, "create": 14}
TIMES = {"board": 5.0, "list": 5.0, "search": 5.0, "detail": 5.0, "create": 4.0}
"""CPU against the floor."""
GROWTH, MORE = 1.3, 20
"""Of blocks at the largest size against those of the smallest."""
CPU_GROWTH, SLACK = 1.15, 1.25
HTML, ZIPPED = 25_000, 6_000


class Table:
    """What was found, by name and size."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.kinds: dict[str, str] = {}
        self.counts: dict[tuple[str, int], Counts] = {}
        self.took: dict[tuple[str, int, int], Took] = {}
        self.sweeps: dict[int, dict[str, Counts]] = {}
        self.due: dict[int, tuple[int, int, float]] = {}
        self.other: dict[str, Any] = {}
        self.missed: list[str] = []

    def at(self, ask: Ask, size: int, clients: int) -> Took:
        self.kinds[ask.name] = ask.kind
        return self.took.setdefault((ask.name, size, clients), Took())

    def miss(self, goal: str, name: str, said: str) -> None:
        self.missed.append(f"{goal:<4} {name}: {said}")

    # --- print -----------------------------------------------------------------------------
    def print(self, clients: list[int]) -> None:
        """The table, a line for each page, and the goals missed."""
        head = "".join(f"{f'{size:,}':>9}" for size in self.sizes)
        cpu = "".join(f"{f'x c={c}':>8}{f'p95 c={c}':>9}" for c in clients)
        print(
            f"\n{'':<24}{'stmts':>6}  blocks at{head}{'grown':>7}{cpu}{'CPU grown':>10}{'kB':>7}{'gz':>6}"
        )
        for name, kind in self.kinds.items():
            if kind != "floor":
                self._line(name, kind, clients)
        self._sweeps()
        for name, said in self.other.items():
            print(f"{name}: {said}")
        print("\nmissed:" if self.missed else "\nall goals met")
        print(*self.missed, sep="\n")

    def _line(self, name: str, kind: str, clients: list[int]) -> None:
        first, last = self.sizes[0], self.sizes[-1]
        small, large = self.counts[name, first], self.counts[name, last]
        figures = "".join(f"{self.counts[name, size].blocks:>9,}" for size in self.sizes)
        grown = large.blocks / max(small.blocks, 1)
        line = f"{name:<24}{large.statements:>6}           {figures}{grown:>7.2f}"
        # A page that had fewer lines to show cost less of itself.
        if large.rows == small.rows and large.blocks > GROWTH * small.blocks + MORE:
            self.miss(
                "P1",
                name,
                f"{small.blocks} blocks became {large.blocks:,}: {large.dearest[0][1][:90]} …",
            )
        if large.statements > STATEMENTS.get(kind, 99) or large.statements != small.statements:
            self.miss(
                "P4",
                name,
                f"{small.statements}, {large.statements} statements (goal {STATEMENTS.get(kind)})",
            )
        for count in clients:
            line += self._against(name, kind, last, count)
        took = [self.took.get((name, size, 1)) for size in (first, last)]
        if took[0] and took[1] and took[0].each:
            more = took[1].each / took[0].each
            line += f"{more:>10.2f}"
            if kind == "list" and more > CPU_GROWTH * SLACK:
                self.miss(
                    "P1",
                    name,
                    f"CPU {more:.2f} times that of {first:,} (goal {CPU_GROWTH}, slack {SLACK})",
                )
        line += f"{large.size / 1000:>7.1f}{large.zipped / 1000:>6.1f}"
        if kind == "list" and (large.size > HTML or large.zipped > ZIPPED):
            self.miss(
                "P13",
                name,
                f"{large.size:,} bytes, {large.zipped:,} zipped (goal {HTML:,}, {ZIPPED:,})",
            )
        print(line)

    def _against(self, name: str, kind: str, size: int, clients: int) -> str:
        """CPU and p95 against the floor of the same size and clients."""
        floor, took = self.took.get(("floor", size, clients)), self.took.get((name, size, clients))
        if not floor or not took or not floor.each:
            return f"{'':>17}"
        x, slow = took.each / floor.each, took.p95 / floor.p95
        most = TIMES.get(kind, 99.0)
        goal = "P3" if kind in {"detail", "create"} else "P2"
        if x > most * SLACK:
            self.miss(
                goal,
                name,
                f"{x:.1f} times the CPU of the floor with {clients} clients (goal {most:.0f})",
            )
        if took.failed:
            self.miss("P14", name, f"{took.failed} answers were errors")
        return f"{x:>8.1f}{slow:>9.1f}"

    def _sweeps(self) -> None:
        first, last = self.sizes[0], self.sizes[-1]
        print(f"\n{'sweep with nothing due':<24}{'stmts':>6}{'blocks':>9}{'at first':>9}")
        for name, large in self.sweeps[last].items():
            small = self.sweeps[first][name]
            print(f"{name:<24}{large.statements:>6}{large.blocks:>9,}{small.blocks:>9,}")
            if large.statements > 1:
                self.miss("P6", name, f"{large.statements} statements with nothing due")
            if large.blocks > GROWTH * small.blocks + MORE:
                self.miss(
                    "P6",
                    name,
                    f"{small.blocks} blocks became {large.blocks:,}: {large.dearest[0][1][:90]} …",
                )
        for size, (fired, statements, took) in self.due.items():
            print(f"{fired} due among {size:,}: {statements} statements, {took:.0f} ms")
        if self.due[last][2] > 2 * SLACK * self.due[first][2]:
            self.miss("P7", "sweep", f"{self.due[first][2]:.0f} ms became {self.due[last][2]:.0f}")

    def write(self, path: Path) -> None:
        """The figures as JSON."""
        pages = [
            {"name": name, "kind": self.kinds[name], "size": size, "statements": c.statements,
             "blocks": c.blocks, "html": c.size, "zipped": c.zipped}
            for (name, size), c in self.counts.items()
        ]  # fmt: skip
        times = [
            {"name": name, "size": size, "clients": clients, "requests": len(t.walls),
             "cpu_ms": round(t.each, 3), "p95_ms": round(t.p95, 2), "failed": t.failed}
            for (name, size, clients), t in self.took.items()
        ]  # fmt: skip
        swept = [
            {"name": name, "size": size, "statements": c.statements, "blocks": c.blocks}
            for size, found in self.sweeps.items()
            for name, c in found.items()
        ]
        due = [
            dict(zip(("size", "fired", "statements", "ms"), (size, *d), strict=True))
            for size, d in self.due.items()
        ]
        found = {
            "pages": pages,
            "times": times,
            "sweeps": swept,
            "due": due,
            "other": self.other,
            "missed": self.missed,
        }
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
