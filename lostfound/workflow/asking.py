"""L-H: duty manager and 保安部 ask together what should become of expired things."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories
from lostfound.models import DisposalBatch, DisposalLine, Early, FoundItem, Method
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import Rule, two_people
from lostfound.workflow.disposal import (
    DECIDE,
    END,
    LIVE,
    MAX_LINES,
    REVIEW,
    Held,
    L,
    ask,
    begin_batch,
    close,
    hold_items,
    involved,
    on_item,
    somebody_else,
    tell,
)
from lostfound.workflow.table import RESTING, B, S
from lostfound.workflow.terms import arm_category
from propdesk.core import audit, bulk, cases, clocks, drafts, search, signatures
from propdesk.core.models import Case, Property, User
from propdesk.core.roles import Role, ensure
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, require


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing of the paper and what should become of it; ``early`` and its reason before its day."""

    item: FoundItem
    method: str
    note: str = ""
    early: str = ""
    early_reason: str = ""


@transaction.atomic
def start_batch(
    prop: Property, asks: Sequence[Ask], opinion: str = "", *, by: User, token: str = ""
) -> DisposalBatch:
    """草拟审批单 (L-H): expired things of the house, or earlier ones with a reason; nothing moves yet.

    422 for none or more than a hundred, an unknown method, or no reason before the last day; 409 for a
    thing that is claimed, decided on, or on another paper. DoubleSubmitError for a twin.
    """
    ensure(by, "propose_disposal", ACTIONS, prop=prop)
    now = timezone.now()
    items = hold_items(each.item.pk for each in asks)
    _check(prop, asks, items, 0)
    case = cases.open_case(
        prop, Case.Kind.DISPOSAL, "CZ", by=by, at=now, title=str(_("过期失物处理"))
    )
    batch = DisposalBatch(case=case, opinion=opinion, asked_by=by)
    lines = _lines(batch, asks, items, 0)
    bulk.number(lines)
    page = bulk.Sheet(by, str(_("草拟审批单")), at=now)
    page.add([batch])
    page.add([search.row_of(case, entry_of(case))])
    page.add(lines)
    act = audit.Act(case, "start_batch", by, info={"things": len(lines)}, rows=[batch, *lines])
    page.acts([act, *(on_item(i, batch, "propose_disposal", by) for i in items.values())])
    page.write()
    clocks.stop_all((i.case for i in items.values()), now, [Rule.CATEGORY_DUE])
    drafts.use_token(by, token, batch.get_absolute_url(), form="lostfound.batch")
    return batch


def entry_of(case: Case) -> search.Entry:
    """What a list is searched by, besides its number: what it is."""
    return search.Entry([case.get_kind_display()])


def _check(prop: Property, asks: Sequence[Ask], items: Mapping[int, FoundItem], there: int) -> None:
    """What may stand on a paper beside ``there`` other lines; one sentence for each fault."""
    if not asks and not there:
        raise RefusedInput(lines=_("请至少选一件物品。"))
    if there + len(asks) > MAX_LINES:
        raise RefusedInput(lines=_("一张审批单最多%(n)s件，请分几张提交。") % {"n": MAX_LINES})
    require(
        len({each.item.pk for each in asks}) == len(asks) == len(items),
        _("同一件物品只能列一次，请刷新后再选。"),
    )
    _check_free(prop, items)
    faults: dict[str, list[str]] = {}
    for each in asks:
        field, sentence = _fault(each, items[each.item.pk])
        faults.setdefault(field, []).append(sentence)
    faults.pop("", None)
    if faults:
        raise RefusedInput(**{field: "；".join(said) for field, said in faults.items()})


def _check_free(prop: Property, items: Mapping[int, FoundItem]) -> None:
    """ConflictError for contraband, for things that are not at rest, or already on a paper."""
    forbidden = [
        item.case.number
        for item in items.values()
        if categories.rule(item.category).to_police_at_once
    ]
    require(
        not forbidden,
        _("违禁危险品不走审批，请直接移交公安：%(found)s。") % {"found": "、".join(forbidden)},
    )
    taken = DisposalLine.objects.filter(item__in=list(items), state__in=LIVE)
    on_paper = dict(taken.values_list("item", "batch__case__number"))
    busy = [
        _("%(number)s 已在 %(batch)s 里") % {"number": i.case.number, "batch": on_paper[i.pk]}
        if i.pk in on_paper
        else _("%(number)s 现在是“%(state)s”")
        % {"number": i.case.number, "state": i.get_status_display()}
        for i in items.values()
        if i.pk in on_paper or i.status not in RESTING or i.case.property_id != prop.pk
    ]
    require(not busy, _("不能列入审批单：%(busy)s。") % {"busy": "；".join(busy)})


