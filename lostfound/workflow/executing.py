"""L-H: two people carry out what was decided, with the proof of it; then the thing is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import (
    CustodyMove,
    DisposalBatch,
    DisposalLine,
    FoundItem,
    MatchProfile,
    Method,
)
from lostfound.permissions import ACTIONS
from lostfound.workflow.custody import pair
from lostfound.workflow.disposal import END, Held, L, begin_batch, close, on_item, seal, tell
from lostfound.workflow.table import B, S
from propdesk.core import audit, bulk, cases, clocks, photos
from propdesk.core.models import Attachment, Task, User
from propdesk.core.roles import MANAGERS, ensure
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, require

CENT = Decimal("0.01")
LONGEST_REASON = 200
K = CustodyMove.Kind


@dataclass(frozen=True, slots=True)
class Execution:
    """What was done: receipt, deed or slip number; who took it; what it brought; a picture."""

    proof: str
    receiver: str = ""
    proceeds: Decimal | None = None
    photo: bytes | None = None
    executed_at: datetime | None = None


@transaction.atomic
def execute_line(
    line: DisposalLine, execution: Execution, second: Second, *, by: User
) -> DisposalBatch:
    """登记执行 of one line; as ``execute_lines``."""
    return execute_lines(line.batch, [line.pk], execution, second, by=by)


@transaction.atomic
def execute_lines(
    batch: DisposalBatch, keys: Sequence[int], execution: Execution, second: Second, *, by: User
) -> DisposalBatch:
    """登记执行 (L-H): things that went the same way at once, by one of the duty side and a guard.

    Both are named; whoever does not act proves with his password that he is here. 409 before the
    decision and for a thing that was claimed meanwhile: a claim before execution wins. 422 names what
    the way asks for: proof always, receiver for 移交公安 and 捐赠, a picture for 销毁, proceeds (one
    thing at a time) for 变卖. The last line closes the paper and prints it sealed.
    """
    ensure(by, "execute_line", ACTIONS, prop=batch.case.property)
    picture = photos.prepare(execution.photo) if execution.photo else None
    held = begin_batch(batch, "execute_line", by)
    now = timezone.now()
    lines = [line for line in held.lines if line.pk in keys and line.state == L.DECIDED]
    require(
        keys and len(lines) == len(set(keys)),
        _("其中有物品已经执行、被认领或还没有批示，请看最新情况。"),
    )
    _check(held, lines, execution, second, by, now)
    people = pair(held.item(lines[0]), by, second, now)
    if picture is None:
        return _carry_out(held, lines, execution, second, people, None, by, now)
    caption = str(_("处置凭证"))
    stored = photos.store(held.batch.case, picture, by=by, caption=caption)
    try:
        return _carry_out(held, lines, execution, second, people, stored, by, now)
    except Exception:
        photos.discard([stored])
        raise


def _check(
    held: Held,
    lines: Sequence[DisposalLine],
    execution: Execution,
    second: Second,
    by: User,
    now: datetime,
) -> None:
    methods = {line.method for line in lines}
    require(len(methods) == 1, _("一次只登记同一种处理方式的物品。"))
    (method,) = methods
    at = execution.executed_at or now
    happened("executed_at", at, now, not_before=held.batch.decided_at)
    if not second.password:
        raise RefusedInput(
            guard_password=_("请%(name)s输入密码确认在场。") % {"name": second.user.name}
        )
    errors = _proof_faults(method, execution)
    if method == Method.SELL:
        errors |= _proceeds_faults(execution.proceeds, len(lines))
    elif execution.proceeds is not None:
        errors["proceeds"] = _("只有变卖才填所得金额。")
    if errors:
        raise RefusedInput(**errors)
    deciders = {held.batch.decided_by_id, *(line.decided_by_id for line in lines)}
    require(
        not {by.pk, second.user.pk} & deciders,
        _("批示的人不经办执行：请另一位值班经理和保安部两人办。"),
    )
    finders = {line.finder_id for line in lines}
    require(
        method != Method.FINDER or not {by.pk, second.user.pk} & finders,
        _("归拾获人的物品，须由拾获人以外的两个人经办。"),
    )


def _proof_faults(method: str, execution: Execution) -> dict[str, str]:
    errors = {}
    if not execution.proof:
        errors["proof"] = _("请填写凭证：回执、受赠函、收条或进账单号。")
    if method in (Method.POLICE, Method.DONATE) and not execution.receiver:
        errors["receiver"] = _("请填写接收单位，移交公安的写民警警号。")
    if method == Method.DESTROY and execution.photo is None:
        errors["photo"] = _("销毁请拍照留证。")
    return errors


def _proceeds_faults(proceeds: Decimal | None, things: int) -> dict[str, str]:
    if things > 1:
        return {"proceeds": _("变卖请一件一件登记，各写所得金额。")}
    if proceeds is None:
        return {"proceeds": _("请填写变卖所得金额，没有就写 0。")}
    if proceeds < 0 or proceeds != proceeds.quantize(CENT):
        return {"proceeds": _("金额不能小于零，最多两位小数。")}
    return {}


def _carry_out(
    held: Held,
    lines: Sequence[DisposalLine],
    execution: Execution,
    second: Second,
    people: dict[str, object],
    photo: Attachment | None,
    by: User,
    now: datetime,
) -> DisposalBatch:
    """Write lines, custody, things, paper and all entries; a constant number of statements."""
    batch = held.batch
    at = execution.executed_at or now
    for line in lines:
        line.state, line.executed_at = L.EXECUTED, at
        line.executed_by, line.executed_with, line.proof_photo = by, second.user, photo
        line.proof, line.receiver = execution.proof, execution.receiver
        line.proceeds = execution.proceeds
    page = bulk.Sheet(by, str(_("登记执行")), at=now)
    names = "state executed_by executed_with executed_at proof proof_photo proceeds receiver"
    page.change(lines, *names.split())
    entries = _things_go(page, held, lines, people, by, now, at)
    fields: tuple[str, ...] = ()
    rows = [batch, *lines, *([photo] if photo else [])]
    if all(line.state != L.DECIDED for line in held.lines):
        fields = close(batch, B.DONE, now)
        rows += cases.close_tasks(batch.case, by=by, outcome="executed")
        page.change([batch], *fields)
    info = {"things": len(lines), "method": lines[0].method}
    act = audit.Act(batch.case, "execute_line", by, info=info, occurred_at=at, rows=rows)
    page.acts([act, *entries], *END)
    page.write()
    if fields:
        clocks.stop_all([batch.case], now)
        tell(batch, *sorted(MANAGERS), word=_("过期失物已全部执行"), by=by)
        seal(batch, by)
    return batch


def _things_go(
    page: bulk.Sheet,
    held: Held,
    lines: Sequence[DisposalLine],
    people: dict[str, object],
    by: User,
    now: datetime,
    at: datetime,
) -> list[audit.Act]:
    """The end of custody and of the things themselves, put on the page; returns their entries."""
    items = [held.item(line) for line in lines]
    before = {m.item_id: m for m in CustodyMove.objects.filter(item__in=items, ended_at=None)}
    moves = [_last_move(line, before[line.item_id], people, by, now) for line in lines]
    for old in before.values():
        old.ended_at = now
    tasks = _close_tasks(items, by, now)
    bulk.number(moves)
    page.change(list(before.values()), "ended_at")
    page.add(moves)
    for line, item in zip(lines, items, strict=True):
        item.status = S.POLICE if line.method == Method.POLICE else S.DISPOSED
        item.ended_at, item.next_due_at = now, None
        item.case.is_open, item.case.closed_at = False, now
    page.change(items, "status", "ended_at", "next_due_at")
    clocks.stop_all((item.case for item in items), now)
    MatchProfile.objects.filter(case__in=[i.pk for i in items]).update(is_open=False, stale_at=None)
    entries = []
    for line, item, move in zip(lines, items, moves, strict=True):
        act = on_item(item, held.batch, "execute_line", by, method=line.method)
        act.occurred_at = at
        act.rows += [item, before[item.pk], move, *tasks.get(item.pk, ())]
        entries.append(act)
    closed = [task for each in tasks.values() for task in each]
    page.change(closed, "done_at", "done_by", "outcome")
    return entries


def _last_move(
    line: DisposalLine, before: CustodyMove, people: dict[str, object], by: User, now: datetime
) -> CustodyMove:
    kind = K.POLICE if line.method == Method.POLICE else K.DISPOSE
    return CustodyMove(
        item_id=line.item_id,
        seq=before.seq + 1,
        kind=kind,
        giver_id=before.holder_id,
        reason="，".join(filter(None, [str(line.get_method_display()), line.receiver, line.proof]))[
            :LONGEST_REASON
        ],
        by=by,
        at=now,
        **people,
    )


def _close_tasks(items: Sequence[FoundItem], by: User, now: datetime) -> dict[int, list[Task]]:
    """What still waited on the things is void with them, not saved yet."""
    found: dict[int, list[Task]] = {}
    for task in Task.objects.filter(case__in=[i.pk for i in items], done_at=None):
        task.done_at, task.done_by, task.outcome = now, by, "disposed"
        found.setdefault(task.case_id, []).append(task)
    return found
