"""起草交班: the lines frozen, filled in, brought up to date; nothing of it is signed yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.queries import board
from emergencies.rows.board import running_row
from propdesk.core import audit, cases
from propdesk.core.models import Case, Department, Property, Shift, User
from propdesk.core.notices import notify
from propdesk.core.roles import ensure, may
from propdesk.core.transitions import RefusedInput, lock, require
from propdesk.desk.handover import package, queries, roster
from propdesk.desk.handover.models import (
    OPEN,
    Handover,
    HandoverCount,
    HandoverLine,
    PatrolCheck,
)
from propdesk.desk.handover.package import Counted, Item
from propdesk.desk.handover.permissions import ACTIONS
from propdesk.desk.handover.workflow.base import (
    CHANGED,
    OFFERED,
    SIGNED,
    Changes,
    S,
    begin,
    changes,
    finish,
    settle,
)

SAID = ("title", "state", "due_at", "holder", "restricted", "digest", "drafted_at")


@dataclass(frozen=True, slots=True)
class Patrolled:
    """How one area was found; a fault has a note, a department and a moment."""

    is_normal: bool | None
    note: str = ""
    department: Department | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What the outgoing manager wrote: by key of a line, a count (both keys of rows) or an area.

    ``seen`` and ``asked`` are the marks of those lines and counts on the page he wrote on.
    """

    room_state: str = ""
    vips: str = ""
    steps: Mapping[int, tuple[str, bool]] = field(default_factory=dict)
    counts: Mapping[int, tuple[Decimal | None, str]] = field(default_factory=dict)
    patrol: Mapping[str, Patrolled] = field(default_factory=dict)
    seen: Mapping[int, str] = field(default_factory=dict)
    asked: Mapping[int, str] = field(default_factory=dict)


@transaction.atomic
def draft(prop: Property, *, by: User, reason: str = "") -> Handover:
    """开始交班 (F4): all that is open becomes a line, with the next step the playbook knows.

    Somebody else's shift is handed over by 物业经理 or above, with ``reason`` (422 without one).
    ConflictError while another hand-over of the house is open, and where the shift on duty is handed
    over already.
    """
    ensure(by, "draft", ACTIONS, prop=prop)
    # Hand-overs of one house begin one by one; this lock lets everything else of the house go on.
    lock(prop)
    running = Handover.objects.filter(property=prop, status__in=OPEN).select_related("case")
    other = running.first()
    taken = _("%(number)s 正在办，请先办完。") % {"number": other.case.number if other else ""}
    require(other is None, taken)
    now = timezone.now()
    shift = roster.due(prop, now, by)
    absent = shift.user if shift and shift.user_id != by.pk else None
    if absent is not None:
        _may_stand_in(prop, absent, by, reason)
    elif shift is None:
        _require_open_shift(prop, by, now)
    case = cases.open_case(prop, Case.Kind.HANDOVER, "JB", by=by, at=now, title=_("交接班"))
    row = _row(case, shift, now)
    row.outgoing, row.on_behalf_of = by, absent
    row.takeover_reason = reason if absent else ""
    audit.save(row, by=by, reason=reason or _("起草交班"))
    rows = _fill(row, by, now)
    return finish(row, [], *rows, by=by, action="draft", reason=reason, info={"lines": len(rows)})


def _may_stand_in(prop: Property, absent: User, by: User, reason: str) -> None:
    if not may(by, "draft_for", ACTIONS, prop=prop):
        whose = _("这一班是%(name)s的，由本人交班；本人不在，请物业经理代为交班。")
        raise PermissionDenied(whose % {"name": absent.name})
    if not reason:
        whose = _("这一班是%(name)s的，请写明为什么由您代为交班。")
        raise RefusedInput(reason=whose % {"name": absent.name})


def _require_open_shift(prop: Property, by: User, now: datetime) -> None:
    """Where the roster names who is on duty, nobody but a manager begins beside it."""
    if may(by, "draft_for", ACTIONS, prop=prop):
        return
    names = "、".join(shift.user.name for shift in roster.on_duty(prop, now))
    taken = _("现在当班的是%(names)s，这一班已经交接过；有补充请记值班日志。")
    require(not names, taken % {"names": names})


