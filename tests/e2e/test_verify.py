"""Somebody outside holds a paper: on a telephone, without JavaScript, without a log-in."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from propdesk.core import rendering
from propdesk.core.models import Document
from tests.core.test_pdf_signing import edited
from tests.incidents.journey import House

pytestmark = pytest.mark.e2e


@pytest.fixture
def paper(transactional_db: None) -> Document:
    House().closed()
    rendering.render_due(timezone.now())
    return Document.objects.get(sealed=True)


@pytest.fixture
def page(browser: Any, live_server: Any, paper: Document) -> Any:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/v/")
    yield page
    context.close()


def said(page: Any) -> str:
    return str(page.locator("h1").inner_text())


def test_code_typed_as_it_stands_on_the_paper_is_found(page: Any, paper: Document) -> None:
    page.get_by_label("校验码").fill(paper.verify_code.lower())
    page.get_by_role("button", name="查询").click()

    assert said(page) == "未改动"
    assert page.get_by_text(paper.sha256).is_visible()


def test_files_are_told_apart(page: Any, paper: Document, tmp_path: Path) -> None:
    data = rendering.stored(paper)
    told = []
    for name, content in (("same", data), ("edited", edited(data)), ("other", b"%PDF-1.7 x")):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(content)
        page.get_by_label("文书的 PDF 文件").set_input_files(file)
        page.get_by_role("button", name="核对文件").click()
        told.append(said(page))

    assert told == ["未改动", "已改动", "查无此件"]
