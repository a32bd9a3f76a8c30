"""E-2: what a manager decides about a charge the guest disputes, or that is beyond the duty manager."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Compensation, Event
from emergencies.models.damage import NOTHING
from emergencies.playbooks.vocabulary import Register
from emergencies.workflow.base import begin, finish
from emergencies.workflow.damage import (
    SETTLES,
    C,
    as_seen,
    live_slip,
    slip_kind,
    taken_back,
    tell,
)
from emergencies.workflow.marking import fulfilled
from propdesk.core import audit, rendering, signatures
from propdesk.core.models import User
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, require


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a manager decides about the charge."""

    decision: str
    reason: str
    reduced_by: Decimal = NOTHING
    password: str = field(default="", repr=False)


@transaction.atomic
def decide_damage(
    event: Event, ruling: Ruling, *, by: User, seen: int | None = None
) -> Compensation:
    """批示 (E-2): uphold, reduce, waive or talk again; signed, and never by who told or priced it.

    Asked for when the guest disputes, the sum is beyond the duty manager, or nobody reaches the guest
    (decision 32). A waiver settles the slip: nobody signs and nothing is posted. The guest agrees to
    a sum: where the decision makes it another, he has to be told again. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "decide_damage", by)
    slip = live_slip(event)
    check_decide(slip, by)
    as_seen(slip, seen)
    _check_ruling(slip, ruling)
    now, agreed = timezone.now(), slip.due()
    slip.decider_signature = signatures.confirmed(by, ruling.password)
    slip.decision, slip.decision_reason = ruling.decision, ruling.reason.strip()[:200]
    slip.decided_by, slip.decided_at = by, now
    slip.reduced_by = ruling.reduced_by if ruling.decision == "reduce" else NOTHING
    if ruling.decision == Compensation.Decision.WAIVE:
        slip.status, slip.reduced_by = C.WAIVED, slip.total
    untold = _is_news(slip, agreed)
    if untold:
        slip.status, slip.informed_at, slip.informed_by = C.DRAFT, None, None
        slip.informed_via = slip.position = ""
    audit.save(slip, *_DECIDED, by=by, reason=slip.decision_reason)
    rows: list[models.Model] = [slip, *_decided(event, slip, by, now)]
    if untold:
        rows += taken_back(event, Register.INFORMING, by=by, now=now, reason=_("批示改了金额"))
    info = {"number": slip.number, "decision": ruling.decision}
    finish(event, [], *rows, by=by, action="decide_damage", reason=ruling.reason, info=info)
    if slip.status == C.WAIVED:
        rendering.request(event.case, slip_kind(slip), by=by, sealed=True)
    tell(event, slip, _("已批示"), Role.DUTY_MANAGER, by=by)
    return slip


_DECIDED = (
    "decision",
    "decision_reason",
    "decided_by",
    "decided_at",
    "decider_signature",
    "reduced_by",
    "status",
    "informed_at",
    "informed_via",
    "informed_by",
    "position",
)


def _is_news(slip: Compensation, agreed: Decimal) -> bool:
    """Whether the guest agreed to what no longer holds: to another sum, or to one still to be found."""
    if slip.status == C.WAIVED or slip.position != Compensation.Position.AGREE:
        return False
    return slip.due() != agreed or slip.decision not in SETTLES


def is_decided(slip: Compensation, by: User) -> bool:
    """The sum is decided and ``by`` has to leave it so: the guest, told of it, is not against it.

    Before he was told of it, who decided may put his own decision right.
    """
    if slip.decision not in SETTLES or slip.decided_at is None:
        return False
    told_since = slip.informed_at is not None and slip.informed_at >= slip.decided_at
    if not told_since:
        return slip.decided_by_id != by.pk
    return slip.position == Compensation.Position.AGREE


def check_decide(slip: Compensation, by: User) -> None:
    """ConflictError before the guest was told, without need, and for who told or priced it last.

    What a manager has decided stands until the guest, told of it, still does not agree.
    """
    require(slip.status == C.INFORMED, _("还没有告知客户，先告知并记下意见。"))
    require(
        not is_decided(slip, by),
        _("已有批示：把批示告诉客户后仍有异议，才能再批示；金额要改，请重新核价。"),
    )
    unreachable = slip.position == Compensation.Position.UNREACHABLE
    require(slip.needs_decision or unreachable, _("这张赔偿单不需要批示。"))
    require(slip.informed_by_id != by.pk, _("告知客户的是您本人，须由另一位经理批示。"))
    require(slip.priced_by_id != by.pk, _("核价的是您本人，须由另一位经理批示。"))


def _decided(event: Event, slip: Compensation, by: User, now: datetime) -> list[models.Model]:
    """The steps say what was decided last; of a waiver also that nothing is to be signed or posted."""
    rows = taken_back(event, Register.DECISION, by=by, now=now, reason=_("重新批示"))
    if slip.decision not in SETTLES:
        return rows
    values = {"decision": slip.decision, "reason": slip.decision_reason}
    if slip.decision == Compensation.Decision.REDUCE:
        values["amount"] = str(slip.reduced_by)
    rows += fulfilled(event, Register.DECISION, by=by, now=now, values=values)
    if slip.status == C.WAIVED and slip.position == Compensation.Position.AGREE:
        for own in (Register.COMPENSATION, Register.POSTING):
            text = _("已批示免收，不用签字和入账。")
            rows += fulfilled(event, own, by=by, now=now, text=text)
    return rows


def _check_ruling(slip: Compensation, ruling: Ruling) -> None:
    if ruling.decision not in Compensation.Decision.values:
        raise RefusedInput(decision=_("请选择怎么处理。"))
    if not ruling.reason.strip():
        raise RefusedInput(reason=_("批示请写明理由。"))
    if ruling.decision == "reduce" and not NOTHING < ruling.reduced_by < slip.total:
        raise RefusedInput(reduced_by=_("减免金额要大于0、小于合计；全免请选“免收”。"))
