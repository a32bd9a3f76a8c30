"""L-A, L-D: receipt by the duty manager with 保安部, and every move after it: always two people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories, retention
from lostfound.models import ContentLine, CustodyMove, FoundItem, SealTag, StoragePlace, Valuation
from lostfound.workflow.base import (
    COUNT,
    Rule,
    begin,
    compare_soon,
    current,
    finish,
    hand_on,
    is_here,
    minutes,
    next_due,
    two_people,
)
from lostfound.workflow.cosigning import await_cosign, instead, unsigned
from lostfound.workflow.storing import place_in_use
from lostfound.workflow.table import S
from lostfound.workflow.terms import arm, policy_in_force, term_of
from lostfound.workflow.tracing import report_to_manager, set_clue
from propdesk.core import audit, cases, clocks
from propdesk.core.models import User
from propdesk.core.roles import DUTY, standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, require

K = CustodyMove.Kind
MAX_LINES = 60


@dataclass(frozen=True, slots=True)
class Content:
    """One thing inside, or one denomination: then currency (CNY) and denomination are given."""

    text: str
    count: int = 1
    currency: str = ""
    denomination: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is settled when a thing goes into joint custody."""

    guard: User
    storage: StoragePlace | None
    guard_password: str = field(default="", repr=False)
    seal: str = ""
    handed_at: datetime | None = None
    late_reason: str = ""
    value: Decimal | None = None
    is_unvalued: bool = False
    basis: str = ""
    contents: Sequence[Content] = ()
    clue: str = FoundItem.Clue.UNDECIDED
    clue_text: str = ""


@transaction.atomic
def receive(item: FoundItem, receipt: Receipt, *, by: User) -> FoundItem:
    """接收入库 (L-A … L-D, L-G): joint custody, storage, value or 未估价, and the term from today.

    The guard confirms with his password on the same screen, or later on his own account (a task and
    a clock to the end of the shift); contents are counted by two, so with contents he must be here
    (ADR 0024). 422 names what is missing; contraband is refused: it goes to the police and never into
    the cupboard.
    """
    item, _stand = begin(item, "receive", by)
    now = timezone.now()
    require(
        not categories.rule(item.category).to_police_at_once,
        _("违禁危险品不入库：看守现场、报警，用“移交公安”登记。"),
    )
    handed_at = receipt.handed_at or now
    _check(item, receipt, by, handed_at, now)
    here = _guard_is_here(receipt)
    fields = _stored(item, receipt, by, handed_at)
    before = current(item)
    row = _into_store(item, before, receipt, by, now, guard_at=now if here else None)
    rows: list[models.Model] = [row, _first_value(item, by, now)]
    rows += _list_contents(item, receipt.contents, by, receipt.guard, now)
    fields += set_clue(item, receipt.clue, receipt.clue_text)
    if receipt.clue == FoundItem.Clue.NO:
        rows += report_to_manager(item, by, now)
        fields += ["ownerless_at", "ownerless_notice"]
    rows += await_cosign(item, row, by, now)
    clocks.stop(item.case, [Rule.HAND_IN_LATE], now)
    _arm_all(item, now)
    item.next_due_at = next_due(item, now)
    info = {"storage": row.storage_id, "guard": receipt.guard.pk, "valued": item.valuation}
    fields += ["next_due_at"]
    return finish(
        item, fields, before, *rows, by=by, action="receive", info=info, occurred_at=handed_at
    )


def _check(item: FoundItem, receipt: Receipt, by: User, handed_at: datetime, now: datetime) -> None:
    two_people(item.case.property, by, receipt.guard)
    happened("handed_at", handed_at, now, not_before=item.reported_at)
    errors = {}
    if receipt.storage is None:
        errors["storage"] = _("请选择存放位置。")
    if receipt.value is None and not receipt.is_unvalued:
        errors["value"] = _("请填写估价，或选择“未估价”。")
    if receipt.value is not None and receipt.is_unvalued:
        errors["value"] = _("已填估价，就不要再选“未估价”。")
    if receipt.value is not None and not receipt.basis:
        errors["basis"] = _("请写明估价依据，例如同类商品市价。")
    rule = categories.rule(item.category)
    if (rule.has_contents or rule.is_cash) and not receipt.contents:
        errors["contents"] = _("请两人清点并列出内含物；是空的就写“空”。")
    if receipt.clue == FoundItem.Clue.YES and not receipt.clue_text:
        errors["clue_text"] = _("请写明有什么线索。")
    if errors:
        raise RefusedInput(**errors)
    _check_contents(receipt.contents)


