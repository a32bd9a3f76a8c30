"""Reading a table somebody uploads: .xlsx or .csv to rows of clean text, and template files.

Nothing here knows what the columns mean or touches the database.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from propdesk.core.text import normalise
from propdesk.core.transitions import RefusedInput

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 60 * 1024 * 1024
"""Bytes a workbook may unpack to: 5,000 rows of text need a tenth of it."""

MAX_ROWS: Final = 5000
MAX_COLUMNS: Final = 40
MAX_CELL: Final = 200
MIDNIGHT: Final = time()
FORMULA: Final = "\x00formula"
"""What a formula cell reads as; no text of a file can contain a NUL."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in the program, its heading in the file."""

    key: str
    heading: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be imported: its number in the file, the column, what to do."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: its number as the spreadsheet shows it, and its cells by key."""

    number: int
    cells: dict[str, str]


def read(
    file: BinaryIO, name: str, size: int, columns: Sequence[Column]
) -> tuple[list[Line], list[Problem]]:
    """The rows of an uploaded file and the cells that are no plain text.

    RefusedInput(file=…) when the file as a whole cannot be used: wrong type, too large, too many
    rows, unreadable, or without a required column.
    """
    if size > MAX_BYTES:
        raise _refused(_("文件超过 5 MB，请拆成几个文件。"))
    raw = file.read(MAX_BYTES + 1)
    if name.lower().endswith(".xlsx"):
        rows = _rows_of_workbook(raw)
    elif name.lower().endswith(".csv"):
        rows = _rows_of_csv(raw)
    else:
        raise _refused(_("请上传 .xlsx 或 .csv 文件。旧的 .xls 请先另存为 .xlsx。"))
    return _lines(rows, columns)


def _refused(sentence: str) -> RefusedInput:
    return RefusedInput(file=sentence)


def _rows_of_workbook(raw: bytes) -> Iterator[list[str]]:
    unreadable = _("这个文件打不开，请用 Excel 或 WPS 另存为 .xlsx 后再上传。")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _refused(unreadable) from error
    if unpacked > MAX_UNPACKED:
        raise _refused(_("文件展开后太大，请删去图片和空白工作表后再上传。"))
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may state far more rows than it has
        cells = sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS)
        rows = [[_cell(cell) for cell in row] for row in cells]
        book.close()
    except Exception as error:  # a broken workbook fails in too many ways to list them
        raise _refused(unreadable) from error
    return iter(rows)


def _cell(cell: Any) -> str:
    """The text of a cell as a person sees it: 1806.0 is 1806, a day 2026-11-23, with its time if any."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in {"f", "e"} or (isinstance(value, str) and value.startswith("=")):
        return FORMULA
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M" if value.time() != MIDNIGHT else "%Y-%m-%d")
    return str(value)


def _rows_of_csv(raw: bytes) -> Iterator[list[str]]:
    text = _decoded(raw)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield [FORMULA if cell.startswith("=") else cell for cell in row[:MAX_COLUMNS]]
    except csv.Error as error:
        raise _refused(_("这个 CSV 文件的引号不完整，请另存为 .xlsx 后再上传。")) from error


def _decoded(raw: bytes) -> str:
    """UTF-8 first: it refuses almost every GB18030 text, while GB18030 reads almost anything."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _refused(_("看不懂这个文件的文字编码，请另存为 .xlsx 或 UTF-8 的 CSV。"))


def _lines(
    rows: Iterator[list[str]], columns: Sequence[Column]
) -> tuple[list[Line], list[Problem]]:
    keys = _headings(next(rows, []), columns)
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=2):
        cells = {key: "" for key in keys if key} | dict.fromkeys((c.key for c in columns), "")
        for key, text in zip(keys, row, strict=False):
            if key:
                cells[key] = text if text == FORMULA else " ".join(normalise(text).split())
        if not any(cells.values()):
            continue
        if len(lines) == MAX_ROWS:
            raise _refused(_("一次最多导入 5000 行，请拆成几个文件。"))
        problems += _cell_problems(number, cells, columns)
        lines.append(Line(number, cells))
    if not lines:
        raise _refused(_("文件里没有数据行，请从第 2 行开始填写。"))
    return lines, problems


def _headings(row: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The key of each column of the file, "" for an empty heading."""
    by_heading = {column.heading: column.key for column in columns}
    found = [normalise(text).replace("*", "").strip() for text in row]
    unknown = [text for text in found if text and text not in by_heading]
    if unknown:
        raise _refused(
            _("不认识这些列：%(names)s。请用模板里的列名。") % {"names": "、".join(unknown[:5])}
        )
    if len({text for text in found if text}) != len([text for text in found if text]):
        raise _refused(_("有重复的列名，请每列只写一次。"))
    missing = [c.heading for c in columns if c.required and c.heading not in found]
    if missing:
        raise _refused(_("缺少这些列：%(names)s。") % {"names": "、".join(missing)})
    return [by_heading.get(text, "") for text in found]


def _cell_problems(
    number: int, cells: dict[str, str], columns: Sequence[Column]
) -> Iterable[Problem]:
    for column in columns:
        text = cells[column.key]
        if text == FORMULA:
            yield Problem(
                number, column.heading, _("这一格是公式，请改为文字（选择性粘贴为数值）。")
            )
        elif len(text) > MAX_CELL:
            yield Problem(number, column.heading, _("文字太长，最多 200 个字。"))
        elif column.required and not text:
            yield Problem(number, column.heading, _("这一格必填。"))


def template(columns: Sequence[Column], examples: Sequence[Sequence[str]]) -> bytes:
    """An .xlsx with the headings and example rows, every cell as text."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _("导入")
    sheet.append([f"{c.heading}{'*' if c.required else ''}" for c in columns])
    for example in examples:
        sheet.append(list(example))
    for row in sheet.iter_rows(max_row=len(examples) + 200, max_col=len(columns)):
        for cell in row:
            cell.number_format = "@"
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
