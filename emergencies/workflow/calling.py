"""Calls: who must be told, was told, confirmed; and the ladder that climbs until somebody answers."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Call, Event, Rung
from emergencies.playbooks.schema import Notice
from emergencies.playbooks.schema import Rung as LadderRung
from emergencies.queries import evidence
from emergencies.workflow.base import Rule, begin, finish, minutes, neutral, say, since_start
from propdesk.core import audit, duty, notices
from propdesk.core.models import Notice as CoreNotice
from propdesk.core.models import User
from propdesk.core.roles import MANAGERS, Role, standing
from propdesk.core.transitions import RefusedInput, require

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """How somebody was told: by whom it was answered, and when."""

    via: str
    at: datetime | None = None
    whom: str = ""
    user: User | None = None
    note: str = ""


def open_calls(event: Event, *, by: User, now: datetime) -> list[models.Model]:
    """Rows for every notice that applies by now and has none yet; the roles of the house are told.

    Called at the start and after each answer: a real fire opens all its notices at once (E-8).
    """
    there = set(event.calls.values_list("notice", flat=True))
    board = evidence.look(event)
    wanted = [v.notice for v in board.notices if v.applies and v.notice.id not in there]
    rows = [_call(event, notice, by, now) for notice in wanted]
    return list(rows)


def _call(event: Event, notice: Notice, by: User, now: datetime) -> Call:
    role, people = _called(event, notice, now)
    needs_ack = bool(role) and notice.ack
    first = notice.ladder[0] if notice.ladder else None
    knows = needs_ack and _knows_already(event, role, people, by)
    row = Call(
        event=event,
        notice=notice.id,
        party=notice.to,
        role=role,
        opened_at=now,
        due_at=None if notice.within_min is None else now + minutes(notice.within_min),
        needs_ack=needs_ack,
        next_rung_at=now + minutes(first.after_min) if needs_ack and first else None,
    )
    if knows:
        row.acked_at, row.acked_by, row.next_rung_at = now, by, None
    audit.save(row, by=by, reason=_("启动预案"))
    if role:
        _tell(event, row, [u for u in people if not knows or u.pk != by.pk], by, now)
    return row


def _knows_already(event: Event, role: str, people: list[User], by: User) -> bool:
    """Whoever opens the call need not confirm it to himself (E-7, ambiguity 31).

    The commander for the duty managers, a manager where he is the only one called; never a guard:
    he may stand there alone and want the others.
    """
    if role == Role.DUTY_MANAGER and event.commander_id == by.pk:
        return True
    return role in MANAGERS and [u.pk for u in people] == [by.pk]


def _called(event: Event, notice: Notice, now: datetime) -> tuple[str, list[User]]:
    """The role that is called and who of it is here: the fallback when nobody holds the first."""
    prop = event.case.property
    for name in (notice.to, notice.fallback):
        if name in Role.values:
            people = duty.on_duty(prop, Role(name), at=now)
            if people:
                return str(name), people
    return (str(notice.to) if notice.to in Role.values else ""), []


def _tell(event: Event, row: Call, people: Iterable[User], by: User, now: datetime) -> None:
    say(
        event,
        rule=Rule.CALL,
        text=f"【{_('紧急')}】{neutral(event)} · {_('请立即确认')}",
        key=call_key(row),
        also=people,
        urgent=True,
        due_at=row.due_at,
    )


def call_key(row: Call) -> str:
    """Key of the first notice of a call; the acknowledgement in the inbox finds the call by it."""
    return f"call:{row.notice}"


def hold_call(event: Event, notice: str) -> Call:
    """The call under lock; ConflictError while the playbook does not ask for it."""
    row = event.calls.select_for_update(no_key=True).filter(notice=notice).first()
    require(row is not None, _("按现在的判断，不需要这一项通知。"))
    assert row is not None  # noqa: S101 -- for the type checker; require() has refused
    return row


def check_untold(call: Call | None, *, is_open: bool = False) -> None:
    """ConflictError for a call that came through already; ``is_open``: for one not asked for, too."""
    require(call is not None or not is_open, _("按现在的判断，不需要这一项通知。"))
    require(call is None or call.told_at is None, _("这一项已经登记过通知。"))


@transaction.atomic
def tell(event: Event, notice: str, told: Told, *, by: User) -> Call:
    """登记已通知: by phone, radio, in person … with time and who answered.

    Where an acknowledgement is asked for the ladder climbs on until it is there (E-5, Build 3).
    An outside party that the playbook did not ask for yet may be told all the same: nothing stands
    before 119, 110 and 120.
    """
    event, _stand = begin(event, "tell", by)
    now = timezone.now()
    at = told.at or now
    since_start("at", at, now, event)
    row = _row_to_tell(event, notice, by, now)
    check_untold(row)
    if not told.via:
        raise RefusedInput(via=_("请选择通知方式。"))
    if told.user is not None and told.user.pk == by.pk and row.needs_ack:
        raise RefusedInput(user=_("请选择接听的同事；本人收到的请直接确认。"))
    row.told_at, row.told_via, row.told_whom = at, told.via, told.whom[:60]
    row.told_user, row.told_note, row.recorded_by = told.user, told.note[:200], by
    row.not_told_reason = ""
    audit.save(row, *_TOLD, by=by, reason=_("登记通知"))
    info = {"notice": notice, "via": told.via}
    finish(event, [], row, by=by, action="tell", info=info, occurred_at=at)
    return row


_TOLD = (
    "told_at",
    "told_via",
    "told_whom",
    "told_user",
    "told_note",
    "recorded_by",
    "not_told_reason",
)


def told_by_step(event: Event, notice: str, *, by: User, at: datetime) -> list[models.Model]:
    """The step that makes a call is done: one tick for both."""
    row = event.calls.select_for_update(no_key=True).filter(notice=notice, told_at=None).first()
    if row is None:
        return []
    ways = evidence.playbook_of(event).notices[notice].via
    row.told_at, row.told_via, row.recorded_by = at, str(ways[0]), by
    row.told_note, row.not_told_reason = _("随步骤登记"), ""
    audit.save(row, *_TOLD, by=by, reason=_("登记通知"))
    return [row]


def _row_to_tell(event: Event, notice: str, by: User, now: datetime) -> Call:
    row = event.calls.select_for_update(no_key=True).filter(notice=notice).first()
    if row is not None:
        return row
    known = {n.id: n for n in evidence.playbook_of(event).notify}
    require(notice in known, _("预案里没有这一项通知。"))
    return _call(event, known[notice], by, now)


@transaction.atomic
def not_told(event: Event, notice: str, *, by: User, reason: str) -> Call:
    """登记未通知: with the reason; the gap stands on the record, the ladder climbs on (E-5)."""
    event, _stand = begin(event, "tell", by)
    row = hold_call(event, notice)
    check_untold(row)
    if not reason.strip():
        raise RefusedInput(reason=_("没有通知请写明原因。"))
    row.not_told_reason, row.recorded_by = reason.strip()[:200], by
    audit.save(row, "not_told_reason", "recorded_by", by=by, reason=reason)
    finish(event, [], row, by=by, action="not_told", reason=reason, info={"notice": notice})
    return row


@transaction.atomic
def acknowledge(event: Event, notice: str, *, by: User) -> Call:
    """确认通知: whoever was told of it, once; the ladder stops here (F9).

    PermissionDenied for anybody the notice never reached; ConflictError when it is confirmed.
    """
    event, stand = begin(event, "acknowledge", by)
    row = hold_call(event, notice)
    if not may_ack(event, row, stand.task_roles):
        raise PermissionDenied(_("这项通知不是发给您的。"))
    require(row.acked_at is None, _("已有同事确认过这项通知。"))
    row.acked_at, row.acked_by, row.next_rung_at = timezone.now(), by, None
    audit.save(row, "acked_at", "acked_by", "next_rung_at", by=by, reason=_("确认通知"))
    notices.settle(event.case, call_key(row), by=by)
    finish(event, [], row, by=by, action="acknowledge", info={"notice": notice})
    return row


def may_ack(event: Event, row: Call, roles: frozenset[Role]) -> bool:
    """He holds the called role or acts for it, or a rung of the ladder reached him.

    What 总物业经理 must know himself nobody below him confirms in his place (E-5, E-6).
    """
    if row.role in roles:
        return True
    reached = {rung.to for rung in _ladder(event, row)[: row.level]}
    return row.role != Role.GENERAL_MANAGER and bool(roles & reached)


def _ladder(event: Event, row: Call) -> tuple[LadderRung, ...]:
    """The rungs of the playbook the event began with."""
    return evidence.playbook_of(event).notices[row.notice].ladder


def resume_calls(event: Event) -> list[models.Model]:
    """Let every ladder of the event climb on that nobody confirmed; returns the rows changed."""
    rows = list(event.calls.select_for_update(no_key=True).filter(needs_ack=True, acked_at=None))
    changed: list[models.Model] = []
    for row in rows:
        ladder = _ladder(event, row)
        if row.level < len(ladder):
            row.next_rung_at = _due(row, ladder, row.level + 1)
            audit.save(row, "next_rung_at", by=None, reason=_("重新处置"))
            changed.append(row)
    return changed


def stop_calls(event: Event, now: datetime) -> list[models.Model]:
    """End every ladder of the event; returns the rows changed."""
    rows = list(event.calls.select_for_update(no_key=True).filter(next_rung_at__isnull=False))
    for row in rows:
        row.next_rung_at = None
        audit.save(row, "next_rung_at", by=None, reason=_("事件已结束"))
    return list(rows)


# --- the ladder ------------------------------------------------------------------------------


BATCH = 200


def climb(now: datetime) -> int:
    """The sweep: every call whose next level is due climbs it, once; returns how many rungs.

    Kill it anywhere and run it again: the row lock, the unique rung and the notice key make each
    level one row, and an acknowledgement that came first leaves nothing to do. A call that raises is
    set aside and reported; the others climb.
    """
    total, broken = 0, set[int]()
    while True:
        due = Call.objects.filter(next_rung_at__lte=now).exclude(pk__in=broken)
        ids = due.order_by("next_rung_at", "pk").values_list("pk", flat=True)[:BATCH]
        done = 0
        for pk in list(ids):
            try:
                done += _climb_one(pk, now)
            except Exception:
                log.exception("ladder of call %s", pk)
                broken.add(pk)
        total += done
        if not done:
            return total


@transaction.atomic
def _climb_one(pk: int, now: datetime) -> int:
    call = Call.objects.filter(pk=pk).first()
    event = hold_free(call.event_id) if call is not None else None
    if event is None:
        return 0
    call = Call.objects.select_for_update(no_key=True).get(pk=pk)
    if call.next_rung_at is None or call.next_rung_at > now:
        return 0
    ladder = _ladder(event, call)
    reached = [n for n in range(call.level + 1, len(ladder) + 1) if _due(call, ladder, n) <= now]
    rungs = [_rung(call, ladder, level, now, merged=level != reached[-1]) for level in reached]
    call.level = reached[-1]
    top = call.level == len(ladder)
    call.next_rung_at = None if top else _due(call, ladder, call.level + 1)
    rungs[-1].told = _tell_level(event, call, ladder, now)
    for rung in rungs:
        audit.save(rung, by=None, reason=_("升级通知"))
    audit.save(call, "level", "next_rung_at", by=None, reason=_("升级通知"))
    info = {"notice": call.notice, "level": call.level}
    finish(event, [], call, *rungs, by=None, action="climb", info=info)
    return len(rungs)


def hold_free(pk: int) -> Event | None:
    """The event and its case, unless somebody holds them: the next run comes soon."""
    return (
        Event.objects.select_for_update(no_key=True, of=("self", "case"), skip_locked=True)
        .select_related("case__property__settings", "playbook", "place", "commander")
        .defer("playbook__content", "playbook__text")
        .filter(pk=pk)
        .first()
    )


def _due(call: Call, ladder: tuple[LadderRung, ...], level: int) -> datetime:
    """When a level is due, counted from the call."""
    return call.opened_at + minutes(ladder[level - 1].after_min)


def _rung(
    call: Call, ladder: tuple[LadderRung, ...], level: int, now: datetime, *, merged: bool
) -> Rung:
    due = _due(call, ladder, level)
    return Rung(call=call, level=level, due_at=due, at=now, merged=merged)


def _tell_level(event: Event, call: Call, ladder: tuple[LadderRung, ...], now: datetime) -> int:
    """The called role again with its deputies, and everybody of the rungs up to this one."""
    roles = {rung.to for rung in ladder[: call.level]}
    roles |= {Role(call.role)} if call.role else set()
    people = duty.on_duty(event.case.property, *sorted(roles), at=now)
    label = _("第%(n)d次提醒，仍未确认") % {"n": call.level}
    return say(
        event,
        rule=Rule.CALL,
        text=f"【{label}】{neutral(event)}",
        key=f"{call_key(call)}:{call.level}",
        also=people,
        urgent=True,
    )


def is_called(event: Event, by: User) -> bool:
    """Whether an open call of the event waits for his acknowledgement: the button on his page."""
    roles = standing(by, event.case.property).task_roles
    rows = event.calls.filter(needs_ack=True, acked_at=None)
    return any(may_ack(event, row, roles) for row in rows)


def confirmed_in_inbox(notice: CoreNotice, by: User) -> None:
    """确认收到 in the inbox is the acknowledgement of the call it tells of (``notices.CONFIRMED``)."""
    if notice.rule != Rule.CALL or notice.case_id is None or ":call:" not in notice.key:
        return
    event = Event.objects.select_related("case__property").get(pk=notice.case_id)
    name = notice.key.split(":call:")[1].split(":")[0]
    row = event.calls.filter(notice=name, acked_at=None).first()
    roles = standing(by, event.case.property).task_roles
    if row is not None and may_ack(event, row, roles) and event.status != Event.Status.VOIDED:
        acknowledge(event, name, by=by)
