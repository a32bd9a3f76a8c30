"""The tables papers of events share: calls, photos, overrides, signatures. Pure but for file bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from emergencies.models import Call, Event, EventRecord, Kind, RecordBox
from emergencies.playbooks.schema import label
from emergencies.playbooks.vocabulary import Via
from emergencies.queries.prefill import told_at
from emergencies.reports.dossier import Dossier
from emergencies.reports.wording import clause, joined, long_day, named, short
from propdesk.core import rendering
from propdesk.core.models import Attachment, ReportBox
from propdesk.core.papers import Notification, Override, Photo, SignBox
from propdesk.core.papers import Party as PaperParty
from propdesk.core.roles import Role

MOST_PHOTOS = 12
REMARKS = {Role.PROPERTY_MANAGER: "（审核）", Role.GENERAL_MANAGER: "（批示）"}
Drawn = tuple[tuple[SignBox, ...], dict[str, bytes]]
D = RecordBox.Decision


def notifications(dossier: Dossier) -> tuple[Notification, ...]:
    """Everybody the event called, with when, how and whether it was confirmed."""
    return tuple(_call(call, dossier) for call in dossier.record.calls)


def _call(call: Call, dossier: Dossier) -> Notification:
    via = str(Via(call.told_via).label) if call.told_via in Via.values else ""
    if not via and call.role and not call.not_told_reason:
        via = _("系统")
    if call.told_at and call.told_at > dossier.until:  # told after it was taken up again
        return Notification(to=label(call.role or call.party), at="", via="", confirmed="")
    whom = call.told_user.name if call.told_user else call.told_whom
    at = None if call.not_told_reason else told_at(call)
    return Notification(
        to=joined([label(call.role or call.party), whom], " "),
        at=short(at, dossier.year),
        via=via,
        confirmed=_confirmed(call, dossier),
    )


def _confirmed(call: Call, dossier: Dossier) -> str:
    if call.not_told_reason:
        return _("未通知：%(why)s") % {"why": clause(call.not_told_reason)}
    if call.acked_at and call.acked_by and call.acked_at <= dossier.until:
        when = short(call.acked_at, dossier.year)
        return _("%(name)s %(when)s 确认") % {"name": call.acked_by.name, "when": when}
    if call.told_at:
        return _("已告知")
    return _("未确认") if call.needs_ack else ""


def parties(dossier: Dossier) -> tuple[PaperParty, ...]:
    """当事人: names and masked numbers, as the printed report holds them."""
    from propdesk.core import masks

    return tuple(
        PaperParty(
            name=named(row.person) or clause(row.note),
            identity=str(row.get_part_display()),
            room=row.person.room.label if row.person.room else "",
            phone=masks.phone(row.person.phone),
        )
        for row in dossier.parties
    )


def photos(
    dossier: Dossier, most: int = MOST_PHOTOS
) -> tuple[tuple[Photo, ...], dict[str, bytes], tuple[str, ...]]:
    """Up to `most` pictures with captions, their print copies by asset name, how many more there are.

    Of a death none is ever printed: they stay in the system, for its readers (E-6).
    """
    if dossier.event.kind == Kind.DEATH:
        kept = _("照片%(n)d张，只存系统，不打印") % {"n": len(dossier.photos)}
        return (), {}, (kept,) if dossier.photos else ()
    rows, files = [], {}
    for number, picture in enumerate(dossier.photos[:most], start=1):
        name = f"pd:photo-{number}"
        rows.append(Photo(name, _caption(picture, dossier), picture.sha256))
        files[name] = rendering.picture(picture)
    left = len(dossier.photos) - len(rows)
    more = (_("另有照片%(n)d张，见系统记录") % {"n": left},) if left > 0 else ()
    return tuple(rows), files, more


def _caption(picture: Attachment, dossier: Dossier) -> str:
    taken = f"{picture.uploaded_by.name} {short(picture.uploaded_at, dossier.year)}"
    return f"{clause(picture.caption) or _('现场')}（{taken}）"


def overrides(dossier: Dossier) -> tuple[Override, ...]:
    """特批结束处置: which open items were let pass, why, by whom."""
    found = []
    for entry in dossier.entries:
        if entry.action == "override_end" and entry.content is not None:
            info = entry.content.get("info", {})
            rule = _("特批结束处置（缺%(n)d项）") % {"n": len(info.get("missing", ()))}
            why = str(entry.content.get("reason", ""))
            by = entry.by.name if entry.by else ""
            found.append(Override(rule, why, by, short(entry.at, dossier.year)))
    return tuple(found)


# --- signatures ----------------------------------------------------------------------------


def report_boxes(rows: Sequence[ReportBox]) -> Drawn:
    """The boxes of one round of the report, and the drawn signatures by asset name."""
    boxes, files = [], {}
    for row in rows:
        signed = row.decision == D.APPROVED and row.signature is not None
        box = _staff_box(row, signed=signed)
        if row.signature is not None and signed:
            box, files[f"pd:sign-{row.position}"] = _drawn(
                box, row.position, row.signature.sha256, bytes(row.signature.image)
            )
        boxes.append(box)
    return tuple(boxes), files


def record_boxes(rows: Iterable[RecordBox]) -> Drawn:
    """The boxes of one round of a record: staff, and those who are not."""
    boxes, files = [], {}
    for row in rows:
        box = _staff_box(row, signed=row.decision == D.APPROVED) if row.role else _outside_box(row)
        found = row.signature if row.role else row.person_signature
        if found is not None and row.decision == D.APPROVED:
            image = bytes(found.image)
            box, files[f"pd:sign-{row.position}"] = _drawn(box, row.position, found.sha256, image)
        boxes.append(box)
    return tuple(boxes), files


def _drawn(box: SignBox, position: int, sha256: str, image: bytes) -> tuple[SignBox, bytes]:
    return replace(box, signature=f"pd:sign-{position}", signature_sha256=sha256), image


def _staff_box(row: ReportBox | RecordBox, *, signed: bool) -> SignBox:
    opinion = row.opinion
    if row.decision == D.SENT_BACK:
        opinion = _("退回修改：%(why)s") % {"why": row.opinion}
    elif signed and not opinion and not row.title.startswith(_("填报人")):
        opinion = _("同意")
    return SignBox(
        role=row.title + REMARKS.get(Role(row.role), ""),
        name=row.signer.name if row.signer else None,
        date=long_day(row.decided_at),
        opinion=opinion,
        merged="／" in row.title,
        deputy_note=_deputy(row),
    )


def _deputy(row: ReportBox | RecordBox) -> str | None:
    if row.on_behalf_of is None or row.signer is None:
        return None
    return _("代签：%(who)s代%(whom)s") % {"who": row.signer.name, "whom": row.on_behalf_of.name}


def _outside_box(row: RecordBox) -> SignBox:
    opinion = row.opinion
    if row.decision == D.DECLINED:
        by = row.taken_by.name if row.taken_by else ""
        opinion = _("未签：%(why)s（%(by)s记）") % {"why": clause(row.opinion), "by": by}
    elif row.way == RecordBox.Way.PAPER and not opinion:
        opinion = _("见纸质签名件")
    return SignBox(
        role=row.title,
        name=row.person.name if row.person else None,
        date=long_day(row.decided_at),
        opinion=opinion,
    )


def blank_boxes(titles: Iterable[str]) -> tuple[SignBox, ...]:
    """Room for every pen, before anybody has signed."""
    return tuple(SignBox(role=title) for title in titles)


def state_of(event: Event, *, sealed: bool, signed: bool) -> str:
    """What the sheet is: sealed, void, a copy of an archived one, else a draft."""
    if event.status == Event.Status.VOIDED:
        return "void"
    if sealed:
        return "sealed"
    return "copy" if signed and event.status == Event.Status.ARCHIVED else "draft"


def round_of(record: EventRecord) -> list[RecordBox]:
    """The boxes of the round that counts."""
    joined_ = ("signer", "on_behalf_of", "signature", "person", "person_signature", "taken_by")
    rows = RecordBox.objects.filter(record=record, round=record.round)
    return list(rows.select_related(*joined_).order_by("position"))
