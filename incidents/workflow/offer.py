"""G: options, their approval, telling the guest, his choice or his refusal."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Complaint, Decision, Option, Via
from incidents.permissions import ACTIONS
from incidents.workflow.base import begin, finish, four_eyes, neutral, permit, round_began_at
from incidents.workflow.table import S
from propdesk.core import audit
from propdesk.core.cases import close_tasks, open_task
from propdesk.core.models import Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role, Standing
from propdesk.core.transitions import RefusedInput, happened, lock, require, to_minute

MAX_OPTIONS = 9


@dataclass(frozen=True, slots=True)
class Offer:
    """One solution: what, its time and limits, what it costs in yuan."""

    text: str
    limits: str = ""
    cost: Decimal = Decimal(0)
    feasible: bool = True
    beyond_authority: bool = False


@transaction.atomic
def offer(complaint: Complaint, offers: list[Offer], *, by: User) -> list[Option]:
    """Add options (C-G); above the house's limit each needs another manager's approval first.

    RefusedInput without any option, or for one nobody confirms to be feasible.
    """
    complaint, stand = begin(complaint, "offer", by)
    require(
        not complaint.options.filter(cycle=complaint.cycle, chosen=True).exists(),
        _("客户已选定方案，不能再加方案。"),
    )
    if not offers:
        raise RefusedInput(text=_("请至少写一种办得到的方案。"))
    if any(not o.feasible for o in offers):
        raise RefusedInput(feasible=_("办不到的方案不能提出，请先确认办得到。"))
    last = complaint.options.filter(cycle=complaint.cycle).aggregate(n=Max("position"))["n"] or 0
    if last + len(offers) > MAX_OPTIONS:
        raise RefusedInput(text=_("方案太多，请先撤回不用的。"))
    limit = complaint.case.property.settings.dm_limit_yuan
    now = timezone.now()
    rows, tasks = [], []
    for position, each in enumerate(offers, start=last + 1):
        needs = each.beyond_authority or each.cost > limit
        row = Option(
            complaint=complaint,
            cycle=complaint.cycle,
            position=position,
            text=each.text,
            limits=each.limits,
            cost=each.cost,
            feasible=each.feasible,
            approval=Option.Approval.PENDING if needs else Option.Approval.NOT_NEEDED,
            proposed_by=by,
            proposed_at=now,
        )
        audit.save(row, by=by, reason=_("G 提出方案"))
        rows.append(row)
        if needs:
            # Four eyes (decision 32): what a property manager proposes goes one rank up.
            tasks.append(_ask_approval(row, other_manager(stand), by))
    info = {"positions": [r.position for r in rows]}
    finish(complaint, [], *rows, *tasks, by=by, action="offer", info=info)
    return rows


def other_manager(stand: Standing) -> Role:
    """Who decides on what this person wrote: 物业经理, or 总物业经理 for the work of one."""
    own = Role.PROPERTY_MANAGER in stand.roles
    return Role.GENERAL_MANAGER if own else Role.PROPERTY_MANAGER


def _ask_approval(option: Option, role: Role, by: User) -> Task:
    case = option.complaint.case
    text = _("批准方案 %(position)s · %(case)s") % {
        "position": option.position,
        "case": neutral(option.complaint),
    }
    task = open_task(case, f"decide_option:{option.pk}", role, text, by=by)
    notify(
        case,
        role,
        rule="incidents.decide_option",
        text=f"【{_('待批准')}】{text}",
        key=f"option:{option.pk}",
        except_for=by,
    )
    return task


@transaction.atomic
def decide_option(option: Option, *, by: User, approve: bool, note: str = "") -> Option:
    """批准 or 不批准 an option over the limit; never by whoever proposed it (decision 32)."""
    complaint, stand = begin(option.complaint, "decide_option", by)
    option = lock(option)
    option.complaint = complaint
    require(
        option.approval == Option.Approval.PENDING and option.withdrawn_at is None,
        _("这个方案已经有决定，或已撤回。"),
    )
    mine = _("自己或被代理人提出的方案须由另一位经理批准。")
    four_eyes("decide_option", option.proposed_by_id, by, stand, mine)
    if not approve and not note:
        raise RefusedInput(note=_("不批准请写明原因，好让值班经理另想办法。"))
    option.approval = Option.Approval.APPROVED if approve else Option.Approval.REJECTED
    option.decided_by, option.decided_at, option.decision_note = by, timezone.now(), note
    audit.save(
        option,
        "approval",
        "decided_by",
        "decided_at",
        "decision_note",
        by=by,
        reason=note or _("批准方案"),
    )
    kind = f"decide_option:{option.pk}"
    tasks = close_tasks(complaint.case, kind, by=by, outcome=option.approval)
    verdict = _("已批准") if approve else _("未批准")
    notify(
        complaint.case,
        rule="incidents.option_decided",
        text=f"【{verdict}】" + _("方案 %(n)s · ") % {"n": option.position} + neutral(complaint),
        key=f"option-decided:{option.pk}",
        also=[complaint.owner],
        except_for=by,
    )
    info = {"position": option.position, "approved": approve}
    finish(complaint, [], option, *tasks, by=by, action="decide_option", reason=note, info=info)
    return option


@transaction.atomic
def withdraw_option(option: Option, *, by: User) -> Option:
    """Take back an option the guest has not been told of."""
    complaint, _stand = begin(option.complaint, "withdraw_option", by)
    option = lock(option)
    require(
        option.told_at is None and option.withdrawn_at is None,
        _("已经告知客户或已撤回的方案不能再撤回。"),
    )
    option.withdrawn_at = timezone.now()
    audit.save(option, "withdrawn_at", by=by, reason=_("撤回方案"))
    kind = f"decide_option:{option.pk}"
    tasks = close_tasks(complaint.case, kind, by=by, outcome="withdrawn")
    info = {"position": option.position}
    finish(complaint, [], option, *tasks, by=by, action="withdraw_option", info=info)
    return option


@transaction.atomic
def tell_options(
    complaint: Complaint, *, by: User, told_at: datetime, told_via: str, single_reason: str = ""
) -> Complaint:
    """告知客户 (C-G): only feasible, approved options count as told; one alone needs a reason.

    An anonymous complaint has nobody to tell: 不适用, by a property manager only (decision 12).
    """
    complaint, _stand = begin(complaint, "tell_options", by)
    require(complaint.refused_at is None, _("客户不接受方案，等物业经理决定。"))
    check_via(complaint, told_via, by)
    now = timezone.now()
    happened("told_at", told_at, now, not_before=round_began_at(complaint))
    approved = [Option.Approval.NOT_NEEDED, Option.Approval.APPROVED]
    live = complaint.options.filter(cycle=complaint.cycle, withdrawn_at=None)
    options = list(live.filter(approval__in=approved, feasible=True))
    require(
        not complaint.options.filter(cycle=complaint.cycle, chosen=True).exists(),
        _("客户已经选定方案。"),
    )
    require(
        any(o.told_at is None for o in options),
        _("还没有可以告知的方案：先写方案，超出权限的先等批准。"),
    )
    if len(options) == 1 and not single_reason:
        raise RefusedInput(single_reason=_("只有一种方案，请写明原因。"))
    _told_after_approval(options, told_at)
    for option in options:
        if option.told_at is None:
            option.told_at = told_at
            audit.save(option, "told_at", by=by, reason=_("告知客户"))
    complaint.status = S.AWAITING_CHOICE
    complaint.told_options_at, complaint.told_options_via = told_at, told_via
    complaint.single_option_reason = single_reason if len(options) == 1 else ""
    fields = ["status", "told_options_at", "told_options_via", "single_option_reason"]
    info = {"positions": [o.position for o in options], "via": told_via}
    return finish(
        complaint, fields, *options, by=by, action="tell_options", info=info, occurred_at=told_at
    )


def _told_after_approval(options: list[Option], told_at: datetime) -> None:
    """RefusedInput when an option would have been told before it was approved (C-G)."""
    for option in options:
        decided_at = option.decided_at
        if option.told_at or decided_at is None or told_at >= to_minute(decided_at):
            continue
        when = timezone.localtime(decided_at).strftime("%m-%d %H:%M")
        text = _("方案 %(n)s 在 %(when)s 才批准，告知时间不能早于批准。")
        raise RefusedInput(told_at=text % {"n": option.position, "when": when})


def check_via(complaint: Complaint, via: str, by: User) -> None:
    """不适用 is for anonymous complaints, and then a property manager's word (decision 12)."""
    if via == Via.NOT_POSSIBLE:
        if not complaint.is_anonymous:
            raise RefusedInput(told_via=_("客户不是匿名，请实际告知后再登记。"))
        stand = permit(complaint, "not_told_anonymous", by)
        if not ACTIONS["not_told_anonymous"].any & stand.own:
            mine = _("自己登记、跟进的匿名投诉，代理人不能代登记“不适用”。")
            require(by.pk not in (complaint.owner_id, complaint.received_by_id), mine)


