"""Fonts left mapped: nothing large is copied, and the paper is the one WeasyPrint makes itself."""

import pytest
from weasyprint.pdf import fonts
from weasyprint.text import fonts as text_fonts

from propdesk.core.papers import render_html
from propdesk.core.pdf import render as module
from propdesk.core.pdf.mapped_fonts import FaceData, keep_fonts_mapped
from propdesk.core.pdf.render import RenderedPdf, render
from tests.core import paper_samples as samples


def print_report() -> RenderedPdf:
    paper = samples.incident()
    return render(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=samples.FROZEN_AT,
    )


def test_font_files_none_is_copied_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    original, sizes = text_fonts.get_hb_object_data, []

    def counted(face: object) -> bytes:
        data: bytes = original(face)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(text_fonts, "get_hb_object_data", counted)
    print_report()

    smallest = min(path.stat().st_size for path in (module.HERE / "fonts").glob("*.ttf"))
    assert len(sizes) == 7
    assert max(sizes) < smallest / 4


def test_bytes_equal_those_of_weasyprint_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    module.prepare()
    ours = print_report()
    monkeypatch.setattr(fonts, "get_hb_object_data", text_fonts.get_hb_object_data)
    monkeypatch.delattr(fonts.Font, "file_content")

    assert print_report() == ours


def test_keeping_twice_changes_nothing() -> None:
    ours = print_report()
    keep_fonts_mapped()

    assert print_report() == ours


@pytest.mark.parametrize(("data", "truth"), [(None, False), (b"", False), (b"x", True)])
def test_face_is_true_with_data_and_read_once(
    monkeypatch: pytest.MonkeyPatch, data: bytes | None, truth: bool
) -> None:
    asked: list[object] = []

    def answer(face: object) -> bytes | None:
        asked.append(face)
        return data

    monkeypatch.setattr(text_fonts, "get_hb_object_data", answer)
    face = FaceData("face")

    assert bool(face) is truth
    assert face.content == data
    assert asked == ["face"]
