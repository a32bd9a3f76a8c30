"""Stored files nobody needs: left by a rolled-back transaction, or a draft of yesterday.

A photo is written before its row is committed; when the row never comes, the picture of a person
would lie about for ever, unseen by any purge. It is put aside for a month, not deleted at once: a
database restored from an older backup knows less than the folder holds. Only files written shortly
before the last look and since are looked at, and none so young that its transaction may still run.
"""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from propdesk.core.models import Attachment, Document

log = logging.getLogger(__name__)
EVERY = timedelta(hours=1)
LEAST_AGE = timedelta(hours=1)
"""No transaction runs this long."""
MOST_AGE = timedelta(days=3)
"""What was older when we last looked was looked at before; no look yet counts as one just now."""
DRAFT_FOR = timedelta(hours=24)
"""Papers that were not sealed hold personal data and are made anew when wanted."""
KEPT_KINDS: set[str] = set()
"""Kinds of which the newest paper of a house is kept as long as it is the newest."""
ASIDE_FOR = timedelta(days=30)
MOST_ORPHANS = 100
"""More at once is no accident of uploads: another house's folder, or an old database."""
BATCH = 500


def sweep(now: datetime) -> int:
    """Put orphans aside and delete yesterday's drafts, once an hour; returns how many files."""
    base = Path(settings.MEDIA_ROOT)
    mark = base / "orphans" / ".looked"
    last = datetime.fromtimestamp(mark.stat().st_mtime, UTC) if mark.exists() else now
    if mark.exists() and now - last < EVERY:
        return 0
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    os.utime(mark, (now.timestamp(), now.timestamp()))
    unknown: list[str] = []
    drafts: list[str] = []
    names = _recent(base, now, min(last, now) - MOST_AGE)
    while batch := list(islice(names, BATCH)):
        known, old = _known(batch, now)
        drafts += old
        unknown += [name for name in batch if name not in known]
    for name in drafts:
        (base / name).unlink(missing_ok=True)
    return len(drafts) + _put_aside(base, unknown, now) + _forget(mark.parent, now)


def _recent(base: Path, now: datetime, since: datetime) -> Iterator[str]:
    """Names below MEDIA_ROOT of files written in the time looked at; only their months are read.

    ``since`` reaches back over a time in which the site stood still, however long.
    """
    days = (timezone.localtime(now) - timezone.localtime(since)).days + 1
    months = {f"{timezone.localtime(now) - timedelta(days=day):%Y/%m}" for day in range(days + 1)}
    for kind in ("photos", "papers"):
        for month in sorted(months):
            folder = base / kind / month
            if not folder.is_dir():
                continue
            with os.scandir(folder) as files:
                for each in files:
                    written = datetime.fromtimestamp(each.stat().st_mtime, UTC)
                    if since < written < now - LEAST_AGE:
                        yield f"{kind}/{month}/{each.name}"


def _known(names: list[str], now: datetime) -> tuple[set[str], list[str]]:
    """Which of these files a row points at, and which of those are drafts of yesterday."""
    known: set[str] = set()
    for column in ("file", "print_file"):
        rows = Attachment.objects.filter(**{f"{column}__in": names})
        known |= set(rows.values_list(column, flat=True))
    papers = Document.objects.filter(file__in=names)
    old = papers.filter(Q(sealed=False) & Q(created_at__lt=now - DRAFT_FOR))
    # The newest of each house stays: it is wanted on the day on which none can be made.
    newer = Document.objects.filter(
        property=OuterRef("property"), kind=OuterRef("kind"), pk__gt=OuterRef("pk")
    )
    old = old.exclude(~Exists(newer), kind__in=KEPT_KINDS)
    known |= set(papers.values_list("file", flat=True))
    return known, list(old.values_list("file", flat=True))


def _put_aside(base: Path, names: list[str], now: datetime) -> int:
    if len(names) > MOST_ORPHANS:
        log.error(
            "%s files without a row, left alone: is this the folder of this database?", len(names)
        )
        return 0
    for name in names:
        log.warning("put aside %s: no row points at it", name)
        aside = base / "orphans" / name.replace("/", "-")
        (base / name).rename(aside)
        os.utime(aside, (now.timestamp(), now.timestamp()))
    return len(names)


def _forget(folder: Path, now: datetime) -> int:
    """Delete what was put aside a month ago."""
    old = now.timestamp() - ASIDE_FOR.total_seconds()
    gone = [path for path in folder.iterdir() if path.suffix and path.stat().st_mtime < old]
    for path in gone:
        path.unlink()
    return len(gone)
