"""What each printed paper shows: frozen records of text, ready to print and to attach as JSON.

Every value is already formatted text or None; None and "" print as a blank to be filled by hand.
The fields follow the printed forms of the customer; nothing here reads the database.
"""

import dataclasses
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from django.template.loader import render_to_string
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from propdesk.core.pdf.canonical import canonical_json, verify_code
from propdesk.core.pdf.clean import clean_for_print
from propdesk.core.pdf.render import font_gaps

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

__all__ = [
    "ComplaintRecordPaper",
    "Entry",
    "Field",
    "IncidentReportPaper",
    "Notification",
    "Option",
    "Override",
    "Party",
    "Photo",
    "Promise",
    "SignBox",
    "Step",
    "Tick",
    "Witness",
    "canonical_json",
    "paper_assets",
    "qr_svg",
    "render_html",
    "verify_code",
]

State = Literal["draft", "sealed", "void", "copy", "list"]
Text = str | None
QR_ASSET = "pd:qr.svg"
# How a sheet is printed is not part of the record, so a copy carries the code of the original.
# The address holds that code, so it cannot be among what the code is made from.
PRINT_ONLY = frozenset({"state", "verify_code", "record_url"})


@dataclass(frozen=True)
class Tick:
    """One printed choice: □ or ☑ with its label. All choices are listed, chosen or not."""

    label: str
    chosen: bool = False


def ticks(labels: Iterable[str], chosen: Text = None) -> tuple[Tick, ...]:
    """A row of choices with the one equal to `chosen` ticked (none when it is None)."""
    return tuple(Tick(label, label == chosen) for label in labels)


@dataclass(frozen=True)
class Field:
    """A label and its value, for rows only one kind of case has."""

    label: str
    value: Text = None


@dataclass(frozen=True)
class Party:
    """当事人: name, identity (住户, 访客, 员工 …), room, telephone (masked by the caller)."""

    name: Text = None
    identity: Text = None
    room: Text = None
    phone: Text = None


@dataclass(frozen=True)
class Witness:
    """见证人: name, contact, statement or the number of its attachment."""

    name: Text = None
    contact: Text = None
    statement: Text = None


@dataclass(frozen=True)
class Step:
    """One of the steps A to J: letter, name, what it asks, what was done, when, by whom."""

    letter: str
    title: str
    asks: Text = None
    record: Text = None
    done_at: Text = None
    by: Text = None


@dataclass(frozen=True)
class Entry:
    """One line of a time line or of the progress of work."""

    at: Text = None
    by: Text = None
    text: Text = None


@dataclass(frozen=True)
class Notification:
    """通知记录: who was told, when, how, and whether it was confirmed."""

    to: Text = None
    at: Text = None
    via: Text = None
    confirmed: Text = None


@dataclass(frozen=True)
class Promise:
    """A promised time: the first has no `original`; an extension says why and how it was told."""

    due: Text
    original: Text = None
    reason: Text = None
    told_at: Text = None
    told_via: Text = None
    outcome: Text = None


@dataclass(frozen=True)
class Override:
    """A rule set aside by a manager: which, why, who, when."""

    rule: str
    reason: Text = None
    by: Text = None
    at: Text = None


@dataclass(frozen=True)
class Photo:
    """A printed picture: asset name ("pd:…"), caption, SHA-256 of the kept original in hex."""

    asset: str
    caption: str
    sha256: Text = None


@dataclass(frozen=True)
class SignBox:
    """One box of the sign-off; `signature` is an asset name, None leaves room for the pen.

    `merged` marks one person in two roles (the title then names both), `deputy_note` the 代签.
    """

    role: str
    name: Text = None
    date: Text = None
    signature: Text = None
    signature_sha256: Text = None
    opinion: Text = None
    merged: bool = False
    deputy_note: Text = None


