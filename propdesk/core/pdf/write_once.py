"""What makes up a file is written out once; pydyf 0.13 does it again and again.

The identifier PDF/A asks for is a hash of all objects, so every font and the list of all small
objects would be compressed twice, and at zlib's highest level: three times the time of the usual
one, ten times for a list of a hundred pages, for a few hundredths of the bytes. And each tagged box
asks for its page by a tuple of the names of all pages.
"""

import functools
import zlib
from typing import Any

from pydyf import PDF, Object, Stream


class Written(Object):  # type: ignore[misc] # pydyf ships no types
    """An object of a finished document; its bytes are made when first asked for."""

    def __init__(self, item: Any) -> None:
        self.number, self.generation, self.free = item.number, item.generation, item.free
        self.offset = item.offset
        self._item = item

    @functools.cached_property
    def data(self) -> bytes:
        if isinstance(self._item, Stream) and self._item.compress:
            _compress(self._item)
        data: bytes = self._item.data
        return data

    @property
    def compressible(self) -> bool:
        return bool(self._item.compressible)


def write_once(pdf: PDF) -> None:
    """To be called when nothing in the document changes any more."""
    pdf.objects[:] = [Written(item) for item in pdf.objects]
    pdf.add_object = functools.partial(_add, pdf)


def name_pages_once() -> None:
    """Make pydyf keep the names of the pages until there is another; doing it twice changes nothing."""
    PDF.page_references = property(_page_references)


def _page_references(pdf: PDF) -> tuple[bytes, ...]:
    parts = pdf.pages["Kids"]
    known: tuple[bytes, ...] = vars(pdf).get("named_pages", ())
    if len(known) * 3 != len(parts):
        known = pdf.named_pages = tuple(f"{number} 0 R".encode("ascii") for number in parts[::3])
    return known


def _add(pdf: PDF, item: Object) -> None:
    """Add one of the lists of objects, which pydyf makes while it writes."""
    PDF.add_object(pdf, item)
    if isinstance(item, Stream) and item.compress:
        _compress(item)


def _compress(stream: Stream) -> None:
    plain = Stream(stream.stream).data.partition(b"\nstream\n")[2].removesuffix(b"\nendstream")
    stream.stream, stream.compress = [zlib.compress(plain)], False
    stream.extra["Filter"] = "/FlateDecode"
