"""发送失败: what got nowhere, and sending it once more."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.channels import hearing
from propdesk.core.models import Delivery, Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import ConflictError

State = Delivery.State
AT_ONCE = 200
"""Rows sent again by one tap."""


@transaction.atomic
def resend(delivery: Delivery, *, by: User) -> Delivery:
    """重发: back into the queue with all its tries; ConflictError unless it failed and is of use to somebody."""
    ensure(by, "resend", ACTIONS, prop=delivery.property)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "robot", "recipient", "notice"
    )
    row = rows.get(pk=delivery.pk)
    if row.state != State.FAILED:
        raise ConflictError(_("这一条没有失败，或已经重发。"))
    if obstacle := obstacles([row])[row.pk]:
        raise ConflictError(obstacle)
    _queue([row.pk], by)
    row.refresh_from_db()
    return row


@transaction.atomic
def resend_all(prop: Property, *, by: User) -> int:
    """全部重发: the last ``AT_ONCE`` that failed and can be brought to somebody; returns how many."""
    ensure(by, "resend", ACTIONS, prop=prop)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    rows = rows.filter(property=prop, state=State.FAILED)
    found = rows.select_related("robot", "recipient", "notice").order_by("-pk")[:AT_ONCE]
    keys = [key for key, obstacle in obstacles(found).items() if not obstacle]
    _queue(keys, by)
    return len(keys)


def obstacles(rows: Iterable[Delivery]) -> dict[int, str]:
    """Why each row that failed is not sent again, in a sentence, by its key; "" for one that may be."""
    rows = list(rows)
    confirmed = hearing.confirmed([row.notice for row in rows])
    return {
        row.pk: _obstacle(row, confirmed.get((row.property_id, row.notice.key), ())) for row in rows
    }


def _obstacle(row: Delivery, confirmed: Collection[int]) -> str:
    """A group need not hear what anybody has confirmed, a person not what he has himself."""
    if row.recipient_id in confirmed or (row.robot is not None and confirmed):
        return _("已有人确认，不必再发。")
    if row.robot is not None:
        return "" if row.robot.is_active else _("渠道已停用，请先启用再重发。")
    reachable = row.recipient.is_active and row.recipient.email
    return "" if reachable else _("收件人已停用或没有邮箱，不能重发。")


def _queue(keys: list[int], by: User) -> None:
    now = timezone.now()
    Delivery.objects.filter(pk__in=keys).update(
        state=State.PENDING, attempts=0, error="", next_try_at=now, resent_at=now, resent_by=by
    )
