"""The sample report by WeasyPrint, as PropDesk prints and as it comes, and by Chromium."""

import functools
import os
import re
import shutil
from pathlib import Path
from typing import Any

from papers.measure import Row, cost, cpu_seconds, measure

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "propdesk/core/pdf/fonts"
REPEATS = 4
SLOW_REPEATS = 1
SYSTEM_FONTS = {
    '"PropDesk Sans", "PropDesk Rare", "PropDesk Extra"': '"Noto Sans CJK SC"',
    '"PropDesk Serif", "PropDesk Rare", "PropDesk Extra"': '"Noto Serif CJK SC"',
    '"PropDesk Kai", "PropDesk Serif", "PropDesk Rare", "PropDesk Extra"': '"Noto Serif CJK SC"',
}
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def paper_with(photos: Path) -> tuple[Any, dict[str, Any]]:
    """The sample report and what the renderer needs for it, with the print copies in `photos`."""
    from propdesk.core.papers import paper_assets
    from tests.core import paper_samples as samples

    files = dict(samples.FILES)
    for path in photos.glob("*.small"):
        files[f"pd:{path.stem}"] = path.read_bytes()
    paper = samples.incident()
    assets = paper_assets(paper, files)
    return paper, {"assets": assets, "data": paper.to_data(), "frozen_at": samples.FROZEN_AT}


def ours(photos: Path) -> Row:
    """As the worker prints: bundled fonts, print copies of the photos, PDF/A-3a with its data."""
    from propdesk.core.papers import render_html
    from propdesk.core.pdf.limited import render_limited

    paper, inputs = paper_with(photos)
    html = render_html(paper)
    return measure(lambda: render_limited(html, **inputs).pdf, REPEATS)


def as_installed(photos: Path) -> Row:
    """Out of the box where libharfbuzz-subset0 is not installed."""
    from weasyprint.pdf import fonts

    # What WeasyPrint finds there; it looks for the library once, when it is imported.
    fonts.harfbuzz_subset = None
    return out_of_the_box(photos, SLOW_REPEATS)


def out_of_the_box(photos: Path, repeats: int = REPEATS) -> Row:
    """`HTML(...).write_pdf()` with the system's fonts and the photos as uploaded."""
    import weasyprint

    css = (ROOT / "propdesk/core/pdf/print.css").read_text(encoding="utf-8")
    for name, system in SYSTEM_FONTS.items():
        css = css.replace(name, system)
    # What a newcomer would not know to write.
    html = page(photos, re.sub(r"^img \{.*$", "", css, flags=re.MULTILINE))
    document = functools.partial(weasyprint.HTML, filename=html)
    return measure(lambda: bytes(document().write_pdf()), repeats)


def page(photos: Path, css: str, *, suffix: str = "") -> Path:
    """The report as a file beside its pictures and a style sheet."""
    from propdesk.core.papers import qr_svg, render_html
    from tests.core import paper_samples as samples

    paper = samples.incident()
    (photos / "qr.svg").write_bytes(qr_svg(paper.record_url))
    for name, data in samples.FILES.items():
        if "sign" in name:
            (photos / name.removeprefix("pd:")).write_bytes(data)
    (photos / f"print{suffix}.css").write_text(css, encoding="utf-8")
    html = re.sub(r'"pd:(photo-\d)"', rf'"\1{suffix}"', render_html(paper)).replace("pd:", "")
    link = f'<link rel="stylesheet" href="print{suffix}.css"></head>'
    file = photos / f"report{suffix}.html"
    file.write_text(html.replace("</head>", link), encoding="utf-8")
    return file


def chromium(photos: Path) -> Row:
    """Chromium over its debugging protocol, with our fonts and the print copies of the photos.

    CPU is that of all its processes; memory is what they hold together, shared pages once, after
    the last print.
    """
    from playwright.sync_api import sync_playwright

    faces = "".join(
        f'@font-face{{font-family:"{family}";font-weight:{weight};src:url("{path.as_uri()}")}}'
        for family, weight, path in our_faces()
    )
    css = (ROOT / "propdesk/core/pdf/print.css").read_text(encoding="utf-8")
    html = page(photos, faces + css, suffix=".small")
    with sync_playwright() as play:
        flags = ["--no-sandbox", "--allow-file-access-from-files"]
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        tab = browser.new_page()

        def once() -> bytes:
            tab.goto(html.as_uri())
            return tab.pdf(prefer_css_page_size=True, print_background=True)

        pdf = once()
        spent = [cost(once, tree_cpu) for _ in range(REPEATS)]
        held = sum(proportional_kb(process) for process in browsers()) / 1024
        browser.close()
    return {"cpu": min(spent), "rss": held, "size": len(pdf) / 1e6}


def our_faces() -> list[tuple[str, int, Path]]:
    """Family, weight and file of each bundled font."""
    weights = {"Regular": 400, "Medium": 500, "Bold": 700}
    named = (path.stem.removeprefix("PropDesk").split("-") for path in sorted(FONTS.glob("*.ttf")))
    return [
        (f"PropDesk {family}", weights[style], FONTS / f"PropDesk{family}-{style}.ttf")
        for family, style in named
    ]


def browsers() -> list[Path]:
    """The processes of Chromium below this one."""
    parents: dict[str, str] = {}
    names: dict[str, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _bracket, after = stat.read_text(encoding="utf-8").rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        pid = stat.parent.name
        names[pid], parents[pid] = before.partition("(")[2], after.split()[1]

    def is_below(pid: str) -> bool:
        while pid in parents:
            pid = parents[pid]
            if pid == str(os.getpid()):
                return True
        return False

    return [Path("/proc", pid) for pid in names if "chrom" in names[pid] and is_below(pid)]


def tree_cpu() -> float:
    """Seconds of CPU of all processes of Chromium below this one, those that ended included."""
    ticks = 0
    for process in browsers():
        after = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += sum(int(field) for field in after[11:15])
    return ticks / CLOCK_TICKS


def proportional_kb(process: Path) -> int:
    """Resident kB of a process, a page that several share counted in parts."""
    text = (process / "smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1))


def uploads(folder: Path) -> float:
    """Write the photos of all sides; the CPU seconds one upload costs."""
    from propdesk.core.images import normalise
    from tests.core import paper_samples as samples

    spent = []
    for name in ("photo-1", "photo-2", "photo-3"):
        raw = phone_photo(samples.FILES[f"pd:{name}"])
        (folder / name).write_bytes(raw)
        started = cpu_seconds()
        photo = normalise(raw)
        spent.append(cpu_seconds() - started)
        (folder / f"{name}.small").write_bytes(photo.print)
    return min(spent)


def phone_photo(small: bytes) -> bytes:
    """A 12-megapixel JPEG of about 3 MB with EXIF, as a telephone would send it."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(small)) as source:
        large = source.convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((4000, 3000), 14).convert("RGB")
    tags = Image.Exif()
    tags[0x0112] = 1
    stream = io.BytesIO()
    Image.blend(large, noise, 0.18).save(stream, "JPEG", quality=90, exif=tags)
    return stream.getvalue()
