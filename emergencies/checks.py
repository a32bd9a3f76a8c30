"""System checks of the emergencies: a broken playbook stops the start, with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from emergencies import playbooks


def check_playbooks(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Return one emergencies.E001 per fault, each naming file, line and field."""
    return [
        Error(str(fault), obj=fault.file, id="emergencies.E001") for fault in playbooks.faults()
    ]


def register_all() -> None:
    """Register the checks; called once from the app's `ready`."""
    register(check_playbooks)
