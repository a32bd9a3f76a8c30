"""HTML to an archivable PDF: PDF/A-3a with a PDF/UA mark, own fonts, own assets, fixed dates.

The same input gives the same bytes in every process (ADR 0011). WeasyPrint is imported on first
use, so that the web process and a machine without Pango can import this module.
"""

import atexit
import bisect
import functools
import hashlib
import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

import propdesk.core.images  # noqa: F401 -- sets the pixel limit of Pillow, which WeasyPrint uses
from propdesk.core.pdf.canonical import canonical_json
from propdesk.core.pdf.clean import printable
from propdesk.core.pdf.mapped_fonts import keep_fonts_mapped
from propdesk.core.pdf.palette_pictures import keep_palettes
from propdesk.core.pdf.without_font_tools import without_font_tools
from propdesk.core.pdf.write_once import name_pages_once, write_once

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

HERE = Path(__file__).resolve().parent
PANGO_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
VARIANT = "pdf/a-3a"
MOST_PAGES = 200
"""What fits into the 20 s of CPU of a job; a list of a thousand rows takes some 56."""

# PDF/A asks that a schema it does not know (PDF/UA's) be described beside its use.
_UA_XMP = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">\
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>\
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema\
</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/\
</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property>\
<rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal\
</pdfaProperty:category><pdfaProperty:description>PDF/UA part</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\
</rdf:Description></rdf:RDF>"""


class RenderError(Exception):
    """A paper could not be made; the text is for the user, in Chinese."""


class RenderRefused(RenderError):  # noqa: N818 -- reads as the outcome the caller stores
    """The content may not be printed: no glyph for a character, a foreign resource, too many pages."""


class RenderFailed(RenderError):  # noqa: N818 -- as above
    """Printing broke down or ran out of its limits; the content itself was not judged."""


@dataclass(frozen=True)
class RenderedPdf:
    """A finished paper: the bytes, their SHA-256 in hex, the number of pages."""

    pdf: bytes
    sha256: str
    pages: int


def pango_problem() -> str | None:
    """None when papers can be printed here, else a Chinese sentence with the line to run."""
    try:
        _weasyprint()
        # Without this library WeasyPrint subsets fonts another way, so the bytes would differ.
        from weasyprint.text.ffi import harfbuzz_subset
    except OSError:
        harfbuzz_subset = None
    if harfbuzz_subset is not None:
        return None
    return _("打印组件未安装，请在服务器上执行：apt-get install -y {packages}").format(
        packages=PANGO_PACKAGES
    )


def prepare() -> None:
    """Import WeasyPrint and parse the style sheet, once.

    Raises RenderFailed when Pango is missing.
    """
    if problem := pango_problem():
        raise RenderFailed(problem)
    _style_sheet()


def render(
    html: str,
    *,
    assets: Mapping[str, tuple[bytes, str]],
    data: dict[str, Any],
    frozen_at: datetime,
    attachment_name: str = "incident.json",
) -> RenderedPdf:
    """Print `html`; `assets` maps "pd:name" to (bytes, MIME type), `data` is attached as JSON.

    `frozen_at` (aware) is the only date in the file. Raises RenderRefused for a character no font
    shows, any resource outside `assets` or more than `MOST_PAGES`, RenderFailed when the document cannot be laid out.
    """
    prepare()
    import weasyprint

    frozen = frozen_at.astimezone(UTC)
    attachment = weasyprint.Attachment(
        file_obj=io.BytesIO(canonical_json(data)),
        name=attachment_name,
        description=_("机器可读数据"),
        created=frozen,
        modified=frozen,
        relationship="Data",
    )
    options: dict[str, Any] = {
        "stylesheets": [_style_sheet()],
        "pdf_variant": VARIANT,
        "attachments": [attachment],
    }
    fetcher = _fetcher(assets)
    missing: set[int] = set()
    finish = functools.partial(_finish, missing=missing)
    with warnings.catch_warnings(), _logged_errors() as errors:
        # WeasyPrint leaves its colour profile to the interpreter to close.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            source = weasyprint.HTML(string=html, base_url="pd:", url_fetcher=fetcher)
            document = source.render(font_config=_fonts(_threads_owner()), **options)
            document.metadata.created = document.metadata.modified = frozen.isoformat()
            pdf = document.write_pdf(finisher=finish, **options)
            pages = len(document.pages)
        except (MemoryError, RenderRefused):
            raise
        except Exception as error:
            _refuse_denied(fetcher.denied)
            raise RenderFailed(_("文件排版失败，请联系管理员。")) from error
    _refuse_denied(fetcher.denied)
    if errors:
        raise RenderFailed(_("有图片或附件无法载入，请重新上传后再打印。"))
    if missing:
        raise RenderRefused(missing_message({chr(code) for code in missing}))
    return RenderedPdf(pdf, hashlib.sha256(pdf).hexdigest(), pages)


