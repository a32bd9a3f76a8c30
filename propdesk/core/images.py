"""Uploaded pictures: whatever arrives, only our own re-encoding of its pixels is kept.

Pure functions on bytes. Every input that is not a usable picture ends as ImageRefused with a
sentence for the user; no other exception leaves this module.
"""

import base64
import binascii
import contextlib
import functools
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _
from PIL import Image, ImageChops, ImageFile, ImageFilter, ImageOps, UnidentifiedImageError

PRINT_SIDE = 1000
_LOOKED_AT = (64, 64)
_SAME_LOOK = 48
"""Two encodings of one picture differ by less at every point of so small a picture, of 255."""
MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
QUALITY = 82
SIGNATURE_SIZE = (800, 300)
SIGNATURE_COLOURS = 16
# A signature smaller than this is a slip of the pen (pixels of the drawing as sent).
MIN_INK_PIXELS = 80
MIN_INK_SPAN = 12
INK_LEVEL = 80
_SCAN_SIDE = 1600
_KNOWN_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,(?P<body>[A-Za-z0-9+/=\s]*)\Z")

# Pillow only warns between once and twice its limit; a picture over ours is refused everywhere.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class ImageRefused(ValueError):  # noqa: N818 -- reads as the outcome shown to the user
    """The upload is not a picture we keep; the text is a Chinese sentence for the user."""


@dataclass(frozen=True)
class Photo:
    """A photo as JPEG: `full` for the screen, `print` for papers, size in pixels of `full`."""

    full: bytes
    print: bytes
    width: int
    height: int
    sha256: str


def normalise(data: bytes, *, max_side: int = 2560, print_side: int = PRINT_SIDE) -> Photo:
    """Turn, shrink and re-encode a JPEG, PNG, WebP or HEIC of at most 25 MB and 50 megapixels.

    No metadata survives. Of an animation the first frame is kept. Raises ImageRefused.
    """
    picture = _guarded(lambda: _flat(_decode(data, max_side)))
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    full = _jpeg(picture)
    width, height = picture.size
    picture.thumbnail((print_side, print_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return Photo(full, _jpeg(picture), width, height, hashlib.sha256(full).hexdigest())


def print_copy(full: bytes) -> bytes:
    """The copy for papers made anew from the ``full`` of a photo. Raises ImageRefused."""
    picture = _guarded(lambda: _flat(_decode(full, PRINT_SIDE)))
    picture.thumbnail((PRINT_SIDE, PRINT_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _jpeg(picture)


def look_alike(one: bytes, other: bytes) -> bool:
    """Whether two files show the same picture, however they are encoded; False for what is none."""
    try:
        seen = [_guarded(partial(_small, data)) for data in (one, other)]
    except ImageRefused:
        return False
    differs = ImageChops.difference(*seen).point(lambda level: 255 * (level >= _SAME_LOOK))
    return differs.getbbox() is None


def _small(data: bytes) -> Image.Image:
    return _flat(_decode(data, PRINT_SIDE)).resize(_LOOKED_AT, Image.Resampling.BOX)


def signature_png(data: bytes | str) -> bytes:
    """A drawn signature (PNG bytes or data URL) or a photo of one, as a small PNG on white.

    Trimmed, 16 colours, at most 800 × 300 pixels. Raises ImageRefused; 请先签名 when it is empty.
    """
    raw = _from_data_url(data) if isinstance(data, str) else data
    picture = _guarded(lambda: _on_white(_decode(raw, _SCAN_SIDE)))
    ink = picture.convert("L").point(lambda level: 255 if level < 255 - INK_LEVEL else 0)
    box = ink.getbbox()
    amount = ink.histogram()[255]
    if box is None or amount < MIN_INK_PIXELS:
        raise ImageRefused(_("请先签名。"))
    left, top, right, bottom = box
    if max(right - left, bottom - top) < MIN_INK_SPAN:
        raise ImageRefused(_("请先签名。"))
    if amount > picture.width * picture.height // 2:
        raise ImageRefused(_("看不清签名，请在白纸上重新拍照或在屏幕上签名。"))
    margin = 6
    framed = ImageOps.expand(picture.crop(box), margin, "white")
    framed.thumbnail(SIGNATURE_SIZE, Image.Resampling.LANCZOS)
    small = framed.quantize(SIGNATURE_COLOURS, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    small.save(stream, "PNG", optimize=True, bits=4)
    return stream.getvalue()


def _guarded(work: Callable[[], Image.Image]) -> Image.Image:
    """Run a decoder; decoders of broken files raise almost anything."""
    try:
        return work()
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused(_too_many_pixels()) from error
    except Exception as error:
        raise ImageRefused(_("图片已损坏或格式不受支持，请换一张。")) from error


def _decode(data: bytes, wanted_side: int) -> Image.Image:
    """The first frame, upright. The size is known before any pixel is decoded."""
    if not data:
        raise ImageRefused(_("文件是空的，请重新选择图片。"))
    if len(data) > MAX_BYTES:
        raise ImageRefused(_("图片超过 25 MB，请压缩后再上传。"))
    _register_heif()
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        if data.startswith(_KNOWN_STARTS):
            raise
        raise ImageRefused(_("只接受 JPEG、PNG、WebP 或 HEIC 图片。")) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageRefused(_too_many_pixels())
    picture.draft("RGB", (wanted_side, wanted_side))
    with _whole_files_only():
        picture.load()
    return _upright(picture)


@contextlib.contextmanager
def _whole_files_only() -> Iterator[None]:
    """Refuse half a picture: WeasyPrint lets Pillow take them, for its whole process."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)


def _upright(picture: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; a broken EXIF block counts as none."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 -- a parser of hostile bytes; the pixels are still good
        return picture


def _flat(picture: Image.Image) -> Image.Image:
    """The pixels alone in a fresh RGB image, transparency over white."""
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bit(picture)
    fresh = Image.new("RGB", picture.size, "white")
    if _is_transparent(picture):
        picture = picture.convert("RGBA")
        fresh.paste(picture, mask=picture.getchannel("A"))
    else:
        fresh.paste(picture.convert("RGB"))
    return fresh


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _eight_bit(picture: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8 bits; Pillow's own conversion would clip it to white."""
    return picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")


def _on_white(picture: Image.Image) -> Image.Image:
    """A drawn signature flattened, or a photographed one without its paper, at most 1,600 px."""
    flat = _flat(picture)
    flat.thumbnail((_SCAN_SIDE, _SCAN_SIDE), Image.Resampling.LANCZOS)
    return flat if _is_transparent(picture) else _without_paper(flat)


def _without_paper(picture: Image.Image) -> Image.Image:
    """Subtract uneven paper and light, so that only the ink stays."""
    grey = picture.convert("L")
    small = grey.resize((max(1, grey.width // 8), max(1, grey.height // 8)))
    paper = small.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(6))
    darkness = ImageChops.subtract(paper.resize(grey.size), grey)
    ink = darkness.point(lambda level: 0 if level < INK_LEVEL // 2 else min(255, level * 3))
    return ImageOps.invert(ink).convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()


def _from_data_url(text: str) -> bytes:
    if not text.strip():
        raise ImageRefused(_("请先签名。"))
    match = _DATA_URL.match(text) if len(text) < 2 * MAX_BYTES else None
    if match is None:
        raise ImageRefused(_("签名数据无效，请重新签名。"))
    try:
        return base64.b64decode(match["body"], validate=False)
    except binascii.Error as error:
        raise ImageRefused(_("签名数据无效，请重新签名。")) from error


def _too_many_pixels() -> str:
    return _("图片像素过大（超过 5000 万像素），请缩小后再上传。")
