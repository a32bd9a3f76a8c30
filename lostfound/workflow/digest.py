"""L-H: once a week 总物业经理 hears how many expired things still wait for a decision."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from lostfound.models import DisposalBatch, DisposalLine, FoundItem
from propdesk.core import duty
from propdesk.core.clock_text import local
from propdesk.core.models import Membership, Notice, Property, User
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role

RULE = "lostfound.digest"
HOUR = time(8)
"""On Monday, Asia/Shanghai; after downtime on the first run of the week."""
_ASKED = (DisposalBatch.Status.SUBMITTED, DisposalBatch.Status.REVIEWED)


def remind_weekly(now: datetime) -> int:
    """Tell every 总物业经理 and deputy, once an ISO week, in houses where things wait; returns notices.

    Counts only. A thing counts from the Monday after it expired: on the day itself ``flag_due``
    told of it. One or two statements while there is nothing to tell.
    """
    here = local(now)
    monday = datetime.combine(here.date() - timedelta(days=here.weekday()), HOUR, here.tzinfo)
    if now < monday:
        return 0
    year, week, _day = here.isocalendar()
    told = Notice.objects.filter(case=None, rule=RULE, created_at__gte=monday)
    waiting = _waiting(monday).exclude(case__property__in=told.values("property"))
    messages = [_message(row, f"{RULE}:{year}-W{week:02}", now) for row in waiting]
    return put(messages)


def _waiting(monday: datetime) -> "QuerySet[FoundItem, Any]":
    """By house: how many expired before this Monday and are not decided; how many were asked for."""
    lines = DisposalLine.objects.filter(
        item=OuterRef("pk"), state=DisposalLine.State.PROPOSED, batch__status__in=_ASKED
    )
    expired = FoundItem.objects.filter(status=FoundItem.Status.EXPIRED)
    rows = expired.alias(last=Greatest("kept_until", "expires_on"), asked=Exists(lines))
    return (
        rows.filter(last__lt=monday.date())
        .order_by()
        .values("case__property")
        .annotate(things=Count("pk"), asked_for=Count("pk", filter=Q(asked=True)))
    )


def _message(row: Mapping[str, Any], key: str, now: datetime) -> Message:
    prop = Property.objects.get(pk=row["case__property"])
    words = {"n": row["things"], "asked": row["asked_for"]}
    return Message(
        prop=prop,
        rule=RULE,
        text=_("【每周提醒】到期失物还有%(n)s件没有处理意见，其中%(asked)s件已报批。") % words,
        key=f"{key}:{prop.pk}",
        recipients=_deciders(prop, now),
    )


def _deciders(prop: Property, now: datetime) -> tuple[User, ...]:
    """Who may decide: every 总物业经理, on duty or not, and who acts for one."""
    held = Membership.objects.current(now).filter(property=prop, role=Role.GENERAL_MANAGER)
    members = list(held.select_related("user"))
    people = [m.user for m in members] + duty.deputies_of(members, now)
    return tuple({user.pk: user for user in people if user.is_active}.values())
