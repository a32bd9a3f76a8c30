"""Where a found thing stands, and which acts its page offers to this user: next, beside, in 更多."""

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound import categories, workflow
from lostfound.acts import ACTS, Act
from lostfound.detail_rows import DetailRows
from lostfound.models import DisposalLine, FoundItem, TraceAttempt
from propdesk.core.roles import DUTY, standing

S = FoundItem.Status
Clue = FoundItem.Clue

BESIDE = (
    "hand-in",
    "receive",
    "cosign",
    "decide-value",
    "acknowledge",
    "clue",
    "trace",
    "announce",
    "ownerless",
    "move",
    "police",
)
MENU: tuple[str, ...] = (
    "photo",
    "correct",
    "count-contents",
    "open-seal",
    "reseal",
    "revalue",
    "policy",
    "link",
)
MENU += ("void", "void-stored")
IDLE = {
    S.STORED: _l("已收好，等值班经理看有没有线索。"),
    S.TRACING: _l("正在查找失主。"),
    S.OWNERLESS: _l("已上报、已收好，按期保管；失主来了随时可以认领。"),
    S.CLAIMED: _l("有人认领，正在核对。"),
    S.DISPUTED: _l("不止一人认领，已锁定，等物业经理裁定。"),
    S.EXPIRED: _l("保管期满，等处置审批；失主来了仍可认领。"),
    S.DISPOSING: _l("已批示处置；执行前失主来了仍可认领。"),
    S.RETURNED: _l("已归还失主。"),
    S.DISPOSED: _l("已按批示处置。"),
    S.POLICE: _l("已移交公安。"),
}


