"""When two spellings are one name or one number, and where each sign of one stands. Pure.

The one rule for masks, copies and whatever else compares what people typed: width, case, accents
and the signs nobody sees make no difference.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_BLANK = frozenset("\u115f\u1160\u2800")
"""Letters and symbols that show nothing; category C and M have the others."""
_DOTS = frozenset("·・•‧∙⋅")
_MINUS = "−"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is compared."""

    text: str
    places: tuple[int, ...]
    """Where in the original each sign of ``text`` stands."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that ``text[start:end]`` was made of."""
        return self.places[start], self.places[end - 1] + 1


def plain(text: str) -> Folded:
    """Upper case and half width, without accents and unseen signs; blanks and dashes stay."""
    return _folded(text, _is_seen)


def words(text: str) -> Folded:
    """As ``plain``, without what is left out or put in between at will: blanks, dashes, dots."""
    return _folded(text, _is_of_word)


def numbers(text: str) -> Folded:
    """The letters and digits alone: 139－0000·0011 and (139) 0000_0011 are one number."""
    return _folded(text, _is_of_number)


def _folded(text: str, keeps: Callable[[str], bool]) -> Folded:
    found = [
        (sign, place)
        for place, char in enumerate(text)
        for sign in unicodedata.normalize("NFKD", char).upper()
        if keeps(sign)
    ]
    signs = (str(unicodedata.decimal(sign, sign)) for sign, _place in found)
    return Folded("".join(signs), tuple(place for _sign, place in found))


def _is_seen(sign: str) -> bool:
    return sign in "\n\t" or (unicodedata.category(sign)[0] not in "CM" and sign not in _BLANK)


def _is_of_word(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return (
        _is_seen(sign)
        and kind[0] != "Z"
        and kind != "Pd"
        and sign not in _DOTS
        and sign not in f"\n\t{_MINUS}"
    )


def _is_of_number(sign: str) -> bool:
    return sign.isalnum() and sign not in _BLANK
