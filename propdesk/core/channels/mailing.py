"""E-mail: through Django, one message for more than five that wait for one person."""

import smtplib
import time
from datetime import datetime
from itertools import groupby

from django.core.mail import send_mail
from django.db import transaction
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


def run(now: datetime, ends: float) -> int:
    """Send what waits until ``ends`` (monotonic) or the server is not there; returns how many were sent."""
    sent = 0
    while time.monotonic() < ends and (parcels := _claim(now)):
        for tried, parcel in enumerate(parcels):
            verdict, is_there = _send(parcel, now)
            sent += outbox.record(parcel, verdict, now)
            if not is_there or time.monotonic() >= ends:
                outbox.put_back(parcels[tried + 1 :], now)
                return sent
    return sent


@transaction.atomic
def _claim(now: datetime) -> list[Parcel]:
    """Take a batch, so that no lock is held while the mail server is talked to."""
    rows = list(outbox.due(Delivery.Channel.EMAIL, now)[: outbox.BATCH])
    outbox.take(rows, now)

    def target(row: Delivery) -> tuple[int, int]:
        return row.recipient_id, row.property_id

    groups = groupby(sorted(rows, key=target), key=target)
    return [
        parcel
        for _key, group in groups
        for parcel in pack(group, lambda row: wording.line(row.notice, now))
    ]


def _send(parcel: Parcel, now: datetime) -> tuple[Verdict, bool]:
    """How one message went, and whether the server can be used at all."""
    person = parcel.rows[0].recipient
    if not person.is_active or not person.email:
        return Verdict(Outcome.REFUSED, _("收件人已停用或没有邮箱")), True
    try:
        text = wording.outgoing(parcel, now).text
        send_mail(wording.subject(parcel), text, None, [person.email])
    except Exception as error:  # noqa: BLE001 -- one bad row must not stop those behind it
        why = _("邮件没有发出（%(kind)s）") % {"kind": type(error).__name__}
        is_there = not isinstance(error, OSError) or isinstance(error, REFUSED_MAIL)
        return Verdict(Outcome.LATER, why), is_there
    return Verdict(Outcome.SENT), True
