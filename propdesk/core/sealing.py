"""What makes a printed paper a sealed one: the house's seal and the signatures that stand on it."""

import hashlib
from dataclasses import dataclass

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from propdesk.core import seals
from propdesk.core.models import RenderJob, Report, ReportBox, SealKey
from propdesk.core.papers import Paper
from propdesk.core.pdf import signing
from propdesk.core.pdf.render import RenderedPdf
from propdesk.core.pdf.signing import Approval


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """The signed bytes of a paper, their SHA-256, the seal, and how many signatures are in them."""

    pdf: bytes
    sha256: str
    seal: SealKey
    signatures: int


def seal(job: RenderJob, paper: Paper, made: RenderedPdf) -> SealedPdf:
    """Sign what was printed: first the house, then each who signed, in order (ADR 0028)."""
    if job.case is None:
        raise TypeError(f"render job {job.pk} is a list")
    mine = seals.current(job.case.property)
    chain = _chain(job, paper)
    pdf = signing.sign(
        made.pdf,
        mine.signer,
        code=paper.verify_code or "",
        title=_("封存 %(number)s") % {"number": paper.number},
        approvals=chain,
    )
    return SealedPdf(pdf, hashlib.sha256(pdf).hexdigest(), mine.row, 1 + len(chain))


def _chain(job: RenderJob, paper: Paper) -> list[Approval]:
    """Who signed this paper; nobody signed a copy, whatever the boxes of its original show."""
    if paper.state == "copy":
        return []
    return _report_chain(job.report) if job.report else _paper_chain(paper)


def _report_chain(report: Report) -> list[Approval]:
    """The boxes of the round that was signed: role, minute, and the digest of what was signed."""
    rows = ReportBox.objects.filter(
        report=report, round=report.round, decision=ReportBox.Decision.APPROVED
    )
    return [
        _approval(row) for row in rows.select_related("signer", "on_behalf_of").order_by("position")
    ]


def _approval(row: ReportBox) -> Approval:
    if row.signer is None or row.decided_at is None:
        raise TypeError(f"box {row.pk} is not signed")
    words = [row.title]
    if row.on_behalf_of is not None:
        words.append(_("代%(name)s签") % {"name": row.on_behalf_of.name})
    words.append(_("%(when)s 同意") % {"when": f"{localtime(row.decided_at):%Y-%m-%d %H:%M}"})
    words.append(_("签批内容 SHA-256 %(sha)s") % {"sha": row.content_sha})
    return Approval(row.signer.name, "，".join(words))


def _paper_chain(paper: Paper) -> list[Approval]:
    """The boxes of any other paper that carry a drawn signature."""
    return [
        Approval(
            box.name or "",
            "，".join(
                [
                    box.role,
                    *([box.date] if box.date else []),
                    _("签名 SHA-256 %(sha)s") % {"sha": box.signature_sha256 or ""},
                ]
            ),
        )
        for box in paper.signatures
        if box.signature
    ]
