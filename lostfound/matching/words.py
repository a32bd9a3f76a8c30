"""Reads a Chinese description into meanings by the longest words of the lists. Pure.

Whatever no list knows stays as pairs of characters and as Latin words, so that it can be compared
all the same. "没带套子" says that something is absent; a clause about the half that is still at
home ("右手的还在") says nothing.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from lostfound.matching.lexicon import Lexicon, Meaning, lexicon
from propdesk.core.search_grams import normalise

_LATIN: Final = re.compile(r"[a-z0-9]+(?:[-.&'/][a-z0-9]+)*")
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_DIGIT: Final = re.compile(r"(?<![0-9a-z.])[0-9](?![0-9a-z.])")
_NUMERALS: Final = "零一二三四五六七八九"
_CLAUSE: Final = re.compile(r"[,，。;；!！?？\n]+")
_AT_HOME: Final = re.compile(
    r"还在(?!.{0,3}(?:里面|里头|包里))|在我(?:自己)?(?:这|手|家|身)|在家里?$|没丢|我有$|没掉"
)
_ONE_OF_TWO: Final = re.compile(r"左|右|另|盒|只")
_NOTS: Final = frozenset({"没", "没有", "无", "不", "不是", "未", "非", "没带", "不带"})
_BETWEEN: Final = frozenset("有带写套印的任何贴")
_GAP: Final = 3


@dataclass(slots=True)
class Piece:
    """One word of a text that a list knows."""

    meanings: tuple[Meaning, ...]
    word: str
    start: int
    end: int
    absent: bool = False


@dataclass(slots=True)
class Reading:
    """A text as read: known words in order, characters and pairs of them, Latin words."""

    text: str
    pieces: list[Piece] = field(default_factory=list)
    latin: list[str] = field(default_factory=list)
    grams: set[str] = field(default_factory=set)


def clean(text: str) -> str:
    """Return `text` normalised, with simplified characters and common slips mended."""
    lists = lexicon()
    text = normalise(text).translate(lists.characters)
    if lists.slips:
        text = _slips().sub(lambda match: lists.slips[match[0]], text)
    return text


def read(text: str) -> Reading:
    """Read one field: what it names, what it denies and what no list knows."""
    kept = [part for part in _CLAUSE.split(clean(text)) if not _is_about_the_rest(part)]
    reading = Reading("，".join(kept))
    lists = lexicon()
    stretch = 0
    denied_at = -_GAP
    position = 0
    text = reading.text
    while position < len(text):
        end, piece = _next(text, position, lists, reading.latin)
        if piece is not None and piece.meanings[0].kind != "ignored":
            piece.absent = position <= denied_at
            reading.pieces.append(piece)
        elif piece is not None or not text[position].isalnum():
            if position > stretch:
                _add_grams(reading.grams, text[stretch:position])
            stretch = end
            if piece is not None and piece.word in _NOTS:
                denied_at = end + _skip(text, end)
        position = end
    _add_grams(reading.grams, text[stretch:])
    return reading


def _next(text: str, at: int, lists: Lexicon, latin: list[str]) -> tuple[int, Piece | None]:
    end = _longest(text, at, len(text), lists)
    end = _shortened(text, at, end, lists) if end else 0
    if end:
        word = text[at:end]
        return end, Piece(lists.words[word], word, at, end)
    match = _LATIN.match(text, at)
    if match:
        latin.append(match[0])
        return match.end(), None
    return at + 1, None


def _longest(text: str, at: int, limit: int, lists: Lexicon) -> int:
    """Return the end of the longest word of the lists that starts at `at`, 0 when there is none."""
    for end in range(min(at + lists.longest.get(text[at], 0), limit), at, -1):
        if text[at:end] in lists.words and not _cuts_latin(text, at, end):
            return end
    return 0


def _shortened(text: str, at: int, end: int, lists: Lexicon) -> int:
    """Return where the word really ends, 0 when nothing of it is left."""
    # 苹果手机|壳 is 苹果|手机壳: a thing that starts inside a word and reaches beyond it wins.
    kinds = {meaning.kind for meaning in lists.words[text[at:end]]}
    if kinds.isdisjoint({"thing", "brand", "mark"}) or end >= len(text):
        return end
    least = 3 if kinds & {"thing", "brand"} else 2
    for start in range(at + 1, end):
        beyond = _longest(text, start, len(text), lists)
        if beyond > end and beyond - start >= least:
            inner = lists.words[text[start:beyond]]
            if any(meaning.kind == "thing" for meaning in inner):
                return _longest(text, at, start, lists)
    return end


def _cuts_latin(text: str, start: int, end: int) -> bool:
    # "502" is a glue, "5027" is not; "iphone" of "iphone13" is a word.
    for before, after in ((start - 1, start), (end - 1, end)):
        if before >= 0 and after < len(text):
            a, b = text[before], text[after]
            if a.isascii() and b.isascii() and (a.isdigit() == b.isdigit()) and (a + b).isalnum():
                return True
    return False


def _skip(text: str, at: int) -> int:
    skipped = 0
    while at + skipped < len(text) and skipped < _GAP and text[at + skipped] in _BETWEEN:
        skipped += 1
    return skipped


def _is_about_the_rest(clause: str) -> bool:
    return bool(_AT_HOME.search(clause) and _ONE_OF_TWO.search(clause))


def _add_grams(grams: set[str], stretch: str) -> None:
    for run in _runs(stretch):
        grams.update(run)
        grams.update(a + b for a, b in pairwise(run))


def _runs(stretch: str) -> list[str]:
    # Ideographs only: Latin words and numbers are compared whole, a single digit as its numeral.
    return _HAN.findall(
        _DIGIT.sub(lambda match: _NUMERALS[int(match[0])], stretch.replace("两", "二"))
    )


@functools.cache
def _slips() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(lexicon().slips, key=len, reverse=True))))
