"""The sample report by reportlab and by typst, from the blocks of `content`.

Runs in an environment of its own (bench/requirements.txt), without the project:

    cd bench; python -m papers.engines reportlab|typst FOLDER FONTS REPEATS [--keep FILE]

Both get our fonts, the print copies of the photos and the same words. Between two prints a figure in
every text changes: typst would otherwise answer from its memory of the last one.
"""

import argparse
import functools
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from papers.measure import measure

SANS, SERIF = ("Sans-Regular", "Sans-Medium", "Sans-Bold"), ("Serif-Regular", "Serif-Bold")
FACES = (*SANS, *SERIF, "Kai-Regular", "Rare-Regular")
WIDTH_MM = 171
PAIRS = {2: (13, 87), 4: (13, 37, 13, 37)}
"""Widths of a grid of labels and values, by its columns."""


class Reportlab:
    """Platypus with paragraphs in the cells of its tables."""

    def __init__(self, folder: Path, fonts: Path) -> None:
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont

        self.folder = folder
        self.blocks = json.loads((folder / "content.json").read_text(encoding="utf-8"))
        for face in FACES:
            pdfmetrics.registerFont(TTFont(face, fonts / f"PropDesk{face}.ttf"))
        self.known = pdfmetrics.getFont("Serif-Regular").face.charToGlyph
        style = functools.partial(ParagraphStyle, "x", wordWrap="CJK")
        self.body = style(fontName="Serif-Regular", fontSize=9, leading=12.6)
        self.label = style(fontName="Sans-Medium", fontSize=9, leading=12, alignment=1)
        self.small = style(fontName="Sans-Regular", fontSize=7.5, leading=10.5)
        self.end = style(fontName="Sans-Regular", fontSize=9, leading=13, alignment=1)
        self.hand = style(fontName="Kai-Regular", fontSize=10, leading=13)
        self.heading = style(fontName="Sans-Bold", fontSize=11, leading=14, spaceBefore=4)
        self.title = style(fontName="Serif-Bold", fontSize=22, leading=28, alignment=1)

    def text(self, words: str, style: Any) -> Any:
        """A paragraph; the everyday face has no rare characters and reportlab does not fall back."""
        from reportlab.platypus import Paragraph

        marked = "".join(
            char if ord(char) in self.known else f'<font name="Rare-Regular">{char}</font>'
            for char in (words + self.mark).replace("&", "&amp;").replace("<", "&lt;")
        )
        return Paragraph(marked.replace("\n", "<br/>"), style)

    def table(self, rows: list[list[Any]], widths: list[float], *, head: int = 0) -> Any:
        from reportlab.lib.units import mm
        from reportlab.platypus import Table

        style = [
            ("GRID", (0, 0), (-1, -1), 0.5, "#333333"),
            ("BOX", (0, 0), (-1, -1), 1, "#111111"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
        if head:
            style.append(("BACKGROUND", (0, 0), (-1, 0), "#f2f2f0"))
        total = sum(widths)
        sized = [width / total * WIDTH_MM * mm for width in widths]
        return Table(rows, sized, style=style, repeatRows=head)

    def picture(self, name: str, width: float) -> Any:
        from reportlab.lib.units import mm
        from reportlab.platypus import Image

        return Image(self.folder / name, width * mm, width * mm * 0.7, kind="proportional")

    def flowables(self) -> Iterator[Any]:
        for block in self.blocks:
            yield from getattr(self, f"draw_{block['kind']}")(block)

    def draw_head(self, block: dict[str, Any]) -> Iterator[Any]:
        yield self.picture("qr.png", 16)
        yield self.text(block["org"], self.label)
        yield self.text(block["title"], self.title)
        yield self.table(
            [[self.text(item, self.label) for item in block["meta"]]], [1] * len(block["meta"])
        )

    def draw_heading(self, block: dict[str, Any]) -> Iterator[Any]:
        yield self.text(block["text"], self.heading)

    def draw_text(self, block: dict[str, Any]) -> Iterator[Any]:
        yield self.table([[self.text(block["text"], self.body)]], [1])

    def draw_pairs(self, block: dict[str, Any]) -> Iterator[Any]:
        styles = (self.label, self.body) * 2
        rows = [
            [self.text(cell or "", style) for cell, style in zip(row, styles, strict=False)]
            for row in block["rows"]
        ]
        yield self.table(rows, PAIRS[len(rows[0])])

    def draw_table(self, block: dict[str, Any]) -> Iterator[Any]:
        rows = [[self.text(cell, self.label) for cell in block["head"]]]
        rows += [[self.text(cell, self.body) for cell in row] for row in block["rows"]]
        yield self.table(rows, block["widths"], head=1)

    def draw_photos(self, block: dict[str, Any]) -> Iterator[Any]:
        yield self.table(
            [
                [self.picture(name + ".small", 44) for name, _caption in block["items"]],
                [self.text(caption, self.label) for _name, caption in block["items"]],
            ],
            [1] * len(block["items"]),
        )

    def draw_signs(self, block: dict[str, Any]) -> Iterator[Any]:
        cells = [
            [
                self.text(item["role"], self.label),
                self.text(item["opinion"], self.hand),
                self.picture(item["file"], 24),
                self.text(item["dated"], self.label),
                self.text(item["deputy"], self.small),
            ]
            for item in block["items"]
        ]
        yield self.table([cells[:2], cells[2:]], [1, 1])

    def draw_notes(self, block: dict[str, Any]) -> Iterator[Any]:
        yield from (self.text(line, self.small) for line in block["lines"])

    def draw_end(self, block: dict[str, Any]) -> Iterator[Any]:
        yield self.text(block["text"], self.end)

    def print(self, mark: str) -> bytes:
        from reportlab.lib.units import mm
        from reportlab.platypus import SimpleDocTemplate

        self.mark = mark
        stream = io.BytesIO()
        page = SimpleDocTemplate(
            stream,
            pagesize=(210 * mm, 297 * mm),
            leftMargin=22 * mm - 6,
            rightMargin=17 * mm - 6,
            topMargin=13 * mm,
            bottomMargin=17 * mm,
            invariant=1,
        )
        pages = functools.partial(numbered_canvas(), self.edges)
        page.build(list(self.flowables()), canvasmaker=pages)
        return stream.getvalue()

    def edges(self, canvas: Any, number: int, count: int) -> None:
        """The running head from the second page, and the foot of each."""
        head = self.blocks[0]
        canvas.setFont("Serif-Regular", 9)
        canvas.drawCentredString(297, 28, f"第 {number} 页　共 {count} 页　{self.mark}")
        canvas.setFont("Sans-Regular", 7.5)
        canvas.drawString(62, 28, head["form"])
        canvas.drawRightString(547, 28, head["stamp"])
        if number > 1:
            canvas.drawString(62, 812, head["org"])
            canvas.drawRightString(547, 812, f"编号 {head['number']}")


def numbered_canvas() -> Any:
    """A canvas which keeps its pages until it knows how many there are, then draws their edges."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc] # reportlab is not installed with the project
        def __init__(self, edges: Any, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.edges, self.kept = edges, []

        def showPage(self) -> None:  # noqa: N802 -- reportlab's name
            self.kept.append(dict(vars(self)))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self.kept, 1):
                vars(self).update(state)
                self.edges(self, number, len(self.kept))
                super().showPage()
            super().save()

    return Numbered


class Typst:
    """One source with the blocks as calls; the compiler is kept, as a worker would keep it."""

    HEAD = """#let n = sys.inputs.at("mark")
#let t(words) = (words + n).split("\\n").map(text).join(linebreak())
#let sans = ("PropDesk Sans", "PropDesk Rare", "PropDesk Extra")
#let kai = ("PropDesk Kai", "PropDesk Serif", "PropDesk Rare", "PropDesk Extra")
#set page(paper: "a4", margin: (top: 13mm, right: 17mm, bottom: 17mm, left: 22mm),
  header: context if counter(page).get().first() > 1 {
    text(font: sans, size: 9pt)[#org #h(1fr) 编号 #number]
  },
  footer: context grid(columns: (1fr, auto, 1fr), text(font: sans, size: 8pt, form),
    [第 #counter(page).display() 页　共 #counter(page).final().first() 页],
    align(right, text(font: sans, size: 7pt, stamp))))
#set text(font: ("PropDesk Serif", "PropDesk Rare", "PropDesk Extra"), size: 9.5pt, lang: "zh",
  region: "cn")
#set par(leading: 0.55em, justify: true)
#set block(spacing: 1.5mm)
#set table(stroke: 0.5pt, inset: (x: 1.6mm, y: 0.9mm), align: horizon)
#let label(words) = table.cell(fill: rgb("#f2f2f0"), align(center, text(font: sans, weight: 500, size: 9pt, t(words))))
"""

    def __init__(self, folder: Path, fonts: Path) -> None:
        import typst

        blocks = json.loads((folder / "content.json").read_text(encoding="utf-8"))
        calls = (getattr(self, f"draw_{block['kind']}")(block) for block in blocks)
        # typst tells the kind of a picture by its name.
        for small in folder.glob("*.small"):
            small.with_suffix(".jpg").write_bytes(small.read_bytes())
        source = folder / "report.typ"
        names = "".join(
            f"#let {name} = {json.dumps(blocks[0][name], ensure_ascii=False)}\n"
            for name in ("org", "number", "form", "stamp")
        )
        source.write_text(names + self.HEAD + "\n".join(calls), encoding="utf-8")
        self.compiler = typst.Compiler(source, font_paths=[fonts], ignore_system_fonts=True)

    @staticmethod
    def words(text: str | None) -> str:
        return f"t({json.dumps(text or '', ensure_ascii=False)})"

    def cell(self, text: str | None) -> str:
        return f"label({json.dumps(text or '', ensure_ascii=False)})"

    def draw_head(self, block: dict[str, Any]) -> str:
        meta = ", ".join(self.words(item) for item in block["meta"])
        return (
            '#place(top + right, image("qr.png", width: 16mm))\n'
            f"#align(center)[#text(font: sans, size: 12pt, {self.words(block['org'])})\\ "
            f'#text(size: 22pt, weight: "bold", {self.words(block["title"])})]\n'
            f"#grid(columns: (1fr,) * {len(block['meta'])}, {meta})"
        )

    def draw_heading(self, block: dict[str, Any]) -> str:
        return f'#text(font: sans, weight: "bold", size: 11pt, {self.words(block["text"])})'

    def draw_text(self, block: dict[str, Any]) -> str:
        return f"#table(columns: 1fr, {self.words(block['text'])})"

    def draw_pairs(self, block: dict[str, Any]) -> str:
        cells = [
            write(cell)
            for row in block["rows"]
            for cell, write in zip(row, (self.cell, self.words) * 2, strict=False)
        ]
        columns = ", ".join(f"{width}fr" for width in PAIRS[len(block["rows"][0])])
        return f"#table(columns: ({columns}), {', '.join(cells)})"

    def draw_table(self, block: dict[str, Any]) -> str:
        head = ", ".join(self.cell(cell) for cell in block["head"])
        cells = ", ".join(self.words(cell) for row in block["rows"] for cell in row)
        columns = ", ".join(f"{width}fr" for width in block["widths"])
        return f"#table(columns: ({columns}), table.header({head}), {cells})"

    def draw_photos(self, block: dict[str, Any]) -> str:
        items = [
            f'[#image("{name}.jpg", width: 100%)#{self.words(caption)}]'
            for name, caption in block["items"]
        ]
        return f"#grid(columns: (1fr,) * {len(items)}, gutter: 3mm, {', '.join(items)})"

    def draw_signs(self, block: dict[str, Any]) -> str:
        cells = [
            f"[#text(font: sans, weight: 500, {self.words(item['role'])})\\ "
            f"#text(font: kai, size: 10pt, {self.words(item['opinion'])})\\ "
            f'#image("{item["file"]}", width: 24mm)#text(font: sans, {self.words(item["dated"])})\\ '
            f"#text(font: sans, size: 7.5pt, {self.words(item['deputy'])})]"
            for item in block["items"]
        ]
        return f"#table(columns: (1fr, 1fr), {', '.join(cells)})"

    def draw_notes(self, block: dict[str, Any]) -> str:
        lines = "\\ ".join(f"#{self.words(line)}" for line in block["lines"])
        return f"#text(font: sans, size: 7.5pt)[{lines}]"

    def draw_end(self, block: dict[str, Any]) -> str:
        return f"#align(center, text(font: sans, size: 9pt, {self.words(block['text'])}))"

    def print(self, mark: str) -> bytes:
        made = self.compiler.compile(format="pdf", sys_inputs={"mark": mark})
        return made if isinstance(made, bytes) else b"".join(made)


def main() -> None:
    """Measure one engine and print one line of JSON."""
    parser = argparse.ArgumentParser(description="The sample report by another engine.")
    parser.add_argument("engine", choices=["reportlab", "typst"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("fonts", type=Path)
    parser.add_argument("repeats", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    engine = {"reportlab": Reportlab, "typst": Typst}[options.engine](options.folder, options.fonts)
    marks = (str(number % 10) for number in itertools.count())
    answer = measure(lambda: engine.print(next(marks)), options.repeats)
    if options.keep:
        options.keep.write_bytes(engine.print("0"))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
