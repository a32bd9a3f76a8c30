"""The renderer: what is in the file, that it is the same each time, and what it refuses."""

import dataclasses
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any
from urllib.request import OpenerDirector

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageFilter, ImageStat

from lostfound.queries.papers import IN_REGISTER
from propdesk.core.papers import Paper, Party, canonical_json, render_html
from propdesk.core.papers_damage import DamageSlipPaper
from propdesk.core.papers_found import ClaimSlipPaper
from propdesk.core.pdf import render as module
from propdesk.core.pdf.limited import CPU_SECONDS, MEMORY_BYTES, render_limited
from propdesk.core.pdf.render import (
    RenderedPdf,
    RenderFailed,
    RenderRefused,
    font_gaps,
    missing_message,
    pango_problem,
    render,
)
from tests.core import paper_samples as samples
from tests.core import paper_samples_found as found
from tests.core.test_pdf_papers import IDS, PAPERS

ROOT = Path(__file__).resolve().parents[2]


def print_paper(paper: Paper) -> RenderedPdf:
    return render(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=samples.FROZEN_AT,
    )


def print_html(html: str, assets: dict[str, tuple[bytes, str]] | None = None) -> RenderedPdf:
    return render(html, assets=assets or {}, data={}, frozen_at=samples.FROZEN_AT)


SAMPLES = dict(zip(IDS, PAPERS, strict=True))
"""Every sample by its name."""


@functools.cache
def printed(name: str) -> RenderedPdf:
    """A sample, printed once for all tests."""
    return print_paper(SAMPLES[name])


@pytest.fixture(scope="module")
def report() -> RenderedPdf:
    """The sample report, printed once."""
    return printed("report")


@pytest.fixture(scope="module")
def report_file(report: RenderedPdf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(report.pdf)
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, check=True, capture_output=True, timeout=60)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u2060\u200b]", "", unicodedata.normalize("NFC", text))


def strings_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return strings_of(list(value.values()))
    return [text for item in value for text in strings_of(item)] if isinstance(value, list) else []


def printed_strings(paper: Paper) -> list[str]:
    """Every text of the record that stands on the sheet as such."""
    hidden = {"asset", "signature", "sha256", "signature_sha256", "record_url", "schema"}
    hidden |= {"widths", "length"}
    if paper.state == "draft":
        hidden.add("frozen_at")
    if isinstance(paper, ClaimSlipPaper | DamageSlipPaper):
        hidden.add("caption")  # the small pictures of a slip bear none
    if not getattr(paper, "banner", None):
        hidden.add("retention")

    def visible(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: visible(v) for k, v in value.items() if k not in hidden}
        return [visible(item) for item in value] if isinstance(value, list) else value

    texts = strings_of(visible(paper.to_data()))
    return [line for text in texts for line in text.splitlines()]


def test_pages_sample_report_is_two(report: RenderedPdf) -> None:
    assert report.pages == 2


def test_size_three_photos_stays_below_goal(report: RenderedPdf) -> None:
    assert len(report.pdf) <= 900_000


