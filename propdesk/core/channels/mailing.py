"""E-mail: through Django, one message for more than five that wait for one person."""

import smtplib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from propdesk.core.channels import outbox, wording
from propdesk.core.channels.adapters import Outcome, Verdict
from propdesk.core.channels.bundling import Parcel, pack
from propdesk.core.models import Delivery

REFUSED_MAIL = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)
"""The server is there and does not want this one message."""
PAUSE = 60
"""Seconds a server that is not there is left alone, by all relays."""
PAUSED = "mail-paused"


def run(now: datetime, ends: float) -> int:
    """Send what waits until ``ends`` (monotonic) or the server is not there; returns how many were sent."""
    sent = 0
    if (until := cache.get(PAUSED)) and now < until:
        return sent
    while time.monotonic() < ends and (parcels := _claim(now)):
        done, goes_on = _work(parcels, now, ends)
        sent += done
        if not goes_on:
            break
    return sent


def _work(parcels: Sequence[Parcel], now: datetime, ends: float) -> tuple[int, bool]:
    """Send what was claimed; how many rows were sent, and whether the server is there."""
    ill = (Outcome.LIMITED,)
    sent, verdict = outbox.work_off(parcels, partial(_send, now=now), now, ends, ill)
    if verdict.outcome in ill:
        _pause(parcels, verdict, now)
    return sent, verdict.outcome not in ill


@transaction.atomic
def _claim(now: datetime) -> list[Parcel]:
    """Take a batch, so that no lock is held while the mail server is talked to.

    Who waits longest comes first: a mail that breaks the server off goes behind the others.
    """
    rows = list(outbox.due(Delivery.Channel.EMAIL, now)[: outbox.BATCH])
    outbox.take(rows, now)

    groups: dict[tuple[int, int], list[Delivery]] = {}
    for row in rows:
        groups.setdefault((row.recipient_id, row.property_id), []).append(row)
    return [
        parcel
        for group in groups.values()
        for parcel in pack(group, lambda row: wording.line(row.notice, now))
    ]


def _pause(parcels: Sequence[Parcel], verdict: Verdict, now: datetime) -> None:
    """Leave the server alone; a pause lost with the cache costs one more try."""
    cache.set(PAUSED, now + timedelta(seconds=PAUSE), 2 * PAUSE)
    outbox.expire(Q(channel=Delivery.Channel.EMAIL), verdict.why, now, parcels)


def _send(parcel: Parcel, now: datetime) -> Verdict:
    """How one message went; ``LIMITED`` when the server cannot be used at all."""
    person = parcel.rows[0].recipient
    if not person.is_active or not person.email:
        return Verdict(Outcome.REFUSED, _("收件人已停用或没有邮箱"))
    try:
        text = wording.outgoing(parcel, now).text
        send_mail(wording.subject(parcel), text, None, [person.email])
    except Exception as error:  # noqa: BLE001 -- one bad row must not stop those behind it
        why = _("邮件没有发出（%(kind)s）") % {"kind": type(error).__name__}
        if isinstance(error, OSError) and not isinstance(error, REFUSED_MAIL):
            return Verdict(Outcome.LIMITED, why, PAUSE)
        return Verdict(Outcome.LATER, why)
    return Verdict(Outcome.SENT)
