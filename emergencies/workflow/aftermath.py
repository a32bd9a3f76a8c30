"""What is missing, who was hit, what is to be better: theft lists, outage claims, reviews."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Affected, Event, LossItem, ReviewAction
from emergencies.queries import aftermath as registers
from emergencies.workflow.base import (
    Rule,
    begin,
    finish,
    neutral,
    now_and,
    reads_restricted,
    say,
    since_start,
)
from emergencies.workflow.marking import BEFORE
from propdesk.core import audit, cases, clocks, persons
from propdesk.core.clock_text import midnight
from propdesk.core.models import Department, Place, User
from propdesk.core.persons import Guest
from propdesk.core.roles import ALL_STAFF, MANAGERS, standing
from propdesk.core.transitions import RefusedInput, require

BEFORE["loss_list"] = registers.loss_list_missing
BEFORE["affected"] = registers.affected_missing
MAX_LOSSES = 60
MAX_AFFECTED = 500
MAX_ACTIONS = 20


# --- theft -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing the guest misses, in his words."""

    name: str
    quantity: int = 1
    features: str = ""
    value: Decimal | None = None


@transaction.atomic
def list_losses(event: Event, losses: Sequence[Loss], *, by: User) -> list[LossItem]:
    """登记失窃物品 (E-1): lines are added; one that was wrong is struck out with a reason."""
    event, _stand = begin(event, "list_losses", by)
    check_losses(event)
    if not losses:
        raise RefusedInput(losses=_("请至少写一样丢失的物品。"))
    there = event.losses.count()
    if there + len(losses) > MAX_LOSSES:
        raise RefusedInput(losses=_("清单最多60行，同类的合并写数量。"))
    now = timezone.now()
    rows = [_loss(event, loss, there + n, by, now) for n, loss in enumerate(losses, start=1)]
    finish(event, [], *rows, by=by, action="list_losses", info={"count": len(rows)})
    return rows


def check_losses(event: Event) -> None:
    """ConflictError for anything but a theft."""
    require(event.kind == "theft", _("只有失窃事件有失窃物品清单。"))


def _loss(event: Event, loss: Loss, position: int, by: User, now: datetime) -> LossItem:
    if not loss.name.strip() or loss.quantity < 1 or (loss.value is not None and loss.value < 0):
        text = _("第%(n)d行：请填写物品名称、至少1的数量，价值不能是负数。")
        raise RefusedInput(losses=text % {"n": position})
    row = LossItem(
        event=event,
        position=position,
        name=loss.name.strip()[:60],
        quantity=loss.quantity,
        features=loss.features.strip()[:200],
        value=loss.value,
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=_("登记失窃物品"))
    return row


@transaction.atomic
def strike_loss(event: Event, item: LossItem, *, by: User, reason: str) -> LossItem:
    """删去一行: with a reason; the line stays on record."""
    event, _stand = begin(event, "list_losses", by)
    row = _own_loss(event, item)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么删去这一行。"))
    row.removed_at, row.removed_reason = timezone.now(), reason.strip()[:200]
    audit.save(row, "removed_at", "removed_reason", by=by, reason=reason)
    finish(event, [], row, by=by, action="strike_loss", reason=reason)
    return row


@transaction.atomic
def recover_loss(
    event: Event, item: LossItem, *, by: User, where: str, at: datetime | None = None
) -> LossItem:
    """登记找回 (E-1): where and when; what only lay about goes on as a found thing."""
    event, _stand = begin(event, "recover_loss", by)
    row = _own_loss(event, item)
    check_recover(row)
    now, moment = now_and(at)
    since_start("at", moment, now, event)
    if not where.strip():
        raise RefusedInput(where=_("请写明在哪里找回。"))
    row.recovered_at, row.recovered_where, row.recovered_by = moment, where.strip()[:120], by
    audit.save(row, "recovered_at", "recovered_where", "recovered_by", by=by, reason=where)
    finish(event, [], row, by=by, action="recover_loss", occurred_at=moment)
    return row


