"""The outbox: notices are written with the change itself; the relay hands them on later.

At least once, deduplicated by (recipient, key): a crash between commit and sending loses nothing,
and a second relay sends nothing twice. Texts carry number and rule only, never a name, a phone or
a room (ux.md, robots).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import duty
from propdesk.core.models import Case, Delivery, Notice, Property, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError

BATCH = 200
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


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
        (
            message,
            Notice(
                property=message.prop,
                case=message.case,
                recipient=user,
                rule=message.rule,
                text=message.text[:200],
                due_at=message.due_at,
                urgent=message.urgent,
                created_at=now,
                key=message.key,
            ),
        )
        for message in messages
        for user in message.recipients
    ]
    if not wanted:
        return 0
    Notice.objects.bulk_create([notice for _m, notice in wanted], ignore_conflicts=True)
    return _deliveries(wanted, now)


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
    sent = 0
    while batch := _deliver_batch(now):
        sent += batch
    return sent


@transaction.atomic
def _deliver_batch(now: datetime) -> int:
    due = list(
        Delivery.objects.filter(state=Delivery.State.PENDING, next_try_at__lte=now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("notice", "recipient")
        .order_by("next_try_at", "id")[:BATCH]
    )
    for delivery in due:
        _send(delivery, now)
    Delivery.objects.bulk_update(due, ["state", "sent_at", "attempts", "next_try_at", "error"])
    return len(due)


def _send(delivery: Delivery, now: datetime) -> None:
    """Inbox needs no sending; e-mail may fail and is tried again with growing gaps."""
    delivery.attempts += 1
    try:
        if delivery.channel == Delivery.Channel.EMAIL:
            send_mail(delivery.notice.text, delivery.notice.text, None, [delivery.recipient.email])
    except OSError as error:
        delivery.error = type(error).__name__
        if delivery.attempts > len(RETRY_AFTER):
            delivery.state = Delivery.State.FAILED
        else:
            delivery.next_try_at = now + RETRY_AFTER[delivery.attempts - 1]
        return
    delivery.state, delivery.sent_at = Delivery.State.SENT, now


@transaction.atomic
def acknowledge(delivery: Delivery, *, by: User) -> Delivery:
    """确认收到: only the recipient, once; 409 when it already was."""
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.recipient_id != by.pk or row.state == Delivery.State.ACKNOWLEDGED:
        raise ConflictError(_("这条通知已经确认过。"))
    row.state, row.acknowledged_at = Delivery.State.ACKNOWLEDGED, timezone.now()
    row.save(update_fields=["state", "acknowledged_at"])
    return row
