"""What the page of one found thing shows: its rows, what is next, and how both are put."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from lostfound import retention, workflow
from lostfound.models import CustodyMove, FoundItem
from lostfound.models.custody import is_reseal
from lostfound.next_steps import NextSteps
from lostfound.workflow.terms import terms_of
from propdesk.core import clock_text, masks
from propdesk.core.copies import may_give
from propdesk.core.roles import MANAGERS, standing

S = FoundItem.Status
K = CustodyMove.Kind
GONE = (K.RETURN, K.POLICE, K.DISPOSE)
"""Links with which a thing leaves the house."""

TONES = {
    S.LOGGED: ("orange", "inbox"),
    S.STORED: ("blue", "box-seam"),
    S.TRACING: ("blue", "search"),
    S.OWNERLESS: ("grey", "question-circle"),
    S.CLAIMED: ("violet", "person-check"),
    S.DISPUTED: ("red", "lock-fill"),
    S.EXPIRED: ("orange", "hourglass-split"),
    S.DISPOSING: ("orange", "archive"),
    S.RETURNED: ("green", "bag-check"),
    S.DISPOSED: ("grey", "archive"),
    S.POLICE: ("grey", "shield-check"),
    S.VOIDED: ("void", "slash-circle"),
}
"""Colour and icon of each state; never colour alone (ux.md)."""
SOON = 30
"""Days before the last one from which a term reads orange."""


@dataclass(frozen=True, slots=True)
class TermClock:
    """One period of keeping as a box: what it is, how long it still runs, and why."""

    label: str
    icon: str
    big: str
    tone: str
    note: str
    passed: int = 0
    whole: int = 0
    """Days gone and days in all; 0 when it has not begun."""


@dataclass(frozen=True, slots=True)
class Way:
    """A link to a next step on another page."""

    url: str
    icon: str
    label: str


@dataclass(frozen=True, slots=True)
class Station:
    """One stop of the custody chain."""

    title: str
    who: str
    lines: tuple[str, ...]
    at: Any
    is_here: bool
    waits: str


class Detail(NextSteps):
    """One found thing as its page needs it."""

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[S(self.item.status)]

    @cached_property
    def name(self) -> str:
        """What heads and titles call it: the name, or its category to whom details are closed."""
        row = self.item
        name = row.name if self.may_details else row.get_category_display()
        return f"{name} × {row.quantity}" if row.quantity > 1 else str(name)

    @cached_property
    def place(self) -> str:
        """Where it was found; how exactly only to whom details are open."""
        row = self.item
        note = row.place_note if self.may_details or row.place is None else ""
        return " ".join(filter(None, [row.place.label if row.place else "", note]))

    @cached_property
    def lies(self) -> str:
        """Where it is now: the storage place, or in whose hands."""
        here = self.here
        if here is None or self.item.status == S.VOIDED:
            return ""
        if here.kind in GONE:
            return ""
        return here.storage or here.holder or here.holder_person or here.department or ""

    @cached_property
    def due_line(self) -> str:
        """What the time limit in the head is about."""
        row, due = self.item, self.item.next_due_at
        if due is None or not self.is_open:
            return ""
        at = {"at": clock_text.friendly(due, self.now)}
        if row.status == S.LOGGED:
            urgent = self.rule.to_police_at_once
            return _("立即报警，看守现场") if urgent else _("须在 %(at)s 前上交") % at
        if row.status in (S.CLAIMED, S.DISPUTED):
            return _("请在 %(at)s 前办完认领") % at
        if row.status in (S.STORED, S.TRACING) and not self.attempts:
            return _("须在 %(at)s 前查找失主") % at
        if row.status == S.OWNERLESS and row.ownerless_acked_at is None:
            return _("物业经理须在 %(at)s 前知悉") % at
        last = row.last_day
        return _("保管到 %(day)s") % {"day": last.isoformat()} if last else ""

    @cached_property
    def stations(self) -> list[Station]:
        return [
            self._station(move, before)
            for before, move in zip([None, *self.custody], self.custody, strict=False)
        ]

    def _station(self, move: Any, before: Any) -> Station:
        giver = move.giver or move.giver_person
        taker = move.holder or move.holder_person
        if move.kind in GONE:
            return self._last_station(move)
        label = str(move.label)
        if is_reseal(before, move):
            label = _("换封签")
        if move.joint:
            who = _("%(manager)s、%(guard)s 共管") % {"manager": move.manager, "guard": move.guard}
        else:
            who = f"{giver} → {taker}" if giver and taker else (taker or "")
        lines = [move.department or "", _seal(move)]
        if move.kind == K.FOUND:
            lines.append(self.place)
        if move.joint and move.kind == K.RECEIVE and giver:
            lines.insert(0, _("由 %(name)s 上交") % {"name": giver})
        waits = ""
        if move.waits:
            waits = str(move.guard if move.guard_at is None else move.manager)
        return Station(
            title=move.storage or str(move.label),
            who=who,
            lines=tuple(filter(None, [label if move.storage else "", *lines])),
            at=move.at,
            is_here=move.ended_at is None,
            waits=waits,
        )

    def _last_station(self, move: Any) -> Station:
        """It has left: who gave it, and who has it now; a claimant is masked."""
        pair = _("%(manager)s、%(guard)s 交出") % {"manager": move.manager, "guard": move.guard}
        taker = masks.name(move.holder_person) if move.holder_person else ""
        line = _("%(name)s（认领人）签收") % {"name": taker} if taker else move.reason
        lines = tuple(filter(None, [line]))
        return Station(str(move.label), pair, lines, move.at, move.ended_at is None, "")

    @cached_property
    def is_joint(self) -> bool:
        """Whether both sides stand for it and have confirmed every move (L-A)."""
        joint = [move for move in self.custody if move.joint]
        return bool(joint) and not any(move.waits for move in joint)

    @cached_property
    def today(self) -> date:
        return retention.local_day(self.now)

    @cached_property
    def clocks(self) -> list[TermClock]:
        """保管到期: the house's own term first, a short-lived category's, then those of the law."""
        row = self.item
        if row.policy is None or not self.is_open or self.rule.to_police_at_once:
            return []
        return [self._own_clock(), *self._early_clock(), *self._statutory()]

    def _own_clock(self) -> TermClock:
        row, policy = self.item, self.item.policy
        assert policy is not None  # noqa: S101 -- for the type checker; ``clocks`` has looked
        terms = terms_of(policy)
        why = retention.explain(row.value, terms)
        start = row.received_on if terms.start == retention.Start.RECEIVED else row.announced_on
        label = _("制度保管期")
        last = row.last_day
        if last is None:
            return TermClock(label, "hourglass-split", _("未起算"), "grey", f"{why}；{_begins()}")
        note = _("%(why)s · 到 %(day)s 24:00") % {"why": why, "day": last.isoformat()}
        if row.kept_until == last:
            note = _("批示继续保管到 %(day)s 24:00") % {"day": last.isoformat()}
        return self._running(label, "hourglass-split", start, last, note)

    def _early_clock(self) -> list[TermClock]:
        row, days = self.item, self.rule.early_days
        if days is None or row.received_on is None:
            return []
        last = retention.category_day(row.received_on, days)
        label = _("%(category)s · 请示提前处置") % {"category": row.get_category_display()}
        note = _("入库后%(n)s天内请示 · %(day)s") % {"n": days, "day": last.isoformat()}
        return [self._running(label, "exclamation-triangle", row.received_on, last, note)]

    def _statutory(self) -> list[TermClock]:
        return [self._law(clock) for clock in workflow.statutory_of(self.item)]

    def _law(self, clock: retention.StatutoryClock) -> TermClock:
        label, _sep, term = str(clock.label).rstrip("）").partition("（")
        icon = "megaphone"
        if clock.last_day is None:
            return TermClock(label, icon, _("未起算"), "grey", f"{term}；{_begins()}")
        note = _("%(from)s 公告 · 到 %(day)s") % {
            "from": f"{clock.starts_on:%Y-%m-%d}",
            "day": clock.last_day.isoformat(),
        }
        if clock.rolled_from is not None:
            note += _("（遇节假日，由 %(day)s 顺延）") % {"day": clock.rolled_from.isoformat()}
        if not clock.is_published:
            note += _("；放假安排未公布，日期可能再顺延")
        return self._running(label, icon, clock.starts_on, clock.last_day, note)

    def _running(
        self, label: str, icon: str, start: date | None, last: date, note: str
    ) -> TermClock:
        left = (last - self.today).days
        if left < 0:
            big, tone = _("已到期"), "red"
        elif left == 0:
            big, tone = _("今天到期"), "orange"
        else:
            big, tone = _("剩余 %(n)s天") % {"n": left}, "orange" if left <= SOON else "blue"
        whole = max((last - start).days, 1) if start else 0
        return TermClock(label, icon, big, tone, note, min(whole - max(left, 0), whole), whole)

    @cached_property
    def ways(self) -> list[Way]:
        """Next steps that have pages of their own: the claim, the paper of disposal."""
        code, number = self.item.case.property.code, self.item.case.number
        found = []
        if self.may_claim_on:
            url = reverse("lostfound:claim", args=[code, number])
            found.append(Way(url, "arrow-right", _("去办认领")))
        if self.may_propose:
            early = self.item.status != S.EXPIRED
            label = _("请示提前处置") if early else _("申请处置")
            url = reverse("lostfound:batch_new", args=[code])
            found.append(Way(f"{url}?early=1" if early else url, "archive", label))
        if self.on_paper and self.allowed("read_batch"):
            url = reverse("lostfound:batch", args=[code, self.on_paper])
            found.append(Way(url, "archive", _("看审批单")))
        return found

    @cached_property
    def cash_total(self) -> str:
        """What the money inside comes to, by currency: "¥301.50、USD 20.00"."""
        totals: dict[str, Any] = {}
        for line in self.contents:
            if line.currency:
                here = totals.get(line.currency, 0) + line.denomination * line.count
                totals[line.currency] = here
        return "、".join(f"{_sign(name)}{amount:,.2f}" for name, amount in totals.items())

    @cached_property
    def is_late(self) -> bool:
        """L-B: reported late and nobody said why yet."""
        row = self.item
        return not row.late_reason and workflow.is_late(row.found_at, row.reported_at)

    @cached_property
    def may_always(self) -> bool:
        """Whether he reads it whatever its state: nothing he does can end that."""
        return bool(standing(self.user, self.item.case.property).roles & MANAGERS)

    @cached_property
    def may_print(self) -> bool:
        return self.allowed("print")

    @cached_property
    def may_attach(self) -> bool:
        return self.offers("photo")

    @cached_property
    def may_strike_out(self) -> bool:
        states = workflow.MOVES["remove_attachment"].states
        return self.item.status in states and self.allowed("remove_attachment")

    @cached_property
    def may_unmask(self) -> bool:
        return self.offers("unmask")

    @cached_property
    def may_history(self) -> bool:
        return self.allowed("history")

    @cached_property
    def may_copy(self) -> bool:
        """Give copies of its sealed papers to others."""
        return may_give(self.user, self.item.case)


def _seal(move: Any) -> str:
    """The number of its seal; one that was opened is none that holds."""
    if not move.seal:
        return ""
    words = _("封签 %(n)s（已拆）") if move.opened_at else _("封签 %(n)s")
    return words % {"n": move.seal}


def _sign(currency: str) -> str:
    return "¥" if currency == "CNY" else f"{currency} "


def _begins() -> str:
    return _("登记招领公告后起算")