def check_recover(item: LossItem) -> None:
    """ConflictError for a thing that was found again already."""
    require(item.recovered_at is None, _("这一样已经登记找回。"))


def _own_loss(event: Event, item: LossItem) -> LossItem:
    row = event.losses.select_for_update(no_key=True).filter(pk=item.pk, removed_at=None).first()
    require(row is not None, _("这一行已经不在清单里。"))
    assert row is not None  # noqa: S101 -- for the type checker; require() has refused
    return row


# --- outage ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """A household, or an area in words, that the outage hit."""

    place: Place | None = None
    place_note: str = ""
    guest: Guest | None = None
    needs_help: bool = False
    claim: str = ""


@transaction.atomic
def add_affected(event: Event, hit: Hit, *, by: User) -> Affected:
    """登记受影响客户 (E-7): whoever needs help, and whoever has something to claim."""
    event, _stand = begin(event, "add_affected", by)
    if hit.place is None and not hit.place_note.strip():
        raise RefusedInput(place=_("请选择房号，或写明范围。"))
    require(event.affected.count() < MAX_AFFECTED, _("最多登记500户；整栋受影响请写一行范围。"))
    prop = event.case.property
    row = Affected(
        event=event,
        place=hit.place,
        place_note=hit.place_note.strip()[:80],
        person=persons.create(prop, hit.guest) if hit.guest else None,
        needs_help=hit.needs_help,
        claim=hit.claim.strip()[:200],
        by=by,
        at=timezone.now(),
    )
    audit.save(row, by=by, reason=_("登记受影响客户"))
    finish(event, [], row, by=by, action="add_affected")
    return row


@transaction.atomic
def inform_affected(
    event: Event, rows: Sequence[Affected], *, by: User, via: str, at: datetime | None = None
) -> list[Affected]:
    """登记已告知 (E-7): one or many households at once, with how and when."""
    event, _stand = begin(event, "inform_affected", by)
    now, moment = now_and(at)
    since_start("at", moment, now, event)
    if not via:
        raise RefusedInput(via=_("请选择告知的方式。"))
    ids = [row.pk for row in rows]
    found = list(event.affected.select_for_update(no_key=True).filter(pk__in=ids, informed_at=None))
    require(found, _("选中的都已经登记过告知。"))
    for row in found:
        row.informed_at, row.informed_via, row.informed_by = moment, via, by
        audit.save(row, "informed_at", "informed_via", "informed_by", by=by, reason=_("登记告知"))
    info = {"count": len(found)}
    finish(event, [], *found, by=by, action="inform_affected", info=info, occurred_at=moment)
    return found


@transaction.atomic
def link_claim(event: Event, row: Affected, number: str, *, by: User) -> Affected:
    """关联诉求 (E-7, ambiguity 34): the complaint in which the claim goes on."""
    event, _stand = begin(event, "link", by)
    mine = event.affected.select_for_update(no_key=True).filter(pk=row.pk).first()
    require(mine is not None, _("这一户不属于这件。"))
    assert mine is not None  # noqa: S101 -- for the type checker; require() has refused
    other = mine.claim_case = cases.other(event.case, number)
    audit.save(mine, "claim_case", by=by, reason=_("关联诉求"))
    finish(event, [], mine, by=by, action="link_claim", info={"number": other.number})
    return mine


# --- review ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done after the event, by somebody and by a day."""

    text: str
    owner: User
    due_on: date
    department: Department | None = None


