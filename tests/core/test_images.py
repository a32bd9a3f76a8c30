"""Uploaded pictures: a corpus of good and broken ones, made here, byte by byte."""

import base64
import hashlib
import io
import itertools
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pillow_heif
import pytest
from PIL import Image, ImageDraw

from propdesk.core import images as module
from propdesk.core.images import ImageRefused, normalise, signature_png

SECONDS = 2.0
BROKEN = "图片已损坏或格式不受支持，请换一张。"
KINDS = "只接受 JPEG、PNG、WebP 或 HEIC 图片。"
PIXELS = "图片像素过大（超过 5000 万像素），请缩小后再上传。"
SCRIPT = b"<script>alert(1)</script><?php system('id'); ?>"


@pytest.fixture(autouse=True)
def within_the_time_limit() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def quarters(size: tuple[int, int] = (160, 80)) -> Image.Image:
    """Red, green above; blue, white below: shows turns, mirrors and lost colours."""
    width, height = size
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill="lime")
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill="blue")
    return picture


def corners(data: bytes) -> list[str]:
    """The names of the colours in the middle of the four quarters, row by row."""
    names = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255,) * 3}
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        spots = itertools.product((height // 4, height * 3 // 4), (width // 4, width * 3 // 4))
        seen = [picture.convert("RGB").getpixel((x, y)) for y, x in spots]
    return [
        min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], spot, strict=True)))
        for spot in seen
    ]


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def png_bomb(side: int) -> bytes:
    """A PNG of side² black pixels: tiny as a file, huge when decoded."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8 + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_bomb() -> bytes:
    """An extended WebP that claims 16,383² pixels."""
    small = encoded(quarters(), "WEBP", lossless=True)
    side = (16_383 - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + side + side
    body = b"WEBP" + extended + small[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heic(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, format="HEIF", quality=90)
    return stream.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = SCRIPT.decode()
    tags.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 0.0)})
    return tags


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(quarters(), quality=95),
    "jpeg-cmyk": lambda: encoded(quarters().convert("CMYK"), quality=95),
    "jpeg-progressive": lambda: encoded(quarters(), quality=95, progressive=True),
    "png": lambda: encoded(quarters(), "PNG"),
    "png-palette": lambda: encoded(quarters().quantize(8), "PNG"),
    "png-alpha": lambda: encoded(_transparent_white(), "PNG"),
    "png-palette-transparent": lambda: encoded(quarters().quantize(8), "PNG", transparency=7),
    "webp": lambda: encoded(quarters(), "WEBP", quality=95),
    "webp-animated": lambda: encoded(
        quarters(),
        "WEBP",
        lossless=True,
        save_all=True,
        append_images=[Image.new("RGB", (160, 80))],
    ),
    "png-animated": lambda: encoded(
        quarters(), "PNG", save_all=True, append_images=[Image.new("RGB", (160, 80))]
    ),
    "mpo": lambda: encoded(quarters(), "MPO", save_all=True, append_images=[quarters()]),
    "heic": lambda: heic(quarters()),
}


def _transparent_white() -> Image.Image:
    picture = quarters().convert("RGBA")
    picture.paste((0, 0, 0, 0), (80, 40, 160, 80))
    return picture


@pytest.mark.parametrize("make", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_normalise_good_picture_keeps_its_colours(make: Callable[[], bytes]) -> None:
    photo = normalise(make())

    assert (photo.width, photo.height) == (160, 80)
    assert corners(photo.full) == ["red", "lime", "blue", "white"]
    assert corners(photo.print) == ["red", "lime", "blue", "white"]
    assert photo.sha256 == hashlib.sha256(photo.full).hexdigest()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "文件是空的，请重新选择图片。"),
    "too-big-a-file": (
        lambda: b"\xff\xd8" + bytes(module.MAX_BYTES),
        "图片超过 25 MB，请压缩后再上传。",
    ),
    "text": (lambda: b"hello", KINDS),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', KINDS),
    "html": (lambda: b"<!doctype html>" + SCRIPT, KINDS),
    "pdf": (lambda: b"%PDF-1.7\n%%EOF", KINDS),
    "gif": (lambda: encoded(quarters(), "GIF"), KINDS),
    "bmp": (lambda: encoded(quarters(), "BMP"), KINDS),
    "tiff": (lambda: encoded(quarters(), "TIFF"), KINDS),
    "ico": (lambda: encoded(quarters((32, 32)), "ICO"), KINDS),
    "jpeg-head-only": (lambda: encoded(quarters())[:40], BROKEN),
    "jpeg-truncated": (lambda: encoded(quarters((800, 800)), quality=95)[:-900], BROKEN),
    "png-truncated": (lambda: encoded(quarters(), "PNG")[:-40], BROKEN),
    "png-bad-chunk": (lambda: encoded(quarters(), "PNG").replace(b"IDAT", b"IDAX"), BROKEN),
    "png-no-pixels": (lambda: encoded(quarters(), "PNG")[:33], BROKEN),
    "webp-truncated": (lambda: encoded(quarters((600, 600)), "WEBP")[:-60], BROKEN),
    "heic-truncated": (lambda: heic(quarters((400, 400)))[:-200], BROKEN),
    "png-bomb-of-169-megapixels": (lambda: png_bomb(13_000), PIXELS),
    "png-bomb-of-64-megapixels": (lambda: png_bomb(8_000), PIXELS),
    "webp-bomb": (webp_bomb, PIXELS),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_normalise_bad_picture_is_refused_in_words(make: Callable[[], bytes], message: str) -> None:
    data = make()
    started = time.process_time()

    with pytest.raises(ImageRefused) as refusal:
        normalise(data)

    assert str(refusal.value) == message
    assert time.process_time() - started < 0.5


def test_normalise_any_damage_is_refused_or_survived() -> None:
    """Cut and flip bytes at regular places: a photo or a refusal, never another exception."""
    wrong: list[str] = []
    for name in ("jpeg", "png", "webp", "heic"):
        good = ACCEPTED[name]()
        for at in range(0, len(good), max(1, len(good) // 25)):
            for data in (good[:at], good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]):
                try:
                    normalise(data)
                except ImageRefused as refusal:
                    wrong += [name] if not str(refusal).endswith("。") else []

    assert wrong == []


@pytest.mark.parametrize(
    ("orientation", "seen"),
    [
        (1, ["red", "lime", "blue", "white"]),
        (2, ["lime", "red", "white", "blue"]),
        (3, ["white", "blue", "lime", "red"]),
        (6, ["blue", "red", "white", "lime"]),
        (8, ["lime", "white", "red", "blue"]),
        (99, ["red", "lime", "blue", "white"]),
    ],
)
def test_normalise_turns_as_the_camera_noted(orientation: int, seen: list[str]) -> None:
    photo = normalise(encoded(quarters(), quality=95, exif=exif(orientation)))

    assert corners(photo.full) == seen
    assert (photo.width, photo.height) == ((80, 160) if orientation in {6, 8} else (160, 80))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_normalise_broken_exif_counts_as_none() -> None:
    data = encoded(quarters(), quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")

    assert corners(normalise(data).full) == ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_normalise_keeps_no_metadata(kind: str) -> None:
    extra: dict[str, Any] = {"exif": exif(1), "icc_profile": b"profile" + SCRIPT}
    if kind == "JPEG":
        extra["comment"] = SCRIPT
    data = encoded(quarters(), kind, **extra) + SCRIPT
    assert data.count(b"<script>") >= 2

    photo = normalise(data)

    for stored in (photo.full, photo.print):
        assert b"script" not in stored
        with Image.open(io.BytesIO(stored)) as picture:
            assert (picture.format, picture.mode, dict(picture.getexif())) == ("JPEG", "RGB", {})
            assert {"icc_profile", "comment", "exif"} & picture.info.keys() == set()


# --- two whole formats in one file --------------------------------------------------------------


def jar() -> bytes:
    """An archive that a reader finds by its end, whatever stands before it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("index.html", SCRIPT)
        archive.writestr("META-INF/MANIFEST.MF", b"Main-Class: X")
    return stream.getvalue()


