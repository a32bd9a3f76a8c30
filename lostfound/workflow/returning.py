"""L-F: the thing goes back; the claimant, the duty manager and 保安部 sign, and the slip is frozen."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import Claim, CustodyMove, FoundItem
from lostfound.queries import claims as queries
from lostfound.workflow import lost
from lostfound.workflow.base import (
    END,
    Rule,
    current,
    end,
    finish,
    hand_on,
    last_day_of,
    minutes,
    not_contraband,
    two_people,
)
from lostfound.workflow.claims import State, Way, begin_claim
from lostfound.workflow.cosigning import unsigned
from lostfound.workflow.table import L, S
from propdesk.core import audit, cases, clocks, persons, photos, rendering, signatures
from propdesk.core.models import Attachment, Person, PersonSignature, StaffSignature, User
from propdesk.core.pdf.canonical import canonical_json
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, happened, require

SLIP = "claim_slip"
PAPER = "paper"
"""Signed on the printed slip; its scan follows."""
KINDS = (*PersonSignature.Kind.values, PAPER)


@dataclass(frozen=True, slots=True)
class Signed:
    """How the claimant signed, and how a thing that was sent went off.

    ``kind`` drawn, scan or paper; ``data`` the picture of the first two; ``signed_at`` None is now.
    """

    kind: str
    data: bytes = field(default=b"", repr=False)
    signed_at: datetime | None = None
    device: str = ""
    consents: bool = False
    """He agrees to sign electronically (电子签名法 3)."""
    courier: str = ""
    tracking: str = ""
    fee: Decimal = Decimal(0)


@transaction.atomic
def return_item(claim: Claim, signed: Signed, guard: Second, password: str, *, by: User) -> Claim:
    """归还 (L-F): three signatures on one screen, the end of custody, and the slip is frozen.

    The duty manager and the guard each prove with the password that they are here. 422 names what is
    missing; 409 unless the claim was checked. The sealed slip is asked for at once.
    """
    item, claim, _stand = begin_claim(claim, "return_item", by)
    not_contraband(item)
    require(claim.state == State.VERIFIED, _("先核对并查验证件，再办归还。"))
    require(
        claim.authorisation is None or claim.authorisation.removed_at is None,
        _("委托书照片已被撤下，请撤回后重新登记认领。"),
    )
    _is_cosigned(item)
    now = timezone.now()
    _check(claim, signed, now)
    two_people(item.case.property, by, guard.user)
    manager_signature = _own_signature(by, password)
    guard_signature = signatures.present(guard.user, guard.password, name="guard_password")
    claim.manager, claim.manager_signature = by, manager_signature
    claim.guard, claim.guard_signature = guard.user, guard_signature
    _send(claim, signed)
    _freeze(item, claim, signed, by, now)
    rows: list[models.Model] = [claim, *_handed_over(item, claim, by, now)]
    fields = _end(item, claim, by, now)
    rows += cases.close_tasks(item.case, by=by, outcome="returned")
    info = {"claim": claim.seq, "signed": signed.kind, "slip": claim.slip_sha256}
    finish(item, fields, *rows, by=by, action="return_item", info=info, case_fields=END)
    rendering.request(item.case, SLIP, by=by, sealed=True)
    return claim


def _is_cosigned(item: FoundItem) -> None:
    """409 while joint custody still waits for somebody: else nobody stood for the thing (L-A)."""
    link = current(item)
    if unsigned(link) is None:
        return
    waiting = link.guard if link.guard_at is None else link.manager
    name = waiting.name if waiting else ""
    sentence = _("入库或移位还没有会签完：请%(name)s先会签，他来不了就由在场的两人办“移位”接管。")
    require(False, sentence % {"name": name})


def _check(claim: Claim, signed: Signed, now: datetime) -> None:
    errors = {}
    if signed.kind not in KINDS:
        errors["kind"] = _("请选择怎样签名。")
    if signed.kind != PAPER and not signed.data:
        errors["signature"] = _("请认领人签名，或上传签名的照片。")
    if signed.kind == PersonSignature.Kind.DRAWN and not signed.consents:
        errors["consents"] = _("请认领人先同意以电子方式签署；不同意就改用纸质签名。")
    if claim.way == Way.POST and not signed.courier:
        errors["courier"] = _("请填写快递公司。")
    if claim.way == Way.POST and not signed.tracking:
        errors["tracking"] = _("请填写快递单号。")
    if signed.fee < 0:
        errors["fee"] = _("费用不能小于零。")
    if errors:
        raise RefusedInput(**errors)
    happened("signed_at", signed.signed_at or now, now, not_before=claim.verified_at)


def _own_signature(by: User, password: str) -> StaffSignature:
    """The manager's own; the claimant's stands in the field ``signature``, so say it elsewhere."""
    try:
        return signatures.confirmed(by, password)
    except RefusedInput as refused:
        sentence = refused.errors.get("password") or _("您还没有留存签名，请先在“我”里手写签名。")
        raise RefusedInput(password=sentence) from refused


def _send(claim: Claim, signed: Signed) -> None:
    if claim.way == Way.POST:
        claim.courier, claim.tracking = signed.courier, signed.tracking
    if claim.way in (Way.POST, Way.DELIVERED):
        claim.fee = signed.fee


def _freeze(item: FoundItem, claim: Claim, signed: Signed, by: User, now: datetime) -> None:
    """Sign what the slip says at this moment, and close the claim."""
    claim.slip_sha256 = slip_digest(item, claim)
    at = signed.signed_at or now
    if signed.kind == PAPER:
        claim.paper_signed_at = at
    else:
        claim.signature = persons.sign(
            _receiver(claim),
            signed.kind,
            signed.data,
            by=by,
            signed_at=at,
            content_sha=claim.slip_sha256,
            device=signed.device[:160],
        )
    claim.state, claim.returned_at, claim.ended_at = State.RETURNED, now, now
    names = "state returned_at ended_at slip_sha256 signature paper_signed_at manager guard"
    names += " manager_signature guard_signature courier tracking fee"
    audit.save(claim, *names.split(), by=by, reason=_("归还"))


def _receiver(claim: Claim) -> Person:
    """Who takes it: the owner, or whoever came with his authority."""
    return claim.proxy or claim.owner


def _handed_over(item: FoundItem, claim: Claim, by: User, now: datetime) -> list[CustodyMove]:
    before = current(item)
    row = hand_on(
        item,
        CustodyMove.Kind.RETURN,
        by=by,
        now=now,
        giver=before.holder,
        holder_person=_receiver(claim),
        manager=by,
        manager_at=now,
        guard=claim.guard,
        guard_at=now,
    )
    return [before, row]


def _end(item: FoundItem, claim: Claim, by: User, now: datetime) -> list[str]:
    """Thing, clocks and the report of its loss; after the end only a missing scan is waited for."""
    item.returned_at = now
    fields = end(item, S.RETURNED, now)
    if claim.paper_signed_at is not None:
        due = now + minutes(item.case.property.settings.found_scan)
        clocks.arm(item.case, (Rule.SCAN_MISSING, due))
    report = lost.hold(claim.lost_report) if claim.lost_report else None
    if report is not None and report.status == L.OPEN:
        reason = _("已找到并归还，见 %(number)s") % {"number": item.case.number}
        lost.close_lost(report, L.FOUND, by=by, reason=reason)
    return [*fields, "returned_at"]


def slip_digest(item: FoundItem, claim: Claim) -> str:
    """SHA-256 of the canonical JSON of what the slip says."""
    return hashlib.sha256(canonical_json(slip_content(item, claim))).hexdigest()


def slip_content(item: FoundItem, claim: Claim) -> dict[str, Any]:
    """What the claimant signs: thing, finding, keeping, claim and who hands it over (forms.md 1.4).

    Stable for ever: texts by value, colleagues and places by number, so that a room or a person
    who is renamed later changes nothing; how and when he signed stands with the signature. Moments
    are UTC in ISO form, amounts yuan with two decimals.
    """
    return {
        "schema": "claim-slip/1",
        "number": item.case.number,
        "thing": _thing(item),
        "found": _found(item),
        "kept": _kept(item),
        "claim": _claimed(claim),
        "parties": {"manager": claim.manager_id, "guard": claim.guard_id},
    }


def _thing(item: FoundItem) -> dict[str, Any]:
    names = ["category", "name", "quantity", "unit", "features", "serial"]
    inside = [
        [line.text, line.currency, _money(line.denomination), line.count]
        for line in queries.contents(item)
    ]
    return {name: getattr(item, name) for name in names} | {"contents": inside}


def _found(item: FoundItem) -> dict[str, Any]:
    return {
        "at": _utc(item.found_at),
        "place": item.place_id,
        "note": item.place_note,
        "finder": item.finder_user_id,
        "outside_finder": item.finder_id,
        "reported": _utc(item.reported_at),
        "handed": _utc(item.handed_at),
        "received_by": item.received_by_id,
    }


def _kept(item: FoundItem) -> dict[str, Any]:
    """Worth and term, where it lay last, and who was asked for."""
    last = last_day_of(item)
    lay = item.custody.exclude(storage=None).order_by("-seq").first()
    attempts = item.attempts.order_by("pk").values_list("tried_at", "via", "outcome")
    return {
        "storage": lay.storage_id if lay else None,
        "seal": lay.seal_id if lay else None,
        "attempts": [[_utc(at), via, outcome] for at, via, outcome in attempts],
        "valuation": item.valuation,
        "value": _money(item.value),
        "basis": item.valuation_basis,
        "received_on": item.received_on.isoformat() if item.received_on else None,
        "until": last.isoformat() if last else None,
        "announced_on": item.announced_on.isoformat() if item.announced_on else None,
    }


def _claimed(claim: Claim) -> dict[str, Any]:
    report = claim.lost_report
    return {
        "seq": claim.seq,
        "way": claim.way,
        "owner": _person(claim.owner, claim.returned_at),
        "proxy": _person(claim.proxy, claim.returned_at) if claim.proxy else None,
        "description": claim.description,
        "described": [_utc(claim.described_at), claim.described_by_id],
        "checks": [[check.feature, check.agrees] for check in queries.checks(claim)],
        "verified": [_utc(claim.verified_at), claim.verified_by_id, claim.verified_with_id],
        "lost_report": report.case_id if report else None,
        "courier": claim.courier,
        "tracking": claim.tracking,
        "fee": _money(claim.fee),
    }


def _person(person: Person, signed_at: datetime | None) -> dict[str, str]:
    """Name, telephone and what the slip prints of his paper, as they were when he signed."""
    then = persons.as_of(person, signed_at) if signed_at else person
    names = ["name", "honorific", "phone", "address", "id_type", "id_last4"]
    return {name: getattr(then, name) for name in names}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


@transaction.atomic
def add_scan(claim: Claim, photo: bytes, *, by: User) -> Claim:
    """补传签名件 (L-F): the picture of the slip that was signed on paper; once, and the clock stops."""
    ready = photos.prepare(photo)
    item, claim, _stand = begin_claim(claim, "add_scan", by)
    require(
        claim.state == State.RETURNED and claim.paper_signed_at is not None,
        _("这张认领单没有要补传的签名件。"),
    )
    require(claim.scan_id is None, _("签名件已经补传，不能替换。"))
    stored: list[Attachment] = []
    try:
        stored.append(
            photos.store(item.case, ready, by=by, caption=str(_("认领单签名件")), is_paper=True)
        )
        claim.scan = stored[0]
        audit.save(claim, "scan", by=by, reason=_("补传签名件"))
        clocks.stop(item.case, [Rule.SCAN_MISSING], timezone.now())
        finish(item, [], claim, *stored, by=by, action="add_scan", info={"claim": claim.seq})
    except Exception:
        photos.discard(stored)
        raise
    return claim
