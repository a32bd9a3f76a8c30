"""What every transition starts with: ensure (who, in roles.py), lock (which), require (when)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _

M = TypeVar("M", bound=models.Model)
BACKDATE = timedelta(days=30)
"""补录: how far back something may be said to have happened."""
LEAST_WORDS = 2


class ConflictError(Exception):
    """The record is not in a state where this may happen (409); the message is for the user.

    ``missing`` lists single unmet conditions, each with the letter of the step that mends it.
    ``head`` stands for the message on a page that lists them itself, each a link.
    """

    def __init__(
        self, message: str, missing: "tuple[tuple[str, str], ...]" = (), *, head: str = ""
    ) -> None:
        super().__init__(message)
        self.missing, self.head = missing, head


class StaleError(ConflictError):
    """Somebody changed what the user's page showed since he opened it; the message tells him so (409)."""


class RefusedInput(Exception):  # noqa: N818 -- reads as what happened
    """Well-formed but unacceptable input (422): {field: sentence}; nothing was changed."""

    def __init__(self, **errors: str) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = errors


def lock(instance: M) -> M:
    """Re-read ``instance`` under a row lock; others may refer to it meanwhile.

    Acts on one row take their turn, and everything else goes on. A lock FOR UPDATE would also stop each
    row that merely refers to this one, at its commit, when it may hold what the holder waits for: the
    worker that files a paper and the author who submits it stopped each other so.
    """
    rows = type(instance)._default_manager.select_for_update(no_key=True)  # noqa: SLF001 -- Django's own name
    return rows.get(pk=instance.pk)


def require(condition: object, message: str) -> None:
    """Raise ConflictError (409) with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConflictError(message)


def is_reason(text: str) -> bool:
    """Whether this may stand as a reason or purpose: two characters at the least, no mere keystroke."""
    return len(text.strip()) >= LEAST_WORDS


# --- when: the table of states -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """One act: what it is called in a refusal, from where, and to where when that changes."""

    doing: "str | Lazy"
    states: frozenset[str]
    leads_to: tuple[str, ...] = ()


def move(doing: "str | Lazy", *states: str, to: "tuple[str, ...]" = ()) -> Move:
    """A row of a table of states."""
    return Move(doing, frozenset(states), to)


def in_state(row: Any, moves: Mapping[str, Move], action: str, what: str = "") -> None:
    """ConflictError (409) naming the state ``row`` really is in, unless ``action`` is possible there.

    ``what`` stands before the sentence where it is not plain which row is meant.
    """
    sentence = _("现在是“%(state)s”，不能%(doing)s。页面可能已经过时，请看最新情况。")
    said = sentence % {"state": row.get_status_display(), "doing": moves[action].doing}
    require(row.status in moves[action].states, f"{what}{said}")


# --- when: moments somebody typed ----------------------------------------------------------


def happened(
    field: str, at: datetime, now: datetime, *, not_before: datetime | None = None
) -> None:
    """RefusedInput (422) for a time in the future, far in the past or before ``not_before``."""
    if at > now:
        raise RefusedInput(**{field: _("时间还没有到，请填写实际发生的时间。")})
    if at < now - BACKDATE:
        raise RefusedInput(**{field: _("时间在30天以前，请核对日期。")})
    if not_before is not None and at < to_minute(not_before):
        raise RefusedInput(**{field: _("时间早于上一步，请核对后重填。")})


def to_minute(moment: datetime) -> datetime:
    """As precise as a person types a time."""
    return moment.replace(second=0, microsecond=0)
