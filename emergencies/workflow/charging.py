"""E-2: the guest and the duty manager sign the slip, the cashier posts it, a manager cancels it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Compensation, Event, Party
from emergencies.workflow.base import begin, finish
from emergencies.workflow.damage import SETTLES, live_slip, tell
from emergencies.workflow.marking import fulfilled
from propdesk.core import audit, persons, photos, rendering, signatures
from propdesk.core.models import PersonSignature, User
from propdesk.core.roles import Role
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


@transaction.atomic
def sign_damage(event: Event, signed: Signed, *, by: User) -> Compensation:
    """签赔偿单 (E-2): the guest agrees and signs, the duty manager with his password; then frozen."""
    ready = photos.prepare(signed.scan) if signed.scan else None
    event, _stand = begin(event, "sign_damage", by)
    slip = live_slip(event)
    _may_sign(event, slip, signed)
    now = timezone.now()
    at = signed.signed_at or now
    happened("signed_at", at, now, not_before=slip.informed_at)
    own = signatures.confirmed(by, signed.password)
    rows: list[models.Model] = [slip]
    if ready is not None:
        slip.scan = photos.store(event.case, ready, by=by, caption=_("赔偿单签字件"))
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
    rows += fulfilled(event, "compensation", by=by, now=now, at=at, values=values)
    info = {"number": slip.number}
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


def _may_sign(event: Event, slip: Compensation, signed: Signed) -> None:
    require(slip.status == C.INFORMED, _("先告知客户，客户同意后再签字。"))
    require(slip.position == Compensation.Position.AGREE, _("客户还没有同意，不能签字。"))
    require(
        not slip.needs_decision or slip.decision in SETTLES,
        _("有争议或超权限，先等上级批示。"),
    )
    require(signed.payer.event_id == event.pk, _("请选择这件里登记的客户。"))
    if not signed.drawn and not signed.scan:
        raise RefusedInput(drawn=_("请客户在屏幕上签名，或拍下签好的纸质单。"))


@transaction.atomic
def post_damage(event: Event, posting: Posting, *, by: User) -> Compensation:
    """登记入账 (E-2): by the cashier, exactly the signed amount, with voucher and account number."""
    event, _stand = begin(event, "post_damage", by)
    slip = live_slip(event)
    require(slip.status == C.SIGNED, _("客户签字以后才能入账。"))
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
    rows = [slip, *fulfilled(event, "posting", by=by, now=now, values=values)]
    finish(event, [], *rows, by=by, action="post_damage", info={"number": slip.number})
    rendering.request(event.case, slip_kind(slip), by=by, sealed=True)
    tell(event, slip, _("已入账"), Role.DUTY_MANAGER, by=by)
    return slip


def slip_kind(slip: Compensation) -> str:
    """Kind of its printed paper: one a slip, sealed when it is posted."""
    return f"slip:{slip.pk}"


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
        errors["amount"] = text % {"amount": f"{slip.signed_amount:,.2f}"}
    if errors:
        raise RefusedInput(**errors)


@transaction.atomic
def cancel_damage(event: Event, *, by: User, reason: str) -> Compensation:
    """作废赔偿单: before it is posted, by a manager; the number stays, a new slip may be made."""
    event, _stand = begin(event, "cancel_damage", by)
    slip = live_slip(event)
    require(slip.status != C.POSTED, _("已经入账，请在财务系统里冲销，这里不再更改。"))
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么作废。"))
    slip.status, slip.cancelled_reason = C.CANCELLED, reason.strip()[:200]
    audit.save(slip, "status", "cancelled_reason", by=by, reason=reason)
    info = {"number": slip.number}
    finish(event, [], slip, by=by, action="cancel_damage", reason=reason, info=info)
    return slip
