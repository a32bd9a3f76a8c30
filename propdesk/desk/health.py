"""Whether the clockwork runs: what ``/healthz/ready`` and the red strip say."""

from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

from propdesk.core import sweeps
from propdesk.core.backup import nightly
from propdesk.core.models import Delivery

WATCHED = ("incidents.flag_due", "core.signoff", "core.deliver")
SWEEP_LATE = timedelta(minutes=2, seconds=30)
NOTICE_LATE = timedelta(minutes=5)


def facts(now: datetime) -> dict[str, Any]:
    """Database, broker, seconds since the last sweep, seconds the oldest notice waits; ready.

    The age of the last good backup stands beside it: an old one takes no site out of service.
    """
    ages = [sweeps.age(name, now) for name in WATCHED]
    known = [age for age in ages if age is not None]
    age = max(known) if len(known) == len(ages) else None
    oldest = (
        Delivery.objects.filter(state=Delivery.State.PENDING)
        .order_by("next_try_at", "id")
        .values_list("created_at", flat=True)
        .first()
    )
    waits = now - oldest if oldest else timedelta(0)
    backup = sweeps.age(nightly.NAME, now)
    broker = broker_answers()
    # A last sweep in the time to come tells that the clock was set back, and that none ran since.
    swept = age is not None and all(abs(each) <= SWEEP_LATE for each in known)
    fine = swept and waits <= NOTICE_LATE and broker
    return {
        "database": True,
        "broker": broker,
        "last_sweep_seconds": int(age.total_seconds()) if age is not None else None,
        "oldest_unsent_notice_seconds": int(waits.total_seconds()),
        "last_backup_seconds": int(backup.total_seconds()) if backup is not None else None,
        "ready": fine,
    }


def broker_answers() -> bool:
    """Whether the broker takes a connection within the time-outs of the settings."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)
    except (OperationalError, OSError):
        return False
    return True
