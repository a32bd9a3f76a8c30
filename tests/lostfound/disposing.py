"""Papers of disposal walked to a given state, and every act on one as data; no state is ever faked."""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.utils import timezone

from lostfound import workflow
from lostfound.models import DisposalBatch, DisposalLine, FoundItem
from propdesk.core import signatures
from propdesk.core.models import User
from propdesk.core.roles import DUTY, Role, standing
from tests.factories import PASSWORD, at, member
from tests.incidents.journey import drawn
from tests.lostfound.journey import House, fresh

W = workflow
B = DisposalBatch.Status
L = DisposalLine.State
T0, LATER = at("2026-11-23 14:00"), at("2027-02-25 10:00")
"""Received, and two days after the last day of what is worth 80 yuan."""
OPINION = "已多次查找，无人认领，建议按规定处理。"
PROOF = W.Execution("接收字第7号", "南山派出所 警号012345")


@contextmanager
def on(moment: Any) -> Any:
    """The clock of the house stands at ``moment`` for a while."""
    with time_machine.travel(moment, tick=False):
        yield


def cheap(house: House, **find: Any) -> FoundItem:
    """In the cupboard, for three months."""
    return house.stored(house.logged(**find), value=Decimal("80.00"))


def expired(house: House, count: int = 1, *, since: datetime = T0, **find: Any) -> list[FoundItem]:
    """Things kept for three months, whose last day the sweep found to be over."""
    with on(since):
        items = [cheap(house, **find) for _n in range(count)]
    workflow.flag_due(timezone.now())
    return [fresh(item) for item in items]


def read(batch: DisposalBatch) -> DisposalBatch:
    """The paper read anew with what its acts read."""
    return DisposalBatch.objects.select_related("case__property__settings").get(pk=batch.pk)


def lines(batch: DisposalBatch) -> list[DisposalLine]:
    return list(
        batch.lines.select_related("item__case", "batch__case__property").order_by("position")
    )


def asks(items: Iterable[FoundItem], method: str = "police", **fields: Any) -> list[W.Ask]:
    return [W.Ask(item, method, **fields) for item in items]


def drafted(house: House, items: list[FoundItem] | None = None, *, by: User | None = None) -> Any:
    items = items or expired(house)
    return read(W.start_batch(house.prop, asks(items), OPINION, by=by or house.dm))


def submitted(house: House, batch: DisposalBatch | None = None) -> DisposalBatch:
    batch = batch or drafted(house)
    guard = W.Second(house.guard, PASSWORD)
    return read(W.submit_batch(batch, guard, PASSWORD, by=house.dm))


def reviewed(house: House, batch: DisposalBatch | None = None) -> DisposalBatch:
    batch = batch or submitted(house)
    return read(W.review_batch(batch, by=house.pm, approve=True, note="属实", password=PASSWORD))


REASON = "无法联系失主，物品已不能使用"


def ruled(batch: DisposalBatch, *methods: str, **fields: Any) -> dict[int, W.Decision]:
    """A decision for each live line; the last method stands for all further lines."""
    found = {}
    live = [line for line in lines(batch) if line.state == L.PROPOSED]
    for number, line in enumerate(live):
        method = methods[min(number, len(methods) - 1)] if methods else "police"
        until = timezone.localdate() + timedelta(days=30) if method == "keep" else None
        decision = W.Decision(method, "" if method in ("police", "keep") else REASON, until)
        found[line.pk] = replace(decision, **fields)
    return found


def decide(house: House, batch: DisposalBatch, *methods: str, by: User | None = None) -> Any:
    return W.decide_batch(batch, ruled(batch, *methods), PASSWORD, by=by or house.gm)


def decided(house: House, batch: DisposalBatch | None = None, *methods: str) -> DisposalBatch:
    batch = batch or reviewed(house)
    return read(decide(house, batch, *methods))


def done(house: House, batch: DisposalBatch | None = None) -> DisposalBatch:
    batch = batch or decided(house)
    for line in lines(batch):
        W.execute_line(line, PROOF, W.Second(house.guard, PASSWORD), by=house.dm)
    return read(batch)


def withdrawn(house: House) -> DisposalBatch:
    return read(W.withdraw_batch(drafted(house), by=house.dm, reason="重新整理"))


READY: dict[str, Callable[[House], DisposalBatch]] = {
    B.DRAFT: drafted,
    B.SUBMITTED: submitted,
    B.REVIEWED: reviewed,
    B.DECIDED: decided,
    B.DONE: done,
    B.WITHDRAWN: withdrawn,
}


def signer(house: House, role: Role) -> User:
    """Somebody new in this role who keeps a signature."""
    user = member(house.prop, role)
    signatures.keep(user, drawn())
    return user


def beside(house: House, by: User) -> W.Second:
    """Whoever stands beside ``by``: a guard beside the duty side, the duty manager beside a guard."""
    manages = bool(standing(by, house.prop).roles & DUTY)
    return W.Second(house.guard2 if manages else house.dm, PASSWORD)


@dataclass(frozen=True, slots=True)
class Act:
    """``name`` of the function, ``action`` that permits it, the state of the paper before, the act itself.

    ``move``: its row of BATCH_MOVES when that has another name.
    """

    name: str
    action: str
    state: str
    do: Callable[[House, DisposalBatch, User], Any]
    move: str = ""


def _start(house: House, batch: DisposalBatch, by: User) -> Any:
    """Another paper over what is at rest beside this one."""
    spare = FoundItem.objects.filter(case__property=house.prop, disposals=None)
    return W.start_batch(house.prop, asks([fresh(i) for i in spare]), by=by)


def _review(approve: bool) -> Callable[[House, DisposalBatch, User], Any]:
    return lambda _h, b, by: W.review_batch(
        b, by=by, approve=approve, note="请补照片", password=PASSWORD
    )


def _execute(house: House, batch: DisposalBatch, by: User) -> Any:
    return W.execute_line(lines(batch)[0], PROOF, beside(house, by), by=by)


ACTS: tuple[Act, ...] = (
    Act("start_batch", "propose_disposal", B.DRAFT, _start),
    Act(
        "edit_batch",
        "propose_disposal",
        B.DRAFT,
        lambda _h, b, by: W.edit_batch(b, by=by, opinion="改为移交公安"),
    ),
    Act(
        "submit_batch",
        "propose_disposal",
        B.DRAFT,
        lambda h, b, by: W.submit_batch(b, W.Second(h.guard, PASSWORD), PASSWORD, by=by),
        "cosign_disposal",
    ),
    Act(
        "withdraw_batch",
        "withdraw_batch",
        B.SUBMITTED,
        lambda _h, b, by: W.withdraw_batch(b, by=by, reason="重新整理"),
    ),
    Act("review_batch", "review_batch", B.SUBMITTED, _review(True)),
    Act("review_batch_back", "review_batch", B.SUBMITTED, _review(False)),
    Act("decide_batch", "decide_batch", B.REVIEWED, lambda h, b, by: decide(h, b, by=by)),
    Act(
        "send_back_batch",
        "decide_batch",
        B.REVIEWED,
        lambda _h, b, by: W.send_back_batch(b, by=by, reason="请再查找"),
    ),
    Act("execute_line", "execute_line", B.DECIDED, _execute),
)
BY_ID = {act.name: act for act in ACTS}


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)
