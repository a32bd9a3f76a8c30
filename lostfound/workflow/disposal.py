"""《过期失物处理审批单》 (L-H): what its acts share; ``asking``, ``deciding`` and ``executing`` are its road.

Locks: things by key with their cases, then the paper with its case. So a claim, which holds the thing
first, and an execution never wait for each other, and whichever holds the thing first wins.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound.models import DisposalBatch, DisposalLine, FoundItem
from lostfound.permissions import ACTIONS, SECURITY
from lostfound.workflow.base import neutral
from lostfound.workflow.table import BATCH_MOVES, RESTING, B, S
from propdesk.core import audit, bulk, cases, clocks, duty, rendering
from propdesk.core.models import Membership, Property, User
from propdesk.core.notices import notify
from propdesk.core.roles import Role, Standing, ensure
from propdesk.core.transitions import StaleError, in_state, require

L = DisposalLine.State
LIVE = (L.PROPOSED, L.DECIDED)
MAX_LINES = 100
PAPER = "disposal_approval"
REVIEW, DECIDE, EXECUTE = "review_batch", "decide_batch", "execute_batch"
"""Tasks: whose turn it is."""
END = ("is_open", "closed_at")


@dataclass(slots=True)
class Held:
    """A paper under lock with its live lines in order, and the things it is about by key."""

    batch: DisposalBatch
    lines: list[DisposalLine]
    items: dict[int, FoundItem]
    stand: Standing

    def item(self, line: DisposalLine) -> FoundItem:
        """The locked thing of a line."""
        return self.items[line.item_id]


def hold_items(keys: Iterable[int]) -> dict[int, FoundItem]:
    """Lock things in the order of their keys, each with its case; with what transitions read."""
    rows = (
        FoundItem.objects.select_for_update(no_key=True, of=("self", "case"))
        .select_related("case__property__settings", "policy")
        .filter(pk__in=list(keys))
    )
    return {item.pk: item for item in rows.order_by("pk")}


def begin_batch(
    batch: DisposalBatch,
    action: str,
    by: User,
    *,
    permit: str = "",
    more: Collection[int] = (),
    seen: int | None = None,
) -> Held:
    """403, then things (those of the live lines and ``more``) and paper under lock, then 409.

    ``permit`` is the action that allows it when that is not the name of the move; ``seen`` the version
    of the paper on the page of who signs: nobody signs what was changed or sent back meanwhile.
    """
    stand = ensure(by, permit or action, ACTIONS, prop=batch.case.property)
    live = DisposalLine.objects.filter(batch=batch.pk, state__in=LIVE)
    items = hold_items({*live.values_list("item", flat=True), *more})
    batch = hold_batch(batch.pk)
    lines = list(live.select_for_update(no_key=True).order_by("position"))
    in_state(batch, BATCH_MOVES, action, _("审批单"))
    if seen not in (None, batch.case.version):
        raise StaleError(
            _("您打开这一页以后，审批单改过或退回过，没有签名。这一页已是最新的，请重新看过再签。")
        )
    require(
        {line.item_id for line in lines} <= items.keys(),
        _("审批单刚被别人改过，请刷新后再办。"),
    )
    return Held(batch, lines, items, stand)


def hold_batch(pk: int) -> DisposalBatch:
    """Lock the paper and its case."""
    rows = DisposalBatch.objects.select_for_update(no_key=True, of=("self", "case"))
    return rows.select_related("case__property__settings").get(pk=pk)


def may_be_disposed_of(item: FoundItem, line: DisposalLine) -> bool:
    """Still expired, or asked for early with a reason and at rest: nobody claims it meanwhile."""
    return item.status == S.EXPIRED or (bool(line.early) and item.status in RESTING)


def left_to(stand: Standing, out: Collection[int]) -> frozenset[Role]:
    """The roles somebody has when he may act for nobody of ``out``: four eyes (decision 32)."""
    others = {role for role, holder in stand.acting_for if holder not in out}
    return stand.own | others


def involved(batch: DisposalBatch) -> set[int]:
    """Who wrote or asked for the paper, and who reviewed it: none of them signs the next box."""
    people = {batch.case.created_by_id, batch.asked_by_id, batch.asked_with_id}
    return {pk for pk in (*people, batch.reviewed_by_id) if pk is not None}


def somebody_else(prop: Property, role: Role, out: Collection[int]) -> bool:
    """Whether somebody holds the role, or acts for a holder, and neither is among ``out``."""
    now = timezone.now()
    held = Membership.objects.current(now).filter(property=prop, role=role)
    members = list(held.exclude(user__in=out).select_related("user"))
    people = [m.user for m in members] + duty.deputies_of(members, now)
    return any(user.is_active and user.pk not in out for user in people)


def on_item(
    item: FoundItem, batch: DisposalBatch, action: str, by: User, **info: object
) -> audit.Act:
    """What the chain of a thing says of an act on its paper."""
    return audit.Act(item.case, action, by, info={"batch": batch.case.number, **info})


def to_draft(batch: DisposalBatch, reason: str) -> tuple[str, ...]:
    """Back to whoever asks, not saved yet: the signatures go, the reason stands there."""
    batch.status, batch.returned_reason = B.DRAFT, reason[:200]
    batch.asked_signature = batch.asked_with = batch.with_signature = batch.submitted_at = None
    batch.reviewed_by = batch.reviewed_signature = batch.reviewed_at = None
    batch.review_note, batch.review_skipped = "", False
    names = "status returned_reason asked_signature asked_with with_signature submitted_at"
    return (
        *names.split(),
        *["reviewed_by", "reviewed_signature", "reviewed_at", "review_note", "review_skipped"],
    )


def close(batch: DisposalBatch, status: str, now: datetime, reason: str = "") -> tuple[str, ...]:
    """End paper and case, not saved yet; the caller saves ``END`` of the case, too."""
    batch.status, batch.ended_at, batch.ended_reason = status, now, reason[:200]
    batch.case.is_open, batch.case.closed_at = False, now
    return ("status", "ended_at", "ended_reason")


def seal(batch: DisposalBatch, by: User) -> None:
    """Everything is carried out: the paper is printed once and served so for ever."""
    rendering.request(batch.case, PAPER, by=by, sealed=True)


def tell(
    batch: DisposalBatch, *roles: Role, word: str, also: Iterable[User] = (), by: User | None
) -> None:
    """A notice about the paper: its number and how many things, nothing of them."""
    notify(
        batch.case,
        *roles,
        rule="lostfound.disposal",
        text=f"【{word}】{batch.case.number}",
        key=f"disposal:{batch.case.version}:{word}",
        also=also,
        except_for=by,
    )


def ask(batch: DisposalBatch, kind: str, role: Role, text: str, *, by: User) -> list[models.Model]:
    """A task for whose turn it is; whatever was waited for before is done."""
    done = cases.close_tasks(batch.case, by=by, outcome=kind)
    return [*done, cases.open_task(batch.case, kind, role, f"{text} · {batch.case.number}", by=by)]


@dataclass(frozen=True, slots=True)
class _Gone:
    """How a paper tells of a thing that left it: the act, its words, what ends the paper with it."""

    action: str
    reason: Lazy
    word: Lazy
    ended: Lazy


_GONE = {
    L.CLAIMED: _Gone(
        "line_claimed", _l("被认领"), _l("%(case)s 有人认领，不再处置"), _l("物品已被认领")
    ),
    L.DROPPED: _Gone(
        "line_dropped", _l("撤下"), _l("%(case)s 已另行处理，撤下审批单"), _l("物品已另行处理")
    ),
}


def withdraw_for_claim(item: FoundItem, *, by: User, now: datetime) -> list[models.Model]:
    """A claim before execution wins (L-H): the live line of a locked thing ends, its paper records it.

    Inside the caller's transaction; returns the rows for the entry of the thing, [] when it stands
    on no paper. A paper with nothing left to do ends, too.
    """
    return _leaves(item, L.CLAIMED, by, now)


def drop_line(item: FoundItem, *, by: User, now: datetime) -> list[models.Model]:
    """As ``withdraw_for_claim``, for a thing that is voided, or turns out to be for the police."""
    return _leaves(item, L.DROPPED, by, now)


def _leaves(item: FoundItem, state: L, by: User, now: datetime) -> list[models.Model]:
    live = DisposalLine.objects.filter(item=item.pk, state__in=LIVE)
    found = live.values_list("batch", flat=True).first()
    if found is None:
        return []
    batch = hold_batch(found)
    line = live.select_for_update(no_key=True).get()
    line.state, gone = state, _GONE[state]
    page = bulk.Sheet(by, str(gone.reason), at=now)
    page.change([line], "state")
    fields, rows = _with_the_last(batch, gone, by, now)
    if fields:
        page.change([batch], *fields)
    info = {"number": item.case.number}
    act = audit.Act(batch.case, gone.action, by, info=info, rows=[batch, line, *rows])
    page.acts([act], *END)
    page.write()
    word = str(gone.word) % {"case": neutral(item)}
    tell(batch, Role.DUTY_MANAGER, Role.GENERAL_MANAGER, *sorted(SECURITY), word=word, by=by)
    if batch.status == B.DONE:
        clocks.stop_all([batch.case], now)
        seal(batch, by)
    return [line]


def _with_the_last(
    batch: DisposalBatch, gone: _Gone, by: User, now: datetime
) -> tuple[tuple[str, ...], Sequence[models.Model]]:
    """End a paper whose last live line went; (fields to save, tasks closed)."""
    if DisposalLine.objects.filter(batch=batch, state__in=LIVE).count() > 1:
        return (), []
    done = cases.close_tasks(batch.case, by=by, outcome=gone.action)
    if batch.status == B.DECIDED:
        return close(batch, B.DONE, now), done
    return close(batch, B.WITHDRAWN, now, str(gone.ended)), done
