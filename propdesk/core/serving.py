"""How private bytes leave the house: photos and papers, each with the heads that keep them harmless."""

import logging
from datetime import timedelta
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from propdesk.core import rendering
from propdesk.core.http import StaffRequest, done, page
from propdesk.core.models import Attachment, Document, RenderJob
from propdesk.core.retention import holds as retention

log = logging.getLogger(__name__)


def photo(row: Attachment | None, size: str) -> FileResponse:
    """A photo, ``full`` or ``small``: our own re-encoding, so always JPEG; 404 when there is none.

    The caller has looked it up among what the user may see.
    """
    if row is None or size not in ("full", "small"):
        raise Http404
    stored = row.file if size == "full" else row.print_file
    try:
        response = FileResponse(stored.open("rb"), content_type="image/jpeg")
    except OSError as error:
        log.exception("photo %s cannot be served", row.pk)
        raise Http404 from error
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def paper(
    request: StaffRequest,
    row: Document,
    title: Any,
    *,
    again: str,
    back: str,
    number: str = "",
    back_label: Any = "",
) -> HttpResponse:
    """The bytes of a paper, inline, under its proper name; every look is logged.

    Without a ``title`` the name is the number alone: a file must not tell what is kept secret. A draft
    whose bytes are gone is made anew at ``again``: drafts are kept for a day. For a sealed one that
    is gone or altered a page says so (503; 410 where its term was over), by ``number`` where that is not the paper's own, and leads
    ``back``.
    """
    how = "download" if "download" in request.GET else "view"
    try:
        data = rendering.read(row, by=request.user, how=how)
    except (ValueError, OSError):
        if not row.sealed:
            return done(request, again)
        purged = row.case and retention.purged_at(row.case)
        if not purged:
            log.exception("paper %s cannot be served", row.pk)
        context = {
            "purged": purged,
            "title": title,
            "number": number or row.number,
            "back_url": back,
            "back_label": back_label,
        }
        return page(request, "core/paper_altered.html", context, status=410 if purged else 503)
    response = HttpResponse(data, content_type="application/pdf")
    name = f"{row.number}_{title}.pdf" if title else f"{row.number}.pdf"
    response["Content-Disposition"] = str(content_disposition_header(how == "download", name))
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def waiting(
    request: StaffRequest, job: RenderJob | None, title: Any, number: str, back: str
) -> HttpResponse:
    """The page that waits for a paper, or says why it was not made; POST there tries it again.

    ``back`` is where it was asked for. Whoever may read the paper may have it made again.
    """
    if request.method == "POST":
        rendering.retry(job)
        return done(request, request.path)
    context = {"job": job, "title": title, "number": number, "back_url": back}
    if job is not None and job.state == RenderJob.State.PENDING:
        waited = max(timezone.now() - job.next_try_at, timedelta())
        context |= {
            "ahead": rendering.ahead_of(job),
            "seconds": int(waited.total_seconds()),
            "usual": rendering.usual_seconds(job),
        }
    return page(request, "core/paper_wait.html", context, status=202)


def paper_state(
    request: StaffRequest, ready: Document | None, job: RenderJob | None, here: str
) -> HttpResponse:
    """How far a paper is, as a fragment beside the form that signs it."""
    context = {"ready": ready, "job": job, "paper_url": here}
    status = 202 if ready is None else 200
    return page(request, "core/_paper_state.html", context, status=status)