def _fault(each: Ask, item: FoundItem) -> tuple[str, str]:
    """(field, sentence) of what is wrong with a line as it was asked for; "" twice when nothing is."""
    number = {"number": item.case.number}
    if each.method not in Method.values:
        return "lines", _("%(number)s：请选择处理方式。") % number
    if item.status == S.EXPIRED:
        return "", ""
    if not _ground(each, item):
        sentence = _("%(number)s 还没有到期；只有放不久、潮湿或危险的物品可以提前申请。")
        return "lines", sentence % number
    if not each.early_reason:
        sentence = _("%(number)s 还没有到期，请写明为什么现在就要处理。")
        return "early_reason", sentence % number
    return "", ""


def _ground(each: Ask, item: FoundItem) -> str:
    """Why it may be asked for before its last day (ambiguity 5); "" when it may not."""
    if item.status == S.EXPIRED:
        return ""
    if categories.rule(item.category).early_days is not None:
        return Early.CATEGORY
    return each.early if each.early in (Early.WET, Early.DANGEROUS) else ""


def _lines(
    batch: DisposalBatch, asks: Iterable[Ask], items: Mapping[int, FoundItem], after: int
) -> list[DisposalLine]:
    found = []
    for position, each in enumerate(asks, start=after + 1):
        item = items[each.item.pk]
        ground = _ground(each, item)
        found.append(
            DisposalLine(
                batch=batch,
                item=item,
                position=position,
                proposed=each.method,
                proposed_note=each.note,
                early=ground,
                early_reason=each.early_reason if ground else "",
                finder_id=item.finder_user_id,
            )
        )
    return found


@transaction.atomic
def edit_batch(
    batch: DisposalBatch,
    *,
    by: User,
    add: Sequence[Ask] = (),
    drop: Collection[int] = (),
    change: Mapping[int, tuple[str, str]] | None = None,
    opinion: str | None = None,
) -> DisposalBatch:
    """修改审批单 while it is a draft: add things, strike lines (by key), change method and note.

    422 as in ``start_batch``, and when no line would be left; 409 when nothing changes.
    """
    held = begin_batch(batch, "propose_disposal", by, more=[each.item.pk for each in add])
    batch, kept = held.batch, [line for line in held.lines if line.pk not in drop]
    require(
        {*drop, *(change or ())} <= {line.pk for line in held.lines},
        _("审批单刚被别人改过，请刷新后再办。"),
    )
    dropped = [line for line in held.lines if line.pk in drop]
    wanted = {each.item.pk: held.items[each.item.pk] for each in add if each.item.pk in held.items}
    if add or not kept:
        _check(batch.case.property, add, wanted, len(kept))
    last = batch.lines.order_by("-position").values_list("position", flat=True).first()
    added = _lines(batch, add, wanted, last or 0)
    fields = _set_opinion(batch, opinion)
    changed = _change(kept, change or {})
    require(fields or changed or added or dropped, _("审批单没有变化。"))
    for line in dropped:
        line.state = L.DROPPED
    _write_edit(held, added, dropped, changed, fields, by)
    return batch


def _set_opinion(batch: DisposalBatch, opinion: str | None) -> tuple[str, ...]:
    if opinion is None or opinion == batch.opinion:
        return ()
    batch.opinion = opinion
    return ("opinion",)


def _change(
    lines: Iterable[DisposalLine], wanted: Mapping[int, tuple[str, str]]
) -> list[DisposalLine]:
    """The lines whose method or note is another now, not saved yet."""
    changed = []
    for line in lines:
        method, note = wanted.get(line.pk, (line.proposed, line.proposed_note))
        if method not in Method.values:
            raise RefusedInput(lines=_("请选择处理方式。"))
        if (method, note) != (line.proposed, line.proposed_note):
            line.proposed, line.proposed_note = method, note
            changed.append(line)
    return changed


def _write_edit(
    held: Held,
    added: list[DisposalLine],
    dropped: list[DisposalLine],
    changed: list[DisposalLine],
    fields: tuple[str, ...],
    by: User,
) -> None:
    """Rows, histories and the entries of paper and things in one statement; clocks of what came in."""
    batch = held.batch
    page = bulk.Sheet(by, str(_("修改审批单")))
    bulk.number(added)
    page.add(added)
    page.change([*changed, *dropped], "proposed", "proposed_note", "state")
    if fields:
        page.change([batch], *fields)
    info = {"added": len(added), "dropped": len(dropped), "changed": len(changed)}
    rows = [batch, *added, *changed, *dropped]
    entries = [audit.Act(batch.case, "edit_batch", by, info=info, rows=rows)]
    entries += [on_item(held.item(line), batch, "propose_disposal", by) for line in added]
    entries += [on_item(held.item(line), batch, "drop_disposal", by) for line in dropped]
    page.acts(entries)
    page.write()
    clocks.stop_all((held.item(i).case for i in added), page.at, [Rule.CATEGORY_DUE])
    arm_category((held.item(i) for i in dropped), page.at)


