"""统计 as an Excel file: the figures on the first sheet, then the rows behind each of them.

Nobody from outside is named.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from propdesk.core import spreadsheets
from propdesk.core.models import User
from propdesk.core.roles import ensure
from propdesk.core.spreadsheets import Book
from propdesk.desk.insight import kinds, queries
from propdesk.desk.insight.blocks import Block, gather
from propdesk.desk.insight.figures import FIGURES, Figure
from propdesk.desk.insight.kinds import Cell
from propdesk.desk.insight.permissions import ACTIONS
from propdesk.desk.insight.queries import Asked

MAX_ROWS: Final = 10_000
CHUNK: Final = 500
WIDTH: Final = 20


def export(asked: Asked, *, by: User) -> IO[bytes]:
    """The figures and their rows, at most 10,000 a sheet, as an open file at its beginning.

    PermissionDenied unless the table allows it.
    """
    ensure(by, "export_insight", ACTIONS, prop=asked.prop)
    with spreadsheets.handed_on() as file, spreadsheets.book_in(file) as book:
        _fill(book, asked)
    return file


def file_name(asked: Asked) -> str:
    """What the file is called: 统计_20261101-20261130.xlsx."""
    return f"{_('统计')}_{asked.period.first:%Y%m%d}-{asked.period.last:%Y%m%d}.xlsx"


def _fill(book: Book, asked: Asked) -> None:
    heads = (_("问题"), _("项目"), _("件数"), _("说明"))
    _sheet(book, _("汇总"), heads, _summary(gather(asked)))
    for figure in FIGURES.values():
        with closing(_rows(asked, figure)) as lines:
            _sheet(book, str(figure.title), figure.kind.columns, lines)
    due = map(kinds.due_cells, queries.drills_due(asked))
    _sheet(book, _("应做的演练"), kinds.DUE_COLUMNS, due)


def _sheet(book: Book, name: str, columns: Sequence[Any], lines: Iterable[Sequence[Cell]]) -> None:
    more = _("只导出前 %(n)d 行，其余请分几段日期导出。") % {"n": MAX_ROWS}
    book.sheet(name, ((column, WIDTH) for column in columns), lines, most=MAX_ROWS, more=more)


def _summary(blocks: Iterable[Block]) -> Iterator[Sequence[Cell]]:
    for block in blocks:
        for line in (*block.lines, block.total):
            yield (block.title, line.label, line.rows, line.text)


def _rows(asked: Asked, figure: Figure) -> Generator[Sequence[Cell]]:
    """The cells of all rows, some hundred read at a time with what belongs to them."""
    rows = figure.kind.join(figure.rows(asked)).iterator(chunk_size=CHUNK)
    while shown := list(islice(rows, CHUNK)):
        figure.kind.ready(asked, shown)
        yield from map(figure.kind.cells, shown)