def _check_contents(lines: Sequence[Content]) -> None:
    if len(lines) > MAX_LINES:
        raise RefusedInput(contents=_("内含物最多列60行，同类的合并写数量。"))
    for line in lines:
        if not line.text and not line.currency:
            raise RefusedInput(contents=_("内含物有一行没有写是什么。"))
        if line.count < 1 or (line.currency and not (line.denomination or 0) > 0):
            raise RefusedInput(contents=_("现金要写明币种、面额和张数。"))


def _guard_is_here(receipt: Receipt) -> bool:
    """Whether he confirmed on this screen; RefusedInput without him when contents are counted."""
    here = is_here(receipt.guard, receipt.guard_password)
    if receipt.contents and not here:
        raise RefusedInput(
            guard_password=_("内含物要两人当场清点：请%(name)s输入密码。")
            % {"name": receipt.guard.name}
        )
    return here


def _stored(item: FoundItem, receipt: Receipt, by: User, handed_at: datetime) -> list[str]:
    """Receipt, value, policy and term on the item, not saved yet; returns the fields."""
    item.status = S.STORED
    item.handed_at = max(handed_at, item.reported_at)
    item.received_by, item.received_on = by, retention.local_day(handed_at)
    item.late_reason = receipt.late_reason or item.late_reason
    item.valuation = FoundItem.Valuation.UNVALUED
    if receipt.value is not None:
        item.valuation, item.value, item.valued_by = FoundItem.Valuation.VALUED, receipt.value, by
    item.valuation_basis = receipt.basis
    item.policy = policy_in_force(item.case.property, item.received_on)
    item.expires_on = term_of(item, item.value)
    names = "status handed_at received_by received_on late_reason valuation value valued_by"
    return [*names.split(), "valuation_basis", "policy", "expires_on"]


def _into_store(
    item: FoundItem,
    before: CustodyMove,
    receipt: Receipt,
    by: User,
    now: datetime,
    *,
    guard_at: datetime | None,
) -> CustodyMove:
    assert receipt.storage is not None  # noqa: S101 -- for the type checker; _check() has refused
    return hand_on(
        item,
        K.RECEIVE,
        by=by,
        now=now,
        giver=before.holder,
        giver_person=before.holder_person,
        manager=by,
        manager_at=now,
        guard=receipt.guard,
        guard_at=guard_at,
        storage=place_in_use(receipt.storage, item.case.property),
        seal=new_seal(item, receipt.seal, by, now),
    )


def new_seal(item: FoundItem, number: str, by: User, now: datetime) -> SealTag | None:
    """A new seal on the bag; ConflictError for a number that was used before."""
    if not number:
        return None
    row = SealTag(
        property=item.case.property, item=item, number=number, applied_by=by, applied_at=now
    )
    audit.save(row, by=by, reason=_("封签"))
    return row


def _first_value(item: FoundItem, by: User, now: datetime) -> Valuation:
    row = Valuation(
        item=item,
        seq=1,
        value=item.value,
        basis=item.valuation_basis,
        expires_on=item.expires_on,
        state=Valuation.State.IN_FORCE,
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=_("估价"))
    return row


def _list_contents(
    item: FoundItem, lines: Sequence[Content], by: User, witness: User, now: datetime
) -> list[ContentLine]:
    rows = [
        ContentLine(
            item=item,
            position=number,
            text=line.text or str(_("现金")),
            currency=line.currency,
            denomination=line.denomination if line.currency else None,
            count=line.count,
            counted_by=by,
            witnessed_by=witness,
            at=now,
        )
        for number, line in enumerate(lines, start=1)
    ]
    for row in rows:
        audit.save(row, by=by, reason=_("清点内含物"))
    if rows:
        compare_soon(item.case)
    return rows