@transaction.atomic
def submit_batch(batch: DisposalBatch, guard: Second, password: str, *, by: User) -> DisposalBatch:
    """共同签名提交 (L-H): one opinion of 值班经理 and 保安部, both signing on this screen.

    It goes to the property manager; where nobody but those who ask could review, to the general
    manager at once (decision 32: the box goes one rank up). 422 without an opinion or a password;
    409 when nobody could decide in the end.
    """
    prop = batch.case.property
    ensure(by, "propose_disposal", ACTIONS, prop=prop)
    signature = signatures.confirmed(by, password)
    two_people(prop, by, guard.user)
    beside = signatures.present(guard.user, guard.password, name="guard_password")
    held = begin_batch(batch, "cosign_disposal", by, permit="propose_disposal")
    batch, now = held.batch, timezone.now()
    if not batch.opinion:
        raise RefusedInput(opinion=_("请写明申请意见。"))
    batch.asked_by, batch.asked_signature = by, signature
    batch.asked_with, batch.with_signature = guard.user, beside
    batch.submitted_at, batch.returned_reason = now, ""
    out = involved(batch)
    require(
        somebody_else(prop, Role.GENERAL_MANAGER, out),
        _("申请人以外没有总物业经理可以批示，请由别的值班经理提交，或先指定代理人。"),
    )
    batch.review_skipped = not somebody_else(prop, Role.PROPERTY_MANAGER, out)
    batch.status = B.REVIEWED if batch.review_skipped else B.SUBMITTED
    names = "asked_by asked_signature asked_with with_signature submitted_at returned_reason"
    page = bulk.Sheet(by, str(_("共同签名提交")), at=now)
    page.change([batch], *names.split(), "review_skipped", "status")
    info = {"things": len(held.lines), "with": guard.user.pk, "skips": batch.review_skipped}
    rows = [batch, *_ask_next(batch, by)]
    page.acts([audit.Act(batch.case, "submit_batch", by, info=info, rows=rows)])
    page.write()
    role = Role.GENERAL_MANAGER if batch.review_skipped else Role.PROPERTY_MANAGER
    word = _("过期失物待批示") if batch.review_skipped else _("过期失物待审核")
    tell(batch, role, word=word, by=by)
    return batch


def _ask_next(batch: DisposalBatch, by: User) -> list[models.Model]:
    if batch.review_skipped:
        text = _("过期失物处理，请批示")
        return ask(batch, DECIDE, Role.GENERAL_MANAGER, text, by=by)
    return ask(batch, REVIEW, Role.PROPERTY_MANAGER, _("过期失物处理，请审核"), by=by)


@transaction.atomic
def withdraw_batch(batch: DisposalBatch, *, by: User, reason: str) -> DisposalBatch:
    """撤回审批单 before it is decided: its things lie as before; number and reason stay.

    Once it was signed, who signed it and whose turn it was hear of it.
    """
    held = begin_batch(batch, "withdraw_batch", by)
    batch, now = held.batch, timezone.now()
    if not reason:
        raise RefusedInput(reason=_("请写明撤回的原因。"))
    for line in held.lines:
        line.state = L.DROPPED
    page = bulk.Sheet(by, reason, at=now)
    page.change(held.lines, "state")
    page.change([batch], *close(batch, B.WITHDRAWN, now, reason))
    done = cases.close_tasks(batch.case, by=by, outcome="withdrawn")
    rows = [batch, *held.lines, *done]
    act = audit.Act(batch.case, "withdraw_batch", by, reason=reason, rows=rows)
    entries = [on_item(i, batch, "drop_disposal", by) for i in held.items.values()]
    page.acts([act, *entries], *END)
    page.write()
    arm_category(held.items.values(), now)
    if batch.submitted_at is not None:
        signers = (batch.asked_by_id, batch.asked_with_id, batch.reviewed_by_id)
        also = User.objects.filter(pk__in=[pk for pk in signers if pk is not None])
        roles = (Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)
        tell(batch, *roles, word=_("过期失物审批单已撤回"), also=also, by=by)
    return batch
