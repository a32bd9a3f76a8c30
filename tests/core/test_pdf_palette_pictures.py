"""Pictures with a palette: in the paper as they are, and only those which PDF can hold unchanged."""

import io
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from propdesk.core.images import signature_png
from propdesk.core.pdf import palette_pictures as module
from propdesk.core.pdf.render import RenderFailed, render
from tests.core import paper_samples as samples

SIGNATURE = samples.FILES["pd:sign-1"]
BIG = 'style="width:60mm"'


def print_picture(data: bytes) -> bytes:
    return render(
        f'<html lang="zh-CN"><title>x</title><body><img src="pd:x" alt="x" {BIG}></body></html>',
        assets={"pd:x": (data, "image/png")},
        data={},
        frozen_at=samples.FROZEN_AT,
    ).pdf


def png(picture: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", **options)
    return stream.getvalue()


def striped(colours: int) -> Image.Image:
    """Columns of so many colours, 61 pixels wide: no number of bits fills a row."""
    grey = Image.frombytes("L", (61, 7), bytes(at % colours * 255 // colours for at in range(427)))
    return grey.convert("RGB").quantize(colours)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_signature_pixels_and_packed_data_are_those_of_the_file(number: int) -> None:
    data = samples.FILES[f"pd:sign-{number}"]
    with pikepdf.open(io.BytesIO(print_picture(data))) as opened:
        (raw,) = opened.pages[0].get_images().values()
        shown = pikepdf.PdfImage(raw).as_pil_image().convert("RGB")

        assert raw.read_raw_bytes() in data
    with Image.open(io.BytesIO(data)) as source:
        assert shown.tobytes() == source.convert("RGB").tobytes()


@pytest.mark.parametrize(("colours", "bits"), [(2, 1), (4, 2), (16, 4), (200, 8)])
def test_each_depth_keeps_its_pixels(colours: int, bits: int) -> None:
    source = striped(colours)
    with pikepdf.open(io.BytesIO(print_picture(png(source, bits=bits)))) as opened:
        (raw,) = opened.pages[0].get_images().values()
        shown = pikepdf.PdfImage(raw)

        assert shown.bits_per_component == bits
        assert shown.as_pil_image().convert("RGB").tobytes() == source.convert("RGB").tobytes()


def test_signature_as_stored_by_the_house_is_of_this_kind() -> None:
    drawn = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    drawn.paste((20, 30, 90, 255), (50, 50, 400, 70))

    assert module._parts(signature_png(png(drawn))) is not None


@pytest.mark.parametrize(
    "data",
    [
        png(Image.new("RGB", (9, 9), "red")),
        png(Image.new("L", (9, 9))),
        png(striped(4), transparency=1),
        (Path(samples.DATA) / "photo1.jpg").read_bytes(),
    ],
    ids=["rgb", "grey", "transparent", "jpeg"],
)
def test_other_pictures_are_left_to_weasyprint(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as source:
        made = module._picture(lambda *_all: "theirs", source, "x", data, None, {})

    assert made == "theirs"


def test_half_a_file_is_left_to_weasyprint() -> None:
    half = SIGNATURE[: len(SIGNATURE) // 2]
    with Image.open(io.BytesIO(half)) as source:
        assert module._picture(lambda *_all: "theirs", source, "x", half, None, {}) == "theirs"


def test_damaged_pixels_fail_instead_of_leaving_a_gap() -> None:
    at = SIGNATURE.index(b"IDAT") + 40

    with pytest.raises(RenderFailed):
        print_picture(SIGNATURE[:at] + bytes(64) + SIGNATURE[at + 64 :])


def test_too_few_pixels_fail_instead_of_leaving_a_gap() -> None:
    taller = bytearray(SIGNATURE)
    taller[23] += 1
    taller[29:33] = zlib.crc32(taller[12:29]).to_bytes(4)

    with pytest.raises(RenderFailed):
        print_picture(bytes(taller))
