"""Search grams: what one search row stores and what a query asks for. Pure.

PostgreSQL has no word breaker for Chinese, so the application makes the index terms. The promise,
kept by a property test: if `normalise(query)` stands anywhere inside `normalise(text)`, then every
gram of the query is a gram of the text. Grams only narrow; the caller ANDs a LIKE on the
normalised text, because grams may also match scattered.

Of each run of letters, digits and ideographs the text keeps single characters and pairs; of each
alphanumeric run also triples and the whole word, so that the last four digits of a number or one
part of a case number ("20261123", "004") find it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

from propdesk.core import text as core_text

LONGEST_WORD = 32  # characters; a longer run is found by its triples

# Scripts written without spaces: ideographs with their extensions, kana, bopomofo.
_UNSPACED = "\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
_IDEOGRAPH = re.compile(f"[{_UNSPACED}\U0001b000-\U0001b16f\U00020000-\U000323af]")
_SPACE = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return `text` as it is stored for search and compared: NFKC, case folded, single spaces.

    Idempotent, so stored text and a query may be normalised more than once.
    """
    text = core_text.normalise(text)
    while True:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        folded = _SPACE.sub(" ", core_text.normalise(folded)).strip()
        if folded == text:
            return folded
        text = folded


def grams(text: str) -> list[str]:
    """Return the sorted distinct grams to store for `text` (cleaned and normalised here)."""
    found: set[str] = set()
    for run in _runs(normalise(text), str.isalnum):
        found.update(run)
        found.update(a + b for a, b in pairwise(run))
        for word in _runs(run, _is_alphanumeric):
            found.update(_triples(word))
            if len(word) <= LONGEST_WORD:
                found.add(word)
    return sorted(found)


def query_grams(query: str) -> list[str]:
    """Return the sorted distinct grams a matching text must have; [] when the query holds none.

    Only words bounded on both sides inside the query are asked for whole: the first and the last
    may be cut out of a longer word ("5678" of a telephone number). Pairs inside a triple are left
    out: whoever has the triple has them, and the index reads their long lists for nothing.
    """
    query = normalise(query)
    found: set[str] = set()
    for run in _runs(query, str.isalnum):
        found.update([run] if len(run) == 1 else (a + b for a, b in pairwise(run)))
    words = list(_runs(query, _is_alphanumeric))
    for word in words:
        found.update(_triples(word))
    inside = {pair for gram in found if len(gram) == 3 for pair in (gram[:2], gram[1:])}
    found -= inside
    if words and _is_alphanumeric(query[0]):
        del words[0]
    if words and _is_alphanumeric(query[-1]):
        del words[-1]
    found.update(word for word in words if len(word) <= LONGEST_WORD)
    return sorted(found)


def _is_alphanumeric(char: str) -> bool:
    return char.isalnum() and not _IDEOGRAPH.match(char)


def _runs(text: str, belongs: Callable[[str], bool]) -> Iterator[str]:
    for inside, chars in groupby(text, belongs):
        if inside:
            yield "".join(chars)


def _triples(word: str) -> Iterator[str]:
    return (word[i : i + 3] for i in range(len(word) - 2))
