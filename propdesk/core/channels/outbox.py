"""The queue the relays share: taking rows, putting them back, writing down how it went.

A relay takes rows in a short transaction by putting their next try off, and talks to the outside
with no lock held. One that is killed leaves them to the next after ``CLAIM``. What it writes down
counts only while the rows are still as it took them.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from propdesk.core.channels.adapters import Outcome, Verdict
from propdesk.core.channels.bundling import Parcel
from propdesk.core.models import Delivery

BATCH = 200
CLAIM = timedelta(minutes=2)
"""How long taken rows stay with their relay; longer than a run and its slowest message."""
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Gaps between the tries; after the last one it reads 发送失败."""
LONGEST = timedelta(hours=24)
"""How long something waits for a target that takes nothing; then it reads 发送失败."""
State = Delivery.State


def due(channel: str, now: datetime) -> "QuerySet[Delivery]":
    """Rows of a channel whose time has come, oldest first, for whoever takes them first."""
    rows = Delivery.objects.filter(state=State.PENDING, channel=channel, next_try_at__lte=now)
    rows = rows.select_related("notice__case", "notice__property", "recipient")
    return rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by(
        "next_try_at", "id"
    )


def take(rows: Iterable[Delivery], now: datetime) -> None:
    """Keep the locked rows for this relay; inside the caller's transaction."""
    keys = [row.pk for row in rows]
    Delivery.objects.filter(pk__in=keys).update(next_try_at=now + CLAIM)


def _taken(rows: Iterable[Delivery], now: datetime) -> "QuerySet[Delivery]":
    keys = [row.pk for row in rows]
    return Delivery.objects.filter(pk__in=keys, state=State.PENDING, next_try_at=now + CLAIM)


def put_back(parcels: Sequence[Parcel], now: datetime) -> None:
    """Let the next run have what this one did not come to; it costs no attempt."""
    rows = [row for parcel in parcels for row in parcel.rows]
    if rows:
        _taken(rows, now).update(next_try_at=now)


def work_off(
    parcels: Sequence[Parcel],
    send: Callable[[Parcel], Verdict],
    now: datetime,
    ends: float,
    ill: Collection[Outcome],
) -> tuple[int, Verdict]:
    """Send one parcel after the other until the target is ``ill`` or at ``ends`` (monotonic).

    What was not come to is put back. Returns how many rows were sent, and how the last parcel went.
    """
    sent, verdict = 0, Verdict(Outcome.SENT)
    for tried, parcel in enumerate(parcels, start=1):
        verdict = send(parcel)
        sent += record(parcel, verdict, now)
        if verdict.outcome in ill or time.monotonic() >= ends:
            put_back(parcels[tried:], now)
            break
    return sent, verdict


def record(parcel: Parcel, verdict: Verdict, now: datetime) -> int:
    """Write down what became of a parcel; returns how many rows were sent."""
    rows = _taken(parcel.rows, now)
    once_more = F("attempts") + 1
    if verdict.outcome is Outcome.SENT:
        digest = parcel.is_digest
        return rows.update(
            state=State.SENT, sent_at=now, attempts=once_more, error="", in_digest=digest
        )
    if verdict.outcome is Outcome.LIMITED:
        again = now + timedelta(seconds=verdict.pause)
        rows.update(next_try_at=again, error=verdict.why)
    elif verdict.outcome is Outcome.REFUSED:
        rows.update(state=State.FAILED, attempts=once_more, error=verdict.why)
    else:
        for tried in {row.attempts for row in parcel.rows}:
            _later(rows.filter(attempts=tried), tried, verdict.why, now)
    return 0


def _later(rows: "QuerySet[Delivery]", tried: int, why: str, now: datetime) -> None:
    """The next try after ``tried`` and this one, or none."""
    if tried < len(RETRY_AFTER):
        rows.update(attempts=tried + 1, error=why, next_try_at=now + RETRY_AFTER[tried])
    else:
        rows.update(attempts=tried + 1, error=why, state=State.FAILED)


def expire(target: Q, why: str, now: datetime, own: Iterable[Parcel] = ()) -> None:
    """What has waited ``LONGEST`` for a target that takes nothing reads 发送失败.

    Also of ``own``, what this relay took; what another has in hand at this moment may yet arrive.
    """
    queued = Coalesce("resent_at", "created_at")
    rows = Delivery.objects.alias(queued_at=queued).filter(queued_at__lte=now - LONGEST)
    mine = [row.pk for parcel in own for row in parcel.rows]
    _fail(rows.filter(target, Q(next_try_at__lte=now) | Q(pk__in=mine)), why)


def give_up(target: Q, why: str, now: datetime) -> None:
    """What waits for a target that is no more reads 发送失败.

    What a relay may have in hand is left to a later call; its clock may be a little ahead of ours.
    """
    in_hand = Q(next_try_at__gt=now, next_try_at__lte=now + 2 * CLAIM)
    _fail(Delivery.objects.filter(target).exclude(in_hand), why)


def _fail(rows: "QuerySet[Delivery]", why: str) -> None:
    rows.filter(state=State.PENDING).update(state=State.FAILED, error=why)
