"""统计 as an Excel file: the figures on the first sheet, then the rows behind each of them.

Text stays text and no cell is a formula, as in the register (``lostfound/exporting.py``); nobody from
outside is named. Rows are read and written one after the other.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any, Final

from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from propdesk.core.models import User
from propdesk.core.roles import ensure
from propdesk.desk.insight import kinds, queries
from propdesk.desk.insight.blocks import Block, gather
from propdesk.desk.insight.figures import FIGURES, Figure
from propdesk.desk.insight.kinds import Cell
from propdesk.desk.insight.permissions import ACTIONS
from propdesk.desk.insight.queries import Asked

MAX_ROWS: Final = 10_000
CHUNK: Final = 500
TEXT: Final = 49
"""The number of Excel's own format @, text."""


def export(asked: Asked, *, by: User) -> IO[bytes]:
    """The figures and their rows, at most 10,000 a sheet, as an open file at its beginning.

    PermissionDenied unless the table allows it.
    """
    ensure(by, "export_insight", ACTIONS, prop=asked.prop)
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- handed on open, closed with the response
    try:
        _write(file, asked)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def file_name(asked: Asked) -> str:
    """What the file is called: 统计_20261101-20261130.xlsx."""
    return f"{_('统计')}_{asked.period.first:%Y%m%d}-{asked.period.last:%Y%m%d}.xlsx"


def _write(file: IO[bytes], asked: Asked) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "num_format": TEXT})
        # A leading "=" or "+" stays text even after somebody edits the cell.
        text = book.add_format({"num_format": TEXT, "quote_prefix": True})
        heads = (_("问题"), _("项目"), _("件数"), _("说明"))
        _sheet(book, _("汇总"), heads, _summary(gather(asked)), bold, text)
        for figure in FIGURES.values():
            rows = _rows(asked, figure)
            _sheet(book, str(figure.title), figure.kind.columns, rows, bold, text)
        due = map(kinds.due_cells, queries.drills_due(asked))
        _sheet(book, _("应做的演练"), kinds.DUE_COLUMNS, due, bold, text)


def _summary(blocks: Iterable[Block]) -> Iterator[Sequence[Cell]]:
    for block in blocks:
        for line in (*block.lines, block.total):
            yield (block.title, line.label, line.rows, line.text)


def _rows(asked: Asked, figure: Figure) -> Iterator[Sequence[Cell]]:
    """The cells of all rows, some hundred read at a time with what belongs to them."""
    rows = figure.kind.join(figure.rows(asked)).iterator(chunk_size=CHUNK)
    while shown := list(islice(rows, CHUNK)):
        figure.kind.ready(asked, shown)
        yield from map(figure.kind.cells, shown)


def _sheet(
    book: Any,
    name: str,
    columns: Sequence[Any],
    rows: Iterable[Sequence[Cell]],
    bold: Any,
    text: Any,
) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, len(columns) - 1, 20)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, str(column), bold)
    sheet.freeze_panes(1, 1)
    for number, cells in enumerate(rows, start=1):
        if number > MAX_ROWS:
            sentence = _("只导出前 %(n)d 行，其余请分几段日期导出。") % {"n": MAX_ROWS}
            sheet.write_string(number, 0, sentence, text)
            break
        for place, cell in enumerate(cells):
            _cell(sheet, number, place, cell, text)


def _cell(sheet: Any, row: int, place: int, cell: Cell, text: Any) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, place, cell)
    elif cell:
        sheet.write_string(row, place, str(cell), text)