@pytest.mark.parametrize("name", IDS)
def test_text_both_readers_read_every_string(name: str, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(printed(name).pdf)

    poppler = squeezed(run("pdftotext", "-layout", path, "-").stdout.decode())
    poppler += squeezed(run("pdftotext", "-raw", path, "-").stdout.decode())
    pdfium = pdfium_text(path)

    lines = printed_strings(SAMPLES[name])
    assert [line for line in lines if squeezed(line) not in poppler] == []
    assert [line for line in lines if squeezed(line) not in pdfium] == []


def pdfium_text(path: Path) -> str:
    """The text of all pages as pdfium reads it."""
    with pypdfium2.PdfDocument(path) as pages:
        return squeezed("".join(page.get_textpage().get_text_bounded() for page in pages))


@pytest.mark.parametrize(
    ("name", "pages"), [("slip", 1), ("blank-slip", 1), ("disposal", 1), ("notice", 1)]
)
def test_pages_of_found_papers(name: str, pages: int) -> None:
    assert printed(name).pages == pages


def test_pages_of_a_long_slip_are_two() -> None:
    assert print_paper(found.long_slip()).pages == 2


def test_heading_stands_over_its_text_where_that_is_longer_than_a_page() -> None:
    steps = "\n".join(f"第{n}步：检查并记下现场情况" for n in range(1, 121))
    printed = print_paper(dataclasses.replace(samples.incident(), measures=steps))
    texts = [
        squeezed(page.get_textpage().get_text_bounded())
        for page in pypdfium2.PdfDocument(printed.pdf)
    ]

    assert ["第1步：" in text for text in texts if "措施与通知" in text] == [True]


def test_register_repeats_its_head_on_each_page_and_numbers_them() -> None:
    printed = print_paper(found.register(60))
    texts = [
        squeezed(page.get_textpage().get_text_bounded())
        for page in pypdfium2.PdfDocument(printed.pdf)
    ]

    assert [text.count("转移记录") for text in texts] == [1] * printed.pages
    ends = [f"第{n}页共{printed.pages}页" for n in range(1, printed.pages + 1)]
    assert [end in text for end, text in zip(ends, texts, strict=True)] == [True] * printed.pages
    assert printed.pages > 2


def test_register_of_a_quarter_of_its_rows_needs_a_quarter_of_the_limit() -> None:
    """The cost is linear in the rows, and other work on the machine makes each dearer."""
    paper = found.register(IN_REGISTER // 4)
    printed = render_limited(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=samples.FROZEN_AT,
        cpu_seconds=CPU_SECONDS // 4,
        wall_seconds=120,
        memory_bytes=MEMORY_BYTES,
    )

    assert printed.pages == 11


def test_approval_of_many_things_repeats_its_head_and_keeps_each_thing_whole() -> None:
    paper = dataclasses.replace(found.disposal(), rows=found.disposal().rows * 10)
    pages = [
        squeezed(page.get_textpage().get_text_bounded())
        for page in pypdfium2.PdfDocument(print_paper(paper).pdf)
    ]

    assert len(pages) > 2
    assert [text.count("查找与公告") for text in pages[:-1]] == [1] * (len(pages) - 1)
    assert [text.count("执行：") for text in pages] == [text.count("SW-") for text in pages]


@pytest.mark.parametrize("name", ["slip", "disposal", "notice"])
def test_bytes_of_found_papers_are_the_same_twice(name: str) -> None:
    assert print_paper(SAMPLES[name]).sha256 == printed(name).sha256


def test_text_rare_names_survive_both_readers(tmp_path: Path) -> None:
    parties = tuple(Party(name=f"王{char}") for char in samples.RARE_NAMES)
    paper = dataclasses.replace(samples.incident(), parties=parties)
    path = tmp_path / "rare.pdf"
    path.write_bytes(print_paper(paper).pdf)

    poppler = run("pdftotext", path, "-").stdout.decode()
    pdfium = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path))

    assert [char for char in samples.RARE_NAMES if f"王{char}" not in squeezed(poppler)] == []
    assert [char for char in samples.RARE_NAMES if f"王{char}" not in squeezed(pdfium)] == []


def test_text_says_what_the_sheet_itself_adds(report_file: Path) -> None:
    text = pdfium_text(report_file)

    wanted = ["☑未报警", "（以下空白）", "第1页共2页"]
    assert [item for item in wanted if item not in text] == []


HASH_CODE = """
import sys
from pathlib import Path
from django.conf import settings
root = sys.argv[1]
sys.path.insert(0, root)
engine = "django.template.backends.django.DjangoTemplates"
settings.configure(TEMPLATES=[{"BACKEND": engine, "DIRS": [root + "/templates"]}], INSTALLED_APPS=[],
                   LANGUAGE_CODE="zh-hans")
import django
django.setup()
from propdesk.core.papers import render_html
from propdesk.core.pdf import render as module
from propdesk.core.pdf.render import render
module.HERE = Path(sys.argv[2])
from tests.core import paper_samples as samples
paper = samples.incident()
print(render(render_html(paper), assets=samples.assets(paper), data=paper.to_data(),
             frozen_at=samples.FROZEN_AT).sha256)
"""


@pytest.mark.parametrize(
    ("seed", "zone", "language"), [("1", "UTC", "C"), ("77", "America/New_York", "C.UTF-8")]
)
def test_bytes_other_process_and_font_folder_are_identical(
    report: RenderedPdf, tmp_path: Path, seed: str, zone: str, language: str
) -> None:
    changed = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language}
    changed |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    elsewhere = tmp_path / "another place"
    shutil.copytree(module.HERE / "fonts", elsewhere / "fonts")
    for name in ("fonts.conf", "print.css"):
        shutil.copy(module.HERE / name, elsewhere)

    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", HASH_CODE, str(ROOT), str(elsewhere)],
        env=os.environ | changed,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )

    assert answer.stdout.decode().strip() == report.sha256


