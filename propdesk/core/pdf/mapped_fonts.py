"""Font files stay mapped while a paper is printed; WeasyPrint 70 would copy each one whole.

It copies the file of every face a document uses into the process, only to put the subset in its
place at the end. HarfBuzz subsets from the mapped file, so the copy is never read. Six faces and
the rare characters are 25 MB, and as much again of pages touched for nothing.
"""

import functools
from typing import Any


class FaceData:
    """The bytes of a HarfBuzz face, copied when first looked at; false when there are none."""

    def __init__(self, face: Any) -> None:
        self._face = face

    @functools.cached_property
    def content(self) -> bytes | None:
        from weasyprint.text.fonts import get_hb_object_data

        data: bytes | None = get_hb_object_data(self._face)
        # A subset would otherwise be held twice until the document is written.
        del self._face
        return data

    def __bool__(self) -> bool:
        return bool(self.content)


def keep_fonts_mapped() -> None:
    """Make WeasyPrint read a font's bytes late; doing it twice changes nothing."""
    from weasyprint.pdf import fonts

    fonts.get_hb_object_data = FaceData
    fonts.Font.file_content = property(_read, _write)


def _read(font: Any) -> bytes | None:
    held: FaceData | bytes = vars(font)["file_content"]
    return held.content if isinstance(held, FaceData) else held


def _write(font: Any, content: FaceData | bytes) -> None:
    vars(font)["file_content"] = content
