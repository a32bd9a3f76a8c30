"""L-D: a clue leads to attempts; none leads to the property manager; the notice makes it known."""

from datetime import date, datetime, timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories, retention
from lostfound.models import Announcement, FoundItem, TraceAttempt
from lostfound.workflow.base import Rule, begin, finish, minutes, neutral, next_due
from lostfound.workflow.table import S
from lostfound.workflow.terms import renew, term_of
from propdesk.core import audit, cases, clocks
from propdesk.core.models import Notice, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, happened, require

ACKNOWLEDGE = "ownerless"
Clue = FoundItem.Clue


def set_clue(item: FoundItem, clue: str, text: str) -> list[str]:
    """Whether there is a clue, on the locked item, not saved yet; returns the fields."""
    item.clue, item.clue_text = clue, text
    if clue == Clue.YES:
        item.status = S.TRACING
    return ["clue", "clue_text", "status"]


@transaction.atomic
def decide_clue(item: FoundItem, clue: str, *, by: User, text: str = "") -> FoundItem:
    """有无线索 (L-D): with a clue it is traced; without one the property manager hears of it now."""
    item, _stand = begin(item, "decide_clue", by)
    if clue not in (Clue.YES, Clue.NO):
        raise RefusedInput(clue=_("请选择有没有线索。"))
    if clue == Clue.YES and not text:
        raise RefusedInput(clue_text=_("请写明有什么线索。"))
    now = timezone.now()
    fields = set_clue(item, clue, text)
    rows: list[models.Model] = []
    if clue == Clue.NO:
        rows = report_to_manager(item, by, now)
        fields += ["ownerless_at", "ownerless_notice"]
        clocks.stop(item.case, [Rule.TRACE_LATE], now)
    item.next_due_at = next_due(item, now)
    fields.append("next_due_at")
    return finish(item, fields, *rows, by=by, action="decide_clue", info={"clue": clue})


def report_to_manager(item: FoundItem, by: User, now: datetime) -> list[models.Model]:
    """上报物业经理: notice, task and clock; without somebody to tell there is no 无主 (422).

    The item then points at the notice: a constraint refuses 无主 without it.
    """
    text = _("无线索，已收好，请知悉 · %(case)s") % {"case": neutral(item)}
    key = f"ownerless:{item.case.version}"
    notify(
        item.case,
        Role.PROPERTY_MANAGER,
        rule="lostfound.ownerless",
        text=f"【{_('无主失物')}】{text}",
        key=key,
    )
    notice = Notice.objects.filter(case=item.case, key=f"{item.case.pk}:{key}").first()
    if notice is None:
        raise RefusedInput(clue=_("物业里没有物业经理可以上报，请先在“设置”里安排。"))
    item.status, item.ownerless_at, item.ownerless_notice = S.OWNERLESS, now, notice
    within = minutes(item.case.property.settings.found_ack)
    clocks.arm(item.case, (Rule.ACK_LATE, now + within))
    return [cases.open_task(item.case, ACKNOWLEDGE, Role.PROPERTY_MANAGER, text, by=by)]


@transaction.atomic
def trace(
    item: FoundItem,
    *,
    by: User,
    via: str,
    text: str,
    outcome: str,
    tried_at: datetime | None = None,
) -> TraceAttempt:
    """登记查找 (L-D): one attempt, with what came of it; listed on the slip."""
    item, _stand = begin(item, "trace", by)
    now = timezone.now()
    tried_at = tried_at or now
    happened("tried_at", tried_at, now, not_before=item.found_at)
    _check(via, text, outcome)
    row = TraceAttempt(
        item=item, via=via, text=text, outcome=outcome, tried_at=tried_at, by=by, at=now
    )
    audit.save(row, by=by, reason=_("登记查找"))
    clocks.stop(item.case, [Rule.TRACE_LATE], now)
    fields = []
    if item.status == S.STORED:
        item.status, item.clue = S.TRACING, Clue.YES
        item.clue_text = item.clue_text or text
        fields = ["status", "clue", "clue_text"]
    item.next_due_at = next_due(item, now)
    info = {"via": via, "outcome": outcome}
    finish(
        item,
        [*fields, "next_due_at"],
        row,
        by=by,
        action="trace",
        info=info,
        occurred_at=tried_at,
    )
    return row