def pdf() -> bytes:
    stream = io.BytesIO()
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.save(stream)
    return stream.getvalue()


def is_pdf(data: bytes) -> bool:
    """As lenient readers do: the head within the first 1,024 bytes, the rest by repair."""
    at = data[:1024].find(b"%PDF-")
    try:
        with pikepdf.open(io.BytesIO(data[at:])) as paper:
            return at >= 0 and len(paper.pages) > 0
    except pikepdf.PdfError:
        return False


def is_archive(data: bytes) -> bool:
    return zipfile.is_zipfile(io.BytesIO(data))


def is_page(data: bytes) -> bool:
    """As a browser that sniffs: markup anywhere in the first bytes, after what it takes for noise."""
    return b"<html" in data[:1445] or b"<script" in data


def with_riff_chunk(data: bytes, body: bytes) -> bytes:
    """A WebP with a chunk of its own that no reader of pictures knows."""
    longer = data[8:] + b"JUNK" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(longer)) + longer


POLYGLOTS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], bool]]] = {
    "jpeg-with-a-pdf-in-its-comment": (lambda: encoded(quarters(), comment=pdf()), is_pdf),
    "jpeg-then-jar": (lambda: encoded(quarters()) + jar(), is_archive),
    "jpeg-with-an-archive-in-its-comment": (lambda: encoded(quarters(), comment=jar()), is_archive),
    "jpeg-and-page": (
        lambda: encoded(quarters(), comment=b"<html><body>" + SCRIPT + b"<!--"),
        is_page,
    ),
    "png-then-jar": (lambda: encoded(quarters(), "PNG") + jar(), is_archive),
    "png-with-a-pdf-in-a-chunk": (
        lambda: (lambda p: p[:33] + chunk(b"paGe", pdf()) + p[33:])(encoded(quarters(), "PNG")),
        is_pdf,
    ),
    "webp-with-a-pdf-in-a-chunk": (
        lambda: with_riff_chunk(encoded(quarters((16, 16)), "WEBP", lossless=True), pdf()),
        is_pdf,
    ),
    "webp-then-jar": (lambda: encoded(quarters(), "WEBP", lossless=True) + jar(), is_archive),
}


