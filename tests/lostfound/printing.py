"""Papers of found things as the worker makes them, read back as text."""

import io
import re
from typing import Any

from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from lostfound.models import DisposalBatch, FoundItem
from propdesk.core import rendering
from propdesk.core.models import Document, RenderJob, User
from tests.lostfound.journey import fresh


def web(user: User) -> Client:
    """A browser of ``user``."""
    client = Client()
    client.force_login(user)
    return client


def job(row: FoundItem | DisposalBatch, kind: str = "claim_slip", **fields: Any) -> RenderJob:
    """A job nobody has to save: builders only read it."""
    case = type(row).objects.select_related("case__property").get(pk=row.pk).case
    return RenderJob(case=case, kind=kind, **{"case_version": case.version} | fields)


def sealed_job(row: FoundItem | DisposalBatch, kind: str = "claim_slip") -> RenderJob:
    """What the last signature left for the worker."""
    return RenderJob.objects.get(case=row.pk, kind=kind, sealed=True)


def printed(waiting: RenderJob) -> Document:
    """The paper the worker makes of a waiting job."""
    rendering.render_due(timezone.now())
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (RenderJob.State.DONE, "")
    assert waiting.document is not None
    return waiting.document


def stored(document: Document) -> bytes:
    with document.file.open("rb") as file:
        return bytes(file.read())


def draft(item: FoundItem, by: User) -> bytes:
    """The bytes of a slip as it stands."""
    return stored(printed(rendering.request(fresh(item).case, "claim_slip", by=by)))


def text_of(data: bytes) -> str:
    """All words of a PDF, without the spaces the layout puts between them."""
    pages = PdfReader(io.BytesIO(data)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def halves(data: bytes) -> tuple[str, str]:
    """(存根, 客户): what stands above and below the line along which a slip is cut."""
    stub, line, client = text_of(data).partition("裁切线")
    assert line
    return stub, client