def _check(via: str, text: str, outcome: str) -> None:
    if via not in TraceAttempt.Via.values:
        raise RefusedInput(via=_("请选择查找方式。"))
    if outcome not in TraceAttempt.Outcome.values:
        raise RefusedInput(outcome=_("请选择查找结果。"))
    if not text:
        raise RefusedInput(text=_("请写明问了谁、查了什么。"))


@transaction.atomic
def report_ownerless(item: FoundItem, *, by: User, reason: str = "") -> FoundItem:
    """无主 (L-D): with a clue only after at least one attempt; the property manager is told."""
    item, _stand = begin(item, "report_ownerless", by)
    if item.clue == Clue.YES:
        require(item.attempts.exists(), _("有线索的失物，至少登记一次查找后才能报无主。"))
    now = timezone.now()
    if item.clue == Clue.UNDECIDED:
        item.clue = Clue.NO
    rows = report_to_manager(item, by, now)
    clocks.stop(item.case, [Rule.TRACE_LATE], now)
    item.next_due_at = next_due(item, now)
    fields = ["status", "clue", "ownerless_at", "ownerless_notice", "next_due_at"]
    return finish(item, fields, *rows, by=by, action="report_ownerless", reason=reason)


@transaction.atomic
def acknowledge(item: FoundItem, *, by: User, note: str = "") -> FoundItem:
    """知悉: the property manager has read that a thing has no owner; ends task and clock."""
    item, _stand = begin(item, "acknowledge", by)
    require(item.ownerless_at is not None, _("这件物品没有上报无主。"))
    require(item.ownerless_acked_at is None, _("已经登记知悉。"))
    now = timezone.now()
    item.ownerless_acked_at, item.ownerless_acked_by = now, by
    done = cases.close_tasks(item.case, ACKNOWLEDGE, by=by, outcome="acknowledged")
    clocks.stop(item.case, [Rule.ACK_LATE], now)
    fields = ["ownerless_acked_at", "ownerless_acked_by"]
    if item.status == S.OWNERLESS:
        item.next_due_at = next_due(item, now)
        fields.append("next_due_at")
    return finish(item, fields, *done, by=by, action="acknowledge", reason=note)


@transaction.atomic
def announce(
    item: FoundItem, *, by: User, published_on: date, channel: str, note: str = ""
) -> Announcement:
    """招领公告 (F5): the day it was made known; the first one starts the statutory clocks.

    Under a policy that counts from the notice it also starts the term.
    """
    item, _stand = begin(item, "announce", by)
    now = timezone.now()
    today = retention.local_day(now)
    require(
        not categories.rule(item.category).to_police_at_once,
        _("违禁危险品不公告：看守现场、报警，用“移交公安”登记。"),
    )
    if published_on > today:
        raise RefusedInput(published_on=_("公告日期还没有到，请在贴出后登记。"))
    if published_on < retention.local_day(item.found_at) or published_on < today - timedelta(30):
        raise RefusedInput(published_on=_("公告日期早于拾获，或在30天以前，请核对。"))
    if channel not in Announcement.Channel.values:
        raise RefusedInput(channel=_("请选择公告渠道。"))
    row = Announcement(
        item=item, published_on=published_on, channel=channel, note=note, by=by, at=now
    )
    audit.save(row, by=by, reason=_("招领公告"))
    fields = []
    if item.announced_on is None:
        item.announced_on = published_on
        fields = ["announced_on", *_start_term(item, now)]
    info = {"on": published_on.isoformat(), "channel": channel}
    finish(item, fields, row, by=by, action="announce", info=info)
    return row


def _start_term(item: FoundItem, now: datetime) -> list[str]:
    """A policy that counts from the notice gives the last day now."""
    last = term_of(item, item.value)
    if last == item.expires_on:
        return []
    item.expires_on = last
    fields = renew(item, now)
    item.next_due_at = next_due(item, now)
    return ["expires_on", "next_due_at", *fields]
