"""Objects written once: as often as that, and the file holds what pydyf would have written."""

import io
import zlib
from typing import Any

import pikepdf
import pydyf
import pytest

from propdesk.core.pdf.write_once import name_pages_once, write_once

PIECES = ["0 0 m", b"\nstream\n", b"\nendstream", 1.5, "S"]


class Counted(pydyf.Stream):  # type: ignore[misc] # pydyf ships no types
    """A stream that counts how often its bytes are made."""

    asked = 0

    @property
    def data(self) -> bytes:
        self.asked += 1
        data: bytes = super().data
        return data


def document(stream: pydyf.Stream) -> pydyf.PDF:
    pdf = pydyf.PDF()
    pdf.add_object(stream)
    pdf.add_object(pydyf.Dictionary({"Type": "/Note", "Of": stream.reference}))
    pdf.catalog["Note"] = pdf.objects[-1].reference
    return pdf


def written(pdf: pydyf.PDF, *, compress: bool) -> bytes:
    output = io.BytesIO()
    pdf.write(output, identifier=True, compress=compress)
    return output.getvalue()


@pytest.mark.parametrize(("frozen", "times"), [(False, 2), (True, 1)])
def test_bytes_of_an_object_are_made_once(frozen: bool, times: int) -> None:
    stream = Counted(PIECES)
    pdf = document(stream)
    if frozen:
        write_once(pdf)
    written(pdf, compress=True)

    assert stream.asked == times


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_file_holds_the_same_objects(packed: bool, compress: bool) -> None:
    def read(*, frozen: bool) -> list[Any]:
        pdf = document(pydyf.Stream(PIECES, {"Kept": 1}, compress=packed))
        if frozen:
            write_once(pdf)
        with pikepdf.open(io.BytesIO(written(pdf, compress=compress))) as opened:
            note = opened.Root.Note
            return [note.Of.read_bytes(), note.Of.Kept, str(note.Type), "/Filter" in note.Of]

    assert read(frozen=True) == read(frozen=False)
    assert read(frozen=True)[0].startswith(b"0 0 m\n\nstream\n")


@pytest.mark.parametrize(("frozen", "levels"), [(False, [9] * 3), (True, [-1] * 2)])
def test_lists_of_objects_are_packed_once_at_the_usual_level(
    frozen: bool, levels: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    packs, packer = zlib.compress, zlib.compressobj
    monkeypatch.setattr(zlib, "compress", lambda data: asked.append(-1) or packs(data))
    monkeypatch.setattr(zlib, "compressobj", lambda level: asked.append(level) or packer(level))
    pdf = document(pydyf.Stream(PIECES))
    if frozen:
        write_once(pdf)
    written(pdf, compress=True)

    assert asked == levels


def test_pages_are_named_once_and_anew_after_another() -> None:
    name_pages_once()
    pdf = pydyf.PDF()
    pdf.add_page(pydyf.Dictionary())
    first = pdf.page_references
    again = pdf.page_references
    pdf.add_page(pydyf.Dictionary())

    assert first is again
    assert pdf.page_references == (b"3 0 R", b"4 0 R") == (*first, b"4 0 R")