def _arm_all(item: FoundItem, now: datetime) -> None:
    arm(item, now)
    settings = item.case.property.settings
    if item.clue != FoundItem.Clue.NO and item.handed_at is not None:
        clocks.arm(item.case, (Rule.TRACE_LATE, item.handed_at + minutes(settings.found_trace)))
    early = categories.rule(item.category).early_days
    if early is not None and item.received_on is not None:
        last = retention.category_day(item.received_on, early)
        clocks.arm(item.case, (Rule.CATEGORY_DUE, retention.expires_at(last)))


@transaction.atomic
def move(
    item: FoundItem,
    storage: StoragePlace,
    second: Second,
    *,
    by: User,
    reason: str,
    seal: str = "",
) -> FoundItem:
    """移位 (L-A): from place to place, one of the duty side and one of 保安部, each named.

    Whoever of the two does not act confirms with his password, or later on his own account. While the
    last link waits for somebody who may never come, two people who are both here take over from it,
    also in the same place; the link keeps saying who did not confirm. 409 unless both are here.
    """
    item, _stand = begin(item, "move", by)
    now = timezone.now()
    if not reason:
        raise RefusedInput(reason=_("请写明移位的原因。"))
    before = current(item)
    missing = unsigned(before)
    require(missing is not None or before.storage_id != storage.pk, _("物品已经在这个位置。"))
    row = _moved(item, before, storage, second, by=by, now=now, reason=reason, seal=seal)
    require(
        missing is None or unsigned(row) is None,
        _("上一次移动还没有会签完：请对方会签；他来不了，就由在场的两人接管，另一人当场输入密码。"),
    )
    tasks = instead(item, by, now) if missing else []
    tasks += await_cosign(item, row, by, now)
    info = {"from": before.storage_id, "to": storage.pk}
    info |= {"instead_of": missing} if missing else {}
    return finish(item, [], before, row, *tasks, by=by, action="move", reason=reason, info=info)


def _moved(
    item: FoundItem,
    before: CustodyMove,
    storage: StoragePlace,
    second: Second,
    *,
    by: User,
    now: datetime,
    reason: str,
    seal: str,
) -> CustodyMove:
    people = pair(item, by, second, now)
    storage = place_in_use(storage, item.case.property)
    tag = before.seal
    if seal and (tag is None or tag.opened_at is not None):
        tag = new_seal(item, seal, by, now)
    elif seal and tag is not None and seal != tag.number:
        raise RefusedInput(seal=_("袋上已有封签 %(n)s，换封签先登记拆封。") % {"n": tag.number})
    return hand_on(item, K.MOVE, by=by, now=now, storage=storage, seal=tag, reason=reason, **people)


def pair(item: FoundItem, by: User, second: Second, now: datetime) -> dict[str, object]:
    """The manager and the guard of a move, with the moments each confirmed; RefusedInput if not two."""
    prop = item.case.property
    by_manages = bool(standing(by, prop).roles & DUTY)
    manager, guard = (by, second.user) if by_manages else (second.user, by)
    two_people(prop, manager, guard)
    confirmed = now if is_here(second.user, second.password) else None
    return {
        "manager": manager,
        "guard": guard,
        "manager_at": now if by_manages else confirmed,
        "guard_at": confirmed if by_manages else now,
    }


@transaction.atomic
def count_contents(
    item: FoundItem, lines: Sequence[Content], witness: Second, *, by: User, reason: str
) -> FoundItem:
    """重新清点内含物 by two people who are both here; the earlier list stays on record."""
    item, _stand = begin(item, "count_contents", by)
    now = timezone.now()
    two_people(item.case.property, by, witness.user)
    if not reason:
        raise RefusedInput(reason=_("请写明重新清点的原因。"))
    if not is_here(witness.user, witness.password):
        raise RefusedInput(guard_password=_("请一起清点的保安部人员输入密码。"))
    if not lines:
        raise RefusedInput(contents=_("请列出内含物；是空的就写“空”。"))
    _check_contents(lines)
    old = list(item.contents.filter(removed_at=None).order_by("position"))
    for row in old:
        row.removed_at = now
        audit.save(row, "removed_at", by=by, reason=reason)
    rows: list[models.Model] = [*_list_contents(item, lines, by, witness.user, now)]
    rows += cases.close_tasks(item.case, COUNT, by=by, outcome="counted")
    return finish(item, [], *old, *rows, by=by, action="count_contents", reason=reason)
