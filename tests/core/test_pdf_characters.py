"""Every character of 通用规范汉字表 prints: in each family of the style sheet, and read back whole."""

import dataclasses
import io
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from propdesk.core.papers import render_html
from propdesk.core.pdf import render as module
from propdesk.core.pdf.limited import render_limited
from propdesk.core.pdf.render import RenderedPdf, font_gaps, render
from tests.core import paper_samples as samples
from tests.core.test_pdf_render import run, squeezed

FONTS = module.HERE / "fonts"
LEVELS = (3500, 3000, 1605)
PER_ROW = 40


def standard_characters() -> str:
    lines = (samples.DATA / "standard-characters.txt").read_text(encoding="utf-8").splitlines()
    return "".join(line for line in lines if not line.startswith("#"))


CHARACTERS = standard_characters()
ROWS = [CHARACTERS[at : at + PER_ROW] for at in range(0, len(CHARACTERS), PER_ROW)]


@pytest.fixture(scope="module")
def printed() -> RenderedPdf:
    """A report whose texts hold the whole table, made as the worker makes papers."""
    fields = ("narrative", "measures", "result", "improvement")
    quarter = len(ROWS) // len(fields) + 1
    texts = ["\n".join(ROWS[at : at + quarter]) for at in range(0, len(ROWS), quarter)]
    changed = dict(zip(fields, texts, strict=True))
    # Nothing across the sheet: a reader would find the letters of the mark between the lines.
    paper = dataclasses.replace(samples.blank_incident(), state="sealed", **changed)
    return render_limited(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=samples.FROZEN_AT,
    )


def test_table_is_the_published_one() -> None:
    beyond = [char for char in CHARACTERS if ord(char) > 0xFFFF]

    assert len(CHARACTERS) == len(set(CHARACTERS)) == sum(LEVELS)
    assert len(beyond) == 196
    assert (CHARACTERS[0], CHARACTERS[3500], CHARACTERS[6500], CHARACTERS[-1]) == tuple("一乂亍蠼")
    assert [char for char in CHARACTERS if unicodedata.normalize("NFC", char) != char] == []


def families() -> list[str]:
    """The lists of families of the style sheet, each once."""
    css = (module.HERE / "print.css").read_text(encoding="utf-8")
    return sorted(set(re.findall(r'(?:"PropDesk \w+"(?:, )?)+', css)))


def weights(family: str) -> list[Path]:
    return sorted(FONTS.glob(f"{family.replace(' ', '')}-*.ttf"))


def cmap(path: Path) -> set[int]:
    with TTFont(path, lazy=True) as font:
        return set(font.getBestCmap())


@pytest.mark.parametrize("listed", families())
def test_glyphs_of_the_table_are_in_every_weight_with_its_fallbacks(listed: str) -> None:
    first, *others = re.findall(r'"(.+?)"', listed)
    fallback = set().union(*(cmap(weights(family)[0]) for family in others))

    faces = [cmap(path) | fallback for path in weights(first)]

    assert faces
    assert [[char for char in CHARACTERS if ord(char) not in face] for face in faces] == [
        [] for _face in faces
    ]


def test_gaps_of_the_table_are_none() -> None:
    assert font_gaps(CHARACTERS) == set()


def test_whole_table_is_read_back_by_both_readers(printed: RenderedPdf, tmp_path: Path) -> None:
    path = tmp_path / "table.pdf"
    path.write_bytes(printed.pdf)

    poppler = squeezed(run("pdftotext", "-raw", path, "-").stdout.decode())
    with pypdfium2.PdfDocument(path) as pdf:
        pdfium = squeezed("".join(page.get_textpage().get_text_bounded() for page in pdf))

    assert [row for row in ROWS if row not in poppler] == []
    assert [row for row in ROWS if row not in pdfium] == []


def blanks(pdf: bytes) -> set[str]:
    """What the glyphs without an outline stand for: those of the pages that draw nothing."""
    found: set[str] = set()
    fonts: dict[str, Embedded] = {}
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            named = page.Resources.Font.items()
            fonts |= {name: Embedded(font) for name, font in named if name not in fonts}
            font = None
            for operands, operator in pikepdf.parse_content_stream(page, "Tf Tj TJ"):
                if str(operator) == "Tf":
                    font = fonts[str(operands[0])]
                elif font is not None:
                    found |= font.blanks(operands[0] if str(operator) == "TJ" else operands)
    return found


class Embedded:
    """A font as it is in the file: which glyphs have an outline, what each stands for."""

    def __init__(self, font: pikepdf.Object) -> None:
        file = font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
        with TTFont(io.BytesIO(file)) as opened:
            ends = opened["loca"].locations
        self.drawn = {n for n, (at, end) in enumerate(pairwise(ends)) if end > at}
        pairs = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", font.ToUnicode.read_bytes())
        self.text = {int(g, 16): bytes.fromhex(t.decode()).decode("utf-16-be") for g, t in pairs}

    def blanks(self, shown: Iterable[object]) -> set[str]:
        raw = b"".join(bytes(item) for item in shown if isinstance(item, pikepdf.String))
        numbers = {int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)}
        return {self.text.get(number, "?") for number in numbers - self.drawn}


def test_whole_table_has_an_outline_for_each_character(
    printed: RenderedPdf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_finish", lambda *_args, **_kwargs: None)
    html = '<!doctype html><html lang="zh-CN"><p>好😀'
    control = render(html, assets={}, data={}, frozen_at=samples.FROZEN_AT)

    assert squeezed("".join(blanks(printed.pdf))) == ""
    assert squeezed("".join(blanks(control.pdf))) == "😀"
