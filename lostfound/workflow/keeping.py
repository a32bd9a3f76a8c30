"""What may be needed at any time: corrections, photos, links, the police, and taking back a slip."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories
from lostfound.models import CustodyMove, FoundItem
from lostfound.permissions import ACTIONS
from lostfound.workflow import disposal
from lostfound.workflow.base import (
    COUNT,
    END,
    Rule,
    begin,
    current,
    end,
    finish,
    hand_on,
    hold,
    index,
    neutral,
    next_due,
    permit,
    resting,
)
from lostfound.workflow.custody import pair
from lostfound.workflow.table import MOVES, S
from lostfound.workflow.terms import arm_category, renew, term_of
from propdesk.core import cases, clocks, persons, photos, signatures, signoff, stale
from propdesk.core.models import Attachment, CaseLink, Place, Task, Unmasking, User
from propdesk.core.notices import notify
from propdesk.core.roles import MANAGERS, Role, Standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, in_state, require

EDITED = ("category", "name", "quantity", "unit", "features", "serial", "place_id", "place_note")
"""What 更正登记 is filled from and writes back."""
OVERSIGHT = (Role.DUTY_MANAGER, Role.SECURITY, Role.SECURITY_MANAGER, *sorted(MANAGERS))
"""Who hears of whatever takes a thing out of its way."""
LONGEST_REASON = 200


def edited(item: FoundItem) -> dict[str, Any]:
    """The values behind the form of 更正登记, as they stand."""
    return {name: getattr(item, name) for name in EDITED}


@dataclass(frozen=True, slots=True)
class Facts:
    """L-C anew: what the slip should say."""

    category: str
    name: str
    quantity: int
    unit: str
    features: str
    serial: str
    place: Place | None
    place_note: str


@transaction.atomic
def correct(item: FoundItem, facts: Facts, *, by: User, reason: str, seen: str = "") -> FoundItem:
    """更正登记 (L-C): with reason; history keeps what stood there. Not while somebody claims it.

    What turns out to be contraband leaves its paper of disposal and is told of at once. After receipt a
    category that opens another way out (the police at once, an early end) takes a manager who had no
    hand in the thing; duty manager, 保安部 and managers hear of it.
    """
    item, stand = begin(item, "correct", by)
    labels = {f.attname: f.verbose_name for f in FoundItem._meta.concrete_fields}  # noqa: SLF001 -- model API
    shown = {name: labels[name] for name in EDITED if name != "place_id"}
    stale.require_unchanged(seen, edited(item), shown)
    _check(facts, reason)
    before = edited(item)
    for name in Facts.__dataclass_fields__:
        setattr(item, name, getattr(facts, name))
    require(edited(item) != before, _("登记没有变化。"))
    fields = [name.removesuffix("_id") for name in EDITED]
    info: dict[str, Any] = {}
    rows: list[models.Model] = []
    if facts.category != before["category"]:
        _may_change_way(item, before["category"], by, stand)
        more, rows = _other_category(item, before["category"], by, timezone.now())
        fields += more
        info["category"] = [before["category"], facts.category]
    index(item)
    info["fields"] = sorted(name for name, value in edited(item).items() if before[name] != value)
    return finish(item, fields, *rows, by=by, action="correct", reason=reason, info=info)


def _check(facts: Facts, reason: str) -> None:
    errors = {}
    if facts.category not in categories.Category.values:
        errors["category"] = _("请选择类别。")
    if not facts.name:
        errors["name"] = _("请填写物品名称。")
    if not facts.features:
        errors["features"] = _("请写下特征：颜色、品牌、记号。")
    if facts.quantity < 1:
        errors["quantity"] = _("数量至少是 1。")
    if facts.place is None and not facts.place_note:
        errors["place"] = _("请选择或写明拾获地点。")
    if not reason:
        errors["reason"] = _("请写明更正的原因。")
    if errors:
        raise RefusedInput(**errors)


def _may_change_way(item: FoundItem, old: str, by: User, stand: Standing) -> None:
    """RefusedInput unless the category leaves the way out as it is, or four eyes change it (L-H)."""
    was, now = categories.rule(old), categories.rule(item.category)
    same = was.to_police_at_once == now.to_police_at_once
    if item.status == S.LOGGED or (same and now.early_days is None):
        return
    hands = {item.logged_by_id, item.finder_user_id, item.received_by_id} - {None}
    allowed = by.pk not in hands and stand.roles & MANAGERS
    for author_id in hands:
        allowed = allowed and stand.without(author_id or 0) & MANAGERS
    if not allowed:
        sentence = _(
            "入库后改成或改自违禁危险品，或改成食品、药品，就换了处置的路：须由没有登记、拾获、接收过它的经理更正。"
        )
        raise RefusedInput(category=sentence)
    text = _("【类别已更正】%(case)s（原为%(old)s，%(value)s）") % {
        "case": neutral(item),
        "old": categories.Category(old).label,
        "value": _("未估价") if item.value is None else f"¥{item.value:,.2f}",
    }
    key = f"category:{item.case.version}"
    notify(item.case, *OVERSIGHT, rule="lostfound.category", text=text, key=key, except_for=by)


def _other_category(
    item: FoundItem, was: str, by: User, now: datetime
) -> tuple[list[str], list[models.Model]]:
    """What the new category asks for: the police, a term, its own date, a count by two.

    Thing not saved yet; returns (its fields, rows for its entry).
    """
    fields: list[str] = []
    rows: list[models.Model] = []
    rule = categories.rule(item.category)
    if rule.to_police_at_once:
        rows += disposal.drop_line(item, by=by, now=now)
        _warn(item, by)
    if item.policy is None:
        return fields, rows
    item.expires_on = term_of(item, item.value)
    fields += ["expires_on", "next_due_at", *renew(item, now)]
    if rule.to_police_at_once and item.status == S.DISPOSING:
        item.status = resting(item, now)
        fields.append("status")
    item.next_due_at = next_due(item, now)
    clocks.stop(item.case, [Rule.CATEGORY_DUE], now)
    if not item.disposals.filter(state__in=disposal.LIVE).exists():
        arm_category([item], now)
    return fields, [*rows, *_count(item, was, by)]


def _warn(item: FoundItem, by: User) -> None:
    """As when contraband is logged (L-B)."""
    notify(
        item.case,
        Role.DUTY_MANAGER,
        Role.SECURITY,
        Role.SECURITY_MANAGER,
        Role.PROPERTY_MANAGER,
        rule="lostfound.logged",
        text=_("【违禁危险品，立即处理】%(case)s") % {"case": neutral(item)},
        key=f"contraband:{item.case.version}",
        except_for=by,
        urgent=True,
    )


def _count(item: FoundItem, was: str, by: User) -> list[models.Model]:
    """A container or cash in the cupboard whose contents nobody has listed is counted by two (L-D)."""
    before, after = categories.rule(was), categories.rule(item.category)
    if not (after.has_contents or after.is_cash):
        if not (before.has_contents or before.is_cash):
            return []
        return [*cases.close_tasks(item.case, COUNT, by=by, outcome="corrected")]
    listed = item.contents.filter(removed_at=None).exists()
    asked = Task.objects.filter(case=item.case, kind=COUNT, done_at=None).exists()
    if listed or asked:
        return []
    text = _("类别已更正，请两人清点内含物 · %(case)s") % {"case": neutral(item)}
    return [cases.open_task(item.case, COUNT, Role.DUTY_MANAGER, text, by=by)]


@transaction.atomic
def remove_attachment(attachment: Attachment, *, by: User, reason: str) -> Attachment:
    """撤下照片: struck out with a reason, never deleted (X-2)."""
    item, _stand = begin(FoundItem.objects.get(pk=attachment.case_id), "remove_attachment", by)
    row = photos.strike_out(attachment, by=by, reason=reason)
    info = {"attachment": row.pk}
    finish(item, [], row, by=by, action="remove_attachment", reason=reason, info=info)
    return row


@transaction.atomic
def link(item: FoundItem, number: str, *, by: User, note: str = "") -> CaseLink:
    """关联 another case of the house by its number; both sides record it."""
    permit(item, "link", by)
    cases.lock_both(FoundItem, item.case, number)
    in_state(hold(item), MOVES, "link")
    return signoff.link(item.case, number, by=by, note=note)


@transaction.atomic
def unmask(item: FoundItem, person_id: int, *, by: User, reason: str) -> Unmasking:
    """查看完整号码 of the finder or a claimant of this thing: with a purpose, for 60 seconds."""
    item, _stand = begin(item, "unmask", by)
    known = {item.finder_id, *item.claims.values_list("owner_id", flat=True)}
    known |= set(item.claims.values_list("proxy_id", flat=True))
    require(person_id in known - {None}, _("没有这个人的资料。"))
    row = persons.unmask(persons.get(person_id), "phone", by=by, reason=reason)
    finish(item, [], by=by, action="unmask", info={"field": "phone"})
    return row


@dataclass(frozen=True, slots=True)
class PoliceReceipt:
    """What the police gave for it: receipt or officer's number, and a picture of it if any."""

    proof: str
    receiver: str
    handed_at: datetime | None = None
    photo: bytes | None = None