@pytest.mark.parametrize(("make", "is_other"), POLYGLOTS.values(), ids=POLYGLOTS.keys())
def test_normalise_of_two_whole_formats_in_one_keeps_the_picture_alone(
    make: Callable[[], bytes], is_other: Callable[[bytes], bool]
) -> None:
    data = make()
    assert is_other(data)  # the control: the file is both

    photo = normalise(data)

    assert corners(photo.full) == ["red", "lime", "blue", "white"]
    for stored in (photo.full, photo.print):
        assert not is_other(stored)
        assert (stored[:3], stored[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


@pytest.mark.parametrize(
    "data",
    [encoded(quarters(), "GIF") + jar(), pdf() + encoded(quarters()), jar() + encoded(quarters())],
    ids=["gifar", "pdf-then-jpeg", "archive-then-jpeg"],
)
def test_normalise_of_another_format_with_a_picture_in_it_is_refused(data: bytes) -> None:
    assert is_archive(data) or is_pdf(data)

    with pytest.raises(ImageRefused, match=KINDS):
        normalise(data)


def test_normalise_sixteen_bit_grey_keeps_its_middle() -> None:
    grey = Image.new("I;16", (64, 64), 0x8000)

    photo = normalise(encoded(grey, "PNG"))

    with Image.open(io.BytesIO(photo.full)) as picture:
        assert abs(picture.convert("L").getpixel((32, 32)) - 128) <= 2


def test_normalise_shrinks_both_copies() -> None:
    photo = normalise(encoded(quarters((4000, 3000)), quality=70))

    assert (photo.width, photo.height) == (2560, 1920)
    with Image.open(io.BytesIO(photo.print)) as picture:
        assert picture.size == (1000, 750)


def test_normalise_never_enlarges() -> None:
    photo = normalise(encoded(quarters((30, 20))), max_side=500, print_side=400)

    assert (photo.width, photo.height) == (30, 20)


def drawn(width: int = 600, height: int = 200) -> Image.Image:
    """Two strokes on a transparent canvas, as signature_pad sends them."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.line((100, 150, 250, 40, 300, 160), fill=(10, 20, 110, 255), width=5)
    draw.line((320, 60, 480, 90, 400, 150), fill=(10, 20, 110, 255), width=5)
    return picture


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_signature_drawn_is_trimmed_on_white() -> None:
    picture = opened(signature_png(encoded(drawn(), "PNG")))

    assert (picture.format, picture.mode) == ("PNG", "P")
    assert len(picture.getcolors() or []) <= 16
    assert abs(picture.width - 396) <= 8
    assert abs(picture.height - 136) <= 8
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert picture.info.keys() & {"transparency", "exif"} == set()


def test_signature_data_url_equals_the_bytes() -> None:
    data = encoded(drawn(), "PNG")
    url = "data:image/png;base64," + base64.b64encode(data).decode()

    assert signature_png(url) == signature_png(data)


def test_signature_large_one_is_shrunk() -> None:
    picture = opened(signature_png(encoded(drawn().resize((3000, 1000)), "PNG")))

    assert (picture.width <= 800, picture.height <= 300) == (True, True)
    assert picture.width >= 780 or picture.height >= 280


def test_signature_photo_of_paper_loses_the_paper() -> None:
    paper = Image.linear_gradient("L").resize((1200, 600)).point(lambda level: 120 + level // 4)
    photo = paper.convert("RGB")
    photo.paste((20, 20, 60), (300, 150), drawn().getchannel("A"))

    picture = opened(signature_png(encoded(photo, quality=85)))

    assert 350 <= picture.width <= 440
    assert picture.convert("L").getpixel((0, 0)) == 255
    shares = picture.convert("L").histogram()
    assert sum(shares[250:]) > picture.width * picture.height * 0.7


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "请先签名。"),
        (encoded(Image.new("RGBA", (600, 200)), "PNG"), "请先签名。"),
        (encoded(Image.new("RGB", (600, 200), "white"), "PNG"), "请先签名。"),
        (encoded(Image.new("RGB", (600, 400), (190, 185, 170))), "请先签名。"),
        ("data:image/svg+xml;base64,PHN2Zy8+", "签名数据无效，请重新签名。"),
        ("data:image/png;base64,A", "签名数据无效，请重新签名。"),
        ("javascript:alert(1)", "签名数据无效，请重新签名。"),
        ("data:image/png;base64," + base64.b64encode(b"no").decode(), KINDS),
        (png_bomb(13_000), PIXELS),
    ],
    ids=["none", "clear", "white", "paper", "svg", "base64", "text", "no-picture", "bomb"],
)
def test_signature_unusable_is_refused_in_words(data: bytes | str, message: str) -> None:
    with pytest.raises(ImageRefused) as refusal:
        signature_png(data)

    assert str(refusal.value) == message


def test_signature_a_dot_is_none() -> None:
    picture = Image.new("RGBA", (600, 200))
    ImageDraw.Draw(picture).ellipse((300, 100, 309, 109), fill=(0, 0, 0, 255))

    with pytest.raises(ImageRefused, match="请先签名"):
        signature_png(encoded(picture, "PNG"))


def test_signature_all_ink_cannot_be_read() -> None:
    picture = Image.new("RGBA", (600, 200), (0, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 600, 60))

    with pytest.raises(ImageRefused, match="看不清签名"):
        signature_png(encoded(picture, "PNG"))
