"""What a hit shows of its words: a piece of text around them, and the words marked in it. Pure.

Only what is shown anyway is marked: a masked name or a hidden detail is never given away by it.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

BEFORE, WIDTH = 10, 44


def marked(text: str, words: Iterable[str]) -> SafeString:
    """The text escaped, each of the folded ``words`` in it inside ``<mark>``; overlaps as one."""
    parts, done = [], 0
    for start, end in _merged(_spans(text, words)):
        parts.append(f"{escape(text[done:start])}<mark>{escape(text[start:end])}</mark>")
        done = end
    parts.append(escape(text[done:]))
    return mark_safe("".join(parts))  # noqa: S308 -- every piece is escaped above


def excerpt(texts: Sequence[str], words: Iterable[str]) -> str:
    """At most ``WIDTH`` characters of the first text with one of the words, from a little before it.

    Of the first text when none has one; cuts show as an ellipsis.
    """
    words = list(words)
    for text in texts:
        if spans := _spans(text, words):
            return _cut(text, max(0, min(spans)[0] - BEFORE))
    return _cut(texts[0], 0) if texts else ""


def _cut(text: str, start: int) -> str:
    start = 0 if start + WIDTH >= len(text) and len(text) <= WIDTH else start
    piece = " ".join(text[start : start + WIDTH].split())
    return f"{'…' if start else ''}{piece}{'…' if start + WIDTH < len(text) else ''}"


def _spans(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Where the words stand in ``text`` as it is written; folding may make two characters of one."""
    folded, origin = "", []
    for position, char in enumerate(text):
        piece = unicodedata.normalize("NFKC", char).casefold()
        folded += piece
        origin += [position] * len(piece)
    found = []
    for word in words:
        at = folded.find(word)
        while at >= 0:
            found.append((origin[at], origin[at + len(word) - 1] + 1))
            at = folded.find(word, at + len(word))
    return found


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
