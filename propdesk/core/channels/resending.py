"""发送失败: what got nowhere, and sending it once more."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.models import Delivery, Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import ConflictError

State = Delivery.State
AT_ONCE = 200
"""Rows sent again by one tap."""


@transaction.atomic
def resend(delivery: Delivery, *, by: User) -> Delivery:
    """重发: back into the queue with all its tries; ConflictError when it did not fail or nobody is there."""
    ensure(by, "resend", ACTIONS, prop=delivery.property)
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("robot", "recipient")
    row = rows.get(pk=delivery.pk)
    if row.state != State.FAILED:
        raise ConflictError(_("这一条没有失败，或已经重发。"))
    if obstacle := obstacle_of(row):
        raise ConflictError(obstacle)
    _queue([row.pk], by)
    row.refresh_from_db()
    return row


@transaction.atomic
def resend_all(prop: Property, *, by: User) -> int:
    """全部重发: the last ``AT_ONCE`` that failed and can be brought to somebody; returns how many."""
    ensure(by, "resend", ACTIONS, prop=prop)
    rows = Delivery.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.filter(property=prop, state=State.FAILED).select_related("robot", "recipient")
    keys = [row.pk for row in found.order_by("-pk")[:AT_ONCE] if not obstacle_of(row)]
    _queue(keys, by)
    return len(keys)


def obstacle_of(row: Delivery) -> str:
    """Why a row that failed would fail again, in a sentence; "" when it may be sent."""
    if row.robot is not None:
        return "" if row.robot.is_active else _("渠道已停用，请先启用再重发。")
    reachable = row.recipient.is_active and row.recipient.email
    return "" if reachable else _("收件人已停用或没有邮箱，不能重发。")


def _queue(keys: list[int], by: User) -> None:
    now = timezone.now()
    Delivery.objects.filter(pk__in=keys).update(
        state=State.PENDING, attempts=0, error="", next_try_at=now, resent_at=now, resent_by=by
    )