def font_gaps(text: str) -> set[str]:
    """Characters of `text` that no bundled font shows; a paper prints their names (ADR 0010)."""
    return {char for char in printable(text) if not (char.isspace() or _has_glyph(ord(char)))}


def missing_message(characters: set[str]) -> str:
    """The Chinese sentence that names the characters which cannot be printed."""
    named = "、".join(f"“{char}”（U+{ord(char):04X}）" for char in sorted(characters))
    return _("下列字符无法打印，请改用其他写法：{named}。").format(named=named)


def _has_glyph(code: int) -> bool:
    firsts, lasts = _coverage()
    at = bisect.bisect_right(firsts, code) - 1
    return at >= 0 and code <= lasts[at]


@functools.cache
def _coverage() -> tuple[list[int], list[int]]:
    """First and last code points of the ranges the fonts show, as written when they were built."""
    lines = (HERE / "fonts" / "coverage.txt").read_text(encoding="ascii").split()
    ends = [line.partition("-") for line in lines]
    return [int(first, 16) for first, _dash, _last in ends], [
        int(last or first, 16) for first, _dash, last in ends
    ]


@functools.cache
def _weasyprint() -> None:
    """Import WeasyPrint with only our fonts in sight; the variable must not reach child programs.

    Raises OSError when the Pango libraries are not installed.
    """
    with _only_our_fonts(), without_font_tools(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import weasyprint  # noqa: F401 -- imported for its effect

        keep_fonts_mapped()
        keep_palettes()
        name_pages_once()
        _count_pages()


def _count_pages() -> None:
    """Make WeasyPrint stop at the page that is one too many, not when its time is up."""
    from weasyprint import layout

    make_all_pages = layout.make_all_pages

    def counted(*args: Any) -> Iterator[Any]:
        for number, page in enumerate(make_all_pages(*args), start=1):
            if number > MOST_PAGES:
                raise RenderRefused(
                    _("文书超过 {n} 页，无法打印：请缩短过长的文字，或缩小清单的范围。").format(
                        n=MOST_PAGES
                    )
                )
            yield page

    layout.make_all_pages = counted


@functools.cache
def _style_sheet() -> "CSS":
    import weasyprint

    return weasyprint.CSS(filename=HERE / "print.css", font_config=_fonts(_threads_owner()))


def _threads_owner() -> int:
    """0 while this process has one thread, which a fork copies whole, else the process id."""
    tasks = Path("/proc/self/task")
    alone = tasks.is_dir() and sum(1 for _task in tasks.iterdir()) == 1
    return 0 if alone else os.getpid()


@functools.lru_cache(maxsize=1)
def _fonts(_owner: int) -> "FontConfiguration":
    """One per process, and its forks: but newer Pango serves fonts from a thread, which stays."""
    from weasyprint.text.fonts import FontConfiguration

    with _only_our_fonts():
        return FontConfiguration()


# At interpreter exit it would be collected after the modules it needs.
atexit.register(_fonts.cache_clear)


@contextmanager
def _only_our_fonts() -> Iterator[None]:
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(HERE / "fonts.conf")
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@contextmanager
def _logged_errors() -> Iterator[list[logging.LogRecord]]:
    """WeasyPrint logs a picture it cannot read and leaves a gap; a paper may not have gaps."""
    errors: list[logging.LogRecord] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(record)

    collector, logger = Collector(logging.ERROR), logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield errors
    finally:
        logger.removeHandler(collector)


def _fetcher(assets: Mapping[str, tuple[bytes, str]]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class AssetsOnly(URLFetcher):  # type: ignore[misc] # WeasyPrint ships no types
        """Answers only the names of this document; follows no scheme, host or path."""

        def __init__(self) -> None:
            super().__init__(timeout=1, allowed_protocols=("pd",), allow_redirects=False)
            self.denied: list[str] = []

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            if url not in assets:
                self.denied.append(url[:120])
                raise ValueError("not an asset of this document")
            body, mime = assets[url]
            return URLFetcherResponse(url, body, {"Content-Type": mime})

    return AssetsOnly()


def _refuse_denied(denied: list[str]) -> None:
    if denied:
        raise RenderRefused(
            _("文件引用了不允许的资源，已拒绝打印：{urls}").format(urls="，".join(denied))
        )


def _finish(document: Any, pdf: Any, *, missing: set[int]) -> None:
    """Collect the glyphs no font had, add the PDF/UA identification to the XMP packet, freeze."""
    # WeasyPrint lists an attachment once by its name and once as an object.
    pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))
    for font in document.fonts.values():
        missing.update(font.missing)
    for item in pdf.objects:
        extra = getattr(item, "extra", None)
        if extra and extra.get("Type") == "/Metadata":
            item.stream = [b"".join(item.stream).replace(b"</rdf:RDF>", _UA_XMP)]
    write_once(pdf)
