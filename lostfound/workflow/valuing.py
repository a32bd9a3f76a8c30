"""L-G: another value for a thing in custody, and the rule it is kept under."""

from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import retention
from lostfound.models import FoundItem, RetentionPolicy, Valuation
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import begin, finish, neutral, next_due
from lostfound.workflow.table import RESTING
from lostfound.workflow.terms import renew, term_of, terms_of
from propdesk.core import audit, cases
from propdesk.core.models import User
from propdesk.core.notices import notify
from propdesk.core.roles import Role, Standing
from propdesk.core.transitions import RefusedInput, require

REVALUE = "revalue"
State = Valuation.State


@transaction.atomic
def revalue(
    item: FoundItem, value: Decimal | None, *, by: User, basis: str, reason: str
) -> Valuation:
    """重新估价 (L-G): with reason; into the shorter term only once a manager agrees.

    ``value`` None is 未估价. The term is counted anew from the same first day under the thing's own
    policy; until a manager decides the longer one stays in force.
    """
    item, _stand = begin(item, "revalue", by)
    now = timezone.now()
    _check(item, value, basis, reason)
    require(
        not item.valuations.filter(state=State.PENDING).exists(),
        _("已有一次重新估价在等物业经理批准。"),
    )
    waits = _shortens(item, value)
    row = Valuation(
        item=item,
        seq=item.valuations.count() + 1,
        value=value,
        basis=basis,
        reason=reason,
        expires_on=term_of(item, value),
        state=State.PENDING if waits else State.IN_FORCE,
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=reason)
    if waits:
        rows = [row, _ask(item, by)]
        finish(item, [], *rows, by=by, action="revalue", reason=reason, info={"waits": True})
    else:
        fields = _apply(item, row, by, now)
        finish(item, fields, row, by=by, action="revalue", reason=reason, info={"waits": False})
    return row


def _check(item: FoundItem, value: Decimal | None, basis: str, reason: str) -> None:
    errors = {}
    if value is not None and value < 0:
        errors["value"] = _("估价不能小于零。")
    if value is not None and not basis:
        errors["basis"] = _("请写明估价依据，例如同类商品市价。")
    if not reason:
        errors["reason"] = _("请写明重新估价的原因。")
    if errors:
        raise RefusedInput(**errors)
    same = item.value == value and item.valuation != FoundItem.Valuation.NONE
    require(not same, _("与现在的估价相同。"))


def _shortens(item: FoundItem, value: Decimal | None) -> bool:
    """Whether the new value falls into the shorter tier: that takes a manager."""
    if item.policy is None:
        return False
    terms = terms_of(item.policy)
    old, new = retention.tier(item.value, terms), retention.tier(value, terms)
    return terms.short != terms.long and old == retention.Tier.LONG and new != old


def _ask(item: FoundItem, by: User) -> models.Model:
    text = _("重新估价使保管期缩短，请批准 · %(case)s") % {"case": neutral(item)}
    notify(
        item.case,
        Role.PROPERTY_MANAGER,
        rule="lostfound.revalue",
        text=f"【{_('待批准')}】{text}",
        key=f"revalue:{item.case.version}",
        except_for=by,
    )
    return cases.open_task(item.case, REVALUE, Role.PROPERTY_MANAGER, text, by=by)


def _apply(item: FoundItem, row: Valuation, valued_by: User, now: datetime) -> list[str]:
    item.value = row.value
    item.valuation = (
        FoundItem.Valuation.UNVALUED if row.value is None else FoundItem.Valuation.VALUED
    )
    item.valued_by = valued_by if row.value is not None else None
    # Counted now: rule, notice and category may be others than when it was proposed and shown.
    item.valuation_basis, item.expires_on = row.basis, term_of(item, row.value)
    fields = ["value", "valuation", "valued_by", "valuation_basis", "expires_on"]
    fields += renew(item, now)
    if item.status in RESTING:
        item.next_due_at = next_due(item, now)
        fields.append("next_due_at")
    return fields


@transaction.atomic
def decide_value(item: FoundItem, *, by: User, approve: bool, note: str = "") -> Valuation:
    """批准重新估价: by a manager who did not propose it, nor acts for who did (decision 32)."""
    item, stand = begin(item, "decide_value", by)
    row = item.valuations.select_for_update(no_key=True).filter(state=State.PENDING).first()
    if row is None:
        require(False, _("没有等待批准的重新估价。"))
        raise AssertionError
    _four_eyes(row.by_id, by, stand)
    if not approve and not note:
        raise RefusedInput(note=_("不批准请写明原因。"))
    now = timezone.now()
    row.state = State.APPROVED if approve else State.REJECTED
    row.decided_by, row.decided_at, row.decision_note = by, now, note
    audit.save(row, "state", "decided_by", "decided_at", "decision_note", by=by, reason=note)
    fields = _apply(item, row, row.by, now) if approve else []
    outcome = "approved" if approve else "rejected"
    done = cases.close_tasks(item.case, REVALUE, by=by, outcome=outcome)
    info = {"approved": approve}
    finish(item, fields, row, *done, by=by, action="decide_value", reason=note, info=info)
    return row


def _four_eyes(author_id: int, by: User, stand: Standing) -> None:
    allowed = author_id != by.pk and ACTIONS["decide_value"].any & stand.without(author_id)
    require(allowed, _("自己提出的重新估价须由另一人批准。"))


@transaction.atomic
def change_policy_of_item(
    item: FoundItem, policy: RetentionPolicy, *, by: User, reason: str
) -> FoundItem:
    """更换保管规则: the one way by which a thing leaves the policy it was received under (L-G)."""
    item, _stand = begin(item, "change_policy_of_item", by)
    require(policy.property_id == item.case.property_id, _("没有这条保管规则。"))
    require(item.policy_id != policy.pk, _("已经按这条规则保管。"))
    if not reason:
        raise RefusedInput(reason=_("请写明更换规则的原因。"))
    now = timezone.now()
    old, item.policy = item.policy_id, policy
    item.expires_on = term_of(item, item.value)
    fields = ["policy", "expires_on", "next_due_at", *renew(item, now)]
    item.next_due_at = next_due(item, now)
    info = {"from": old, "to": policy.pk}
    return finish(item, fields, by=by, action="change_policy_of_item", reason=reason, info=info)
