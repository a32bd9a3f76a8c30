"""Which backups stay: the newest of each of 7 days, 4 weeks and 12 months; and where they lie.

Days, weeks and months that have a backup count, not those of the calendar: a machine that stood
still for a month keeps what it had.
"""

import re
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from propdesk.core.backup import manifest

DAYS, WEEKS, MONTHS = 7, 4, 12
PREFIX = "propdesk-"
DRAFT = ".making-"
SHAPE = re.compile(r"propdesk-(\d{8}-\d{6})")
STAMP = "%Y%m%d-%H%M%S"


def name_of(now: datetime) -> str:
    """The folder of a backup made ``now``: the local time, which is what people look for."""
    return PREFIX + timezone.localtime(now).strftime(STAMP)


def time_of(folder: Path) -> datetime:
    """The local time in the name of a backup, without its zone: only compared with others."""
    return datetime.strptime(folder.name.removeprefix(PREFIX), STAMP)  # noqa: DTZ007 -- as in the name


def all_in(base: Path) -> list[Path]:
    """Complete backups, oldest first; a copy somebody renamed is not touched."""
    found = [path for path in base.glob(f"{PREFIX}*") if SHAPE.fullmatch(path.name)]
    return sorted(path for path in found if (path / manifest.NAME).is_file())


def kept(times: Iterable[datetime]) -> set[datetime]:
    """Of the times of backups those that stay; the newest is always one of them."""
    newest_first = sorted(times, reverse=True)
    stay: set[datetime] = set()
    periods: list[tuple[int, Callable[[datetime], Any]]] = [
        (DAYS, lambda at: at.date()),
        (WEEKS, lambda at: at.isocalendar()[:2]),
        (MONTHS, lambda at: (at.year, at.month)),
    ]
    for number, period in periods:
        newest: dict[Any, datetime] = {}
        for at in newest_first:
            newest.setdefault(period(at), at)
        stay |= set(list(newest.values())[:number])
    return stay


def clear_drafts(base: Path) -> None:
    """Remove what a killed backup left."""
    for draft in base.glob(f"{DRAFT}*"):
        shutil.rmtree(draft, ignore_errors=True)


def thin(base: Path) -> int:
    """Remove what no longer stays, and what a killed backup left; returns how many backups went."""
    clear_drafts(base)
    backups = all_in(base)
    stay = kept(time_of(path) for path in backups)
    gone = [path for path in backups if time_of(path) not in stay]
    for path in gone:
        # First the manifest: half a folder must not look like a backup.
        (path / manifest.NAME).unlink(missing_ok=True)
        shutil.rmtree(path)
    return len(gone)
