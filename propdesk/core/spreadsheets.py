"""Excel files: text stays text, no cell is a formula, and rows are written one after the other.

So a long list costs no more memory than a page.
"""

import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, Any, Final

from xlsxwriter import Workbook

Cell = str | int | Decimal | None
MAX_CELL: Final = 32_767
"""Characters of one cell; Excel refuses a file with a longer one."""
TEXT: Final = 49
"""The number of Excel's own format @, text."""


@contextmanager
def handed_on() -> Iterator[io.BufferedRandom]:
    """A file to write, then to be handed on open, at its beginning; closed only when something raises."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the response that sends it
    try:
        yield file
        file.seek(0)
    except BaseException:
        file.close()
        raise


class Book:
    """The sheets of a file, one after the other."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True, "num_format": TEXT})
        # A leading "=" or "+" stays text even after somebody edits the cell.
        self._text = book.add_format({"num_format": TEXT, "quote_prefix": True})

    def sheet(
        self,
        name: str,
        columns: Iterable[tuple[Any, int]],
        lines: Iterable[Iterable[Cell]],
        *,
        most: int,
        more: str,
    ) -> int:
        """Headings with their widths, then at most ``most`` lines; returns how many.

        ``more`` is the sentence that stands below when there are more. Lines read from a cursor are the
        caller's to close: it may end before the last, or raise.
        """
        sheet = self._book.add_worksheet(name)
        for place, (heading, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, str(heading), self._bold)
        sheet.freeze_panes(1, 1)
        number = 0
        for cells in lines:
            if number == most:
                sheet.write_string(number + 1, 0, more, self._text)
                break
            number += 1
            for place, value in enumerate(cells):
                self._write(sheet, number, place, value)
        return number

    def _write(self, sheet: Any, row: int, place: int, value: Cell) -> None:
        if isinstance(value, int | Decimal):
            sheet.write_number(row, place, value)
        elif value:
            sheet.write_string(row, place, str(value)[:MAX_CELL], self._text)


@contextmanager
def book_in(file: IO[bytes]) -> Iterator[Book]:
    """A book; leaving the block writes ``file`` and takes away what was put aside, also after an error."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        yield Book(book)