@transaction.atomic
def review(event: Event, text: str, actions: Sequence[Action], *, by: User) -> Event:
    """登记复盘: what went well, what not, and actions with owner and day; by a manager.

    Once written it stands; further actions may be added by reviewing again with nothing but actions.
    """
    event, _stand = begin(event, "review", by)
    first = event.reviewed_at is None
    if first and not text.strip():
        raise RefusedInput(text=_("请写明做得好的和要改进的。"))
    require(first or not text.strip(), _("复盘已经登记，只能再加整改措施。"))
    if not first and not actions:
        raise RefusedInput(actions=_("请写一项整改措施。"))
    rows = _actions(event, actions, by)
    now = timezone.now()
    fields: list[str] = []
    if first:
        event.review, event.reviewed_at, event.reviewed_by = text.strip(), now, by
        fields = ["review", "reviewed_at", "reviewed_by"]
        clocks.stop(event.case, [Rule.REVIEW_LATE], now)
    return finish(event, fields, *rows, by=by, action="review", info={"actions": len(rows)})


def _actions(event: Event, actions: Sequence[Action], by: User) -> list[ReviewAction]:
    there = event.actions.count()
    if there + len(actions) > MAX_ACTIONS:
        raise RefusedInput(actions=_("整改措施最多20项。"))
    rows = [_action(event, one, there + n, by) for n, one in enumerate(actions, start=1)]
    for row in rows:
        audit.save(row, by=by, reason=_("整改措施"))
        text = f"【{_('请整改')}】{neutral(event)}"
        say(
            event, rule=Rule.ACTION_LATE, text=text, key=f"action:{row.pk}", also=[row.owner], by=by
        )
    ends = {row.due_on for row in rows}
    clocks.arm(event.case, *((Rule.ACTION_LATE, end_of_day(day)) for day in sorted(ends)))
    return rows


def _action(event: Event, action: Action, position: int, by: User) -> ReviewAction:
    if not action.text.strip():
        raise RefusedInput(actions=_("第%(n)d项没有写要做什么。") % {"n": position})
    if action.due_on < timezone.localdate():
        raise RefusedInput(actions=_("第%(n)d项的期限已经过去。") % {"n": position})
    if event.case.restricted and not reads_restricted(event, action.owner):
        raise RefusedInput(actions=_("第%(n)d项的责任人不能查看这件，请改选。") % {"n": position})
    if not standing(action.owner, event.case.property).roles & ALL_STAFF:
        raise RefusedInput(actions=_("第%(n)d项的责任人不在本处任职。") % {"n": position})
    return ReviewAction(
        event=event,
        position=position,
        text=action.text.strip()[:200],
        owner=action.owner,
        department=action.department,
        due_on=action.due_on,
        by=by,
        at=timezone.now(),
    )


def end_of_day(day: date) -> datetime:
    """The first moment after a local day."""
    return midnight(day + timedelta(days=1))


@transaction.atomic
def finish_action(event: Event, action: ReviewAction, *, by: User, result: str) -> ReviewAction:
    """登记整改完成: by its owner or a manager, with what was done."""
    event, stand = begin(event, "finish_action", by)
    row = event.actions.select_for_update(no_key=True).filter(pk=action.pk).first()
    require(row is not None, _("这一项不属于这件。"))
    assert row is not None  # noqa: S101 -- for the type checker; require() has refused
    check_finish(row, stand.roles, by)
    require(row.done_at is None, _("这一项已经登记完成。"))
    if not result.strip():
        raise RefusedInput(result=_("请写明做了什么。"))
    row.done_at, row.done_by, row.result = timezone.now(), by, result.strip()[:200]
    audit.save(row, "done_at", "done_by", "result", by=by, reason=result)
    finish(event, [], row, by=by, action="finish_action")
    return row


def check_finish(action: ReviewAction, roles: Collection[str], by: User) -> None:
    """ConflictError for anybody but its owner and the managers."""
    may = action.owner_id == by.pk or not MANAGERS.isdisjoint(roles)
    require(may, _("请由责任人或经理登记完成。"))


def check_inform_affected(event: Event) -> None:
    """ConflictError when no household is left to be told."""
    left = event.affected.filter(informed_at=None).exists()
    require(left, _("没有还要告知的客户：先登记受影响客户，或都已登记过告知。"))