def _row(case: Case, shift: Shift | None, now: datetime) -> Handover:
    """The times of the shift; without a roster from the last hand-over, eight hours at most."""
    if shift is not None:
        label, start, end = shift.label, shift.starts_at, shift.ends_at
    else:
        last = Handover.objects.filter(
            property=case.property, incoming_signed_at__gt=now - roster.WITHOUT_ROSTER
        )
        signed = last.order_by("-incoming_signed_at").values_list("incoming_signed_at", flat=True)
        label, end = _("未排班"), now
        start = signed.first() or now - roster.WITHOUT_ROSTER
    coming = roster.following(case.property, end)
    return Handover(
        case=case,
        property=case.property,
        shift=shift,
        label=label,
        starts_at=start,
        ends_at=end,
        until=roster.until(coming, end),
        reports_from=queries.reported_until(case.property) or start,
    )


def _fill(row: Handover, by: User, now: datetime) -> list[models.Model]:
    """Lines, counts and areas of a new hand-over: one insert each."""
    prop = row.case.property
    items = package.gather(prop, row.outgoing_id, row.until)
    steps = _next_steps(prop, by)
    lines = [
        _line(row, item, seq, now, steps.get(item.key, ""))
        for seq, item in enumerate(items, start=1)
    ]
    counts = [_count(row, one, seq) for seq, one in enumerate(package.counts(prop), start=1)]
    patrol = [PatrolCheck(handover=row, area=area) for area in PatrolCheck.Area.values]
    return [
        *HandoverLine.objects.bulk_create(lines),
        *HandoverCount.objects.bulk_create(counts),
        *PatrolCheck.objects.bulk_create(patrol),
    ]


def _next_steps(prop: Property, by: User) -> dict[str, str]:
    """What the playbooks of running events say comes next; nothing of a confidential one."""
    rows = [row for row in board.running(by, prop) if not row.case.restricted]
    return {f"event:{row.pk}": running_row(prop, by, row).next[:300] for row in rows}


def _line(row: Handover, item: Item, seq: int, now: datetime, step: str = "") -> HandoverLine:
    return HandoverLine(
        handover=row,
        seq=seq,
        kind=item.kind,
        key=item.key,
        case=item.case,
        restricted=item.restricted,
        digest=item.digest,
        drafted_at=now,
        next_step="" if item.restricted else step,
        **item.said,
    )


def _count(row: Handover, one: Counted, seq: int) -> HandoverCount:
    return HandoverCount(
        handover=row, seq=seq, key=one.key, name=one.name, unit=one.unit, expected=one.expected
    )


@transaction.atomic
def write(handover: Handover, said: Written, *, by: User) -> Handover:
    """填写: next steps and ticks, counts, patrol, the rooms; only what changed is written.

    RefusedInput for a difference or a fault without a word, words about a confidential case, and what
    was ticked or counted on a page that is out of date: nobody was told what he has not read.
    """
    row, _stand = begin(handover, "write", by)
    lines = list(row.lines.filter(dropped_at=None, pk__in=said.steps))
    counts = list(row.counts.filter(dropped_at=None, pk__in=said.counts))
    _require_seen(lines, counts, said)
    lines, counts = _told(lines, said), _counted(counts, said)
    patrol = _patrolled(row, said)
    HandoverLine.objects.bulk_update(lines, ["next_step", "is_told"])
    HandoverCount.objects.bulk_update(counts, ["actual", "word"])
    PatrolCheck.objects.bulk_update(patrol, ["is_normal", "note", "department", "due_at"])
    row.room_state, row.vips = said.room_state, said.vips
    rows = (*lines, *counts, *patrol)
    return finish(row, ["room_state", "vips"], *rows, by=by, action="write")


def _require_seen(
    lines: Iterable[HandoverLine], counts: Iterable[HandoverCount], said: Written
) -> None:
    altered = _("这一条有变化，上面是最新情况。请看过、告知接班人后再勾选。")
    changed = _("应有数有变化，请按现在的数重新清点。")
    errors = {f"told_{n.pk}": altered for n in lines if said.seen.get(n.pk) != n.mark}
    errors |= {f"actual_{c.pk}": changed for c in counts if said.asked.get(c.pk) != c.mark}
    if errors:
        raise RefusedInput(**errors)


def _told(lines: Iterable[HandoverLine], said: Written) -> list[HandoverLine]:
    found = []
    for line in lines:
        step, told = said.steps[line.pk]
        if line.restricted and step:
            raise RefusedInput(**{f"step_{line.pk}": _("保密事项的交代请写在事件里，这里留空。")})
        if (line.next_step, line.is_told) != (step, told):
            line.next_step, line.is_told = step, told
            found.append(line)
    return found


def _counted(counts: Iterable[HandoverCount], said: Written) -> list[HandoverCount]:
    found = []
    for count in counts:
        actual, word = said.counts[count.pk]
        if actual is not None and actual != count.expected and not word:
            raise RefusedInput(**{f"word_{count.pk}": _("应有与实有不符，请写明原因。")})
        if (count.actual, count.word) != (actual, word):
            count.actual, count.word = actual, word
            found.append(count)
    return found


