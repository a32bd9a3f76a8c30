"""From the last signature to the bytes: the worker's job, the PDF, its text and its attachment."""

import hashlib
import io
import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from pypdf import PdfReader

from incidents import workflow
from incidents.models import Complaint
from incidents.reports import incident_report
from incidents.sop import steps
from propdesk.core import rendering
from propdesk.core.models import Document, RenderJob
from propdesk.core.papers import render_html
from propdesk.core.pdf.limited import render_limited
from tests.factories import PASSWORD
from tests.incidents.journey import GUEST, House, fresh
from tests.incidents.test_reports_prefill import Leak

pytestmark = pytest.mark.django_db


def printed(job: RenderJob) -> Document:
    """The paper the worker makes of a waiting job."""
    rendering.render_due(timezone.now())
    job.refresh_from_db()
    assert (job.state, job.error) == (RenderJob.State.DONE, "")
    assert job.document is not None
    return job.document


def stored(document: Document) -> bytes:
    with document.file.open("rb") as file:
        return bytes(file.read())


def text_of(data: bytes) -> str:
    """All words of a PDF, without the spaces the layout puts between them."""
    pages = PdfReader(io.BytesIO(data)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def sealed_job(complaint: Complaint) -> RenderJob:
    return RenderJob.objects.get(case=complaint.case, kind="incident_report", sealed=True)


def test_last_signature_ends_in_a_sealed_private_paper() -> None:
    complaint = Leak().signed()
    job = sealed_job(complaint)
    sheet = incident_report(job)
    document = printed(job)
    data = stored(document)
    paper = sheet.paper
    text = text_of(data)

    assert [word for word in _expected(paper.number) if word not in text] == []
    assert "草稿" not in text
    assert (document.sealed, document.version, document.number) == (True, 1, paper.number)
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert (document.verify_code, document.audit_head) == (paper.verify_code, paper.audit_head)
    attached = PdfReader(io.BytesIO(data)).attachments["incident.json"]
    assert [json.loads(each) for each in attached] == [paper.to_data()]
    assert document.data_sha256 == hashlib.sha256(attached[0]).hexdigest()
    path = Path(document.file.path)
    assert path.is_relative_to(settings.MEDIA_ROOT)
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH == 0


def _expected(number: str) -> list[str]:
    """What must be readable on the leak's report."""
    words = [number, *(step.title.zh for step in steps().values())]
    words += ["11-1322:55", "11-1418:00", "11-1512:00", "已延期", "未兑现", "已兑现"]
    words += ["☑基本满意", "□不满意", "周敏", "张岚", "陈国栋", "林晓楠", "欧阳𬀩晴"]
    return [*words, "138****6620", "情况属实。", "请举一反三。", "图3"]


def test_sealed_paper_printed_twice_is_the_same_bytes() -> None:
    house = House()
    complaint = house.signed()
    first = printed(sealed_job(complaint))
    workflow.close(fresh(complaint), by=house.dm)
    job = sealed_job(complaint)
    sheet = incident_report(job)
    again = render_limited(
        render_html(sheet.paper),
        assets=sheet.assets,
        data=sheet.paper.to_data(),
        frozen_at=sheet.frozen_at,
    )

    assert again.sha256 == first.unsigned_sha256


def test_draft_is_marked_and_carries_no_seal() -> None:
    house = House()
    complaint = house.reviewed()
    workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    job = rendering.request(fresh(complaint).case, "incident_report", by=house.dm)
    document = printed(job)
    text = text_of(stored(document))

    assert "草稿（未签批）" in text
    assert "封存" not in text
    assert (document.sealed, document.pages) == (False, 2)


def test_record_of_a_fresh_complaint_prints() -> None:
    house = House()
    complaint = house.new()
    document = printed(rendering.request(complaint.case, "complaint_record", by=house.dm))
    text = text_of(stored(document))

    assert complaint.case.number in text
    assert "王晓梅（女士）" in text
    assert "None" not in text


def test_words_no_font_shows_stand_on_the_paper_by_name() -> None:
    house = House()
    complaint = house.new(words="空调坏了😀")
    document = printed(rendering.request(complaint.case, "complaint_record", by=house.dm))

    assert "空调坏了〔U+1F600〕" in text_of(stored(document)).replace("\n", "")


def test_sealed_paper_names_the_guest_its_signers_read() -> None:
    """The paper may be made after the case came back and the guest was corrected."""
    house = House()
    complaint = workflow.close(house.signed(), by=house.dm)
    job = sealed_job(complaint)
    workflow.reopen(complaint, by=house.dm, reason="又响")
    now = replace(GUEST, name="欧阳静")
    workflow.edit_guest(fresh(complaint), now, by=house.dm, reason="登记有误")

    (party,) = incident_report(job).paper.parties

    assert (party.name, fresh(complaint).guest.name) == ("王晓梅（女士）", "欧阳静")
