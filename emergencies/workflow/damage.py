"""E-2: price, tell the guest, decide a dispute; nothing is signed or posted before its turn.

The slip answers its own questions and marks its own steps, anew with every act: what the playbook
reads is what stands on the slip.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Compensation, DamageLine, Event, PriceItem
from emergencies.models.damage import NOTHING
from emergencies.playbooks.vocabulary import Register, Via
from emergencies.queries import damage as queries
from emergencies.queries import seals
from emergencies.workflow import marking
from emergencies.workflow.answering import say as answer_fact
from emergencies.workflow.base import Rule, begin, finish, neutral, not_before, say, since_start
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.together import withdraw
from propdesk.core import audit
from propdesk.core.models import User
from propdesk.core.numbering import next_number
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput, require

C = Compensation.Status
OWN = (
    Register.PRICING,
    Register.INFORMING,
    Register.DECISION,
    Register.COMPENSATION,
    Register.POSTING,
)
marking.OWNED.update(OWN)
MAX_LINES, MAX_QUANTITY = 30, 9999
MOST = Decimal("99999999.99")
"""No column holds more; no slip comes near it but by a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to be charged; ``listed`` when it comes from the published list."""

    item: str
    quantity: int
    unit: str
    price: Decimal
    depreciation: int = 0
    listed: PriceItem | None = None

    @property
    def amount(self) -> Decimal:
        """Quantity × price less depreciation, to the fen, half up."""
        worth = self.quantity * self.price * (100 - self.depreciation) / Decimal(100)
        return worth.quantize(NOTHING, rounding=ROUND_HALF_UP)


@transaction.atomic
def price(
    event: Event, lines: Sequence[Line], *, by: User, basis: str, seen: int | None = None
) -> Compensation:
    """核价 (E-2): the slip with its lines, anew as often as needed until the guest has signed.

    A sum beyond what a duty manager may charge needs a decision before anything is posted. The guest
    has to be told again of another sum. RefusedInput names the line. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "price", by)
    check_price(event, None)
    _check_lines(lines, basis)
    now = timezone.now()
    slip = _slip(event, by, now)
    check_price(event, slip)
    as_seen(slip, seen)
    total = sum((line.amount for line in lines), NOTHING)
    limit = event.case.property.settings.dm_limit_yuan
    is_new = slip.pk is None
    slip.total, slip.basis, slip.status = total, basis.strip()[:200], C.DRAFT
    slip.priced_by = by
    _forget_talk(slip)
    slip.needs_decision = total > limit or slip.disputed_at is not None
    audit.save(slip, *(() if is_new else _PRICED), by=by, reason=_("核价"))
    rows: list[models.Model] = [slip, *_lines(slip, lines, by, now)]
    rows += _over_limit(event, slip, by, now)
    rows += taken_back(event, *OWN, by=by, now=now, reason=_("重新核价"))
    values = {"total": str(total), "price_basis": slip.basis}
    rows += fulfilled(event, Register.PRICING, by=by, now=now, values=values)
    finish(event, [], *rows, by=by, action="price", info={"number": slip.number})
    return slip


def check_price(event: Event, slip: Compensation | None) -> None:
    """ConflictError where nothing is charged, and for a slip that was signed, refused or let go."""
    require(seals.has_step(event, Register.PRICING), _("这类事件的预案里没有这一项。"))
    is_open = slip is None or slip.status in (C.DRAFT, C.INFORMED)
    require(is_open, _("赔偿单已经定下，不能再改；要改请先由经理作废。"))


_PRICED = (
    "total",
    "basis",
    "status",
    "reduced_by",
    "needs_decision",
    "priced_by",
    "informed_at",
    "informed_via",
    "informed_by",
    "position",
    "objection",
    "decision",
    "decision_reason",
    "decided_by",
    "decided_at",
    "decider_signature",
)


def _forget_talk(slip: Compensation) -> None:
    """Another price has to be told and, where it must be, decided anew; history keeps the old words.

    That the guest ever disputed stays: the same sum again is no answer to him.
    """
    slip.reduced_by, slip.decider_signature = NOTHING, None
    slip.informed_at = slip.informed_by = slip.decided_by = slip.decided_at = None
    slip.informed_via = slip.position = slip.objection = ""
    slip.decision = slip.decision_reason = ""


