"""The relay: serves the inboxes, decides what else is sent, and sends it.

At least once: a relay killed at any point loses nothing. Twice only after a kill between a robot's
answer and the note of it. Any number of relays may run at once.
"""

import time
from datetime import datetime

from propdesk.core.channels import mailing, routing, sending

BUDGET = 20.0
"""Seconds one run may take: the clocks of the next minute must not wait for a slow server."""


def deliver(now: datetime) -> int:
    """Hand on what is due, oldest first; returns how many were sent. Safe to run twice."""
    ends = time.monotonic() + BUDGET
    sent = 0
    while time.monotonic() < ends and (served := routing.route(now)):
        sent += served
    if time.monotonic() >= ends:
        return sent
    return sent + sending.run(now, ends) + mailing.run(now, ends)
