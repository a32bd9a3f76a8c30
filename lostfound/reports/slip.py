"""《失物认领单》, ready to print: the file's copy says all, the claimant's what he may know (L-C … L-F)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lostfound import retention
from lostfound.models import Claim, ContentLine, CustodyMove, FoundItem
from lostfound.models.custody import is_reseal
from lostfound.reports.dossier import Dossier, drawn, gather
from lostfound.reports.sheet import FORM
from lostfound.reports.wording import (
    clause,
    day,
    found_on,
    full,
    id_paper,
    joined,
    long_day,
    named,
    quantity,
    rough_place,
    short,
    statutory,
    whole_place,
    yuan,
)
from lostfound.workflow.base import last_day_of
from lostfound.workflow.terms import statutory_of, terms_of
from propdesk.core import amounts, masks, rendering
from propdesk.core.models import Person, RenderJob
from propdesk.core.papers import Photo, SignBox, State, Tick, ticks
from propdesk.core.papers_found import Attempt, ClaimSlipPaper, Hop, Receipt
from propdesk.core.rendering import Sheet, case_of

S = FoundItem.Status
Way = Claim.Way
THUMBS = 3
K = CustodyMove.Kind
JOINT = (K.RECEIVE, K.MOVE)
"""After these it is in the hands of both (共管), not of one."""
GONE = (S.RETURNED, S.DISPOSED, S.POLICE)


def claim_slip(job: RenderJob) -> Sheet:
    """The slip as it stood when it was asked for: sealed with the return, else to sign by pen."""
    dossier = gather(case_of(job), job.case_version)
    item, returned = dossier.item, dossier.returned
    boxes, files = _boxes(dossier)
    photos, pictures = _photos(dossier)
    frozen_at = returned.returned_at if job.sealed and returned else None
    paper = ClaimSlipPaper(
        organisation=item.case.property.name,
        number=item.case.number,
        form_code="PD-SW-01",
        version=FORM,
        record_url="",
        state=_state(item, sealed=job.sealed),
        frozen_at=full(frozen_at or dossier.until),
        secrecy=_("内部"),
        category=str(item.get_category_display()),
        status=str(item.get_status_display()),
        audit_head=dossier.head,
        void_reason=item.void_reason,
        photos=photos,
        signatures=boxes,
        signed_digest=returned.slip_sha256 if returned else "",
        receipt=_receipt(dossier),
        **_thing(dossier),
        **_kept(dossier),
        **_claimed(dossier),
    )
    return rendering.coded(
        paper, pictures | files, frozen_at or dossier.until, page=item.get_absolute_url()
    )


def _state(item: FoundItem, *, sealed: bool) -> State:
    if item.status == S.VOIDED:
        return "void"
    if sealed:
        return "sealed"
    return "copy" if item.status in GONE else "draft"


def _thing(dossier: Dossier) -> dict[str, Any]:
    """L-B, L-C: what was found, when, where and by whom; for the file only."""
    item = dossier.item
    counted = dossier.contents[0] if dossier.contents else None
    by = ""
    if counted is not None:
        when = short(counted.at, dossier.year)
        names = f"{counted.counted_by.name}、{counted.witnessed_by.name}"
        by = _("（%(when)s %(names)s清点）") % {"when": when, "names": names}
    return {
        "name": item.name,
        "quantity": quantity(item),
        "features": item.features,
        "serial": item.serial,
        "contents": _inside(dossier.contents) + by,
        "no_photo": item.no_photo_reason,
        "found_at": full(item.found_at),
        "place": whole_place(item),
        "finder": _finder(dossier),
        "reported_at": joined([full(item.reported_at), clause(item.late_reason)], " "),
        "handed_at": full(item.handed_at),
    }


def _inside(lines: tuple[ContentLine, ...]) -> str:
    """What is inside, one denomination after the other, and the sum of each currency."""
    parts = []
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.currency and line.denomination is not None:
            sums[line.currency] = (
                sums.get(line.currency, Decimal(0)) + line.denomination * line.count
            )
            parts.append(f"{line.text} {_sum(line.currency, line.denomination)}×{line.count}")
        else:
            parts.append(f"{line.text} {line.count}" if line.count > 1 else line.text)
    if sums:
        total = "、".join(_sum(currency, amount, words=True) for currency, amount in sums.items())
        parts.append(_("现金合计 %(total)s") % {"total": total})
    return "；".join(parts)


def _sum(currency: str, amount: Decimal, *, words: bool = False) -> str:
    """¥460.00, with ``words`` also in words; other currencies by their code."""
    if currency != "CNY":
        return f"{currency} {yuan(amount)}"
    figures = amounts.figures(amount)
    return f"{figures}（{amounts.in_words(amount)}）" if words else figures


def _finder(dossier: Dossier) -> str:
    item = dossier.item
    person = dossier.person(item.finder_id)
    name = item.finder_user.name if item.finder_user else person.name if person else ""
    part = item.finder_department.name if item.finder_department else ""
    return f"{name}（{part}）" if part else name


def _kept(dossier: Dossier) -> dict[str, Any]:
    """L-A, L-D, L-G: where it lay and with whom, its worth and term, who was asked for."""
    item, lay = dossier.item, dossier.lay
    taken_in = next((row for row in dossier.custody if row.kind == CustodyMove.Kind.RECEIVE), None)
    return {
        "received_by": _together(taken_in) if taken_in else "",
        "value": _("%(yuan)s 元") % {"yuan": yuan(item.value)}
        if item.value is not None
        else str(item.get_valuation_display() if item.valuation else ""),
        "valued_by": joined(
            [item.valued_by.name if item.valued_by else "", clause(item.valuation_basis)], "："
        ),
        "term": retention.explain(item.value, terms_of(item.policy)) if item.policy else "",
        "expires_on": day(last_day_of(item)) or (_("未起算") if item.policy else ""),
        "statutory": statutory(statutory_of(item)) if item.policy else "",
        "storage": lay.storage.label if lay and lay.storage else "",
        "seal": _seal(lay),
        "clue": _clue(item),
        "clue_text": clause(item.clue_text),
        "announced": joined(
            f"{day(row.published_on)} {row.get_channel_display()}"
            for row in dossier.announcements[-2:]
        ),
        "hops": tuple(
            _hop(row, before, dossier)
            for before, row in zip([None, *dossier.custody], dossier.custody, strict=False)
        ),
        "attempts": tuple(
            Attempt(
                short(row.tried_at, dossier.year),
                str(row.get_via_display()),
                str(row.get_outcome_display()),
                clause(row.text),
                row.by.name,
            )
            for row in dossier.attempts
        ),
    }


def _clue(item: FoundItem) -> tuple[Tick, ...]:
    labels = {FoundItem.Clue.YES: _("有线索"), FoundItem.Clue.NO: _("无线索")}
    return ticks(labels.values(), labels.get(FoundItem.Clue(item.clue)))


def _seal(row: CustodyMove | None) -> str:
    """Its number; one that was opened is marked, for it holds no longer."""
    if row is None or row.seal is None:
        return ""
    return f"{row.seal.number}{_('（已拆）')}" if row.seal.opened_at else row.seal.number


def _hop(row: CustodyMove, before: CustodyMove | None, dossier: Dossier) -> Hop:
    seal = _("封签 %(number)s") % {"number": _seal(row)} if row.seal else ""
    return Hop(
        at=short(row.at, dossier.year),
        what=_("换封签") if is_reseal(before, row) else str(row.get_kind_display()),
        hands=joined([_hand(row, "giver", dossier), _hand(row, "holder", dossier)], " → "),
        place=joined([row.storage.label if row.storage else "", seal], " "),
        together=_together(row),
    )


def _hand(row: CustodyMove, side: str, dossier: Dossier) -> str:
    """Who gave or took it: a colleague, somebody else, a department, or the two of 共管."""
    user = getattr(row, side)
    person = dossier.person(getattr(row, f"{side}_person_id"))
    if user is not None:
        return str(user.name)
    if person is not None:
        return person.name
    if side == "holder" and row.department:
        return row.department.name
    shared = row.kind in JOINT if side == "holder" else row.manager_id is not None
    return _("共管") if shared else ""


def _together(row: CustodyMove) -> str:
    """The two of 共管; whoever has not confirmed yet is marked."""
    pairs = ((row.manager, row.manager_at), (row.guard, row.guard_at))
    late = _("（待会签）")
    return "、".join(user.name + ("" if at else late) for user, at in pairs if user is not None)


def _claimed(dossier: Dossier) -> dict[str, Any]:
    """L-E: who said it is his, what agreed, how he gets it; blank rows while nobody has come."""
    claim = dossier.claim
    if claim is None:
        return {"ways": ticks(str(label) for label in Way.labels)}
    owner = dossier.people[claim.owner_id]
    return {
        "claimant": named(owner),
        "id_paper": _seen_paper(claim, dossier),
        "phone": masks.phone(owner.phone),
        "description": claim.description,
        "checks": tuple(Tick(row.feature, row.agrees) for row in dossier.checks),
        "checked_by": _checked(claim, dossier),
        "ways": ticks((str(label) for label in Way.labels), str(claim.get_way_display())),
        "way_detail": _way(claim, dossier),
    }


def _seen_paper(claim: Claim, dossier: Dossier) -> str:
    """The paper that was seen is that of whoever comes for it."""
    return id_paper(_receiver(claim, dossier)) if claim.id_seen_at else ""


def _receiver(claim: Claim, dossier: Dossier) -> Person:
    return dossier.people[claim.proxy_id or claim.owner_id]


def _checked(claim: Claim, dossier: Dossier) -> str:
    if claim.verified_at is None or claim.verified_by is None:
        return ""
    names = [claim.verified_by.name, claim.verified_with.name if claim.verified_with else ""]
    return _("相符 %(n)d 项（%(when)s %(names)s）") % {
        "n": claim.agreeing,
        "when": short(claim.verified_at, dossier.year),
        "names": joined(names, "、"),
    }


def _way(claim: Claim, dossier: Dossier) -> str:
    """Who comes instead, or how it was sent and what that cost."""
    proxy = dossier.person(claim.proxy_id)
    fee = _("费用 %(yuan)s 元") % {"yuan": yuan(claim.fee)} if claim.fee else ""
    instead = _("代领人 %(name)s，有委托书") % {"name": named(proxy)} if proxy else ""
    return joined([instead, joined([claim.courier, claim.tracking], " "), fee], "，")


def _receipt(dossier: Dossier) -> Receipt:
    """第二联. Until it is back with its owner the thing has a category there and no name.

    Never on it: features, serial number, photos, storage, seal, worth, search, other claimants.
    """
    item, claim, returned = dossier.item, dossier.claim, dossier.returned
    known = {}
    if claim is not None:
        owner = dossier.people[claim.owner_id]
        known = {
            "claimant": named(owner),
            "id_paper": _seen_paper(claim, dossier),
            "phone": masks.phone(owner.phone),
            "way": str(claim.get_way_display()),
            "way_detail": _way(claim, dossier),
        }
    return Receipt(
        item=item.name if returned else str(item.get_category_display()),
        quantity=quantity(item),
        contents=_inside(dossier.contents) if returned else "",
        found_on=found_on(item),
        place=rough_place(item),
        returned_at=full(returned.returned_at) if returned else "",
        contact=item.case.property.phone,
        **known,
    )


def _boxes(dossier: Dossier) -> tuple[tuple[SignBox, ...], dict[str, bytes]]:
    """Three boxes; pictures once it is returned, room for pens before."""
    claim, titles = dossier.returned, (_("认领人"), _("值班经理"), _("保安部"))
    if claim is None or claim.manager is None or claim.guard is None:
        return tuple(SignBox(role=title) for title in titles), {}
    own = drawn(claim)
    box = SignBox(
        role=_("代领人") if claim.proxy_id else titles[0],
        name=_receiver(claim, dossier).name,
        date=long_day(claim.signature.signed_at if claim.signature else claim.paper_signed_at),
        opinion="" if own else _("见纸质签名件"),
    )
    signed: list[tuple[SignBox, Any]] = [(box, own)]
    for title, user, row in (
        (titles[1], claim.manager, claim.manager_signature),
        (titles[2], claim.guard, claim.guard_signature),
    ):
        signed.append((SignBox(role=title, name=user.name, date=long_day(claim.returned_at)), row))
    names = {n: f"pd:sign-{n}" for n, (_box, row) in enumerate(signed, start=1) if row}
    boxes = tuple(
        replace(box, signature=names.get(n), signature_sha256=row.sha256 if row else None)
        for n, (box, row) in enumerate(signed, start=1)
    )
    return boxes, {names[n]: bytes(row.image) for n, (_box, row) in enumerate(signed, 1) if row}


def _photos(dossier: Dossier) -> tuple[tuple[Photo, ...], dict[str, bytes]]:
    """The first pictures, small; the record holds them all."""
    rows, files = [], {}
    for number, picture in enumerate(dossier.photos[:THUMBS], start=1):
        name = f"pd:photo-{number}"
        taken = f"{picture.uploaded_by.name} {short(picture.uploaded_at, dossier.year)}"
        caption = f"{picture.caption or _('照片')}（{taken}）"
        rows.append(Photo(name, caption, picture.sha256))
        files[name] = rendering.picture(picture)
    return tuple(rows), files
