"""The outbox: notices are written with the change itself; the relay hands them on later.

At least once, deduplicated by (recipient, key): a crash between commit and sending loses nothing,
and a second relay sends nothing twice. Texts carry number and rule only, never a name, a phone or
a room (ux.md, robots).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import duty
from propdesk.core.models import Case, Delivery, Notice, Property, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError

CONFIRMED: "list[Callable[[Notice, User], None]]" = []
"""What an app does when somebody confirms a notice in his inbox; inside the same transaction."""


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
    deliveries = [_delivery(notice, now, merged) for notice, merged in wanted]
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
    fresh = Notice.objects.filter(recipient__in=people, key__in=keys, deliveries=None)
    rows = [_delivery(notice, now, notice.key in merged) for notice in fresh]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _delivery(notice: Notice, now: datetime, merged: bool) -> Delivery:
    """The inbox alone: what else is sent, the relay decides (``channels.routing``)."""
    return Delivery(
        notice=notice,
        recipient_id=notice.recipient_id,
        property_id=notice.property_id,
        channel=Delivery.Channel.INBOX,
        state=Delivery.State.MERGED if merged else Delivery.State.PENDING,
        created_at=now,
        next_try_at=now,
    )


UNREAD = (Delivery.State.PENDING, Delivery.State.SENT)


@transaction.atomic
def acknowledge(delivery: Delivery, *, by: User) -> Delivery:
    """确认收到: only the recipient, once; 409 when it already was."""
    row = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notice")
        .get(pk=delivery.pk)
    )
    if row.recipient_id != by.pk or row.state == Delivery.State.ACKNOWLEDGED:
        raise ConflictError(_("这条通知已经确认过。"))
    _confirm([row], by)
    return row


@transaction.atomic
def acknowledge_all(prop: Property, keys: Collection[int], *, by: User) -> int:
    """全部确认: those of ``keys`` that are his, unread and not urgent; returns how many.

    What is urgent is confirmed one by one: somebody waits for just this answer.
    """
    rows = _unread(by).select_related("notice").order_by("pk")
    found = list(rows.filter(pk__in=keys, property=prop, notice__urgent=False))
    _confirm(found, by)
    return len(found)


@transaction.atomic
def settle(case: Case, key: str, *, by: User) -> None:
    """What was told of one thing counts as confirmed: in his inbox, and for whoever else is not told yet.

    ``key`` as given to ``notify``, with all that was told under it later (``key:…``). A row that is
    locked is being confirmed there at this moment, and waits for the case we hold.
    """
    full = f"{case.pk}:{key}"
    mine = Q(notice__key=full) | Q(notice__key__startswith=f"{full}:")
    rows = _unread(by, skip_locked=True).filter(mine, notice__case=case)
    _mark([row.pk for row in rows])
    said = Q(robot_key=full) | Q(robot_key__startswith=f"{full}:")
    _hold_back(said, Q(robot__property=case.property_id))


@transaction.atomic
def over(told: "QuerySet[Notice]") -> None:
    """What was asked for is done or wanted no more: it counts as confirmed in every inbox, and goes out
    nowhere any more. Rows that are locked are being confirmed, as in ``settle``."""
    waits = Q(channel=Delivery.Channel.INBOX, state__in=UNREAD) | Q(state=Delivery.State.PENDING)
    rows = Delivery.objects.filter(waits, notice__in=told)
    rows = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
    if waiting := list(rows.values_list("pk", flat=True)):
        _mark(waiting)


def hold_back(told: "QuerySet[Notice]") -> None:
    """What was held for the morning or could not be sent yet is sent no more; inboxes keep it."""
    _hold_back(Q(notice__in=told) & ~Q(channel=Delivery.Channel.INBOX))


def unread(who: User | int) -> "QuerySet[Delivery]":
    """What somebody (or the key of an account) has not confirmed yet, in the inboxes of all houses."""
    return Delivery.objects.filter(recipient=who, channel=Delivery.Channel.INBOX, state__in=UNREAD)


def _unread(by: User, *, skip_locked: bool = False) -> "QuerySet[Delivery]":
    return unread(by).select_for_update(no_key=True, skip_locked=skip_locked, of=("self",))


def _confirm(rows: Sequence[Delivery], by: User) -> None:
    """Mark locked rows of an inbox, and send nothing more of what they tell."""
    if not rows:
        return
    at = _mark([row.pk for row in rows])
    for row in rows:
        row.state, row.acknowledged_at = Delivery.State.ACKNOWLEDGED, at
    _hold_back(Q(notice__in=[row.notice_id for row in rows], channel=Delivery.Channel.EMAIL))
    keys = [row.notice.key for row in rows]
    _hold_back(Q(robot_key__in=keys, robot__property=rows[0].property_id))
    for row in rows:
        for heard in CONFIRMED:
            heard(row.notice, by)


def _mark(keys: Sequence[int]) -> datetime:
    now = timezone.now()
    Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.ACKNOWLEDGED, acknowledged_at=now
    )
    return now


def _hold_back(*which: Q) -> None:
    """Rows not sent yet are not sent any more; what a relay has in its hand at this moment goes out.

    A robot asks a group to look: once somebody has, it need not ask any more.
    """
    rows = Delivery.objects.filter(*which, state=Delivery.State.PENDING)
    rows = rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
    if waiting := list(rows.values_list("pk", flat=True)):
        _mark(waiting)
