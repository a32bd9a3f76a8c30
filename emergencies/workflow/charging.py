"""E-2: the slip is signed, or the refusal recorded; the cashier posts it, a manager cancels it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Compensation, Event, Party
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import damage as queries
from emergencies.queries import seals
from emergencies.workflow import answering, ending, starting
from emergencies.workflow.base import begin, finish, now_and
from emergencies.workflow.damage import (
    OWN,
    SETTLES,
    as_seen,
    check_inform,
    check_price,
    live_slip,
    slip_kind,
    taken_back,
    tell,
    there,
)
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.ruling import check_decide
from propdesk.core import audit, persons, photos, rendering, signatures
from propdesk.core.models import PersonSignature, User
from propdesk.core.roles import Role
from propdesk.core.signoff import AS_READ
from propdesk.core.transitions import RefusedInput, happened, require

C = Compensation.Status


@dataclass(frozen=True, slots=True)
class Posting:
    """How the signed amount was paid."""

    payment: str
    voucher_no: str
    amount: Decimal
    account: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """The guest's signature: drawn on the screen, or the paper slip as a photo."""

    payer: Party
    drawn: bytes = b""
    scan: bytes = b""
    device: str = ""
    signed_at: datetime | None = None
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """The guest was told of the decision and does not sign: who, and what he said."""

    payer: Party
    words: str
    at: datetime | None = None
    password: str = field(default="", repr=False)


@transaction.atomic
def sign_damage(event: Event, signed: Signed, *, by: User, seen: int | None = None) -> Compensation:
    """签赔偿单 (E-2): the guest agrees and signs, the duty manager with his password; then frozen.

    What he signs is what the page showed him: ``seen``, see ``as_seen``.
    """
    ready = photos.prepare(signed.scan) if signed.scan else None
    event, _stand = begin(event, "sign_damage", by)
    slip = live_slip(event)
    _may_sign(event, slip, signed, seen)
    now = timezone.now()
    at = signed.signed_at or now
    happened("signed_at", at, now, not_before=_last_word(slip))
    own = signatures.confirmed(by, signed.password)
    rows: list[models.Model] = [slip]
    if ready is not None:
        slip.scan = photos.store(event.case, ready, by=by, caption=_("赔偿单签名件"))
        rows.append(slip.scan)
    else:
        kind = PersonSignature.Kind.DRAWN
        person = signed.payer.person
        device = signed.device[:160]
        slip.signature = persons.sign(
            person, kind, signed.drawn, by=by, signed_at=at, device=device
        )
    slip.status, slip.payer, slip.signed_at = C.SIGNED, signed.payer, at
    slip.signed_amount, slip.manager, slip.manager_signature = slip.due(), by, own
    audit.save(slip, *_SIGNED, by=by, reason=_("签赔偿单"))
    values = {"amount": str(slip.due())}
    rows += fulfilled(event, Register.COMPENSATION, by=by, now=now, at=at, values=values)
    info = {"number": slip.number, AS_READ: slip.pk}
    finish(event, [], *rows, by=by, action="sign_damage", info=info, occurred_at=at)
    tell(event, slip, _("已签字，请入账"), Role.CASHIER, by=by)
    return slip


_SIGNED = (
    "status",
    "payer",
    "signature",
    "scan",
    "signed_at",
    "signed_amount",
    "manager",
    "manager_signature",
)


def check_sign(slip: Compensation) -> None:
    """ConflictError before the guest agrees, and before what has to be decided is decided."""
    require(slip.status == C.INFORMED, _("先告知客户，客户同意后再签字。"))
    require(slip.position == Compensation.Position.AGREE, _("客户还没有同意，不能签字。"))
    require(
        not slip.needs_decision or slip.decision in SETTLES,
        _("有争议或超权限，先等上级批示。"),
    )


def _last_word(slip: Compensation) -> datetime | None:
    """When the guest was told, or it was decided, whichever came last."""
    return max(filter(None, (slip.informed_at, slip.decided_at)), default=None)


def _may_sign(event: Event, slip: Compensation, signed: Signed, seen: int | None) -> None:
    check_sign(slip)
    as_seen(slip, seen)
    require(signed.payer.event_id == event.pk, _("请选择这件里登记的客户。"))
    if not signed.drawn and not signed.scan:
        raise RefusedInput(drawn=_("请客户在屏幕上签名，或拍下签好的纸质单。"))


