"""Build the TrueType files the printed papers use; run by hand when a source font changes.

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 @expo-google-fonts/noto-serif-sc@0.4.3
    apt-get download fonts-lxgw-wenkai          (1.250; unpack with dpkg-deb -x)
    python tools/make_fonts.py SANS_PACKAGE_DIR SERIF_PACKAGE_DIR LXGWWenKai-Regular.ttf

Only static fonts with glyf outlines come out: variable, CFF and sliced fonts print wrong glyphs in
some viewers (ADR 0010). The same sources give the same bytes; names differ from the originals as
the SIL Open Font License asks of modified fonts.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.misc.roundTools import otRound
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

OUT = Path(__file__).resolve().parent.parent / "propdesk" / "core" / "pdf" / "fonts"
STYLES = {400: "Regular", 500: "Medium", 700: "Bold"}
EXTRA_SYMBOLS = (
    "№℃℉㎡㎥㎏㎜㎝㎞㏄×÷±≤≥≠≈√∞°′″‰¥￥€£$§¶†‡"
    "☐☑□■○●◎◇◆△▲▽▼☆★※→←↑↓⇒✓✔✕♀♂☎①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
    "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽—–―…·•“”‘’〇﹏￣"
)
SPACES = frozenset({0x20, 0xA0, 0x3000})
"""In every face: Pango takes a space from the font of the word before it and never looks further."""
FEATURES = ["locl", "ccmp", "chws", "halt", "palt", "kern", "mark", "mkmk"]


@dataclass(frozen=True)
class Face:
    """One file to build."""

    family: str
    weight: int
    source: Path
    characters: frozenset[int]
    features: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return f"{self.family.replace(' ', '')}-{STYLES[self.weight]}.ttf"


def everyday_characters() -> frozenset[int]:
    """GB 2312, Latin with accents, punctuation and the symbols forms use."""
    found = {*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x1E00, 0x1F00)}
    found |= {*range(0x2010, 0x2040), *range(0x3000, 0x3030), *range(0xFF00, 0xFFF0)}
    for lead in range(0xA1, 0xF8):
        for trail in range(0xA1, 0xFF):
            text = bytes([lead, trail]).decode("gb2312", errors="ignore")
            found |= {ord(char) for char in text}
    return frozenset(found | {ord(char) for char in EXTRA_SYMBOLS})


def is_han(code: int) -> bool:
    """Whether the code point is an ideograph (all planes, with the compatibility blocks)."""
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF


def add_tick_boxes(font: TTFont) -> None:
    """Give the font ☐ ☑ ✔: no source has them, and every form needs them."""
    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    box, tick = cmap[ord("□")], cmap.get(ord("✓"), cmap[ord("√")])
    pen = TTGlyphPen(None)
    outline = DecomposingRecordingPen(glyphs)
    glyphs[box].draw(outline)
    outline.replay(pen)
    outline = DecomposingRecordingPen(glyphs)
    glyphs[tick].draw(outline)
    width = font["hmtx"][box][0]
    scale = 0.92
    shift = (width - font["hmtx"][tick][0] * scale) / 2
    rise = font["head"].unitsPerEm * 0.38 * (1 - scale)
    outline.replay(TransformPen(pen, (scale, 0, 0, scale, otRound(shift), otRound(rise))))
    name, glyph = "propdesk.tickbox", pen.glyph()
    glyph.recalcBounds(font["glyf"])
    # Tables are read lazily by glyph order, so each must be open before the order grows.
    metrics = [font[tag] for tag in ("hmtx", "vmtx") if tag in font]
    font["glyf"][name] = glyph
    font.setGlyphOrder([*font.getGlyphOrder()])
    for table in metrics:
        table[name] = table[box]
    font["hmtx"][name] = (width, glyph.xMin)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {0x2610: box, 0x2611: name, 0x2714: tick}


def rename(font: TTFont, face: Face) -> None:
    """Put our own family name in place of the reserved one; licence and copyright stay."""
    style = STYLES[face.weight]
    plain = face.family if face.weight in (400, 700) else f"{face.family} {style}"
    names = {
        1: plain,
        2: "Bold" if face.weight == 700 else "Regular",
        3: f"{face.family} {face.weight} 1.0",
        4: f"{face.family} {style}",
        6: f"{face.family.replace(' ', '')}-{style}",
        16: face.family,
        17: style,
    }
    table = font["name"]
    table.names = [record for record in table.names if record.nameID not in names]
    for name_id, value in names.items():
        table.setName(value, name_id, 3, 1, 0x409)


def build(face: Face) -> int:
    """Write one face, return its size in bytes."""
    font = TTFont(face.source, recalcTimestamp=False)
    if "glyf" not in font or "fvar" in font:
        raise SystemExit(f"{face.source}: not a static TrueType font")
    if ord("□") in face.characters:
        add_tick_boxes(font)
    options = subset.Options(
        hinting=False,
        layout_features=list(face.features),
        name_IDs=["*"],
        notdef_outline=True,
        glyph_names=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(face.characters))
    subsetter.subset(font)
    rename(font, face)
    target = OUT / face.file_name
    font.save(target)
    return target.stat().st_size


def plan(sans: Path, serif: Path, kai: Path) -> Iterable[Face]:
    """The everyday faces, then what they lack: other Han (Rare), other scripts' names (Extra)."""
    common, features = everyday_characters(), tuple(FEATURES)
    for weight, folder in ((400, "400Regular"), (500, "500Medium"), (700, "700Bold")):
        source = sans / folder / f"NotoSansSC_{folder}.ttf"
        yield Face("PropDesk Sans", weight, source, common, features)
        if weight != 500:
            source = serif / folder / f"NotoSerifSC_{folder}.ttf"
            yield Face("PropDesk Serif", weight, source, common, features)
    yield Face("PropDesk Kai", 400, kai, common, features)
    source = sans / "400Regular" / "NotoSansSC_400Regular.ttf"
    in_sans = frozenset(TTFont(source, lazy=True).getBestCmap())
    rare = frozenset(code for code in in_sans - common if is_han(code))
    yield Face("PropDesk Rare", 400, source, rare | SPACES, ("locl", "ccmp"))
    in_kai = frozenset(TTFont(kai, lazy=True).getBestCmap())
    extra = frozenset(code for code in in_kai - in_sans if is_han(code) or code < 0x2000)
    hangul = frozenset(code for code in in_kai if 0xAC00 <= code <= 0xD7A3)
    yield Face(
        "PropDesk Extra", 400, kai, extra | hangul | SPACES, ("locl", "ccmp", "mark", "mkmk")
    )


def write_coverage() -> None:
    """List the ranges of code points the built fonts show, one "first-last" in hex a line."""
    shown: set[int] = set()
    for path in sorted(OUT.glob("*.ttf")):
        shown |= set(TTFont(path, lazy=True).getBestCmap())
    ranges: list[list[int]] = []
    for code in sorted(shown):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    lines = (f"{a:04X}" if a == b else f"{a:04X}-{b:04X}" for a, b in ranges)
    (OUT / "coverage.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


def main(arguments: list[str]) -> None:
    """Build every face and print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("sans", "serif", "kai"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    OUT.mkdir(parents=True, exist_ok=True)
    for face in plan(options.sans, options.serif, options.kai):
        print(f"{face.file_name:32} {build(face):>10,} bytes")
    write_coverage()


if __name__ == "__main__":
    main(sys.argv[1:])
