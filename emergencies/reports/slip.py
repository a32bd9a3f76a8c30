"""《客户财物损坏赔偿单》, ready to print: two copies, sealed once it is posted or let go (E-2)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from emergencies.models import Compensation, Event
from emergencies.playbooks.schema import Via
from emergencies.queries import damage as queries
from emergencies.queries import evidence
from emergencies.reports import parts
from emergencies.reports.dossier import Dossier, as_signed, gather
from emergencies.reports.sheet import FORM
from emergencies.reports.wording import clause, full, joined, long_day, short, whole
from propdesk.core import amounts, persons, rendering
from propdesk.core.models import Person, RenderJob
from propdesk.core.papers import SignBox, State, Tick, ticks
from propdesk.core.papers_damage import DamageSlipPaper, SlipLine
from propdesk.core.rendering import Sheet, case_of

C = Compensation.Status
THUMBS = 3
"""Pictures of the damage that stand side by side on the stub."""


def damage_slip(job: RenderJob) -> Sheet:
    """The slip the kind of the job names: as posted, else as it stands now, to sign by pen."""
    dossier = gather(case_of(job), job.case_version)
    event = dossier.event
    slip = queries.slips(event).get(pk=int(job.kind.partition(":")[2]))
    boxes, drawn = _boxes(slip)
    # What the client has signed stands still; cause and pictures are on the stub of the house alone.
    then = as_signed(dossier, "sign_damage", slip.pk)
    photos, files, more = parts.photos(dossier, THUMBS)
    count = _("共%(n)d张") % {"n": len(dossier.photos)}
    paper = DamageSlipPaper(
        organisation=event.case.property.name,
        number=slip.number,
        form_code="PD-PC-01",
        version=FORM,
        record_url="",
        state=_state(slip, sealed=job.sealed),
        frozen_at=full(dossier.until),
        secrecy=_("一般"),
        category=str(event.get_kind_display()),
        status=str(slip.get_status_display()),
        audit_head=dossier.head,
        void_reason=slip.cancelled_reason,
        drill=f"【{_('演练')}】" if event.is_drill else "",
        ready_to_sign=slip.is_signable(),
        is_signed=slip.status in (C.SIGNED, C.DECLINED),
        declined=_declined(slip, dossier),
        is_waived=slip.status == C.WAIVED,
        photos=photos,
        attachments=(count,) if more else (),
        signatures=boxes,
        event=event.case.number,
        occurred_at=full(then.event.occurred_at),
        place=_place(then.event),
        cause=_cause(dossier),
        contact=event.case.property.phone,
        **_sums(slip),
        **_said(slip, dossier),
        **_posted(slip),
    )
    return rendering.coded(paper, files | drawn, dossier.until, page=event.get_absolute_url())


def _place(event: Event) -> str:
    return joined([event.place.label if event.place else "", event.place_note], " ")


def _state(slip: Compensation, *, sealed: bool) -> State:
    if slip.status == C.CANCELLED:
        return "void"
    if sealed:
        return "sealed"
    return "copy" if slip.status in (C.POSTED, C.WAIVED) else "draft"


def _cause(dossier: Dossier) -> tuple[Tick, ...]:
    """How it looks to have come about, as answered by then: a sealed slip follows no later answer."""
    fact = evidence.playbook_of(dossier.event).facts_by_key.get("cause")
    if fact is None:
        return ()
    held = [
        answer.value
        for answer in dossier.record.answers
        if answer.key == fact.key
        and answer.at <= dossier.until
        and (answer.superseded_at is None or answer.superseded_at > dossier.until)
    ]
    return ticks((option.zh for option in fact.options), fact.says(held[-1]) if held else None)


def _sums(slip: Any) -> dict[str, Any]:
    """The lines, what they come to, and what is to be paid in figures and in words."""
    return {
        "lines": tuple(_line(line) for line in queries.shown(slip)),
        "total": amounts.figures(slip.total),
        "reduced": amounts.figures(slip.reduced_by) if slip.reduced_by else "",
        "due": amounts.figures(slip.due()),
        "due_words": amounts.in_words(slip.due()),
        "basis": clause(slip.basis),
    }


def _line(line: Any) -> SlipLine:
    return SlipLine(
        item=line.item,
        quantity=f"{line.quantity} {line.unit}",
        price=amounts.figures(line.price),
        depreciation=f"{line.depreciation}%" if line.depreciation else "—",
        amount=amounts.figures(line.amount),
    )


def _said(slip: Any, dossier: Dossier) -> dict[str, Any]:
    """Who pays, how he was told, what he said and what was decided."""
    payer = _payer(slip)
    guests = [row.person for row in dossier.parties if row.part == "guest"]
    via = str(Via(slip.informed_via).label) if slip.informed_via in Via.values else ""
    told = short(slip.informed_at, dossier.year)
    decided = short(slip.decided_at, dossier.year)
    labels = Compensation.Position
    chosen = str(labels(slip.position).label) if slip.position else None
    return {
        "payer": whole(payer or (guests[0] if len(guests) == 1 else None)),
        "informed": joined([told, via, slip.informed_by.name if slip.informed_by else ""], " "),
        "position": ticks((str(label) for label in labels.labels), chosen),
        "objection": _objections(dossier),
        "overruled": _overruled(slip, dossier),
        "decision": joined(
            [
                str(slip.get_decision_display()) if slip.decision else "",
                clause(slip.decision_reason),
                joined([slip.decided_by.name if slip.decided_by else "", decided], " "),
            ],
            "，",
        ),
    }


def _objections(dossier: Dossier) -> str:
    """Every objection with its time: no later talk writes over an earlier one."""
    said = queries.objections(evidence.playbook_of(dossier.event), dossier.record.marks)
    return joined(f"{short(one.at, dossier.year)} {clause(one.text)}" for one in said)


def _overruled(slip: Any, dossier: Dossier) -> str:
    """Every decision that holds no longer: no later one, and no new price, writes over it."""
    rows = [one for one in queries.decisions(slip) if not one.holds]
    return joined(_decision(one, dossier.year) for one in rows)


def _decision(one: queries.Decided, year: int) -> str:
    what = joined([one.label, amounts.figures(one.less) if one.less else ""], " ")
    return joined([what, clause(one.reason), f"{one.by} {short(one.at, year)}"], "，")


def _declined(slip: Any, dossier: Dossier) -> str:
    """What the guest said who did not sign, and when; "" for all others."""
    if slip.declined_at is None:
        return ""
    return joined([short(slip.declined_at, dossier.year), clause(slip.declined_note)], " ")


def _posted(slip: Any) -> dict[str, Any]:
    labels = Compensation.Payment
    chosen = str(labels(slip.payment).label) if slip.payment else None
    return {
        "payment": ticks((str(label) for label in labels.labels), chosen),
        "account": slip.account,
        "voucher": slip.voucher_no,
        "posted_at": full(slip.posted_at),
    }


def _payer(slip: Any) -> Person | None:
    """Who pays, as he was known when he signed."""
    payer = slip.payer.person if slip.payer else None
    if payer is not None and slip.signed_at is not None:
        return persons.as_of(payer, slip.signed_at)
    return payer


def _boxes(slip: Any) -> tuple[tuple[SignBox, ...], dict[str, bytes]]:
    """Guest, duty manager, cashier, and the manager where one decides; else room for the pen."""
    person = _payer(slip)
    at = slip.signed_at or slip.declined_at
    rows: list[tuple[str, Any, datetime | None, Any]] = [
        (_("客户"), person, slip.signed_at, slip.signature),
        (_("值班经理"), slip.manager, at, slip.manager_signature),
        (_("收银员"), slip.posted_by, slip.posted_at, slip.poster_signature),
    ]
    if slip.needs_decision or slip.decided_at:
        rows.append((_("物业经理"), slip.decided_by, slip.decided_at, slip.decider_signature))
    boxes, files = [], {}
    for number, (role, who, at, drawn) in enumerate(rows, start=1):
        box = SignBox(role=role, name=who.name if who and at else "", date=long_day(at))
        if drawn is not None:
            name = f"pd:sign-{number}"
            files[name] = bytes(drawn.image)
            box = replace(box, signature=name, signature_sha256=drawn.sha256)
        elif number == 1 and slip.scan_id:
            box = replace(box, opinion=_("见纸质签名件"))
        elif number == 1 and slip.declined_at:
            box = replace(box, opinion=_("拒签"))
        boxes.append(box)
    return tuple(boxes), files
