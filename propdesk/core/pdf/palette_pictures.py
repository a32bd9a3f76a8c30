"""A picture of few colours goes into the paper as it is; WeasyPrint 70 would unpack it to RGB.

Signatures are PNG files of 16 colours (`images.signature_png`), whose data PDF can hold unchanged.
WeasyPrint makes 24 bits of each pixel and packs that twice, a tenth of the time of a report.
"""

import functools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydyf import Array, Dictionary, Stream

_START = 8
_CHUNK = struct.Struct(">I4s")
_CHECKSUM = 4
_HEADER = struct.Struct(">IIBBBBB")
_PALETTE_COLOURS = 3


@dataclass
class PalettePicture:
    """What WeasyPrint asks of a picture, answered from the parts of a PNG file."""

    id: str
    width: int
    height: int
    bits: int
    palette: bytes
    packed: bytes

    def is_whole(self) -> bool:
        """Whether the packed data gives just as many bytes as the pixels need."""
        needed = self.height * (1 + (self.width * self.bits + 7) // 8)
        # Raises zlib.error for damage; a byte more than needed is all that is ever unpacked.
        return len(zlib.decompressobj().decompress(self.packed, needed + 1)) == needed

    def get_intrinsic_size(
        self, resolution: float, _font_size: float
    ) -> tuple[float, float, float]:
        return self.width / resolution, self.height / resolution, self.width / self.height

    def draw(self, stream: Any, width: float, height: float, _style: object) -> None:
        name = stream.add_image(self, interpolate=False, ratio=1)
        stream.transform(width, 0, 0, -height, 0, height)
        stream.draw_x_object(name)

    def get_x_object(self, _interpolate: bool, _ratio: float) -> Stream:
        last = len(self.palette) // 3 - 1
        rows = {"Predictor": 15, "Colors": 1, "BitsPerComponent": self.bits, "Columns": self.width}
        about = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "Width": self.width,
            "Height": self.height,
            "ColorSpace": Array(("/Indexed", "/DeviceRGB", last, f"<{self.palette.hex()}>")),
            "BitsPerComponent": self.bits,
            "Interpolate": "false",
            "Filter": "/FlateDecode",
            "DecodeParms": Dictionary(rows),
        }
        return Stream([self.packed], Dictionary(about))


def keep_palettes() -> None:
    """Make WeasyPrint embed such pictures unchanged. To be called once."""
    from weasyprint import images

    images.RasterImage = functools.partial(_picture, images.RasterImage)


def _picture(
    otherwise: Any, source: Any, image_id: str, data: bytes, path: Any, cache: Any, *options: Any
) -> Any:
    """Our picture, or what `otherwise` makes of the source. Raises ValueError, zlib.error for damage."""
    parts = _parts(data) if source.format == "PNG" else None
    if parts is None or {"transparency", "exif"} & source.info.keys():
        return otherwise(source, image_id, data, path, cache, *options)
    width, height = source.size
    picture = PalettePicture(image_id, width, height, *parts)
    # Nobody would notice a broken file before the paper is read.
    if not picture.is_whole():
        raise ValueError("the pixels of this PNG are not all there")
    return picture


def _parts(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Bits a pixel, palette and packed pixels of a whole PNG file; None for other kinds of PNG."""
    chunks = list(_chunks(data))
    *_size, bits, colours, _packing, _filter, interlaced = _HEADER.unpack(chunks[0][1])
    if colours != _PALETTE_COLOURS or interlaced or chunks[-1][0] != b"IEND":
        return None
    palette, packed = (
        b"".join(content for kind, content in chunks if kind == wanted)
        for wanted in (b"PLTE", b"IDAT")
    )
    return bits, palette, packed


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each part of a PNG file."""
    at = _START
    while at + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        yield kind, data[at : at + length]
        at += length + _CHECKSUM