def _check_lines(lines: Sequence[Line], basis: str) -> None:
    if not lines:
        raise RefusedInput(lines=_("请至少列一项损坏的物品。"))
    if len(lines) > MAX_LINES:
        raise RefusedInput(lines=_("一张赔偿单最多列30项。"))
    for number, line in enumerate(lines, start=1):
        if line.quantity > MAX_QUANTITY or line.price > MOST or line.amount > MOST:
            text = _("第%(n)d行：数量或金额太大，请核对后重填。")
            raise RefusedInput(lines=text % {"n": number})
        if not line.item.strip() or line.quantity < 1 or line.price < 0:
            text = _("第%(n)d行：请填写物品、至少1的数量和不小于0的单价。")
            raise RefusedInput(lines=text % {"n": number})
        if not 0 <= line.depreciation <= 100:
            raise RefusedInput(lines=_("第%(n)d行：折旧在0到100之间。") % {"n": number})
        if line.listed is not None and line.price > line.listed.price:
            text = _("第%(n)d行：单价高于公示价目，请改用价目或写明报价单。")
            raise RefusedInput(lines=text % {"n": number})
    if sum((line.amount for line in lines), NOTHING) > MOST:
        raise RefusedInput(lines=_("合计金额太大，请核对后重填。"))
    if not basis.strip():
        raise RefusedInput(basis=_("请写明价格依据：价目表或报价单号。"))


def _slip(event: Event, by: User, now: datetime) -> Compensation:
    """The slip that counts, else a new one: it inherits that the guest disputed an earlier one."""
    live = event.compensations.select_for_update(no_key=True).exclude(status=C.CANCELLED).first()
    if live is not None:
        return live
    earlier = event.compensations.aggregate(
        first=models.Min("disputed_at"), made=models.Count("pk")
    )
    return Compensation(
        event=event,
        property=event.case.property,
        number=_number(event, earlier["made"], now),
        disputed_at=earlier["first"],
        created_by=by,
        created_at=now,
    )


def _number(event: Event, made: int, now: datetime) -> str:
    """Of a drill the drill's own number, counted on: it uses up none of the real ones (X-9)."""
    if event.is_drill:
        return f"{event.case.number}-{made + 1}"
    return next_number(event.case.property, "PC", now)


def _lines(
    slip: Compensation, lines: Sequence[Line], by: User, now: datetime
) -> list[models.Model]:
    old = list(slip.lines.filter(removed_at=None))
    for row in old:
        row.removed_at = now
        audit.save(row, "removed_at", by=by, reason=_("重新核价"))
    new = [
        DamageLine(
            compensation=slip,
            position=position,
            item=line.item.strip(),
            quantity=line.quantity,
            unit=line.unit.strip() or _("件"),
            price=line.price,
            depreciation=line.depreciation,
            amount=line.amount,
            listed=line.listed,
        )
        for position, line in enumerate(lines, start=1)
    ]
    for row in new:
        audit.save(row, by=by, reason=_("核价"))
    return [*old, *new]


def _over_limit(event: Event, slip: Compensation, by: User, now: datetime) -> list[models.Model]:
    value = "yes" if slip.needs_decision else "no"
    return answer_fact(event, "over_limit", value, by=by, now=now, reason=_("按核价金额"))


def taken_back(
    event: Event, *owns: str, by: User, now: datetime, reason: str
) -> list[models.Model]:
    """Withdraw the marks of these steps: what they say of the slip holds no longer."""
    rows: list[models.Model] = []
    for own in owns:
        rows += withdraw(event, own, by=by, now=now, reason=reason)
    return rows


def live_slip(event: Event) -> Compensation:
    """The slip that counts, under lock; 409 before anything was priced."""
    return there(
        event.compensations.select_for_update(no_key=True).exclude(status=C.CANCELLED).first()
    )


def there(slip: Compensation | None) -> Compensation:
    """The same slip; ConflictError when there is none."""
    require(slip is not None, _("还没有核价，先列出赔偿明细。"))
    assert slip is not None  # noqa: S101 -- for the type checker; require() has refused
    return slip