@transaction.atomic
def decline_damage(
    event: Event, declined: Declined, *, by: User, seen: int | None = None
) -> Compensation:
    """登记客户拒签 (E-2): decided by a manager, the charge stands though the guest does not sign.

    The duty manager tells him of the decision, writes down his words and signs; then it is frozen and
    posted on the decision. RefusedInput without the words; ConflictError before a decision that
    charges, for a guest nobody reached, and for the manager who decided. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "decline_damage", by)
    slip = live_slip(event)
    check_decline(slip, by)
    as_seen(slip, seen)
    require(declined.payer.event_id == event.pk, _("请选择这件里登记的客户。"))
    now, at = now_and(declined.at)
    happened("at", at, now, not_before=_last_word(slip))
    if not declined.words.strip():
        raise RefusedInput(words=_("请写下客户为什么不签，照他的原话。"))
    slip.manager_signature = signatures.confirmed(by, declined.password)
    slip.status, slip.payer, slip.manager = C.DECLINED, declined.payer, by
    slip.declined_at, slip.declined_note = at, declined.words.strip()[:200]
    slip.signed_amount = slip.due()
    audit.save(slip, *_DECLINED, by=by, reason=_("客户拒签"))
    info = {"number": slip.number}
    finish(event, [], slip, by=by, action="decline_damage", info=info, occurred_at=at)
    tell(event, slip, _("客户拒签，请按批示入账"), Role.CASHIER, by=by)
    return slip


_DECLINED = (
    "status",
    "payer",
    "manager",
    "manager_signature",
    "declined_at",
    "declined_note",
    "signed_amount",
)
CHARGES = (Compensation.Decision.UPHOLD, Compensation.Decision.REDUCE)
"""Decisions on which a slip is posted without the guest's signature."""


def check_decline(slip: Compensation, by: User) -> None:
    """ConflictError before a decision that charges, for a guest nobody reached, for who decided."""
    require(slip.status == C.INFORMED, _("先告知客户并记下他的意见。"))
    reached = slip.position != Compensation.Position.UNREACHABLE
    require(reached, _("还没有联系上客户，不能按拒签入账。"))
    require(slip.decision in CHARGES, _("客户不签的，先等上级批示维持或减免。"))
    require(slip.decided_by_id != by.pk, _("批示的是您本人，拒签须由值班经理登记。"))


