"""What every transition starts with: ensure (who, in roles.py), lock (which), require (when)."""

from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class ConflictError(Exception):
    """The record is not in a state where this may happen (409); the message is for the user.

    ``missing`` lists single unmet conditions, each with the letter of the step that mends it.
    """

    def __init__(self, message: str, missing: "tuple[tuple[str, str], ...]" = ()) -> None:
        super().__init__(message)
        self.missing = missing


class RefusedInput(Exception):  # noqa: N818 -- reads as what happened
    """Well-formed but unacceptable input (422): {field: sentence}; nothing was changed."""

    def __init__(self, **errors: str) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = errors


def lock(instance: M) -> M:
    """Re-read ``instance`` under a row lock."""
    return type(instance)._default_manager.select_for_update().get(pk=instance.pk)  # noqa: SLF001 -- Django's own name


def require(condition: object, message: str) -> None:
    """Raise ConflictError (409) with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConflictError(message)
