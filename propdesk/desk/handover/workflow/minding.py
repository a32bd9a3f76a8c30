"""What keeps a change of shift from falling through: stepping in, voiding, settling, the alarm."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, cases, duty, notices
from propdesk.core.models import Notice, Shift, User
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, lock, require
from propdesk.desk.handover import roster
from propdesk.desk.handover.models import Handover, HandoverAlarm
from propdesk.desk.handover.workflow.base import (
    CHANGED,
    LATE_TOLD,
    OFFERED,
    REFUSED,
    SHORT,
    S,
    alarm_key,
    begin,
    finish,
    settle,
)

LATE = timedelta(minutes=15)
"""So long into the next shift both signatures may be missing (F4)."""
BATCH = 200


@transaction.atomic
def take_over(handover: Handover, *, by: User, reason: str) -> Handover:
    """代为交班: 物业经理 goes on with what somebody began who has left (422 without a reason)."""
    row, _stand = begin(handover, "take_over", by)
    absent = row.on_behalf_of or row.outgoing
    require(by.pk not in row.leaving(), _("这份交接班就是您的。"))
    if not reason:
        raise RefusedInput(reason=_("请写明为什么由您代为交班。"))
    row.outgoing, row.on_behalf_of, row.takeover_reason = by, absent, reason
    fields = ["outgoing", "on_behalf_of", "takeover_reason"]
    info = {"from": absent.pk}
    finish(row, fields, by=by, action="take_over", reason=reason, info=info)
    settle(row, CHANGED)
    text = _("【已代为交班】%(number)s") % {"number": row.case.number}
    key = f"taken-over:{row.case.version}"
    notices.notify(
        row.case, rule="desk.handover_taken_over", text=text, key=key, also=[absent], except_for=by
    )
    return row


@transaction.atomic
def void_handover(handover: Handover, *, by: User, reason: str) -> Handover:
    """作废: nothing was handed over; the number stays used, with the reason (X-1).

    Told are the outgoing one and whoever was asked to come and sign.
    """
    return _void(handover, "void_handover", by, reason)


@transaction.atomic
def discard(handover: Handover, *, by: User, reason: str) -> Handover:
    """作废自己的草稿: begun by mistake and not signed, it blocks the house no longer (422 without a reason)."""
    return _void(handover, "discard", by, reason)


def _void(handover: Handover, action: str, by: User, reason: str) -> Handover:
    row, _stand = begin(handover, action, by)
    if not reason:
        raise RefusedInput(reason=_("请写明作废的原因。"))
    row.status, row.void_reason = S.VOIDED, reason
    fields = ["status", "void_reason"]
    finish(row, fields, by=by, action=action, reason=reason, closes=True)
    settle(row, OFFERED, CHANGED)
    _tell_void(row, by)
    return row


def _tell_void(row: Handover, by: User) -> None:
    asked = Notice.objects.filter(case=row.case, rule=OFFERED).values("recipient")
    also = [row.outgoing, *User.objects.filter(pk__in=asked).order_by("pk")]
    text = _("【交接班作废】%(number)s · 这份不用接，等重新交接") % {"number": row.case.number}
    notices.notify(
        row.case, rule="desk.handover_voided", text=text, key="voided", also=also, except_for=by
    )


@transaction.atomic
def settle_refused(handover: Handover, outcome: str, *, by: User) -> Handover:
    """处理未接事项: a manager who neither left, signed nor came says what becomes of what nobody took
    over, and of what does not tally."""
    row, _stand = begin(handover, "settle_refused", by)
    require(row.case.is_open, _("这份交接班没有待处理的未接事项。"))
    require(by.pk not in row.parties(), _("自己交接的事项须由另一位经理处理。"))
    if not outcome:
        raise RefusedInput(outcome=_("请写明怎样处理的，例如：由工程部李强跟进，今晚办结。"))
    row.settled_at, row.settled_by, row.outcome = timezone.now(), by, outcome
    tasks = cases.close_tasks(row.case, REFUSED, SHORT, by=by, outcome="settled")
    settle(row, f"desk.{REFUSED}", f"desk.{SHORT}")
    fields = ["settled_at", "settled_by", "outcome"]
    return finish(row, fields, *tasks, by=by, action="settle_refused", reason=outcome, closes=True)


def flag_late(now: datetime) -> int:
    """The sweep: each change of shift that is late is told once, whoever runs it how often.

    A shift that somebody else's follows, is over, and has no signed hand-over 15 minutes after the
    other began. Returns how many were told.
    """
    told = 0
    for shift in _late(now)[:BATCH]:
        with transaction.atomic():
            told += _alarm(shift, now)
    return told


def _late(now: datetime) -> "QuerySet[Shift]":
    rows = Shift.objects.filter(
        role=Role.DUTY_MANAGER,
        cancelled_at=None,
        ends_at__lte=now - LATE,
        ends_at__gt=now - roster.LOOK_BACK,
        # What was planned before the house began to work here rings nothing.
        property__settings__first_run_done_at__lte=F("ends_at"),
    )
    ended = {"property": OuterRef("property"), "ends_at": OuterRef("ends_at")}
    signed = Handover.objects.filter(**ended, status=S.SIGNED)
    told = HandoverAlarm.objects.filter(property=OuterRef("property"), due_at=OuterRef("ends_at"))
    following = Shift.objects.filter(
        property=OuterRef("property"),
        role=Role.DUTY_MANAGER,
        cancelled_at=None,
        ends_at__gt=OuterRef("ends_at"),
        starts_at__gte=OuterRef("ends_at") - roster.NEAR,
        starts_at__lte=Least(OuterRef("ends_at") + roster.NEAR, Value(now - LATE)),
    ).exclude(user=OuterRef("user"))
    late = rows.filter(~Exists(signed), ~Exists(told), Exists(following))
    return late.select_related("property", "user").order_by("ends_at", "pk")


def _alarm(shift: Shift, now: datetime) -> int:
    """The row first: its constraint lets one of two sweeps through."""
    prop = shift.property
    lock(prop)
    if HandoverAlarm.objects.filter(property=prop, due_at=shift.ends_at).exists():
        return 0
    row = HandoverAlarm(property=prop, due_at=shift.ends_at, at=now)
    audit.save(row, by=None, reason=_("交接班超时"))
    managers = duty.on_duty(prop, Role.PROPERTY_MANAGER, at=now)
    after = roster.following(prop, shift.ends_at)
    coming = roster.called(prop, after, now)
    began = min((each.starts_at for each in after if each.user_id != shift.user_id), default=now)
    open_ = Handover.objects.filter(shift=shift).exclude(status=S.VOIDED).select_related("case")
    found = open_.first()
    people = {u.pk: u for u in [shift.user, *coming, *managers] if u.is_active}
    text = _("【交接班超时】%(shift)s还没有交接签名，请马上办理") % {"shift": shift.label}
    message = notices.Message(
        prop,
        LATE_TOLD,
        text,
        alarm_key(prop, shift.ends_at),
        tuple(people.values()),
        case=found.case if found else None,
        due_at=max(shift.ends_at, began) + LATE,
        urgent=True,
    )
    notices.put([message])
    return 1
