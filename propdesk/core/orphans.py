"""Stored files no row points at: what a transaction that was rolled back left behind.

A photo is written before its row is committed; when the row never comes, the picture of a person
would lie about for ever, unseen by any purge. Only files that are old enough are looked at, so
that nobody loses one whose transaction is still running.
"""

import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from propdesk.core.models import Attachment, Document

log = logging.getLogger(__name__)
LEAST_AGE = timedelta(hours=1)
"""No transaction runs this long."""
MOST_AGE = timedelta(days=3)
"""Older ones were looked at before, however long the house stood still over a weekend."""
BATCH = 500


def sweep(now: datetime) -> int:
    """Remove orphaned photos and papers, once an hour; returns how many."""
    if now.minute != 0:
        return 0
    names = _recent(now)
    return sum(map(_remove_unknown, iter(lambda: tuple(islice(names, BATCH)), ())))


def _recent(now: datetime) -> Iterator[str]:
    """Names below MEDIA_ROOT of files written in the time looked at; only their months are read."""
    base = Path(settings.MEDIA_ROOT)
    local = timezone.localtime(now)
    months = {f"{moment:%Y/%m}" for moment in (local, local - MOST_AGE)}
    for kind in ("photos", "papers"):
        for month in sorted(months):
            folder = base / kind / month
            if not folder.is_dir():
                continue
            with os.scandir(folder) as files:
                for each in files:
                    age = now.timestamp() - each.stat().st_mtime
                    if LEAST_AGE.total_seconds() < age < MOST_AGE.total_seconds():
                        yield f"{kind}/{month}/{each.name}"


def _remove_unknown(names: tuple[str, ...]) -> int:
    known: set[str] = set()
    for column in ("file", "print_file"):
        rows = Attachment.objects.filter(**{f"{column}__in": names})
        known |= set(rows.values_list(column, flat=True))
    known |= set(Document.objects.filter(file__in=names).values_list("file", flat=True))
    gone = [name for name in names if name not in known]
    for name in gone:
        log.warning("removed %s: no row points at it", name)
        (Path(settings.MEDIA_ROOT) / name).unlink(missing_ok=True)
    return len(gone)