def as_seen(slip: Compensation, seen: int | None) -> None:
    """ConflictError unless the slip, under lock, still is what the page showed: no last write wins.

    ``seen`` is the version the page carried, 0 where it showed none; None for callers without a page.
    """
    if seen is None or seen == queries.version(slip):
        return
    text = _("这一页打开之后赔偿单有变动，请看最新情况，再决定要不要提交。")
    if slip.pk is None:
        raise ConflictError(text)
    text = _("这一页打开之后赔偿单有变动，现在应赔 ¥%(due)s。请看最新情况，再决定要不要提交。")
    raise ConflictError(text % {"due": f"{slip.due():,.2f}"})


@dataclass(frozen=True, slots=True)
class Informed:
    """How the guest was told, and what he said."""

    via: str
    position: str
    at: datetime | None = None
    objection: str = ""


TOLD_BY = (Via.IN_PERSON, Via.PHONE, Via.SMS)
"""How a guest learns of money he is to pay: himself, and nobody else with him."""


@transaction.atomic
def inform_guest(
    event: Event, said: Informed, *, by: User, seen: int | None = None
) -> Compensation:
    """告知客户 (E-2): when, how, and whether he agrees; a dispute stops everything until decided.

    Told after the price and the decision it is about, never before. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "inform_guest", by)
    slip = live_slip(event)
    check_inform(slip)
    as_seen(slip, seen)
    now = timezone.now()
    at = said.at or now
    since_start("at", at, now, event)
    at = _told_after(slip, at)
    if said.position not in Compensation.Position.values:
        raise RefusedInput(position=_("请选择客户的意见。"))
    if said.via not in TOLD_BY:
        raise RefusedInput(via=_("赔偿只能当面、打电话或发短信告诉客户本人，请选一种。"))
    if said.position == Compensation.Position.DISPUTE:
        if not said.objection.strip():
            raise RefusedInput(objection=_("请照原话写下客户的异议。"))
        slip.needs_decision, slip.disputed_at = True, slip.disputed_at or at
    slip.status, slip.position = C.INFORMED, said.position
    slip.informed_at, slip.informed_via, slip.informed_by = at, said.via, by
    slip.objection = said.objection.strip()
    audit.save(slip, *_INFORMED, by=by, reason=_("告知客户"))
    reason = _("告知客户")
    rows: list[models.Model] = [slip]
    rows += answer_fact(event, "guest_position", said.position, by=by, now=now, reason=reason)
    rows += taken_back(event, Register.INFORMING, by=by, now=now, reason=reason)
    rows += fulfilled(event, Register.INFORMING, by=by, now=now, at=at, values=_told(said, at))
    finish(
        event, [], *rows, by=by, action="inform_guest", info={"number": slip.number}, occurred_at=at
    )
    return slip


SETTLES = Compensation.SETTLING


def _told_after(slip: Compensation, at: datetime) -> datetime:
    """When he was told: to the minute not before price and decision, so never before the latter.

    RefusedInput names the moment. Of a minute that held both, the telling comes after the decision.
    """
    before = (
        (queries.priced_at(slip), _("核价在%(at)s，告知不会比它早，请核对后重填。")),
        (slip.decided_at, _("批示在%(at)s，告知不会比它早，请核对后重填。")),
    )
    for moment, text in before:
        not_before("at", at, moment, text)
    return max(at, slip.decided_at or at)


def check_inform(slip: Compensation) -> None:
    """ConflictError once it was signed, refused or let go."""
    require(slip.status in (C.DRAFT, C.INFORMED), _("赔偿单已经定下，不用再告知。"))


_INFORMED = (
    "status",
    "position",
    "informed_at",
    "informed_via",
    "informed_by",
    "objection",
    "needs_decision",
    "disputed_at",
)


def _told(said: Informed, at: datetime) -> dict[str, str]:
    """The fields of the step as the papers read them."""
    values = {"informed_at": at.isoformat(), "via": said.via}
    return values | ({"objection": said.objection.strip()} if said.objection.strip() else {})


def slip_kind(slip: Compensation) -> str:
    """Kind of its printed paper: one a slip, sealed when it is posted or let go."""
    return f"slip:{slip.pk}"


def tell(event: Event, slip: Compensation, what: str, *roles: Role, by: User) -> None:
    """Tell roles how the slip stands, by its number."""
    text = f"【{what}】{slip.number} · {neutral(event)}"
    key = f"slip:{slip.pk}:{slip.status}:{event.case.version}"
    say(event, *roles, rule=Rule.CALL, text=text, key=key, by=by)