@transaction.atomic
def choose(complaint: Complaint, option: Option, *, by: User, chosen_at: datetime) -> Complaint:
    """客户选定 (C-G): the choice is one of the options the guest was told of in this round."""
    complaint, _stand = begin(complaint, "choose", by)
    option = lock(option)
    require(complaint.refused_at is None, _("客户不接受方案，等物业经理决定。"))
    now = timezone.now()
    happened("chosen_at", chosen_at, now, not_before=complaint.told_options_at)
    return _chosen(complaint, option, None, by=by, at=chosen_at, fields=[])


def _chosen(
    complaint: Complaint,
    option: Option,
    decision: Decision | None,
    *tasks: Task,
    by: User,
    at: datetime,
    fields: list[str],
) -> Complaint:
    """The option of this round that will be carried out, by choice or by ``decision``."""
    require(
        option.complaint_id == complaint.pk and option.cycle == complaint.cycle,
        _("这个方案不属于本轮。"),
    )
    require(
        option.told_at is not None and option.withdrawn_at is None,
        _("只能选定已告知客户的方案。"),
    )
    require(
        not complaint.options.filter(cycle=complaint.cycle, chosen=True).exists(),
        _("客户已经选定方案。"),
    )
    reason = decision.reason if decision else ""
    option.chosen = True
    audit.save(option, "chosen", by=by, reason=reason or _("客户选定方案"))
    unneeded = _drop_pending(complaint, by, reason or _("客户选定方案"))
    complaint.chosen_at = at
    if decision:
        _tell_decided(complaint, _("请按方案 %(n)s 约定时限") % {"n": option.position}, by)
    info = {"position": option.position} | ({"choice": decision.choice} if decision else {})
    return finish(
        complaint,
        ["chosen_at", *fields],
        option,
        *unneeded,
        *([decision] if decision else []),
        *tasks,
        by=by,
        action="decide_refusal" if decision else "choose",
        reason=reason,
        info=info,
        occurred_at=at,
    )


