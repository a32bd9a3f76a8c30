"""L-H: the property manager reviews the paper; the general manager, or his deputy, decides each line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import retention
from lostfound.models import DisposalBatch, DisposalLine, FoundItem, Method
from lostfound.permissions import ACTIONS, SECURITY
from lostfound.workflow.base import last_day_of, next_due, resting
from lostfound.workflow.disposal import (
    DECIDE,
    END,
    EXECUTE,
    Held,
    L,
    ask,
    begin_batch,
    close,
    involved,
    left_to,
    may_be_disposed_of,
    on_item,
    seal,
    somebody_else,
    tell,
    to_draft,
)
from lostfound.workflow.reminding import Again, call_to_mind
from lostfound.workflow.table import B, S
from lostfound.workflow.terms import arm_all, statutory_of
from propdesk.core import audit, bulk, cases, signatures
from propdesk.core.models import StaffSignature, User
from propdesk.core.roles import Role, Standing, ensure
from propdesk.core.transitions import RefusedInput, require

KEEP_AT_MOST = timedelta(days=366)
KEEP_FOR_POLICE = timedelta(days=30)
"""Where a policy ends with the police, what it takes to hand a thing over (旅馆业治安管理办法 8)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What 总物业经理 says of one thing; ``keep_until`` only for 继续保管."""

    method: str
    reason: str = ""
    keep_until: date | None = None


@transaction.atomic
def review_batch(
    batch: DisposalBatch,
    *,
    by: User,
    approve: bool,
    note: str = "",
    password: str = "",
    seen: int | None = None,
) -> DisposalBatch:
    """审核 (forms.md 1.5): by a property manager who did not ask for it, nor acts for who did.

    Agreed it goes to the general manager, else back with the reason. Where nobody but this general
    manager could both review and decide, his decision is the review, too (decision 32); where
    a property manager could, it stays his box: 409.
    """
    ensure(by, "review_batch", ACTIONS, prop=batch.case.property)
    signature = signatures.confirmed(by, password) if approve else None
    held = begin_batch(batch, "review_batch", by, seen=seen)
    batch = held.batch
    out = involved(batch)
    require(
        by.pk not in out and ACTIONS["review_batch"].any & left_to(held.stand, out),
        _("自己申请的审批单须由另一位经理审核。"),
    )
    if signature is None:
        return _send_back(held, note, by, "review_batch")
    return _agree(held, signature, note, by)


def _agree(held: Held, signature: StaffSignature, note: str, by: User) -> DisposalBatch:
    batch, prop = held.batch, held.batch.case.property
    out = involved(batch) | {by.pk}
    batch.status, batch.review_note = B.REVIEWED, note
    if somebody_else(prop, Role.GENERAL_MANAGER, out):
        batch.reviewed_by, batch.reviewed_signature = by, signature
        batch.reviewed_at = timezone.now()
    else:
        require(
            not somebody_else(prop, Role.PROPERTY_MANAGER, out),
            _("您审核后就没有别人可以批示：请物业经理审核，或为总物业经理指定代理人。"),
        )
        batch.review_skipped = True
    page = bulk.Sheet(by, str(_("审核")))
    names = "status review_note reviewed_by reviewed_signature reviewed_at review_skipped"
    page.change([batch], *names.split())
    text = _("过期失物处理，请批示")
    rows = [batch, *ask(batch, DECIDE, Role.GENERAL_MANAGER, text, by=by)]
    info = {"approved": True, "skips": batch.review_skipped}
    page.acts([audit.Act(batch.case, "review_batch", by, reason=note, info=info, rows=rows)])
    page.write()
    tell(batch, Role.GENERAL_MANAGER, word=_("过期失物待批示"), by=by)
    return batch


@transaction.atomic
def send_back_batch(
    batch: DisposalBatch, *, by: User, reason: str, seen: int | None = None
) -> DisposalBatch:
    """退回修改 by the general manager instead of deciding: the signatures go, the things stay."""
    held = begin_batch(batch, "decide_batch", by, seen=seen)
    return _send_back(held, reason, by, "decide_batch")


def _send_back(held: Held, reason: str, by: User, action: str) -> DisposalBatch:
    if not reason:
        raise RefusedInput(note=_("退回请写明要改什么。"))
    batch = held.batch
    asked = [user for user in (batch.asked_by, batch.asked_with) if user is not None]
    page = bulk.Sheet(by, reason)
    page.change([batch], *to_draft(batch, reason))
    done = cases.close_tasks(batch.case, by=by, outcome="sent_back")
    info = {"approved": False}
    act = audit.Act(batch.case, action, by, reason=reason, info=info, rows=[batch, *done])
    page.acts([act])
    page.write()
    tell(batch, word=_("审批单退回修改"), also=asked, by=by)
    return batch


@transaction.atomic
def decide_batch(
    batch: DisposalBatch,
    decisions: Mapping[int, Decision],
    password: str,
    *,
    by: User,
    seen: int | None = None,
) -> DisposalBatch:
    """批示 (L-H): one decision a line, by key, by the general manager or a deputy he named (else 403).

    409 for who asked, reviewed or found one of the things, and for a deputy of such a person. 422
    names each line without a method, a reason (all but 移交公安 and 继续保管), or a day. What is kept lies
    on with a new term; the rest is 处置中 until two people carry it out. Before the periods of
    the law are over the risk is written into the line (decision 16); it never blocks.
    """
    ensure(by, "decide_batch", ACTIONS, prop=batch.case.property)
    signature = signatures.confirmed(by, password)
    held = begin_batch(batch, "decide_batch", by, seen=seen)
    _may_decide(held, by)
    now = timezone.now()
    _check(held, decisions, retention.local_day(now))
    batch = held.batch
    for line in held.lines:
        _decide_line(line, held.item(line), decisions[line.pk], by, now)
    batch.status, batch.decided_by, batch.decided_at = B.DECIDED, by, now
    batch.decided_signature, batch.on_behalf_of_id = signature, _behalf(held, by)
    fields = ["status", "decided_by", "decided_at", "decided_signature", "on_behalf_of"]
    to_do = [line for line in held.lines if line.state == L.DECIDED]
    if not to_do:
        fields += close(batch, B.DONE, now)
    _write_decision(held, fields, to_do, by, now)
    if to_do:
        call_to_mind(batch.case, Again.EXECUTE_LATE, now)
        people = [batch.asked_by, *([batch.asked_with] if batch.asked_with else [])]
        roles = (Role.DUTY_MANAGER, *sorted(SECURITY))
        tell(batch, *roles, word=_("过期失物已批示，待执行"), also=people, by=by)
    else:
        seal(batch, by)
    return batch


def _may_decide(held: Held, by: User) -> None:
    """Four eyes (decision 32): not who asked or reviewed, not who found it, not for one of them."""
    rank = ACTIONS["decide_batch"].any
    out = involved(held.batch)
    require(
        by.pk not in out and rank & left_to(held.stand, out),
        _("申请人、审核人不能批示，也不能由其代理人批示，请另一位总物业经理办理。"),
    )
    found = [
        held.item(line).case.number
        for line in held.lines
        if line.finder_id is not None
        and (line.finder_id == by.pk or not rank & left_to(held.stand, out | {line.finder_id}))
    ]
    require(
        not found,
        _("拾获人不能批示自己拾获的物品：%(found)s。请退回修改撤下，或由另一位总物业经理批示。")
        % {"found": "、".join(found)},
    )


def _check(held: Held, decisions: Mapping[int, Decision], today: date) -> None:
    """ConflictError for a line that is not there any more; RefusedInput for what is not in order."""
    changed = _("审批单刚被别人改过，请看最新情况再批示。")
    require(set(decisions) <= {line.pk for line in held.lines}, changed)
    gone = [i for line in held.lines if not may_be_disposed_of(i := held.item(line), line)]
    require(
        not gone,
        _("这些物品已经不在待处置，请退回修改撤下：%(gone)s。")
        % {"gone": "、".join(item.case.number for item in gone)},
    )
    errors: dict[str, str] = {}
    for line in held.lines:
        errors |= _faults(line, held.item(line), decisions.get(line.pk), today)
    if errors:
        raise RefusedInput(**errors)


def _faults(
    line: DisposalLine, item: FoundItem, decision: Decision | None, today: date
) -> dict[str, str]:
    """Sentences by field, each named after its line."""
    number = {"number": item.case.number}
    if decision is None or decision.method not in Method.values:
        return {f"method_{line.pk}": _("请选择 %(number)s 的处理方式。") % number}
    police_only = item.policy is not None and item.policy.police_only
    if police_only and decision.method not in (Method.POLICE, Method.KEEP):
        words = number | {"rule": item.policy.get_preset_display() if item.policy else ""}
        sentence = _("%(number)s 按“%(rule)s”到期只能移交公安，或为移交继续保管最多30天。")
        return {f"method_{line.pk}": sentence % words}
    if decision.method == Method.KEEP:
        return _day_fault(line, item, decision.keep_until, today, police_only)
    if decision.method != Method.POLICE and not decision.reason:
        sentence = _("%(number)s：移交公安、继续保管以外的处理请写明理由。")
        return {f"reason_{line.pk}": sentence % number}
    return {}


def _day_fault(
    line: DisposalLine, item: FoundItem, until: date | None, today: date, police_only: bool
) -> dict[str, str]:
    """A day after today, not before its own term is over, and not for ever."""
    number, own = {"number": item.case.number}, item.expires_on or today
    longest = max(today + (KEEP_FOR_POLICE if police_only else KEEP_AT_MOST), own)
    if until is None:
        sentence = _("%(number)s：请填继续保管到哪一天。") % number
    elif until <= today:
        sentence = _("%(number)s：继续保管的日期要在今天以后。") % number
    elif until < own:
        sentence = _("%(number)s：本来就保管到 %(day)s，继续保管不能早于这一天。")
        sentence %= number | {"day": own}
    elif until > longest:
        sentence = _("%(number)s：最晚保管到 %(day)s。") % (number | {"day": longest})
    else:
        return {}
    return {f"keep_until_{line.pk}": sentence}


def risk_of(item: FoundItem, method: str, today: date) -> str:
    """风险提示 (F5): the periods of the law that are not over or have not begun; "" when none is in the way."""
    clocks = statutory_of(item)
    safe = method in (Method.POLICE, Method.KEEP)
    if not retention.needs_reason(safe, today, clocks):
        return ""
    terms = "，".join(f"{clock.label}：{clock.last_day or _('未起算')}" for clock in clocks)
    return _("早于法定期限处理，失主仍可能主张权利。%(terms)s") % {"terms": terms}


def _decide_line(
    line: DisposalLine, item: FoundItem, decision: Decision, by: User, now: datetime
) -> None:
    """Line and thing as decided, not saved yet."""
    line.method, line.reason = decision.method, decision.reason
    line.risk = risk_of(item, decision.method, retention.local_day(now))
    line.decided_by, line.decided_at = by, now
    if decision.method != Method.KEEP:
        line.state = L.DECIDED
        item.status = S.DISPOSING
        item.next_due_at = next_due(item, now)
        return
    line.state, line.keep_until, line.executed_at = L.EXECUTED, decision.keep_until, now
    item.kept_until = decision.keep_until
    item.status = resting(item, now)
    if (last := last_day_of(item)) is not None:
        item.next_due_at = retention.expires_at(last)


def _behalf(held: Held, by: User) -> int | None:
    """Whose deputy decides (代签), when he does not hold the rank himself."""
    stand: Standing = held.stand
    if Role.GENERAL_MANAGER in stand.own:
        return None
    out: Collection[int] = involved(held.batch) | {line.finder_id or 0 for line in held.lines}
    return next(
        pk for role, pk in stand.acting_for if role == Role.GENERAL_MANAGER and pk not in out
    )


def _write_decision(
    held: Held, fields: Sequence[str], to_do: Sequence[DisposalLine], by: User, now: datetime
) -> None:
    """Paper, lines, things and their entries in one statement; the clocks of what is kept anew."""
    batch, items = held.batch, list(held.items.values())
    page = bulk.Sheet(by, str(_("总物业经理批示")), at=now)
    names = "state method reason risk keep_until decided_by decided_at executed_at"
    page.change(held.lines, *names.split())
    page.change(items, "status", "next_due_at", "kept_until")
    page.change([batch], *fields)
    if to_do:
        tasks = ask(batch, EXECUTE, Role.DUTY_MANAGER, _("过期失物已批示，请执行"), by=by)
    else:
        tasks = list(cases.close_tasks(batch.case, by=by, outcome="decided"))
    info = {"things": len(held.lines), "kept": len(held.lines) - len(to_do)}
    rows = [batch, *held.lines, *tasks]
    entries = [audit.Act(batch.case, "decide_batch", by, info=info, rows=rows)]
    for line in held.lines:
        act = on_item(held.item(line), batch, "decide_batch", by, method=line.method)
        act.rows.append(held.item(line))
        entries.append(act)
    page.acts(entries, *END)
    page.write()
    arm_all([i for i in items if i.status != S.DISPOSING], now)