def test_bytes_other_content_differ(report: RenderedPdf) -> None:
    changed = dataclasses.replace(samples.incident(), place="B 座大堂")

    assert print_paper(changed).sha256 != report.sha256


def test_fonts_embedded_are_truetype_only(report: RenderedPdf) -> None:
    with _opened(report) as pdf:
        kinds = {
            key
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
            for key in item
            if key.startswith("/FontFile")
        }

    assert kinds == {"/FontFile2"}


def _opened(report: RenderedPdf) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(report.pdf))


def test_glyphs_none_is_the_box_for_a_missing_one(report_file: Path) -> None:
    drawn = re.findall(
        rb'<g [^>]*glyph="([^"]+)"', run("mutool", "trace", report_file, "1-2").stdout
    )

    assert len(drawn) > 1000
    assert {b"0", b".notdef"} & set(drawn) == set()


def test_images_none_ask_for_interpolation(report: RenderedPdf) -> None:
    with _opened(report) as pdf:
        images = [item for item in pdf.objects if _is_image(item)]
        smoothed = [item for item in images if bool(item.get("/Interpolate", False))]

        assert (len(images), len(smoothed)) == (7, 0)


def _is_image(item: Any) -> bool:
    return isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"


def test_metadata_names_both_standards_and_the_fixed_date(report: RenderedPdf) -> None:
    with _opened(report) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()

        assert re.findall(r'pdfaid:(?:part|conformance)="(\w)"', metadata) == ["3", "A"]
        assert re.findall(r"<pdfuaid:part>(\d)</pdfuaid:part>", metadata) == ["1"]
        assert str(pdf.Root.Lang) == "zh-CN"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.docinfo["/Title"]) == "事故报告 SG-20261112-002"
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261120091000")
        assert str(pdf.docinfo["/ModDate"]).startswith("D:20261120091000")


def test_bookmarks_list_the_title_and_each_part(report: RenderedPdf) -> None:
    with _opened(report) as pdf, pdf.open_outline() as outline:
        titles = [item.title for item in outline.root[0].children]

        assert outline.root[0].title == "事故报告 SG-20261112-002"
        assert [title.split("、")[0] for title in titles] == list("一二三四五六七八九")
        assert titles[-1] == "九、签字确认"


def test_attachment_equals_the_record(report: RenderedPdf) -> None:
    data = samples.incident().to_data()
    with _opened(report) as pdf:
        specification = pdf.attachments["incident.json"]
        raw = specification.get_file().read_bytes()

        assert raw == canonical_json(data)
        assert json.loads(raw) == data
        assert specification.relationship == "/Data"
        assert len(pdf.Root.AF) == 1


def test_attachment_date_is_utc(report: RenderedPdf) -> None:
    with _opened(report) as pdf:
        stored = pdf.attachments["incident.json"].get_file().obj.Params

        assert str(stored.CreationDate) == "D:20261120091000Z"


def test_structure_qpdf_finds_no_fault(report_file: Path) -> None:
    answer = run("qpdf", "--check", report_file)

    assert b"No syntax or stream encoding errors found" in answer.stdout
    assert answer.stderr == b""


TOLERANCE = 0.05
"""Ten times what the same poppler draws of the same layout."""


def _grey(raw: bytes) -> Any:
    with Image.open(io.BytesIO(raw)) as picture:
        return (
            picture.convert("L")
            .resize((298, 421), Image.Resampling.BOX)
            .filter(ImageFilter.GaussianBlur(2))
        )


def _distance(one: Any, other: Any) -> float:
    """Mean difference of two grey pictures, 0 (same) to 255."""
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


def test_viewers_draw_the_same_page(report_file: Path, tmp_path: Path) -> None:
    poppler = tmp_path / "poppler"
    run("pdftoppm", "-r", "150", "-png", "-singlefile", report_file, poppler)
    mupdf = tmp_path / "mupdf.png"
    run("mutool", "draw", "-q", "-r", "150", "-o", mupdf, report_file, "1")
    second = tmp_path / "second.png"
    run("mutool", "draw", "-q", "-r", "150", "-o", second, report_file, "2")

    page = _grey(poppler.with_suffix(".png").read_bytes())

    assert _distance(page, _grey(mupdf.read_bytes())) < 2.0
    assert _distance(page, _grey(second.read_bytes())) > 8.0


