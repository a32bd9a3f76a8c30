"""Measures matching on the labelled halves: who was found again, and how often we cry wolf. Pure.

Only what the page of a report lists counts: five at most, strong ones and then weak ones. What
cries wolf are the strong ones (notices, badges), so they are measured apart, too. Shares have Wilson
intervals; the mean reciprocal rank and the lead over a baseline have bootstrap intervals with a
fixed seed. All at 95 %.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from lostfound.matching.described import Described
from lostfound.matching.pool import Pool
from lostfound.matching.profile import profile

FOLDER: Final = Path(__file__).resolve().parent.parent / "benchmark"
ZONE: Final = ZoneInfo("Asia/Shanghai")
SHOWN: Final = 5
GOAL: Final = 0.95  # recall@5
LEAD: Final = 0.10  # above the best baseline
Z: Final = 1.959964
SEED: Final = 20260101
RESAMPLES: Final = 2000

Ranker = Callable[["Half"], dict[int, list[int]]]


class SealError(Exception):
    """The file is not the one whose hash was committed before tuning."""


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the labelled set; `truth` gives the found key of a lost key, or None."""

    found: tuple[Described, ...]
    lost: tuple[Described, ...]
    truth: dict[int, int | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one way of ranking reaches on one half."""

    recall1: Figure
    recall5: Figure
    mrr: Figure
    false: Figure
    hits: tuple[bool, ...]  # true item among the five, per report that has one


def check_seal(name: str, folder: Path = FOLDER) -> None:
    """Raise SealError unless `name` has the hash that stands in SHA256SUMS."""
    expected = None
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, _space, file = line.partition(" ")
        if file.strip().lstrip("*") == name:
            expected = digest
    if expected is None:
        raise SealError(f"SHA256SUMS: {name}")
    if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
        raise SealError(name)


def read_half(path: Path) -> Half:
    """Read a JSON Lines file of found items and lost reports; ValueError when ids do not add up."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    sides = {side: [row for row in rows if row["type"] == side] for side in ("found", "lost")}
    keys = {side: {row["id"]: key for key, row in enumerate(own, 1)} for side, own in sides.items()}
    if any(len(keys[side]) < len(sides[side]) for side in sides):
        raise ValueError(f"{path.name}: an id stands twice")
    truth: dict[int, int | None] = {}
    for row in sides["lost"]:
        true = row["true_found"]
        if true is not None and true not in keys["found"]:
            raise ValueError(f"{path.name}: a true item is missing")
        truth[keys["lost"][row["id"]]] = None if true is None else keys["found"][true]
    found, lost = (
        tuple(_described(row, keys[side][row["id"]]) for row in sides[side]) for side in sides
    )
    return Half(found, lost, truth)


def ours(half: Half) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Rank as the application does: what the page of each report lists, and the strong ones of it."""
    pool = Pool(profile(each) for each in half.found)
    listed = {each.key: pool.best(profile(each), SHOWN) for each in half.lost}
    return (
        {key: [match.found for match in matches] for key, matches in listed.items()},
        {key: [m.found for m in matches if not m.is_weak] for key, matches in listed.items()},
    )


def measure(half: Half, ranked: dict[int, list[int]]) -> Result:
    """Return the figures of one ranking: found keys per lost key, best first."""
    ranks: list[int] = []
    alarms = others = 0
    for key, true in half.truth.items():
        shown = ranked.get(key, [])[:SHOWN]
        if true is None:
            others += 1
            alarms += bool(shown)
        else:
            ranks.append(shown.index(true) + 1 if true in shown else 0)
    count = len(ranks)
    return Result(
        recall1=wilson(sum(rank == 1 for rank in ranks), count),
        recall5=wilson(sum(rank > 0 for rank in ranks), count),
        mrr=bootstrap([1 / rank if rank else 0.0 for rank in ranks]),
        false=wilson(alarms, others),
        hits=tuple(rank > 0 for rank in ranks),
    )


def lead(one: Result, other: Result) -> Figure:
    """Return by how much recall@5 of `one` exceeds that of `other`, report by report."""
    return bootstrap([float(a) - float(b) for a, b in zip(one.hits, other.hits, strict=True)])


def wilson(hits: int, count: int) -> Figure:
    """Return a share with its Wilson interval."""
    if not count:
        return Figure(0.0, 0.0, 1.0)
    share, z2 = hits / count, Z * Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return Figure(share, max(0.0, middle - half), min(1.0, middle + half))


def bootstrap(values: Sequence[float]) -> Figure:
    """Return a mean with its percentile interval from resampling with a fixed seed."""
    if not values:
        return Figure(0.0, 0.0, 0.0)
    chance = random.Random(SEED)  # noqa: S311 -- resampling, no secret
    count = len(values)
    means = sorted(math.fsum(chance.choices(values, k=count)) / count for _ in range(RESAMPLES))
    cut = round(RESAMPLES * 0.025)
    return Figure(math.fsum(values) / count, means[cut], means[-cut - 1])


def goals_missed(ours: Result, baselines: Iterable[Result]) -> list[str]:
    """Return which goals are missed: "recall@5", "lead"."""
    best = max((each.recall5.value for each in baselines), default=0.0)
    missed = []
    if ours.recall5.value < GOAL:
        missed.append("recall@5")
    if ours.recall5.value - best < LEAD - 1e-9:
        missed.append("lead")
    return missed


def _described(row: dict[str, Any], key: int) -> Described:
    is_found = row["type"] == "found"
    places = [row["place"]] if is_found else row["places"]
    return Described(
        key=key,
        category=row["category"],
        name=row["name"],
        features=row["features"],
        quantity=row["quantity"],
        serial=row["serial"],
        places=tuple(tuple(place) for place in places if place),
        since=_local(row["found_at" if is_found else "lost_from"]),
        until=_local(row["found_at" if is_found else "lost_to"]),
    )


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
