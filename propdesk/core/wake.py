"""Waking a worker is a courtesy: when the broker is dead the next tick does the work."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def on_commit(task: str) -> None:
    """Send ``task`` after the commit; a dead broker is logged and forgotten."""
    transaction.on_commit(lambda: now(task), robust=True)


def now(task: str) -> bool:
    """Send ``task`` at once; False when the broker did not take it."""
    try:
        current_app.send_task(task, ignore_result=True, retry=False)
    except (OperationalError, OSError):
        log.warning("broker not reachable, %s waits for the next tick", task)
        return False
    return True
