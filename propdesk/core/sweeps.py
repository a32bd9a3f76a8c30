"""Every sweep by name; run by beat, at worker start and by ``manage.py tick``, all alike."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from propdesk.core import drafts, log_ins, orphans, sign_reminders
from propdesk.core.channels import relay
from propdesk.core.models import SweepRun
from propdesk.core.retention import running

log = logging.getLogger(__name__)
Sweep = Callable[[datetime], int]
SWEEPS: dict[str, Sweep] = {
    "core.signoff": sign_reminders.flag_due,
    "core.drafts": drafts.purge,
    "core.orphans": orphans.sweep,
    running.SWEEP: running.propose,
    "core.log_ins": log_ins.purge,
}
KEEP_RUNS = timedelta(days=7)
KEPT_LONG = "core.backup"
"""One row a night: how old the last good backup is must be known however old it is."""


def register(name: str, sweep: Sweep) -> None:
    """Called from an app's ``ready``. A sweep is idempotent and returns how much it did."""
    SWEEPS[name] = sweep


def run_all(now: datetime) -> dict[str, int]:
    """Run each sweep, then hand on the notices they wrote; one that raises stops no other."""
    done = {name: _run(name, sweep, now) for name, sweep in SWEEPS.items()}
    done["core.deliver"] = _run("core.deliver", relay.deliver, timezone.now())
    SweepRun.objects.filter(started_at__lt=now - KEEP_RUNS).exclude(name=KEPT_LONG).delete()
    return done


def _run(name: str, sweep: Sweep, now: datetime) -> int:
    run = SweepRun.objects.create(name=name, started_at=timezone.now())
    try:
        run.count = sweep(now)
    except Exception as error:
        # One broken sweep must not silence the others; readiness and the log show it.
        log.exception("sweep %s", name)
        run.error = f"{type(error).__name__}: {error}"[:500]
    else:
        run.finished_at = timezone.now()
    run.save(update_fields=["count", "error", "finished_at"])
    return run.count


def age(name: str, now: datetime) -> timedelta | None:
    """Time since the sweep last finished without error; None when it never did.

    The last by its number: after the clock was set back it lies in the time to come, below zero. No
    index serves that: read back along the key it is among the last dozen rows (0.02 ms in 120,000; 20 ms
    where the sweep has failed for three days, and PostgreSQL takes no other index then either).
    """
    last = (
        SweepRun.objects.filter(name=name, finished_at__isnull=False)
        .order_by("-id")
        .values_list("finished_at", flat=True)
        .first()
    )
    return now - last if last else None