def _tell_decided(complaint: Complaint, what: str, by: User) -> None:
    """Whoever follows it up hears what is to be done now."""
    notify(
        complaint.case,
        rule="incidents.refusal_decided",
        text=f"【{_('已决定')}】{what} · {neutral(complaint)}",
        key=f"refusal-decided:{complaint.case.version}",
        also=[complaint.owner],
        except_for=by,
    )


def _drop_pending(complaint: Complaint, by: User, reason: str) -> list[Option | Task]:
    """Nobody need decide any more on what the guest will not be offered."""
    waiting = complaint.options.filter(
        cycle=complaint.cycle, withdrawn_at=None, approval=Option.Approval.PENDING
    )
    return _drop(waiting, complaint, by, reason)


def _drop(
    options: "QuerySet[Option]", complaint: Complaint, by: User, reason: str
) -> list[Option | Task]:
    """Withdraw options and the requests to approve them; returns all rows written."""
    rows, now = list(options), timezone.now()
    for row in rows:
        row.withdrawn_at = now
        audit.save(row, "withdrawn_at", by=by, reason=reason)
    if not rows:
        return []
    kinds = [f"decide_option:{row.pk}" for row in rows]
    return [*rows, *close_tasks(complaint.case, *kinds, by=by, outcome="withdrawn")]


