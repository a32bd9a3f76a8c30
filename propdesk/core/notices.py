"""The outbox: notices are written with the change itself; the relay hands them on later.

At least once, deduplicated by (recipient, key): a crash between commit and sending loses nothing,
and a second relay sends nothing twice. Texts carry number and rule only, never a name, a phone or
a room (ux.md, robots).
"""

import smtplib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import duty
from propdesk.core.models import Case, Delivery, Notice, Property, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError

BATCH = 200
CONFIRMED: "list[Callable[[Notice, User], None]]" = []
"""What an app does when somebody confirms a notice in his inbox; inside the same transaction."""
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
BUDGET = 20.0
"""Seconds one run may take: the clocks of the next minute must not wait for a slow mail server."""
CLAIM = timedelta(minutes=2)
"""How long a claimed e-mail stays with its relay; a relay that died leaves it to the next."""
REFUSED_MAIL = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One notice to several people; ``key`` makes it unique per recipient for ever."""

    prop: Property
    rule: str
    text: str
    key: str
    recipients: tuple[User, ...]
    case: Case | None = None
    due_at: datetime | None = None
    urgent: bool = False
    merged: bool = False


def notify(
    case: Case,
    *roles: Role,
    rule: str,
    text: str,
    key: str,
    also: Iterable[User] = (),
    except_for: User | None = None,
    due_at: datetime | None = None,
    urgent: bool = False,
) -> int:
    """Tell who is on duty in ``roles`` and ``also``; inside the caller's transaction.

    ``key`` is unique per case and event; returns how many people were told.
    """
    people = duty.on_duty(case.property, *roles, at=timezone.now()) if roles else []
    recipients = {u.pk: u for u in [*people, *also] if u.is_active}
    if except_for is not None:
        recipients.pop(except_for.pk, None)
    message = Message(
        case.property,
        rule,
        text,
        f"{case.pk}:{key}",
        tuple(recipients.values()),
        case=case,
        due_at=due_at,
        urgent=urgent,
    )
    return put([message])


def put(messages: Iterable[Message]) -> int:
    """Write notices and deliveries for many messages: two statements, doubles are left out."""
    now = timezone.now()
    wanted = [
        (message, _notice(message, user, now))
        for message in messages
        for user in message.recipients
    ]
    if not wanted:
        return 0
    Notice.objects.bulk_create([notice for _m, notice in wanted], ignore_conflicts=True)
    return _deliveries(wanted, now)


def rows(messages: Iterable[Message], now: datetime) -> tuple[list[Notice], list[Delivery]]:
    """What ``put`` would write, a delivery pointing at its notice; not written yet (``core.bulk``)."""
    wanted = [
        (_notice(message, user, now), message.merged)
        for message in messages
        for user in message.recipients
    ]
    deliveries = [
        _delivery(notice, channel, now, merged)
        for notice, merged in wanted
        for channel in _channels(notice)
    ]
    return [notice for notice, _merged in wanted], deliveries


def _notice(message: Message, user: User, now: datetime) -> Notice:
    return Notice(
        property=message.prop,
        case=message.case,
        recipient=user,
        rule=message.rule,
        text=message.text[:200],
        due_at=message.due_at,
        urgent=message.urgent,
        created_at=now,
        key=message.key,
    )


def _deliveries(wanted: list[tuple[Message, Notice]], now: datetime) -> int:
    """Deliveries for those notices that really are new; ignore_conflicts gives no keys back."""
    keys = {notice.key for _m, notice in wanted}
    merged = {message.key for message, _n in wanted if message.merged}
    # The recipients are named for the index, which begins with them.
    people = {notice.recipient_id for _m, notice in wanted}
    fresh = Notice.objects.filter(
        recipient__in=people, key__in=keys, deliveries=None
    ).select_related("recipient")
    rows = [
        _delivery(notice, channel, now, notice.key in merged)
        for notice in fresh
        for channel in _channels(notice)
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _channels(notice: Notice) -> list[str]:
    """Inbox always; e-mail when the person has an address and the house sends mail."""
    mail = settings.PROPDESK_EMAIL_ENABLED and notice.recipient.email
    return [Delivery.Channel.INBOX, *([Delivery.Channel.EMAIL] if mail else [])]


def _delivery(notice: Notice, channel: str, now: datetime, merged: bool) -> Delivery:
    return Delivery(
        notice=notice,
        recipient_id=notice.recipient_id,
        property_id=notice.property_id,
        channel=channel,
        state=Delivery.State.MERGED if merged else Delivery.State.PENDING,
        created_at=now,
        next_try_at=now,
    )


def deliver(now: datetime) -> int:
    """The relay: hand on what is due, oldest first; returns how many were sent. Safe to run twice."""
    ends = time.monotonic() + BUDGET
    sent = 0
    while time.monotonic() < ends and (batch := _settle_inbox(now)):
        sent += batch
    while time.monotonic() < ends and (mails := _claim_mails(now)):
        tried = _send_until(mails, now, ends)
        Delivery.objects.bulk_update(
            mails, ["state", "sent_at", "attempts", "next_try_at", "error"]
        )
        sent += tried
        if tried < len(mails):
            break
    return sent


def _due(channel: str, now: datetime) -> "QuerySet[Delivery]":
    return (
        Delivery.objects.filter(state=Delivery.State.PENDING, channel=channel, next_try_at__lte=now)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("next_try_at", "id")
    )


@transaction.atomic
def _settle_inbox(now: datetime) -> int:
    """Inbox needs no sending: one batch is marked as handed on."""
    found = list(_due(Delivery.Channel.INBOX, now).values_list("pk", flat=True)[:BATCH])
    return Delivery.objects.filter(pk__in=found).update(
        state=Delivery.State.SENT, sent_at=now, attempts=F("attempts") + 1
    )


@transaction.atomic
def _claim_mails(now: datetime) -> list[Delivery]:
    """Put a batch off, so that no lock is held while the mail server is talked to."""
    mails = list(_due(Delivery.Channel.EMAIL, now).select_related("notice", "recipient")[:BATCH])
    Delivery.objects.filter(pk__in=[mail.pk for mail in mails]).update(next_try_at=now + CLAIM)
    return mails


def _send_until(mails: Sequence[Delivery], now: datetime, ends: float) -> int:
    """Send until the time is over or the server is not there; returns how many were tried."""
    for tried, mail in enumerate(mails):
        if time.monotonic() >= ends:
            return tried
        if not _send(mail, now):
            return tried + 1
    return len(mails)


def _send(delivery: Delivery, now: datetime) -> bool:
    """One e-mail, tried again with growing gaps; False when the server itself cannot be used."""
    delivery.attempts += 1
    try:
        send_mail(delivery.notice.text, delivery.notice.text, None, [delivery.recipient.email])
    except Exception as error:  # noqa: BLE001 -- one bad row must not stop those behind it
        delivery.error = type(error).__name__
        if delivery.attempts > len(RETRY_AFTER):
            delivery.state = Delivery.State.FAILED
        else:
            delivery.next_try_at = now + RETRY_AFTER[delivery.attempts - 1]
        return not isinstance(error, OSError) or isinstance(error, REFUSED_MAIL)
    delivery.state, delivery.sent_at = Delivery.State.SENT, now
    return True


@transaction.atomic
def acknowledge(delivery: Delivery, *, by: User) -> Delivery:
    """确认收到: only the recipient, once; 409 when it already was."""
    row = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("notice")
        .get(pk=delivery.pk)
    )
    if row.recipient_id != by.pk or row.state == Delivery.State.ACKNOWLEDGED:
        raise ConflictError(_("这条通知已经确认过。"))
    row.state, row.acknowledged_at = Delivery.State.ACKNOWLEDGED, timezone.now()
    row.save(update_fields=["state", "acknowledged_at"])
    for heard in CONFIRMED:
        heard(row.notice, by)
    return row