@transaction.atomic
def post_damage(
    event: Event, posting: Posting, *, by: User, seen: int | None = None
) -> Compensation:
    """登记入账 (E-2): by the cashier, exactly the signed amount, with voucher and account number.

    On the guest's signature, or on a decision with his refusal on record; never by who signed the
    slip for the house. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "post_damage", by)
    slip = live_slip(event)
    check_post(slip, by)
    as_seen(slip, seen)
    _check_posting(slip, posting)
    now = timezone.now()
    slip.status, slip.posted_at, slip.posted_by = C.POSTED, now, by
    slip.payment, slip.account = posting.payment, posting.account.strip()[:30]
    slip.voucher_no, slip.posted_amount = posting.voucher_no.strip()[:40], posting.amount
    slip.poster_signature = signatures.confirmed(by, posting.password)
    audit.save(slip, *_POSTED, by=by, reason=_("登记入账"))
    values = {
        "payment": slip.payment,
        "account": slip.account,
        "voucher_no": slip.voucher_no,
        "posted": str(slip.posted_amount),
    }
    rows = [slip, *fulfilled(event, Register.POSTING, by=by, now=now, values=values)]
    finish(event, [], *rows, by=by, action="post_damage", info={"number": slip.number})
    rendering.request(event.case, slip_kind(slip), by=by, sealed=True)
    tell(event, slip, _("已入账"), Role.DUTY_MANAGER, by=by)
    return slip


def check_post(slip: Compensation, by: User) -> None:
    """ConflictError before it was signed or refused, after it was posted, and for who signed it."""
    require(slip.status != C.POSTED, _("这张赔偿单已经入账。"))
    require(slip.status in (C.SIGNED, C.DECLINED), _("客户签字以后才能入账。"))
    require(slip.manager_id != by.pk, _("签单的是您本人，入账须由收银员或另一位经理办理。"))


_POSTED = (
    "status",
    "posted_at",
    "posted_by",
    "payment",
    "account",
    "voucher_no",
    "posted_amount",
    "poster_signature",
)


def _check_posting(slip: Compensation, posting: Posting) -> None:
    errors = {}
    if posting.payment not in Compensation.Payment.values:
        errors["payment"] = _("请选择付款方式。")
    if posting.payment == Compensation.Payment.LEDGER and not posting.account.strip():
        errors["account"] = _("计入总账的，请填写账号。")
    if not posting.voucher_no.strip():
        errors["voucher_no"] = _("请填写凭证号或收据号。")
    if posting.amount != slip.signed_amount:
        text = _("入账金额要等于客户签字的金额 ¥%(amount)s。")
        if slip.status == C.DECLINED:
            text = _("入账金额要等于批示的金额 ¥%(amount)s。")
        errors["amount"] = text % {"amount": f"{slip.signed_amount:,.2f}"}
    if errors:
        raise RefusedInput(**errors)


@transaction.atomic
def cancel_damage(event: Event, *, by: User, reason: str, seen: int | None = None) -> Compensation:
    """作废赔偿单: before it is posted, by a manager; the number stays, a new slip may be made.

    What its steps say is withdrawn with it. ``seen``: see ``as_seen``.
    """
    event, _stand = begin(event, "cancel_damage", by)
    slip = live_slip(event)
    check_cancel(slip)
    as_seen(slip, seen)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么作废。"))
    slip.status, slip.cancelled_reason = C.CANCELLED, reason.strip()[:200]
    audit.save(slip, "status", "cancelled_reason", by=by, reason=reason)
    rows = taken_back(event, *OWN, by=by, now=timezone.now(), reason=_("作废赔偿单"))
    info = {"number": slip.number}
    finish(event, [], slip, *rows, by=by, action="cancel_damage", reason=reason, info=info)
    return slip


def check_cancel(slip: Compensation) -> None:
    """ConflictError once it was posted."""
    require(slip.status != C.POSTED, _("已经入账，请在财务系统里冲销，这里不再更改。"))


CHECKS: dict[str, Callable[[Compensation, User], None]] = {
    "inform_guest": lambda slip, _by: check_inform(slip),
    "decide_damage": check_decide,
    "sign_damage": lambda slip, _by: check_sign(slip),
    "decline_damage": check_decline,
    "post_damage": check_post,
    "cancel_damage": lambda slip, _by: check_cancel(slip),
}
"""What each act asks of the slip before anything is typed."""


def check_slip(event: Event, slip: Compensation | None, action: str, by: User) -> None:
    """ConflictError when ``action`` must be refused as the slip stands, whatever is typed."""
    if action == "price":
        check_price(event, slip)
    else:
        CHECKS[action](there(slip), by)


# --- guards of the rest ----------------------------------------------------------------------


def _answered_by_slip(event: Event, key: str, value: str) -> None:
    """While a slip counts, its questions are answered by it and by nothing else."""
    if key in queries.SAID and queries.live(event) is not None:
        same = event.answers.filter(key=key, value=value, superseded_at=None).exists()
        require(same, str(queries.BY_SLIP))


def _live(event: Event) -> Compensation | None:
    """The slip that counts; asks nothing of an event in which nothing is charged."""
    return queries.live(event) if seals.has_step(event, Register.PRICING) else None


def refuse_unsettled(event: Event) -> None:
    """ConflictError while a slip is neither posted nor let go nor void: no ending, no archiving."""
    slip = _live(event)
    settled = event.is_drill or slip is None or slip.is_settled()
    require(settled, _("赔偿单还没有结果：先入账，或由经理批示免收、作废。"))


def _refuse_binding(event: Event) -> None:
    """ConflictError while a signature, a refusal, a posting or an undecided dispute is on record."""
    slip = _live(event)
    if event.is_drill or slip is None:
        return
    text = _("赔偿单已经签字或入账，不能按误启动作废；没有入账的，先作废赔偿单。")
    require(slip.status not in Compensation.BINDING, text)
    disputed = slip.disputed_at is not None and slip.decision not in SETTLES
    require(not disputed, _("客户有异议，还没有批示，不能按误启动作废：先作废赔偿单或批示。"))


answering.GUARDS.append(_answered_by_slip)
starting.VOID_GUARDS.append(_refuse_binding)
ending.GUARDS.append(refuse_unsettled)