@transaction.atomic
def refuse(complaint: Complaint, *, by: User, reason: str) -> Complaint:
    """客户不接受 (C-G): stays where it is; the property manager gets a task and decides."""
    complaint, stand = begin(complaint, "refuse", by)
    require(complaint.refused_at is None, _("已经登记过客户不接受，等物业经理决定。"))
    require(
        not complaint.options.filter(cycle=complaint.cycle, chosen=True).exists(),
        _("客户已经选定方案。"),
    )
    if not reason:
        raise RefusedInput(reason=_("请写明客户不接受的原因。"))
    complaint.refused_at, complaint.refused_by = timezone.now(), by
    complaint.refused_reason = reason
    role = other_manager(stand)
    text = _("客户不接受方案，请决定 · %(case)s") % {"case": neutral(complaint)}
    task = open_task(complaint.case, "decide_refusal", role, text, by=by)
    notify(
        complaint.case,
        role,
        rule="incidents.refused",
        text=f"【{_('待决定')}】{text}",
        key=f"refused:{complaint.case.version}",
        except_for=by,
        urgent=True,
    )
    fields = ["refused_at", "refused_by", "refused_reason"]
    return finish(complaint, fields, task, by=by, action="refuse", reason=reason)


@transaction.atomic
def decide_refusal(
    complaint: Complaint, *, by: User, choice: str, reason: str, option: Option | None = None
) -> Complaint:
    """After a refusal: ``new_options`` (back to G) or ``proceed`` with one told option (C-G)."""
    complaint, stand = begin(complaint, "decide_refusal", by)
    require(complaint.refused_at is not None, _("没有等待决定的客户意见。"))
    mine = _("自己或被代理人登记的意见须由另一位经理决定。")
    four_eyes("decide_refusal", complaint.refused_by_id, by, stand, mine)
    if not reason:
        raise RefusedInput(reason=_("请写明决定的理由。"))
    now = timezone.now()
    row = Decision(
        complaint=complaint,
        cycle=complaint.cycle,
        kind=Decision.Kind.REFUSAL,
        choice=choice,
        reason=reason,
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=reason)
    tasks = close_tasks(complaint.case, "decide_refusal", by=by, outcome=choice)
    complaint.refused_at, complaint.refused_by = None, None
    fields = ["refused_at", "refused_by"]
    if choice == "proceed":
        if option is None or option.complaint_id != complaint.pk:
            raise RefusedInput(option=_("请选择按哪一个方案办理。"))
        return _chosen(complaint, lock(option), row, *tasks, by=by, at=now, fields=fields)
    require(choice == "new_options", _("请选择一种决定。"))
    dropped = _drop(
        complaint.options.filter(cycle=complaint.cycle, withdrawn_at=None), complaint, by, reason
    )
    complaint.status, complaint.told_options_at = S.RECORDED, None
    fields += ["status", "told_options_at"]
    _tell_decided(complaint, _("请重新提出方案"), by)
    return finish(
        complaint,
        fields,
        row,
        *dropped,
        *tasks,
        by=by,
        action="decide_refusal",
        reason=reason,
        info={"choice": choice},
    )
