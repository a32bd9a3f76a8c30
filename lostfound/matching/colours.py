"""How far two colour words lie apart, as people use them: 藏青 is near 深蓝, far from 浅蓝. Pure.

The words have colours in colours.yaml; the distance is taken in OKLab, where it follows the eye.
Lightness counts for less than hue: two people agree on red sooner than on dark red.
"""

from __future__ import annotations

import functools
from typing import Final

from lostfound.matching.lexicon import SHADES, lexicon

Lab = tuple[float, float, float]

NEAR: Final = 0.17  # up to here two words may well mean one colour
FAR: Final = 0.28  # from here they contradict each other
LIGHTNESS: Final = 0.62
HUE: Final = 1.35
VIVID: Final = 0.16
FAINT: Final = 0.02
CLEAR: Final = "透明"
MIXED: Final = "彩"
_CLEAR_TO_PALE: Final = 0.2
_MIXED_TO_ANY: Final = 0.17


@functools.cache
def distance(one: str, other: str) -> float:
    """Return the distance of two colours by name: 0 the same, up to 0.17 near, from 0.28 other."""
    if one == other:
        return 0.0
    pair = {one.lstrip("+-"), other.lstrip("+-")}
    if MIXED in pair:
        return _MIXED_TO_ANY
    if CLEAR in pair:
        return _CLEAR_TO_PALE if pair & {"白", "米白", "银", "浅灰"} else 0.4
    a, b = lab(one), lab(other)
    squares = (LIGHTNESS * (a[0] - b[0])) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
    return float(squares**0.5)


@functools.cache
def lab(colour: str) -> Lab:
    """Return the OKLab coordinates of a colour of the list, or of a shade such as "深+绿"."""
    shade, _, base = colour.rpartition("+")
    lightness, a, b = _oklab(lexicon().hexes[base])
    chroma = (a * a + b * b) ** 0.5
    # The eye names a pale pink by its hue, not by its paleness: weak chroma counts for more.
    spread = HUE * (VIVID / max(chroma, FAINT)) ** 0.5
    return (min(1.0, max(0.0, lightness + SHADES.get(shade, 0.0))), a * spread, b * spread)


def _oklab(text: str) -> Lab:
    red, green, blue = (_linear(int(text[i : i + 2], 16) / 255) for i in (1, 3, 5))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear(channel: float) -> float:
    if channel <= 0.04045:
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)
