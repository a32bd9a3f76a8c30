"""Finds text copied from the written procedure (SOP) without shipping the procedure.

The SOP belongs to its author. Only hashes of its 13-character windows are kept; a run of more
than 12 shared characters in one of our files gives a window with a known hash.

    python tools/sop_overlap.py path/to/sop.txt > tests/content/sop_ngrams.txt
"""

from __future__ import annotations

import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

WINDOW = 13  # characters that count; 12 shared ones are still free
HASH_LENGTH = 12  # hexadecimal digits: with 8 a clean tree of our size hits by chance now and then

_CJK = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Hit:
    """A shared window: the line it starts on (from 1) and our own text of it."""

    line: int
    text: str


def windows(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, window) over `text` with punctuation, spaces and line ends removed.

    Windows without an ideograph are left out: code and addresses say nothing about copying.
    """
    chars: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        for char in unicodedata.normalize("NFKC", line).casefold():
            if char.isalnum():
                chars.append(char)
                lines.append(number)
    whole = "".join(chars)
    reach = -1  # index of the last ideograph seen inside the window
    for end, char in enumerate(whole):
        if _CJK.match(char):
            reach = end
        start = end - WINDOW + 1
        if start >= 0 and reach >= start:
            yield lines[start], whole[start : end + 1]


def digest(window: str) -> str:
    """Return the shortened SHA-256 of one window."""
    return hashlib.sha256(window.encode()).hexdigest()[:HASH_LENGTH]


def digests(text: str) -> set[str]:
    """Return the hashes of all windows of `text`."""
    return {digest(window) for _line, window in windows(text)}


def hits(text: str, known: set[str]) -> list[Hit]:
    """Return where `text` shares a window with the hashed text."""
    return [Hit(line, window) for line, window in windows(text) if digest(window) in known]


def read_known(path: Path) -> set[str]:
    """Return the hashes stored one per line."""
    return set(path.read_text(encoding="ascii").split())


def main(arguments: Iterable[str]) -> int:
    """Print the hashes of the given SOP files, sorted; return the exit code."""
    paths = [Path(argument) for argument in arguments]
    if not paths:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    found: set[str] = set()
    for path in paths:
        found |= digests(path.read_text(encoding="utf-8"))
    sys.stdout.write("".join(f"{value}\n" for value in sorted(found)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
