"""Clocks of a complaint: pure arithmetic on aware datetimes, wall-clock time, no pause.

Every limit is half-open: exactly at its moment nothing is late yet, one instant after it is.
Only arithmetic and the sentences of refusals live here; who is told is for the workflow, and
every limit a house may choose is in its settings.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

MIN_PROMISE: Final = timedelta(minutes=5)  # C-H: less is no promise but a hope
MAX_PROMISE: Final = timedelta(days=90)  # C-H: more is a slip of the keyboard
TIGHT_SAMPLES: Final = 5  # C-H: fewer closed cases say nothing about a category
DUE_SOON_SHARE: Final = 5  # C-I: the last fifth of the promised span
DUE_SOON_LEAST: Final = timedelta(minutes=30)  # C-I
CALL_GAP: Final = timedelta(hours=2)  # C-J: attempts closer than this count once
CALL_ATTEMPTS: Final = 3  # C-J: before a guest counts as out of reach


class Problem(enum.Enum):
    """Why a promise cannot be recorded as typed; `sentence` says what to do about it."""

    TOLD_IN_FUTURE = "told_in_future"
    TOLD_BEFORE_RECEIVED = "told_before_received"
    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"

    @property
    def sentence(self) -> str:
        """Return the Chinese sentence for the form."""
        return str(_SENTENCES[self])

    @property
    def field(self) -> str:
        """Return the form field the sentence belongs to: "told_at" or "due_at"."""
        return "told_at" if self.value.startswith("told_") else "due_at"


_SENTENCES: Final = {
    Problem.TOLD_IN_FUTURE: _("告知客户的时间还没有到，请填写实际告知的时间。"),
    Problem.TOLD_BEFORE_RECEIVED: _("告知时间早于受理时间，请核对后重填。"),
    Problem.PAST: _("承诺完成时间已经过去，请填写一个晚于现在的时间。"),
    Problem.TOO_SOON: _("从告知到完成不足 5 分钟，请填写来得及做到的时间。"),
    Problem.TOO_FAR: _("承诺完成时间在告知 90 天以后，请核对日期。"),
}


def is_late(limit_at: datetime, now: datetime) -> bool:
    """Return whether `now` is past the limit; exactly at the limit is in time."""
    return now > limit_at


def due_soon_at(told_at: datetime, due_at: datetime) -> datetime:
    """Return when the one warning before `due_at` is due (C-I).

    The last 20 % of the promised span, at least 30 minutes, but never before the promise was told.
    """
    lead = max((due_at - told_at) / DUE_SOON_SHARE, DUE_SOON_LEAST)
    return max(due_at - lead, told_at)


def check_promise(
    due_at: datetime,
    told_at: datetime,
    now: datetime,
    *,
    received_at: datetime | None = None,
) -> Problem | None:
    """Return the first thing wrong with a promise or None (C-H).

    `received_at` is the receipt of the complaint; without it that comparison is left out.
    """
    if told_at > now:
        return Problem.TOLD_IN_FUTURE
    if received_at is not None and told_at < received_at:
        return Problem.TOLD_BEFORE_RECEIVED
    if due_at <= now:
        return Problem.PAST
    if due_at - told_at < MIN_PROMISE:
        return Problem.TOO_SOON
    if due_at - told_at > MAX_PROMISE:
        return Problem.TOO_FAR
    return None


def told_in_time(told_at: datetime, old_due: datetime) -> bool:
    """Return whether the guest heard of the new time before the old one had passed (C-I).

    False never refuses an extension: the old promise then counts as broken.
    """
    return not is_late(old_due, told_at)


def attempts_ok(attempts: Iterable[datetime]) -> bool:
    """Return whether three of the attempts lie two hours or more apart from each other (C-J)."""
    counted = 0
    last: datetime | None = None
    for attempt in sorted(attempts):
        if last is None or attempt - last >= CALL_GAP:
            counted, last = counted + 1, attempt
    return counted >= CALL_ATTEMPTS


def is_tight(span: timedelta, samples: Sequence[timedelta]) -> bool:
    """Return whether a promised span is below the median of at least five closed cases (C-H)."""
    middle = median(samples)
    return middle is not None and span < middle


def median(samples: Sequence[timedelta]) -> timedelta | None:
    """Return the median of at least five spans; None when there are fewer (C-H)."""
    if len(samples) < TIGHT_SAMPLES:
        return None
    ordered, half = sorted(samples), len(samples) // 2
    return (ordered[half] + ordered[~half]) / 2