class NextSteps(DetailRows):
    """What follows from the rows; only a proposal, the workflow decides."""

    @cached_property
    def rule(self) -> categories.CategoryRule:
        """How the category is treated."""
        return categories.rule(self.item.category)

    @cached_property
    def has_duty(self) -> bool:
        return bool(standing(self.user, self.item.case.property).roles & DUTY)

    @cached_property
    def holds(self) -> bool:
        """Whether it is in this user's hands and waits to be handed on."""
        return self.item.status == S.LOGGED and bool(
            self.here and self.here.holder_id == self.user.pk
        )

    @cached_property
    def waits_for(self) -> str:
        """Who has not confirmed the last move yet; "" when both have (L-A)."""
        if self.here is None or not self.here.waits:
            return ""
        return str(self.here.guard if self.here.guard_at is None else self.here.manager)

    @cached_property
    def cosigns(self) -> bool:
        """Whether it is this user who is to confirm."""
        move = self.here
        if move is None or not move.waits:
            return False
        waiting = move.guard_id if move.guard_at is None else move.manager_id
        return bool(waiting == self.user.pk)

    @cached_property
    def is_sealed(self) -> bool:
        return self.here is not None and bool(self.here.seal) and self.here.opened_at is None

    @cached_property
    def is_opened(self) -> bool:
        """Whether the bag lies there with a seal that was opened."""
        return self.here is not None and bool(self.here.opened_at)

    def can(self, name: str) -> bool:
        """Whether the act is open in this state and to this user."""
        act = ACTS[name]
        return self.item.status in act.states and self.allowed(act.action)

    def offers(self, name: str) -> bool:
        """Whether a link to the act is worth its place: open to this user, and not refused now."""
        return self.can(name) and self._sensible(name)

    def _sensible(self, name: str) -> bool:
        row, pending = self.item, self.pending_value
        mine = self.user.pk in (row.logged_by_id, row.finder_user_id)
        contraband = self.rule.to_police_at_once
        checks = {
            "hand-in": not self.holds and not self.has_duty and not contraband,
            "receive": not contraband,
            "cosign": self.cosigns,
            "move": not contraband,
            "open-seal": self.is_sealed,
            "reseal": self.is_opened and not self.waits_for,
            "count-contents": self.rule.has_contents or self.rule.is_cash or bool(self.contents),
            "clue": row.clue == Clue.UNDECIDED,
            "ownerless": row.clue != Clue.YES or bool(self.attempts),
            "acknowledge": row.ownerless_at is not None and row.ownerless_acked_at is None,
            "announce": not contraband,
            "revalue": pending is None,
            "decide-value": pending is not None and pending.by_id != self.user.pk,
            "police": contraband,
            "void": not mine,
            "void-stored": not mine and row.received_by_id != self.user.pk,
            "unmask": row.finder is not None and bool(row.finder.phone),
            "photo": self.may_details and not self.rule.no_photo,
            "correct": self.may_details,
        }
        return checks.get(name, True)

    @cached_property
    def cards(self) -> list[str]:
        """Names of the acts that are next, the first of them with its form on the page."""
        return [name for name in self._next() if self.offers(name)]

    def _next(self) -> list[str]:
        """In the order of urgency: what others wait for, then what the state asks."""
        status = self.item.status
        if self.rule.to_police_at_once:
            return ["police", "cosign"]
        first = ["cosign", "decide-value", "acknowledge"]
        if status == S.LOGGED:
            return ["receive", "hand-in"]
        if status == S.STORED:
            return [*first, "clue", "trace"]
        if status == S.TRACING:
            found = self.attempts and self.attempts[0].outcome == TraceAttempt.Outcome.FOUND
            return first if found else [*first, "trace"]
        if status == S.OWNERLESS and not self.announcements:
            return [*first, "announce"]
        return first

    @cached_property
    def others(self) -> list[tuple[str, Act]]:
        """Acts that stand beside the next one, in the order a desk needs them."""
        return [
            (name, ACTS[name])
            for name in BESIDE
            if name not in self.cards[:1] and self.offers(name)
        ]

    @cached_property
    def menu(self) -> list[tuple[str, Act]]:
        """Acts of the 更多 menu: always possible, seldom the next thing."""
        return [(name, ACTS[name]) for name in MENU if self.offers(name)]

    @cached_property
    def waiting(self) -> str:
        """What the page says when the next step is somebody else's."""
        row = self.item
        if row.status == S.VOIDED:
            return _("已作废：%(reason)s") % {"reason": row.void_reason}
        if self.rule.to_police_at_once and self.is_open:
            return str(self.rule.advice)
        if row.status == S.LOGGED:
            return self._until_received()
        if self.waits_for:
            waits = _("移动已登记，等%(who)s会签。") % {"who": self.waits_for}
            instead = _("他来不了，就由在场的两人办“移位”接管。") if self.offers("move") else ""
            return waits + instead
        if self.pending_value is not None:
            return _("重新估价在等物业经理批准，之前仍按原期限保管。")
        if row.status == S.OWNERLESS and row.ownerless_acked_at is None:
            return _("已报物业经理，等他知悉。")
        found = self.attempts and self.attempts[0].outcome == TraceAttempt.Outcome.FOUND
        if row.status == S.TRACING and found:
            return _("已找到失主，等他来认领。")
        if row.status == S.EXPIRED and self.on_paper:
            return _("已列入审批单，等批示；失主来了仍可认领。")
        return str(IDLE.get(S(row.status), ""))

    def _until_received(self) -> str:
        if self.holds:
            return _("东西还在您手里，请交给值班经理，由他和保安部一起入库。")
        return _("等值班经理和保安部接收入库。")

    @cached_property
    def is_open(self) -> bool:
        return self.item.status in workflow.OPEN

    @cached_property
    def may_describe(self) -> bool:
        """Whether somebody who claims it can be heard now, by this user (L-E)."""
        return self._open_to("describe") and not self.rule.to_police_at_once

    @cached_property
    def may_claim_on(self) -> bool:
        """Whether a claim is under way and this user has something to do with it."""
        return self.item.status in (S.CLAIMED, S.DISPUTED) and self.allowed("describe")

    @cached_property
    def on_paper(self) -> str:
        """Number of the paper of disposal it stands on, not carried out yet; "" for none."""
        live = (DisposalLine.State.PROPOSED, DisposalLine.State.DECIDED)
        return next((str(row.number) for row in self.disposals if row.state in live), "")

    @cached_property
    def may_propose(self) -> bool:
        """Whether its disposal can be asked for now: the term is over, or its category's is (L-H)."""
        early = (
            self.rule.early_days is not None and self.item.status in workflow.MOVES["trace"].states
        )
        ripe = (self.item.status == S.EXPIRED or early) and not self.on_paper
        ripe = ripe and not self.rule.to_police_at_once
        return ripe and self.allowed("propose_disposal")

    def _open_to(self, action: str) -> bool:
        return self.item.status in workflow.MOVES[action].states and self.allowed(action)
