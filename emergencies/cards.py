"""What the page of an event shows of its own: slip, loss list, households, review; ready to print."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies.acts import Act
from emergencies.detail import Detail
from emergencies.detail_rows import plain_rows
from emergencies.models import Compensation, Event
from emergencies.next_steps import ON_PAGE, REGISTER_PAGES
from emergencies.own_acts import AFTERMATH, DAMAGE
from emergencies.playbooks.schema import Via
from emergencies.queries import aftermath, damage
from emergencies.workflow.charging import CHARGES
from emergencies.workflow.damage import SETTLES
from emergencies.workflow.ruling import is_decided
from propdesk.core import amounts
from propdesk.core.roles import MANAGERS, Role

C = Compensation.Status
P = Compensation.Position
OTHERS = {
    "decide-damage": _l("由另一位经理批示"),
    "decline-damage": _l("由值班经理登记"),
    "post-damage": _l("由收银员或另一位经理入账"),
}
"""Whom it falls to when the next act is not for whoever did the one before (four eyes)."""
TONES = {
    C.DRAFT: ("orange", "cash-coin"),
    C.INFORMED: ("blue", "chat-left-text"),
    C.SIGNED: ("violet", "pen"),
    C.DECLINED: ("violet", "pen"),
    C.POSTED: ("green", "check-circle"),
    C.WAIVED: ("green", "check-circle"),
    C.CANCELLED: ("void", "slash-circle"),
}
REGISTER_PAGES |= dict.fromkeys(
    ("pricing", "informing", "decision", "compensation", "posting"), "emergencies:damage"
)
ON_PAGE.add("emergencies:damage")


@dataclass
class Damage:
    """The slip on the page: its lines and sums, what is next, and who has to do it."""

    one: Detail
    rows: damage.Slips

    @property
    def slip(self) -> Any:
        return self.rows.slip

    @property
    def version(self) -> int:
        """What its forms carry: 0 before there is a slip."""
        return self.slip.version if self.slip else 0

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[C(self.slip.status)]

    @cached_property
    def due(self) -> str:
        return amounts.figures(self.slip.due())

    @cached_property
    def due_words(self) -> str:
        return amounts.in_words(self.slip.due())

    @cached_property
    def via(self) -> str:
        """How the guest was told."""
        code = self.slip.informed_via
        return str(Via(code).label) if code in Via.values else code

    @cached_property
    def payer(self) -> str:
        return self.slip.payer.person.name if self.slip.payer else ""

    @cached_property
    def objections(self) -> list[damage.Objection]:
        """All the guest ever said against it, whatever was priced or told since."""
        return damage.objections(self.one.playbook, self.one.record.marks)

    @cached_property
    def decisions(self) -> list[damage.Decided]:
        """All that was ever decided about it, the one that holds last."""
        return damage.decisions(self.slip)

    @cached_property
    def _decided(self) -> bool:
        return self.slip.decision in SETTLES

    @cached_property
    def _now(self) -> tuple[str, str, Any]:
        """What is missing, the act that mends it, and the role it falls to."""
        slip = self.slip
        if slip is None:
            return _("还没有核价。"), "price", Role.DUTY_MANAGER
        if slip.status == C.DRAFT:
            return (
                _("客户还不知道金额，告知以前不能签字、入账。"),
                "inform-guest",
                Role.DUTY_MANAGER,
            )
        if slip.status == C.SIGNED:
            return _("双方已签字，还没有入账。"), "post-damage", Role.CASHIER
        if slip.status == C.DECLINED:
            return _("客户拒签，按批示还没有入账。"), "post-damage", Role.CASHIER
        if slip.status != C.INFORMED:
            return "", "", ""
        return self._informed()

    def _informed(self) -> tuple[str, str, Any]:
        slip = self.slip
        if slip.position == P.UNREACHABLE:
            return _("还没有联系上客户，联系上以后再登记。"), "inform-guest", Role.DUTY_MANAGER
        if slip.needs_decision and not slip.decision:
            return self._why_decided, "decide-damage", Role.PROPERTY_MANAGER
        if slip.position == P.AGREE and (self._decided or not slip.needs_decision):
            return _("客户已同意，还没有签字。"), "sign-damage", Role.DUTY_MANAGER
        if slip.position == P.AGREE:
            return _("批示还没有定下金额。"), "decide-damage", Role.PROPERTY_MANAGER
        if self._decided and slip.informed_at >= slip.decided_at:
            return (
                _("客户听了批示仍不同意，登记拒签后按批示入账。"),
                "decline-damage",
                Role.DUTY_MANAGER,
            )
        text = _("把批示告诉客户，再登记他的意见。") if self._decided else _("请再和客户协商。")
        return text, "inform-guest", Role.DUTY_MANAGER

    @property
    def _why_decided(self) -> str:
        """Why a manager is asked."""
        if self.slip.position == P.DISPUTE:
            return _("客户有异议，等经理批示。")
        if self.slip.disputed_at:
            return _("客户提过异议，等经理批示。")
        return _("超过值班权限，等经理批示。")

    @property
    def missing(self) -> str:
        """The one thing that is next, said plainly; "" once all is done."""
        return self._now[0] if self.one.is_running else ""

    @cached_property
    def next(self) -> tuple[str, Act] | None:
        """The act this user may do now."""
        name = self._now[1]
        return (name, DAMAGE[name]) if name and self._may(name) else None

    @property
    def who(self) -> str:
        """Whom the next act waits for, when it is somebody else's."""
        role = self._now[2]
        if self.next or not role:
            return ""
        name = self._now[1]
        if name in self._barred and self.one.can(DAMAGE[name].action):
            return str(OTHERS[name])
        return str(Role(role).label)

    @cached_property
    def _barred(self) -> frozenset[str]:
        """What this user leaves to somebody else: he told, priced, decided or signed it himself."""
        if self.slip is None:
            return frozenset()
        me, slip = self.one.user.pk, self.slip
        own = {
            "decide-damage": me in (slip.informed_by_id, slip.priced_by_id),
            "decline-damage": me == slip.decided_by_id,
            "post-damage": me == slip.manager_id,
        }
        return frozenset(name for name, is_own in own.items() if is_own)

    def _may(self, name: str) -> bool:
        return name not in self._barred and self.one.can(DAMAGE[name].action)

    @cached_property
    def others(self) -> list[tuple[str, Act]]:
        """What is possible beside it: priced anew, told again, decided anew, refused, cancelled."""
        slip = self.slip
        names = []
        if slip is not None and slip.status in (C.DRAFT, C.INFORMED):
            names.append("price")
        if slip is not None and slip.status == C.INFORMED:
            names.append("inform-guest")
            reached = slip.position != P.UNREACHABLE
            asked = (slip.needs_decision or not reached) and not is_decided(slip, self.one.user)
            names += ["decide-damage"] if asked else []
            names += ["decline-damage"] if slip.decision in CHARGES and reached else []
        if slip is not None and slip.status not in (C.POSTED, C.CANCELLED):
            names.append("cancel-damage")
        return [(n, DAMAGE[n]) for n in names if n != self._now[1] and self._may(n)]

    @property
    def may_print(self) -> bool:
        return self.slip is not None and self.one.allowed("print")


