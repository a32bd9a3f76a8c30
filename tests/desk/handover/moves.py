"""Every act on a hand-over as data: how to get ready for it and how to do it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from propdesk.core.models import User
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from tests.desk.handover.shifts import Night
from tests.factories import PASSWORD

S = Handover.Status
Do = Callable[[Night, Handover, User], Any]


def refused(night: Night) -> Handover:
    """Signed, with a line nobody took over."""
    night.new()
    row = night.offered_over()
    return night.signed(row, row.lines.get().pk)


def voided(night: Night) -> Handover:
    return workflow.void_handover(night.drafted(), by=night.pm, reason="交错了班")


STATES: dict[str, Callable[[Night], Handover]] = {
    S.DRAFT: lambda night: night.written(),
    S.OFFERED: lambda night: night.offered_over(),
    S.SIGNED: refused,
    S.VOIDED: voided,
}
"""How a hand-over gets into each state."""


@dataclass(frozen=True, slots=True)
class Act:
    """In which state it is done, and how; ``own``: by the outgoing one alone."""

    state: str
    do: Do
    own: bool = False


def _accept(night: Night, row: Handover, by: User) -> Any:
    return night.taken(row, by)


ACTS: dict[str, Act] = {
    "write": Act(S.DRAFT, lambda n, row, by: workflow.write(row, n.whole(row), by=by), own=True),
    "refresh": Act(S.DRAFT, lambda n, row, by: workflow.refresh(row, by=by)),
    "offer": Act(S.DRAFT, lambda n, row, by: workflow.offer(row, PASSWORD, by=by), own=True),
    "take_back": Act(S.OFFERED, lambda n, row, by: workflow.take_back(row, by=by), own=True),
    "accept": Act(S.OFFERED, _accept),
    "take_over": Act(S.DRAFT, lambda n, row, by: workflow.take_over(row, by=by, reason="离岗")),
    "discard": Act(
        S.DRAFT, lambda n, row, by: workflow.discard(row, by=by, reason="点错了"), own=True
    ),
    "void_handover": Act(
        S.DRAFT, lambda n, row, by: workflow.void_handover(row, by=by, reason="交错")
    ),
    "settle_refused": Act(S.SIGNED, lambda n, row, by: workflow.settle_refused(row, "已办", by=by)),
}
