"""A paper that is signed several times, read once; pyHanko 0.38 would read it anew for each.

Reading the table of a file's objects takes longer than signing it, and every signature adds a
revision and so a table. One writer therefore goes on: what a revision wrote becomes, in memory,
part of what the next one builds on. Where objects stand is never needed again, for each signature
only writes its field and itself (`signing` makes all fields before the first).
"""

import io
import os

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import process_data_at_eof


class Revisions(IncrementalPdfFileWriter):
    """Appends revisions to one paper, each written in place before the next begins."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(io.BytesIO(pdf))

    def begin_next(self) -> None:
        """Go on after the revision that was just written in place."""
        self.prev.resolved_objects.update(self.objects)
        self.objects.clear()
        # The table just written took the next number without counting it.
        self.allocate_placeholder()
        self._document_id = self._handle_id(self.prev)  # type: ignore[no-untyped-call]
        self.input_stream.seek(-1, os.SEEK_END)
        self.prev.last_startxref = process_data_at_eof(self.input_stream)

    def whole(self) -> bytes:
        """The paper with all its revisions."""
        return bytes(self.input_stream.getvalue())

    def _update_meta(self) -> None:
        """The marks and dates of the paper stay as they were printed."""
