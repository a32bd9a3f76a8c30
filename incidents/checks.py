"""System checks of the complaints: the content must be sound before the first request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from incidents import sop


def check_complaint_steps(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Return one incidents.E001 per fault, each naming file, line and field."""
    try:
        sop.load(sop.PATH, sop.Content)
    except sop.ContentError as error:
        return [Error(str(fault), obj=sop.PATH.name, id="incidents.E001") for fault in error.faults]
    return []


def register_all() -> None:
    """Register the checks; called once from the app's `ready`."""
    register(check_complaint_steps)