@transaction.atomic
def hand_to_police(
    item: FoundItem, receipt: PoliceReceipt, second: Second, *, by: User
) -> FoundItem:
    """移交公安 of contraband, at once and past every term: two people and the police's receipt.

    Other things go this way by 《过期失物处理审批单》 only. 409 for whoever made it contraband after the
    receipt; then both managers are told, with the number the police gave.
    """
    ready = photos.prepare(receipt.photo) if receipt.photo else None
    item, _stand = begin(item, "hand_to_police", by)
    now = timezone.now()
    at = receipt.handed_at or now
    _check_receipt(item, receipt, at, now)
    signatures.present(second.user, second.password, name="guard_password")
    people = pair(item, by, second, now)
    _not_who_made_it_contraband(item, by, second.user)
    before = current(item)
    taken = _("%(who)s，回执 %(n)s") % {"who": receipt.receiver, "n": receipt.proof}
    people |= {"giver": before.holder, "reason": taken[:LONGEST_REASON]}
    move = hand_on(item, CustodyMove.Kind.POLICE, by=by, now=now, **people)
    rows: list[models.Model] = [before, move, *disposal.drop_line(item, by=by, now=now)]
    if ready is not None:
        rows.append(
            photos.store(item.case, ready, by=by, caption=str(_("公安接收回执")), is_paper=True)
        )
    _tell_managers(item, receipt, by)
    fields = end(item, S.POLICE, now)
    rows += cases.close_tasks(item.case, by=by, outcome="police")
    info = {"proof": receipt.proof, "receiver": receipt.receiver}
    return finish(
        item,
        fields,
        *rows,
        by=by,
        action="hand_to_police",
        info=info,
        occurred_at=at,
        case_fields=END,
    )