def _patrolled(row: Handover, said: Written) -> list[PatrolCheck]:
    found = []
    for check in row.patrol.filter(area__in=said.patrol):
        one = said.patrol[check.area]
        whole = one.note and one.department is not None and one.due_at is not None
        if one.is_normal is False and not whole:
            sentence = _("巡查异常，请写明情况、跟进部门和期限。")
            raise RefusedInput(**{f"note_{check.area}": sentence})
        if one.department is not None and one.department.property_id != row.property_id:
            raise RefusedInput(**{f"department_{check.area}": _("请选择本公寓的部门。")})
        if one.due_at is not None and one.due_at != check.due_at and one.due_at <= timezone.now():
            raise RefusedInput(**{f"due_{check.area}": _("期限已经过去，请填以后的时间。")})
        check.is_normal, check.note = one.is_normal, one.note
        check.department, check.due_at = one.department, one.due_at
        found.append(check)
    return found


@transaction.atomic
def refresh(handover: Handover, *, by: User) -> Changes:
    """更新清单: only lines that changed are drafted anew; what was written on them stays.

    A signed package that has changed is a draft again: nobody's signature stands under words he has not
    read. Returns what differed; nothing is written when nothing did.
    """
    row, _stand = begin(handover, "refresh", by)
    known = {line.key: line for line in row.lines.select_related("case")}
    found = changes(row, [line for line in known.values() if line.dropped_at is None])
    if not found:
        return found
    now = timezone.now()
    fields = _withdraw(row) if row.status == S.OFFERED else []
    rows = [*_redraft(row, found, known, now), *_recount(row, found, now)]
    info = {"new": len(found.new), "altered": len(found.altered), "gone": len(found.gone)}
    finish(row, fields, *rows, by=by, action="refresh", info=info)
    if fields:
        text = _("【交接班有变化】%(number)s · 请看过后重新签名") % {"number": row.case.number}
        key = f"changed:{row.case.version}"
        also = [row.outgoing]
        settle(row, OFFERED)
        notify(row.case, rule=CHANGED, text=text, key=key, also=also, except_for=by)
    return found


def _withdraw(row: Handover) -> list[str]:
    """Back to the draft, not saved yet; the audit chain keeps that it was signed."""
    row.status, row.outgoing_signed_at, row.outgoing_signature = S.DRAFT, None, None
    row.content_sha, row.happened, row.unlisted = "", [], 0
    return [*SIGNED, "status"]


def _redraft(
    row: Handover, found: Changes, known: Mapping[str, HandoverLine], now: datetime
) -> list[HandoverLine]:
    altered = [*found.altered, *((known[i.key], i) for i in found.new if i.key in known)]
    for line, item in altered:
        line.restricted, line.digest, line.drafted_at = item.restricted, item.digest, now
        line.dropped_at, line.is_told = None, False
        line.next_step = "" if item.restricted else line.next_step
        for name, value in item.said.items():
            setattr(line, name, value)
    for line in found.gone:
        line.dropped_at = now
    old = [*(line for line, _item in altered), *found.gone]
    HandoverLine.objects.bulk_update(old, [*SAID, "dropped_at", "is_told", "next_step"])
    fresh = [item for item in found.new if item.key not in known]
    last = max((line.seq for line in known.values()), default=0)
    made = [_line(row, item, last + n, now) for n, item in enumerate(fresh, start=1)]
    return [*old, *HandoverLine.objects.bulk_create(made)]


def _recount(row: Handover, found: Changes, now: datetime) -> list[HandoverCount]:
    """What should be there has changed: it is to be counted again; what is asked for no more goes."""
    known = {count.key: count for count in row.counts.all()}
    old: list[HandoverCount] = []
    made: list[HandoverCount] = []
    for gone in found.counts_gone:
        gone.dropped_at = now
        old.append(gone)
    for one in found.counts:
        count = known.get(one.key)
        if count is None:
            made.append(_count(row, one, len(known) + len(made) + 1))
            continue
        count.expected, count.actual, count.dropped_at = one.expected, None, None
        old.append(count)
    HandoverCount.objects.bulk_update(old, ["expected", "actual", "dropped_at"])
    return [*old, *HandoverCount.objects.bulk_create(made)]


@transaction.atomic
def take_back(handover: Handover, *, by: User) -> Handover:
    """撤回签名: the outgoing manager mends something before anybody took over."""
    row, _stand = begin(handover, "take_back", by)
    settle(row, OFFERED)
    return finish(row, _withdraw(row), by=by, action="take_back")
