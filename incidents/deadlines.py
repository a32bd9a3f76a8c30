"""Clocks of a complaint: pure arithmetic on aware datetimes, wall-clock time, no pause.

Every limit is half-open: exactly at its moment nothing is late yet, one instant after it is.
Only arithmetic and the sentences of refusals live here; who is told is for the workflow.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

RECORD_REMIND: Final = timedelta(minutes=30)  # C-F: received, key points still missing
NOT_STARTED: Final = timedelta(minutes=30)  # C-I: option chosen, work not begun
PROMISE_WITHIN: Final = {  # C-H: from receipt to the first promise, by severity
    "major": timedelta(hours=1),
    "serious": timedelta(hours=4),
    "normal": timedelta(hours=24),
}
CEILING: Final = {  # C-H: a longer promise is a matter for the property manager
    "major": timedelta(hours=24),
    "serious": timedelta(hours=48),
    "normal": timedelta(days=7),
}
MIN_PROMISE: Final = timedelta(minutes=5)  # C-H: less is no promise but a hope
MAX_PROMISE: Final = timedelta(days=90)  # C-H: more is a slip of the keyboard
TIGHT_SAMPLES: Final = 5  # C-H: fewer closed cases say nothing about a category
DUE_SOON_SHARE: Final = 5  # C-I: the last fifth of the promised span
DUE_SOON_LEAST: Final = timedelta(minutes=30)  # C-I
ESCALATE_AFTER: Final = timedelta(hours=24)  # C-I: overdue this long goes to the general manager
REVIEW_REMIND: Final = timedelta(hours=24)  # C-J: resolved, guest not asked
REVIEW_ESCALATE: Final = timedelta(hours=48)  # C-J: the same, to the property manager
CALL_GAP: Final = timedelta(hours=2)  # C-J: attempts closer than this count once
CALL_ATTEMPTS: Final = 3  # C-J: before a guest counts as out of reach

_SEVERITY_RANK: Final = {"major": 0, "serious": 1, "normal": 2}


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
    if len(samples) < TIGHT_SAMPLES:
        return False
    ordered, half = sorted(samples), len(samples) // 2
    return span < (ordered[half] + ordered[~half]) / 2


def urgency(
    due_at: datetime | None, now: datetime, severity: str = "normal"
) -> tuple[int, timedelta, int]:
    """Return the sort key of a board row, most urgent first.

    Overdue rows by lateness, then rows by time left, then rows without a promise; major before
    serious before normal where the times agree.
    """
    rank = _SEVERITY_RANK[severity]
    if due_at is None:
        return (2, timedelta(0), rank)
    return (0 if is_late(due_at, now) else 1, due_at - now, rank)


@dataclass(frozen=True, order=True)
class Rung:
    """One level of a ladder of reminders: a higher `level` reaches a higher rank of staff."""

    level: int
    rule: str
    due_at: datetime


@dataclass(frozen=True)
class Settled:
    """What one sweep does with a ladder: every rung named here gets its row, `sent` a message.

    The rows of `merged` read 已合并. Each row carries the rung's own `due_at`, not the sweep's time.
    """

    sent: Rung | None
    merged: tuple[Rung, ...]


def promise_ladder(told_at: datetime, due_at: datetime) -> tuple[Rung, ...]:
    """Return the rungs of one promise: due_soon, overdue, escalated (C-I)."""
    return (
        Rung(1, "due_soon", due_soon_at(told_at, due_at)),
        Rung(2, "overdue", due_at),
        Rung(3, "escalated", due_at + ESCALATE_AFTER),
    )


def review_ladder(resolved_at: datetime) -> tuple[Rung, ...]:
    """Return the rungs of the call-back: review_remind, review_escalated (C-J)."""
    return (
        Rung(1, "review_remind", resolved_at + REVIEW_REMIND),
        Rung(2, "review_escalated", resolved_at + REVIEW_ESCALATE),
    )


def settle(rungs: Iterable[Rung], now: datetime, done: Collection[str] = ()) -> Settled:
    """Return which passed rung is sent and which are only merged, after any time without a sweep.

    `done` names the rules that have their row already. Only the highest passed rung is sent, and
    only when it is above every rung that is done.
    """
    passed = sorted(rung for rung in rungs if is_late(rung.due_at, now))
    waiting = [rung for rung in passed if rung.rule not in done]
    if not waiting or waiting[-1] != passed[-1]:
        return Settled(None, tuple(waiting))
    return Settled(waiting[-1], tuple(waiting[:-1]))
