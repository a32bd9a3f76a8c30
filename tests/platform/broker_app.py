"""The Celery application of the broker tests: our settings, a message that stays unacknowledged."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery("broker_app", fixups=[])
app.config_from_object("propdesk.settings", namespace="CELERY")
app.conf.task_routes = None
MARKS = Path(os.environ.get("BROKER_MARKS", os.devnull))


def _mark(word: str) -> None:
    with MARKS.open("a", encoding="ascii") as file:
        file.write(word + "\n")


@app.task(name="broker_app.slow", acks_late=True)
def slow(seconds: float) -> None:
    """Hold a message without acknowledging it."""
    _mark("slow began")
    time.sleep(seconds)


@app.task(name="broker_app.mark")
def mark() -> None:
    """Leave a sign of life."""
    _mark("mark")