@dataclass
class Losses:
    """失窃物品清单."""

    rows: list[Any]
    may_list: bool
    may_recover: bool
    act: Act = AFTERMATH["list-losses"]

    @property
    def recovered(self) -> int:
        return sum(row.recovered_at is not None for row in self.rows)


@dataclass
class Households:
    """受影响客户: counted, and the first of them, those still to be told before the rest."""

    rows: list[Any]
    may_add: bool
    may_inform: bool
    may_link: bool
    all: bool = False

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def told(self) -> int:
        return sum(row.informed_at is not None for row in self.rows)

    @property
    def left(self) -> int:
        return self.total - self.told

    @property
    def helped(self) -> int:
        return sum(row.needs_help for row in self.rows)

    @property
    def linked(self) -> int:
        return sum(row.claim_case_id is not None for row in self.rows)

    @property
    def shown(self) -> list[Any]:
        return self.rows if self.all else self.rows[: aftermath.SHOWN]

    @property
    def hidden(self) -> int:
        return self.total - len(self.shown)


@dataclass
class Review:
    """复盘 with its actions; whose they are, and which are overdue."""

    rows: list[Any]
    may_review: bool
    mine: set[int] = field(default_factory=set)
    """Actions this user may say are done."""

    @property
    def open(self) -> int:
        return sum(row.done_at is None for row in self.rows)


@dataclass
class Own:
    """Everything of its own that this event has; None for what it has not."""

    damage: Damage | None = None
    losses: Losses | None = None
    households: Households | None = None
    review: Review | None = None


def of(one: Detail) -> Own:
    """The cards of this event; at most two statements, whatever there is to show."""
    event = one.event
    return Own(
        damage=slip(one) if event.kind == "property_damage" else None,
        losses=_losses(one) if event.kind == "theft" else None,
        households=households(one) if event.kind == "power_outage" else None,
        review=_review(one)
        if event.status in (Event.Status.SIGNING, Event.Status.ARCHIVED)
        else None,
    )


def slip(one: Detail) -> Damage:
    """The card of the slip."""
    return Damage(one, damage.card(one.event))


def _losses(one: Detail) -> Losses:
    rows = plain_rows(one.event, "loss")
    return Losses(rows, one.can("list_losses"), one.can("recover_loss"))


def households(one: Detail, *, every: bool = False) -> Households:
    """The card of those an outage hit; all of them on their own page."""
    rows: list[Any] = list(aftermath.affected(one.event))
    for row in rows:
        row.where = aftermath.where(row)
        row.via_label = str(Via(row.informed_via).label) if row.informed_via in Via.values else ""
    return Households(
        rows,
        may_add=one.can("add_affected"),
        may_inform=one.can("inform_affected"),
        may_link=one.can("link"),
        all=every,
    )


def _review(one: Detail) -> Review:
    rows = plain_rows(one.event, "action")
    today = timezone.localdate(one.now)
    manages = bool(one.mine.roles & MANAGERS)
    for row in rows:
        row.due_on = date.fromisoformat(row.due_on)
        row.is_late = row.done_at is None and row.due_on < today
    mine = {r.pk for r in rows if r.done_at is None and (manages or r.owner_id == one.user.pk)}
    return Review(rows, one.can("review"), mine if one.can("finish_action") else set())