def test_layout_equals_the_kept_picture(report_file: Path, tmp_path: Path) -> None:
    """After a wanted change delete the picture; the next run draws it anew and fails once."""
    kept = samples.DATA / "incident-page-1.png"
    run("pdftoppm", "-r", "150", "-png", "-singlefile", report_file, tmp_path / "now")
    now = _grey((tmp_path / "now.png").read_bytes())
    if not kept.exists():
        now.save(kept, optimize=True)
        pytest.fail(f"{kept.name} was drawn anew: look at it and commit it")

    with Image.open(kept) as picture:
        assert _distance(now, picture.convert("L")) < TOLERANCE


@pytest.mark.parametrize(
    "gone", [(0, 395, 298, 412), (230, 15, 298, 75)], ids=["footer", "qr-code"]
)
def test_layout_without_a_part_is_told_from_the_kept_picture(gone: Any) -> None:
    """The control: the faintest part of the sheet is enough to be missed."""
    with Image.open(samples.DATA / "incident-page-1.png") as picture:
        kept = picture.convert("L")
    without = kept.copy()
    without.paste(255, gone)

    assert _distance(without, kept) > 2 * TOLERANCE


FETCHING = {
    "img": '<img src="http://127.0.0.1:9/a.png">',
    "img-file": '<img src="file:///etc/hostname">',
    "img-relative": '<img src="../../etc/hostname">',
    "img-data-svg": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>\">",
    "img-other-asset": '<img src="pd:other">',
    "css-url": '<p style="background:url(http://127.0.0.1:9/b.png)">x</p>',
    "css-list": '<ul style="list-style-image:url(file:///etc/hostname)"><li>x</li></ul>',
    "css-content": '<style>p::before{content:url("http://127.0.0.1:9/c.png")}</style><p>x</p>',
    "css-import": '<style>@import "http://127.0.0.1:9/d.css";</style>',
    "css-font": "<style>@font-face{font-family:x;src:url(http://127.0.0.1:9/e.ttf)}</style>",
    "css-page": "<style>@page{background:url(file:///etc/hostname)}</style>",
    "css-profile": (
        "<style>@color-profile --x{src:url(http://127.0.0.1:9/m.icc)}</style>"
        '<p style="color:color(--x 0 0 0)">x</p>'
    ),
    "link-style": '<link rel="stylesheet" href="http://127.0.0.1:9/f.css">',
    "link-attachment": '<link rel="attachment" href="file:///etc/hostname">',
    "a-attachment": '<a rel="attachment" href="file:///etc/hostname">x</a>',
    "object": '<object data="http://127.0.0.1:9/g.svg"></object>',
    "embed": '<embed src="file:///etc/hostname">',
    "svg-image": (
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/h.png"'
        ' width="9" height="9"/></svg>'
    ),
    "base": '<base href="http://127.0.0.1:9/"><img src="j.png">',
}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses anybody tried to open."""
    seen: list[str] = []

    def refuse(self: OpenerDirector, request: Any, *args: Any, **kwargs: Any) -> None:
        seen.append(str(request))
        raise OSError("opened")

    monkeypatch.setattr(OpenerDirector, "open", refuse)
    return seen


@pytest.mark.parametrize("payload", FETCHING.values(), ids=FETCHING.keys())
def test_resource_foreign_is_refused_unfetched(payload: str, opened: list[str]) -> None:
    with pytest.raises(RenderRefused, match="不允许的资源"):
        print_html(f'<!doctype html><html lang="zh-CN"><body>{payload}</body></html>')

    assert opened == []


@pytest.mark.parametrize(
    "payload",
    [
        '<script src="http://127.0.0.1:9/k.js"></script>',
        '<iframe src="file:///etc/hostname"></iframe>',
        '<a href="http://127.0.0.1:9/">x</a>',
        '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
        '<svg width="9" height="9"><use href="http://127.0.0.1:9/l.svg#a"/></svg>',
    ],
    ids=["script", "iframe", "link", "refresh", "svg-use"],
)
def test_resource_ignored_kinds_are_never_fetched(payload: str, opened: list[str]) -> None:
    result = print_html(f'<!doctype html><html lang="zh-CN"><body>{payload}</body></html>')

    assert (result.pages, opened) == (1, [])


def test_markup_typed_by_a_user_prints_as_text(tmp_path: Path) -> None:
    payload = '<img src="file:///etc/hostname"><b>&amp;"\''
    paper = dataclasses.replace(samples.incident(), place=payload, organisation=payload)
    path = tmp_path / "typed.pdf"
    path.write_bytes(print_paper(paper).pdf)

    text = squeezed(run("pdftotext", path, "-").stdout.decode())

    assert text.count(squeezed(payload)) >= 2


@pytest.mark.parametrize(
    ("text", "named"),
    [("好😀", "“😀”（U+1F600）"), ("กา", "“ก”（U+0E01）、“า”（U+0E32）")],
    ids=["emoji", "thai"],
)
def test_glyph_missing_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(RenderRefused) as refusal:
        print_html(f'<!doctype html><html lang="zh-CN"><p>{text}</p></html>')

    assert str(refusal.value) == f"下列字符无法打印，请改用其他写法：{named}。"


def test_font_gaps_agree_with_the_printed_page() -> None:
    shown = "王𠮷㵆𬀩한Łếơ☑□✔①⑳㎡№℃①Ⅻ（）—…“”￥"

    assert font_gaps(shown + "\n\t\u200b\u202e\ufe0f") == set()
    assert font_gaps(shown + "😀กع") == {"😀", "ก", "ع"}
    assert print_html(f'<!doctype html><html lang="zh-CN"><p>{shown}</p></html>').pages == 1


@pytest.mark.parametrize(
    "name", ["김 철수", "김\u00a0철수", "𠮷 田", "㐀\u3000一", "王\u2003伟", "김\t철수"], ids=ascii
)
def test_space_prints_after_a_letter_of_any_face(name: str) -> None:
    """Pango asks the face of the word before it for the space and no other."""
    result = print_html(f'<!doctype html><html lang="zh-CN"><p>{name}</p></html>')
    assert (result.pages, font_gaps(name)) == (1, set())


def test_coverage_file_equals_the_fonts() -> None:
    shown: set[int] = set()
    for path in (module.HERE / "fonts").glob("*.ttf"):
        with TTFont(path, lazy=True) as font:
            shown |= set(font.getBestCmap())

    listed = {
        code
        for first, last in zip(*module._coverage(), strict=True)
        for code in range(first, last + 1)
    }
    assert listed == shown


def test_fonts_each_is_static_truetype_and_holds_the_form_symbols() -> None:
    everyday = 0
    for path in sorted((module.HERE / "fonts").glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            assert ("glyf" in font, "fvar" in font, "CFF " in font) == (True, False, False)
            if "Rare" not in path.name and "Extra" not in path.name:
                everyday += 1
                cmap = font.getBestCmap()
                assert [char for char in "☑□①②③℃№㎡永，。A1" if ord(char) not in cmap] == []
    assert everyday == 6


def test_gb2312_has_no_gap() -> None:
    han = "".join(
        bytes([lead, trail]).decode("gb2312", errors="ignore")
        for lead in range(0xA1, 0xF8)
        for trail in range(0xA1, 0xFF)
    )

    assert (len(han), font_gaps(han)) == (7445, set())


def test_picture_unreadable_fails_instead_of_leaving_a_gap() -> None:
    html = '<!doctype html><html lang="zh-CN"><img src="pd:a" alt="a"></html>'

    with pytest.raises(RenderFailed, match="无法载入"):
        print_html(html, {"pd:a": (b"\xff\xd8\xff not a picture", "image/jpeg")})


def test_nesting_too_deep_fails_by_name() -> None:
    with pytest.raises(RenderFailed, match="排版失败"):
        print_html('<!doctype html><html lang="zh-CN">' + "<div>" * 400 + "x")


def test_page_too_many_is_refused_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAGES", 2)
    leaf = '<p style="break-after: page">好</p>'
    head = '<!doctype html><html lang="zh-CN">'

    assert print_html(head + leaf + "好").pages == 2
    with pytest.raises(RenderRefused, match="文书超过 2 页"):
        print_html(head + leaf * 2 + "好")


def test_pages_that_may_be_printed_are_those_time_allows() -> None:
    assert module.MOST_PAGES == 200


def test_environment_is_left_as_it_was(report: RenderedPdf) -> None:
    assert (report.pages, "FONTCONFIG_FILE" in os.environ) == (2, False)


def test_pango_present_is_no_problem() -> None:
    assert pango_problem() is None


def test_pango_missing_names_the_line_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(module, "_weasyprint", absent)

    line = "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    assert pango_problem() == f"打印组件未安装，请在服务器上执行：{line}"
    with pytest.raises(RenderFailed, match="apt-get install"):
        print_html("<p>x</p>")


def test_missing_message_sorts_the_characters() -> None:
    assert missing_message({"ก", "😀"}) == (
        "下列字符无法打印，请改用其他写法：“ก”（U+0E01）、“😀”（U+1F600）。"
    )
