"""Papers are made by a worker from ``RenderJob`` rows; a dead broker only delays them (decision 22).

An app registers, per kind of paper, a function that turns a job into ``Sheet``. Sealed bytes are
served ever after; a draft is made anew whenever the case has moved on.
"""

import errno
import hashlib
import logging
import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, sealing, vault, wake
from propdesk.core.models import (
    Attachment,
    Case,
    CopyLog,
    Document,
    Property,
    RenderJob,
    Report,
    User,
)
from propdesk.core.papers import Paper, paper_assets, render_html
from propdesk.core.pdf.canonical import canonical_json
from propdesk.core.pdf.limited import render_limited
from propdesk.core.pdf.render import RenderedPdf, RenderFailed, RenderRefused

log = logging.getLogger(__name__)
DRAFT_FOR = timedelta(hours=23)
"""A draft is made anew after this long; its file goes an hour later (``core.orphans``)."""
MOST_AHEAD = 100
RECENT = 200
"""Among so many papers made last those of one kind are looked for, to tell how long it takes."""
RETRY_AFTER = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a paper is made of; ``frozen_at`` is the moment its dates are fixed to."""

    paper: Paper
    assets: Mapping[str, tuple[bytes, str]]
    frozen_at: datetime
    number: str
    version: int


Builder = Callable[[RenderJob], Sheet]
BUILDERS: dict[str, Builder] = {}


def register(kind: str, builder: Builder) -> None:
    """Called from an app's ``ready``: how papers of ``kind`` are built.

    A case with many papers of a kind names each: ``kind:17``.
    """
    BUILDERS[kind] = builder


def family(kind: str) -> str:
    """What papers of this kind are: ``copy`` of ``copy:17``."""
    return kind.partition(":")[0]


def build(job: RenderJob) -> Sheet:
    """What the paper of ``job`` is made of."""
    return BUILDERS[family(job.kind)](job)


def maker_of(document: Document) -> RenderJob | None:
    """The job a sealed paper was made by: it names the entry of the chain it was made at."""
    jobs = RenderJob.objects.filter(document=document, sealed=True).order_by("pk")
    return jobs.select_related("case__property__settings", "report").first()


def address(path: str) -> str:
    """A page of this installation as a QR code holds it."""
    return settings.PROPDESK_PUBLIC_URL.rstrip("/") + path


def coded(
    paper: Paper,
    files: Mapping[str, bytes],
    frozen_at: datetime,
    *,
    page: str = "",
    version: int = 1,
) -> Sheet:
    """The paper of a case with its verify code.

    The QR of a sealed one leads to where that code is checked, and so does that of any other without
    a ``page`` of its record.
    """
    signed = paper.with_verify_code(key())
    path = page if page and paper.state != "sealed" else f"/v/{signed.verify_code}"
    signed = replace(signed, record_url=address(path))
    return Sheet(signed, paper_assets(signed, files), frozen_at, paper.number, version)


def listed(paper: Paper, made_at: datetime) -> Sheet:
    """A paper without a code, for nothing is sealed; its QR leads to the page it comes from."""
    return Sheet(paper, paper_assets(paper, {}), made_at, paper.number, 1)


def case_of(job: RenderJob) -> Case:
    """The case the paper of ``job`` is about; a list of a house has none (TypeError)."""
    if job.case is None:
        raise TypeError(f"render job {job.pk} is a list")
    return job.case


def picture(photo: Attachment) -> bytes:
    """The print copy of a photo. RenderRefused when another file lies in its place.

    Photos of before its hash was kept are taken as they are.
    """
    with photo.print_file.open("rb") as stored:
        data = bytes(stored.read())
    if photo.print_sha256 and hashlib.sha256(data).hexdigest() != photo.print_sha256:
        raise RenderRefused(_("有照片的文件与上传时不符，不能打印，请管理员查看。"))
    return data


def key() -> bytes:
    """Secret of the verify codes."""
    return vault.key("propdesk.verify")


def ready_document(
    case: Case, kind: str, *, sealed: bool, report: Report | None
) -> Document | None:
    """The paper as it stands: the sealed one, or the draft of exactly this state of the case."""
    if sealed:
        return Document.objects.filter(case=case, report=report, kind=kind, sealed=True).first()
    job = (
        RenderJob.objects.filter(
            case=case,
            kind=kind,
            case_version=case.version,
            sealed=False,
            state="done",
            document__created_at__gt=timezone.now() - DRAFT_FOR,
        )
        .select_related("document")
        .order_by("-id")
        .first()
    )
    return job.document if job else None


def request(
    case: Case, kind: str, *, by: User | None, sealed: bool = False, report: Report | None = None
) -> RenderJob:
    """Queue a paper; the same one twice is one job. Never renders in this process."""
    now = timezone.now()
    if sealed and (first := _first_sealed(case, kind, report)):
        return first
    job = RenderJob(
        case=case,
        report=report,
        kind=kind,
        sealed=sealed,
        case_version=case.version,
        requested_by=by,
        requested_at=now,
        next_try_at=now,
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        # A twin was faster; it may be done already.
        twin = RenderJob.objects.filter(
            case=case, kind=kind, case_version=case.version, sealed=sealed
        ).order_by("-id")
        job = twin[0]
    wake.on_commit("core.render")
    return job


def request_list(
    prop: Property, kind: str, params: Mapping[str, Any], *, by: User | None
) -> RenderJob:
    """Queue a list of a house (register, notice board); never sealed, made anew each time.

    The very list he asked for and is still waiting for is returned: a second tap makes no second one.
    """
    now = timezone.now()
    waiting = _waiting_list(prop, kind, params, by)
    if waiting is not None:
        return waiting
    job = RenderJob(
        property=prop,
        kind=kind,
        params=dict(params),
        case_version=0,
        requested_by=by,
        requested_at=now,
        next_try_at=now,
    )
    job.save(force_insert=True)
    wake.on_commit("core.render")
    return job


def _waiting_list(
    prop: Property, kind: str, params: Mapping[str, Any], by: User | None
) -> RenderJob | None:
    if by is None:
        return None
    rows = RenderJob.objects.filter(property=prop, kind=kind, requested_by=by, state="pending")
    return rows.filter(params=dict(params)).order_by("-pk").first()


def list_job(prop: Property, kind: str, pk: int, by: User) -> RenderJob | None:
    """A list this very person asked for, with its document once it is made."""
    rows = RenderJob.objects.filter(property=prop, kind=kind, requested_by=by)
    return rows.select_related("document").filter(pk=pk).first()


def _first_sealed(case: Case, kind: str, report: Report | None) -> RenderJob | None:
    """The job made with the last signature: a sealed paper is never made from a later state."""
    jobs = RenderJob.objects.filter(case=case, report=report, kind=kind, sealed=True)
    job = jobs.order_by("id").first()
    if job is not None and job.state == RenderJob.State.FAILED:
        job.state, job.attempts, job.next_try_at = RenderJob.State.PENDING, 0, timezone.now()
        job.save(update_fields=["state", "attempts", "next_try_at"])
        wake.on_commit("core.render")
    return job


def render_due(now: datetime) -> int:
    """Make every paper that waits, oldest first; returns how many jobs were settled."""
    settled = 0
    while _render_next(now):
        settled += 1
    return settled


def is_waiting(now: datetime) -> bool:
    """Whether a paper waits to be made; the worker for papers only starts when one does."""
    return RenderJob.objects.filter(state="pending", next_try_at__lte=now).exists()


def ahead_of(job: RenderJob) -> int:
    """How many papers of all houses are made before this one; ``MOST_AHEAD`` stands for more."""
    at = job.next_try_at
    earlier = Q(next_try_at__lt=at) | Q(next_try_at=at, pk__lt=job.pk)
    rows = RenderJob.objects.filter(earlier, state=RenderJob.State.PENDING)
    return rows.values("pk")[:MOST_AHEAD].count()


def usual_seconds(job: RenderJob) -> int:
    """Whole seconds such a paper takes from being asked for to its file; 0 when none was made lately.

    The middle of those of its kind among the ``RECENT`` newest that came out at the first try.
    """
    kind = family(job.kind)
    rows = RenderJob.objects.filter(
        Q(kind=kind) | Q(kind__startswith=f"{kind}:"),
        pk__in=RenderJob.objects.order_by("-pk").values("pk")[:RECENT],
        sealed=job.sealed,
        state=RenderJob.State.DONE,
        attempts=1,
        document__created_at__gt=F("requested_at"),
    )
    took = rows.values_list(F("document__created_at") - F("requested_at"), flat=True)
    seconds = [each.total_seconds() for each in took]
    return math.ceil(statistics.median(seconds)) if seconds else 0


@transaction.atomic
def _render_next(now: datetime) -> bool:
    """One job under its row lock: a killed worker loses the transaction, not the job."""
    job = (
        RenderJob.objects.filter(state="pending", next_try_at__lte=now)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("case__property__settings", "property__settings", "report")
        .order_by("next_try_at", "id")
        .first()
    )
    if job is None:
        return False
    job.attempts += 1
    try:
        with transaction.atomic():
            job.document = _make(job)
        job.state = RenderJob.State.DONE
    except RenderRefused as refused:
        # Its text may quote a character of a name: on the page it may stand, in the log not.
        _log(job, "refused by its content")
        job.state, job.error = RenderJob.State.FAILED, str(refused)[:300]
    except RenderFailed as failed:
        _log(job, str(failed))
        _again(job, str(failed), now)
    except OSError as failed:
        _log(job, f"{type(failed).__name__} {errno.errorcode.get(failed.errno or 0, '')}")
        _again(job, _("文件读写没有成功，请联系管理员看看磁盘是不是满了。"), now)
    except Exception:
        # A job that raises is set aside and reported, never retried for ever nor lost.
        log.exception("render job %s (%s) broke down, attempt %s", job.pk, job.kind, job.attempts)
        _again(job, _("生成失败，请联系管理员查看日志。"), now)
    job.save(update_fields=["attempts", "state", "error", "document", "next_try_at"])
    return True


def _log(job: RenderJob, why: str) -> None:
    log.warning("render job %s (%s) failed, attempt %s: %s", job.pk, job.kind, job.attempts, why)


@transaction.atomic
def retry(job: RenderJob | None) -> None:
    """再试一次: make a paper that failed now and not later; nothing for one in the making."""
    rows = RenderJob.objects.exclude(state=RenderJob.State.DONE).exclude(error="")
    row = (
        rows.filter(pk=job.pk).select_for_update(no_key=True, skip_locked=True).first()
        if job
        else None
    )
    if row is None:
        return
    twin = RenderJob.objects.filter(state=RenderJob.State.PENDING, case__isnull=False).filter(
        case=row.case_id, kind=row.kind, case_version=row.case_version, sealed=row.sealed
    )
    if twin.exclude(pk=row.pk).exists():
        return
    row.state, row.attempts, row.error = RenderJob.State.PENDING, 0, ""
    row.next_try_at = timezone.now()
    row.save(update_fields=["state", "attempts", "error", "next_try_at"])
    wake.on_commit("core.render")


def _again(job: RenderJob, error: str, now: datetime) -> None:
    job.error = error[:300]
    if job.attempts > len(RETRY_AFTER):
        job.state = RenderJob.State.FAILED
    else:
        job.next_try_at = now + RETRY_AFTER[job.attempts - 1]


def _make(job: RenderJob) -> Document:
    if job.sealed:
        # Signing asks for the paper, and so does whoever opens it before it is made.
        sealed = ready_document(case_of(job), job.kind, sealed=True, report=job.report)
        if sealed is not None:
            return sealed
    sheet = build(job)
    html = render_html(_printed(job, sheet.paper))
    data = sheet.paper.to_data()
    made = render_limited(html, assets=sheet.assets, data=data, frozen_at=sheet.frozen_at)
    pdf, kept = _signed(job, sheet, made)
    document = Document(
        case=job.case,
        property=job.property,
        report=job.report,
        kind=job.kind,
        number=sheet.number,
        version=sheet.version,
        sealed=job.sealed,
        data_sha256=hashlib.sha256(canonical_json(data)).hexdigest(),
        verify_code=sheet.paper.verify_code or "",
        audit_head=sheet.paper.audit_head or "",
        pages=made.pages,
        size=len(pdf),
        created_at=timezone.now().astimezone(UTC),
        **kept,
    )
    name = f"{sheet.number}-{document.sha256[:12]}.pdf"
    document.file.save(name, ContentFile(pdf), save=False)
    audit.save(document, by=job.requested_by, reason=_("制表"))
    if job.sealed:
        # The chain holds the hash of what was sealed: another file in its place would not match.
        case = Case.objects.select_for_update(no_key=True).get(pk=case_of(job).pk)
        number = document.number
        if family(job.kind) == "copy":
            number = _("%(number)s（副本）") % {"number": number}
        info = {"number": number, "sha256": document.sha256}
        audit.record(case, document, by=None, action="paper_sealed", info=info)
    return document


def _printed(job: RenderJob, paper: Paper) -> Paper:
    """What is not sealed carries no code: asked for it, the page of codes would denounce the sheet."""
    return paper if job.sealed else replace(paper, verify_code=None)


def _signed(job: RenderJob, sheet: Sheet, made: RenderedPdf) -> tuple[bytes, dict[str, Any]]:
    """The bytes to keep with what the document says of them; a draft is not signed."""
    if not job.sealed:
        return made.pdf, {"sha256": made.sha256}
    sealed = sealing.seal(job, sheet.paper, made)
    return sealed.pdf, {
        "sha256": sealed.sha256,
        "unsigned_sha256": made.sha256,
        "seal": sealed.seal,
        "signatures": sealed.signatures,
    }


def stored(document: Document) -> bytes:
    """The bytes on disk, whatever they are; OSError when they are gone."""
    with document.file.open("rb") as file:
        return bytes(file.read())


def read(document: Document, *, by: User, how: str) -> bytes:
    """The stored bytes, checked against their hash and logged; ValueError when altered."""
    data = stored(document)
    if hashlib.sha256(data).hexdigest() != document.sha256:
        message = f"document {document.pk} does not match its hash"
        raise ValueError(message)
    CopyLog.objects.create(document=document, by=by, at=timezone.now(), how=how)
    return data


def job_of(case: Case, kind: str, *, sealed: bool) -> RenderJob | None:
    """The newest job that is not done yet: of any state of the case when sealed, else of this."""
    jobs = RenderJob.objects.filter(case=case, kind=kind, sealed=sealed)
    if not sealed:
        jobs = jobs.filter(case_version=case.version)
    return jobs.exclude(state=RenderJob.State.DONE).order_by("-id").first()


def document(case: Case, kind: str, pk: int) -> Document | None:
    """A paper of this very case."""
    return Document.objects.filter(case=case, kind=kind, pk=pk).first()