@dataclass(frozen=True)
class Option:
    """方案: what, by when, on what condition, cost in yuan, who approved; `chosen` by the guest."""

    text: Text
    due: Text = None
    condition: Text = None
    cost: Text = None
    approval: Text = None
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What every paper has: the head, the foot, the state, the sign-off."""

    template: ClassVar[str]
    schema: ClassVar[str]
    earlier_schemas: ClassVar[tuple[str, ...]] = ()
    title: "ClassVar[StrPromise]"
    title_size: ClassVar[str] = "wide"
    qr: ClassVar[str] = QR_ASSET

    organisation: str
    number: str
    form_code: str
    version: str
    record_url: str
    state: State
    frozen_at: str
    secrecy: Text = None
    category: Text = None
    severity: Text = None
    status: Text = None
    verify_code: Text = None
    audit_head: Text = None
    void_reason: Text = None
    note: Text = None
    promises: tuple[Promise, ...] = ()
    overrides: tuple[Override, ...] = ()
    photos: tuple[Photo, ...] = ()
    attachments: tuple[str, ...] = ()
    signatures: tuple[SignBox, ...] = ()

    @property
    def printed(self) -> Self:
        """The same record as the templates lay it out: no None, every text safe to print."""
        cleaned: Self = _cleaned(self)
        return cleaned

    @property
    def heading(self) -> str:
        """What stands at the top of the sheet."""
        return str(self.title)

    @property
    def draft_mark(self) -> str:
        """What stands across a sheet that is not finished yet."""
        return gettext("草稿（未签批）")

    @property
    def stamp(self) -> str:
        """The right of the footer: what the sheet is, since when, and the code of what was sealed."""
        if self.state == "list":
            return gettext("截至 {when}").format(when=self.frozen_at)
        if self.state == "draft":
            return ""
        if not self.verify_code:
            said = (
                gettext("作废 {when}") if self.state == "void" else gettext("截至 {when}　未封存")
            )
            return said.format(when=self.frozen_at)
        texts = {
            "sealed": gettext("封存 {when}　校验 {code}"),
            "copy": gettext("截至 {when}　校验 {code}"),
            "void": gettext("作废 {when}　校验 {code}"),
        }
        return texts[self.state].format(when=self.frozen_at, code=self.verify_code)

    def to_data(self) -> dict[str, Any]:
        """The record as plain JSON values, unaltered, with the name and version of its schema."""
        kept = {
            name: _as_json(value)
            for name, value in dataclasses.asdict(self).items()
            if name not in PRINT_ONLY
        }
        return {"schema": self.schema, **kept}

    def with_verify_code(self, key: bytes) -> Self:
        """The same paper carrying the code of its own data (HMAC with `key`)."""
        return dataclasses.replace(self, verify_code=verify_code(self.to_data(), key))


@dataclass(frozen=True, kw_only=True)
class IncidentReportPaper(Paper):
    """《事故报告》, internal. Steps are printed for complaints, left out for events."""

    template = "core/print/incident_report.html"
    title = _("事故报告")
    schema = "propdesk.incident_report/1"

    related: Text = None
    occurred_at: Text = None
    discovered_at: Text = None
    reported_at: Text = None
    place: Text = None
    reporter: Text = None
    duty_manager: Text = None
    parties: tuple[Party, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    injured: Text = None
    loss: Text = None
    extra_fields: tuple[Field, ...] = ()
    timeline: tuple[Entry, ...] = ()
    narrative: Text = None
    steps: tuple[Step, ...] = ()
    measures: Text = None
    notifications: tuple[Notification, ...] = ()
    authority: tuple[Tick, ...] = ()
    authority_detail: Text = None
    cause_direct: Text = None
    cause_indirect: Text = None
    result: Text = None
    guest_opinion: Text = None
    satisfaction: tuple[Tick, ...] = ()
    improvement: Text = None
    responsible_department: Text = None
    improvement_due: Text = None


@dataclass(frozen=True, kw_only=True)
class ComplaintRecordPaper(Paper):
    """《客户投诉处理记录表》: one complaint from intake to review."""

    template = "core/print/complaint_record.html"
    title = _("客户投诉处理记录表")
    title_size = "long"
    schema = "propdesk.complaint_record/1"

    received_at: Text = None
    channel: Text = None
    received_by: Text = None
    owner: Text = None
    guest_name: Text = None
    honorific: Text = None
    room: Text = None
    phone: Text = None
    anonymous: tuple[Tick, ...] = ()
    valid: tuple[Tick, ...] = ()
    occurred_at: Text = None
    place: Text = None
    points: Text = None
    demand: Text = None
    crux: Text = None
    checked_with_guest: tuple[Tick, ...] = ()
    steps: tuple[Step, ...] = ()
    options: tuple[Option, ...] = ()
    choice: Text = None
    progress: tuple[Entry, ...] = ()
    reviewed_at: Text = None
    satisfaction: tuple[Tick, ...] = ()
    guest_opinion: Text = None
    course: Text = None
    measures: Text = None
    result: Text = None
    improvement: Text = None


def render_html(paper: Paper) -> str:
    """The paper as HTML for the renderer; Chinese whatever language the worker speaks."""
    with override("zh-hans"):
        return render_to_string(paper.template, {"paper": paper})


def paper_assets(paper: Paper, files: Mapping[str, bytes]) -> dict[str, tuple[bytes, str]]:
    """What the renderer may load: `files` ("pd:…" to JPEG or PNG bytes) and the QR code.

    Raises KeyError when the paper names a picture that is not among `files`.
    """
    named = [photo.asset for photo in paper.photos]
    named += [box.signature for box in paper.signatures if box.signature]
    assets = {name: (files[name], _mime(files[name])) for name in named}
    return assets | {QR_ASSET: (qr_svg(paper.record_url), "image/svg+xml")}


def qr_svg(url: str) -> bytes:
    """A QR code of the record's address (medium error correction) as SVG."""
    import segno

    stream = io.BytesIO()
    segno.make(url, error="m", micro=False).save(stream, kind="svg", border=0, scale=4)
    return stream.getvalue()


def _mime(data: bytes) -> str:
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def _every_glyph(text: str) -> str:
    """Characters no bundled font shows, by name: 〔U+1F600〕.

    A guest's own words are frozen and may hold an emoji; the last signature must still give a
    paper, and a paper must never show a gap where something was written.
    """
    for char in font_gaps(text):
        text = text.replace(char, f"〔U+{ord(char):04X}〕")
    return text


def _cleaned(value: Any) -> Any:
    """The same record with None as "" and every text safe to lay out."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _every_glyph(clean_for_print(value))
    if isinstance(value, tuple):
        return tuple(_cleaned(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            item.name: _cleaned(getattr(value, item.name)) for item in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changes)
    return value


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value