def _check_receipt(item: FoundItem, receipt: PoliceReceipt, at: datetime, now: datetime) -> None:
    require(
        categories.rule(item.category).to_police_at_once,
        _("只有违禁危险品可以直接移交公安，其他失物走过期失物审批。"),
    )
    happened("handed_at", at, now, not_before=item.found_at)
    errors = {}
    if not receipt.proof:
        errors["proof"] = _("请填写公安的接收回执编号。")
    if not receipt.receiver:
        errors["receiver"] = _("请填写接收民警的警号或单位。")
    if errors:
        raise RefusedInput(**errors)


def _not_who_made_it_contraband(item: FoundItem, by: User, second: User) -> None:
    """409: what was received as another category is not handed over by whoever changed it."""
    if item.status == S.LOGGED:
        return
    versions = item.history.order_by("history_id").values_list("category", "history_user")
    author, before = None, None
    for category, user in versions:
        author, before = (user if before not in (None, category) else author), category
    require(
        author not in (by.pk, second.pk),
        _("更正类别的人不能再经手移交公安，须由另外两人办。"),
    )


def _tell_managers(item: FoundItem, receipt: PoliceReceipt, by: User) -> None:
    """物业经理; once it was received both managers, with the number the police gave."""
    received = item.status != S.LOGGED
    number = _("，回执 %(n)s") % {"n": receipt.proof} if received else ""
    notify(
        item.case,
        *(sorted(MANAGERS) if received else [Role.PROPERTY_MANAGER]),
        rule="lostfound.police",
        text=_("【已移交公安】%(case)s") % {"case": neutral(item)} + number,
        key="police",
        except_for=by,
    )


@transaction.atomic
def void(item: FoundItem, *, by: User, reason: str) -> FoundItem:
    """作废: a slip made by mistake; the number stays. Not by whoever logged it or found it.

    What lies in the store already: ``void_stored``.
    """
    item, stand = begin(item, "void", by)
    if not reason:
        raise RefusedInput(reason=_("请写明作废的原因。"))
    return _voided(item, "void", reason, by, stand)


@transaction.atomic
def void_stored(item: FoundItem, *, by: User, where: str, reason: str) -> FoundItem:
    """作废已入库的登记: by 总物业经理 only, who says where the thing itself is now; all are told.

    It ends custody as a disposal does, so nobody who logged, found or received it may do it.
    """
    item, stand = begin(item, "void_stored", by)
    errors = {}
    if not reason:
        errors["reason"] = _("请写明作废的原因。")
    if not where:
        errors["where"] = _("请写明物品现在在哪里，例如并入哪个编号。")
    whole = _("%(reason)s（物品现在：%(where)s）") % {"reason": reason, "where": where}
    if len(whole) > LONGEST_REASON:
        errors["reason"] = _("原因和去处合起来太长，请写短些。")
    if errors:
        raise RefusedInput(**errors)
    text = _("【已入库的登记作废】%(case)s") % {"case": neutral(item)}
    notify(item.case, *OVERSIGHT, rule="lostfound.void", text=text, key="void", except_for=by)
    return _voided(item, "void_stored", whole, by, stand)


def _voided(item: FoundItem, action: str, reason: str, by: User, stand: Standing) -> FoundItem:
    for author_id in (item.logged_by_id, item.finder_user_id, item.received_by_id):
        allowed = author_id is None or (
            author_id != by.pk and ACTIONS[action].any & stand.without(author_id)
        )
        require(allowed, _("自己登记、拾获或接收的物品须由另一位经理作废。"))
    item.void_reason = reason
    now = timezone.now()
    rows = disposal.drop_line(item, by=by, now=now)
    fields = ["void_reason", *end(item, S.VOIDED, now)]
    rows += cases.close_tasks(item.case, by=by, outcome="voided")
    return finish(item, fields, *rows, by=by, action=action, reason=reason, case_fields=END)
