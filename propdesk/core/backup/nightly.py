"""When a backup is due, and that one is made.

Asked at every tick and not fired by a clock: what was missed while the machine was off is made when
it is on again, and two clocks make one backup.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from propdesk.core.backup import making
from propdesk.core.backup.errors import BackupError
from propdesk.core.models import SweepRun
from propdesk.core.sweeps import KEPT_LONG

log = logging.getLogger(__name__)
NAME = KEPT_LONG
LATE = timedelta(days=2)
AGAIN = timedelta(hours=1)
"""After one that failed, and while one runs."""


def planned(now: datetime) -> datetime:
    """The last moment at which a backup was to be made."""
    local = timezone.localtime(now)
    today = local.replace(hour=settings.PROPDESK_BACKUP_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= local else today - timedelta(days=1)


def is_due(now: datetime) -> bool:
    """Whether the backup of last night is missing; a house that only just began has none missing."""
    if not settings.PROPDESK_BACKUP_NIGHTLY:
        return False
    since = planned(now)
    # Of a clock that was ahead and was put right there are rows in the time to come: they tell of no
    # night that was, and stand in the way of none.
    until = max(now, timezone.now())
    runs = SweepRun.objects.filter(name=NAME, started_at__lte=until)
    if runs.filter(finished_at__range=(since, until)).exists():
        return False
    if runs.filter(started_at__gt=now - AGAIN).exists():
        return False
    return SweepRun.objects.filter(started_at__lt=since).exists()


def run_if_due(now: datetime) -> int:
    """Make the backup of the night when it is missing; returns how many were made."""
    if not is_due(now):
        return 0
    return int(run(now))


def run(now: datetime, base: Path | None = None) -> bool:
    """Make one as the settings say and keep a row of it; a failure is logged and seen on the board."""
    record = SweepRun.objects.create(name=NAME, started_at=timezone.now())
    try:
        made = making.make(
            base or Path(settings.PROPDESK_BACKUP_DIR),
            now,
            recipient=settings.PROPDESK_BACKUP_RECIPIENT,
        )
    except BackupError as error:
        log.error("backup failed: %s", error)
        record.error = str(error)[:500]
        record.save(update_fields=["error"])
        return False
    finish(record, made)
    return True


def finish(record: SweepRun, made: making.Backup) -> None:
    """A good one: how many files it holds, and what was wrong in the house when it was made."""
    findings = made.manifest.findings
    for finding in findings:
        log.error("backup: %s", finding)
    record.count = len(made.manifest.files)
    record.error = "\n".join(findings)[:500]
    record.finished_at = timezone.now()
    record.save(update_fields=["count", "error", "finished_at"])
