"""核验文书: open to everybody, nothing kept, nothing personal said, not to be asked without end."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from propdesk.core import rendering
from propdesk.core.models import AuditEntry, CopyLog, Document
from propdesk.desk import forms
from tests.core.test_pdf_signing import edited
from tests.core.test_verifying import Sealed

pytestmark = pytest.mark.django_db
PERSONAL = ("王晓梅", "1806", "周敏", "张岚", "空调", "5678")


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def sent(client: Client, data: bytes, name: str = "x.pdf") -> Any:
    return client.post("/v/", {"file": SimpleUploadedFile(name, data, "application/pdf")})


def head(response: Any) -> str:
    """The words of the heading."""
    text = response.content.decode()
    return str(text[text.index("<h1") : text.index("</h1>")].rpartition(">")[2])


def files() -> set[str]:
    """Every file below the store, and what uploads leave in the folder for passing files."""
    return {str(path) for path in Path(settings.MEDIA_ROOT).rglob("*")}


def test_untouched_paper_is_said_to_be_so_and_nothing_personal(client: Client) -> None:
    sealed = Sealed()
    row = sealed.document
    lower = row.verify_code.lower().replace("-", " ")

    for code in (row.verify_code, row.verify_code.replace("-", ""), lower):
        response = client.get(f"/v/{code}")
        page = response.content.decode()
        shown = [each in page for each in (row.number, row.sha256, "事故报告", row.verify_code)]
        told = [each for each in PERSONAL if each in page]
        assert (response.status_code, head(response), shown, told) == (
            200,
            "未改动",
            [True] * 4,
            [],
        )


def test_code_typed_into_the_form_leads_to_its_page(client: Client) -> None:
    response = client.get("/v/", {"code": "abcd efgh ijkl ｍｎｏｐ"})

    assert (response.status_code, response["Location"]) == (302, "/v/ABCD-EFGH-IJKL-MNOP")


@pytest.mark.parametrize("code", ["", "ABCD", "Ａ" * 15, "号" * 16, "A" * 99])
def test_code_that_is_none_is_refused_in_words(client: Client, code: str) -> None:
    response = client.get("/v/", {"code": code})

    assert (response.status_code, head(response)) == (422, "核验文书")
    assert "校验码" in response.content.decode()


@pytest.mark.parametrize("code", ["AAAA-BBBB-CCCC-DDDD", "x", "ABCD-EFGH-JKLM", "A" * 500])
def test_unknown_code_is_not_found(client: Client, code: str) -> None:
    Sealed()
    response = client.get(f"/v/{code}")

    assert (response.status_code, head(response)) == (404, "查无此件")


def test_changed_row_is_told_on_the_page(client: Client) -> None:
    sealed = Sealed()
    sealed.complaint.guest.name = "别人"
    sealed.complaint.guest.save()

    response = client.get(f"/v/{sealed.document.verify_code}")

    page = response.content.decode()
    assert (response.status_code, head(response)) == (200, "已改动")
    assert "项不符，封存后被改动过。" in page
    assert [each for each in (*PERSONAL, "别人") if each in page] == []


def test_file_as_sealed_changed_and_foreign(client: Client) -> None:
    sealed = Sealed()
    data = rendering.stored(sealed.document)

    answers = [sent(client, each) for each in (data, edited(data), b"%PDF-1.7 other")]

    assert [(each.status_code, head(each)) for each in answers] == [
        (200, "未改动"),
        (200, "已改动"),
        (404, "查无此件"),
    ]


def test_file_leaves_nothing_behind(client: Client, tmp_path: Path, monkeypatch: Any) -> None:
    sealed = Sealed()
    data = rendering.stored(sealed.document) + b"\n" * 4_000_000
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = files(), Document.objects.count(), CopyLog.objects.count(), AuditEntry.objects.count()

    response = sent(client, data)

    after = files(), Document.objects.count(), CopyLog.objects.count(), AuditEntry.objects.count()
    assert (response.status_code, after == before, list(tmp_path.iterdir())) == (200, True, [])


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 422, "这个文件是空的"),
        (b"PK\x03\x04 not a paper", 422, "这不是 PDF 文件"),
        (b"%PDF-" + b"x" * 2000, 422, "文件太大了"),
    ],
    ids=["empty", "other", "large"],
)
def test_file_that_can_be_none_of_ours_is_refused_in_words(
    client: Client, monkeypatch: Any, data: bytes, status: int, words: str
) -> None:
    monkeypatch.setattr(forms, "LARGEST_PAPER", 1000)
    monkeypatch.setattr("propdesk.desk.verify.LARGEST_PAPER", 1000)

    response = sent(client, data)

    assert (response.status_code, words in response.content.decode()) == (status, True)


def test_form_without_a_file_is_refused_in_words(client: Client) -> None:
    response = client.post("/v/", {"sent": "1"})

    assert response.status_code == 422
    assert "请选择文书的 PDF 文件。" in response.content.decode()


def test_announced_flood_is_refused_before_it_is_read(client: Client) -> None:
    length = str(forms.LARGEST_PAPER * 2)
    response = client.post("/v/", {"a": "b"}, CONTENT_LENGTH=length)

    assert (response.status_code, "文件太大了" in response.content.decode()) == (413, True)


def test_too_many_questions_from_one_address_wait(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("propdesk.core.throttling.time.time", lambda: 1_800_000_000.0)
    answers = [client.get("/v/AAAA-BBBB-CCCC-DDDD").status_code for _again in range(32)]
    other = Client(REMOTE_ADDR="10.0.0.9").get("/v/AAAA-BBBB-CCCC-DDDD")

    assert answers == [404] * 30 + [429] * 2
    assert (sent(client, b"%PDF-1.7").status_code, other.status_code) == (429, 404)


def test_confidential_paper_shows_no_kind(client: Client) -> None:
    sealed = Sealed()
    sealed.complaint.case.restricted = True
    sealed.complaint.case.save(update_fields=["restricted"])

    page = client.get(f"/v/{sealed.document.verify_code}").content.decode()

    assert ("事故报告" in page, sealed.document.number in page) == (False, True)


def test_page_is_never_stored_by_a_cache(client: Client) -> None:
    response = client.get("/v/")

    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
