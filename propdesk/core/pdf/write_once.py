"""Each object of a file is written out once; pydyf 0.13 does it again to name the file.

The identifier PDF/A asks for is a hash of all objects, so every font would be compressed twice, and
at zlib's highest level: three times the time of the usual one for a hundredth of the bytes.
"""

import functools
import zlib
from typing import Any

from pydyf import Object, Stream


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


def write_once(pdf: Any) -> None:
    """To be called when nothing in the document changes any more."""
    pdf.objects[:] = [Written(item) for item in pdf.objects]


def _compress(stream: Stream) -> None:
    plain = Stream(stream.stream).data.partition(b"\nstream\n")[2].removesuffix(b"\nendstream")
    stream.stream, stream.compress = [zlib.compress(plain)], False
    stream.extra["Filter"] = "/FlateDecode"
