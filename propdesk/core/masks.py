"""Masked forms of personal data for screens, boards and robots (spec/ux.md, Masks). Pure.

Each function takes what was typed, spaces and dashes included, and shows no more than the rule of
its kind allows; what fits no rule is masked harder, never less.
"""

from __future__ import annotations

import re
import unicodedata

from propdesk.core import folding, names

_HIDDEN = "****"
_COUNTRY = re.compile(r"(?:00)?86(?=\d{10})")
"""Nothing within the country is as long and begins so."""
_MOBILE = re.compile(r"(1[3-9]\d)\d{4}(\d{4})")
_AREA = re.compile(r"(0(?:10|2\d|[3-9]\d\d))(\d{7,8})")
_EXTENSION = re.compile(r"(?:转|分机|EXT\.?|X).*|(?<=\d{7})-\d{1,6}", re.IGNORECASE)


def national(value: str) -> str:
    """A telephone number as it is dialled in the country: no signs, no extension, no +86."""
    whole = _EXTENSION.sub("", unicodedata.normalize("NFKC", value))
    number = re.sub(r"[^0-9A-Z]", "", folding.numbers(whole).text)
    return number[found.end() :] if (found := _COUNTRY.match(number)) else number


def local(value: str) -> tuple[str, str]:
    """Area code with its 0 and the number within the area; no area for any other number."""
    number = national(value)
    found = _AREA.fullmatch(number)
    return (found[1], found[2]) if found else ("", number)


def _tail(value: str, shortest: int) -> str:
    return f"{_HIDDEN}{value[-4:]}" if len(value) >= shortest else _HIDDEN


def phone(value: str) -> str:
    """Return "138****5678" for a mobile, "010-****5678" for a landline, "****5678" for others.

    Numbers under seven digits are hidden whole; "" stays "". An extension is never shown.
    """
    if not value.strip():
        return ""
    area, number = local(value)
    if found := _MOBILE.fullmatch(number):
        return f"{found[1]}{_HIDDEN}{found[2]}"
    if area:
        return f"{area}-{_HIDDEN}{number[-4:]}"
    return _tail(re.sub(r"\D", "", number), 7)


def name(value: str, honorific: str = "") -> str:
    """Return the name for boards and robots: "王女士" with a form of address, else "张*"."""
    if not value.strip():
        return ""
    if not names.is_chinese(value):
        return f"{value.strip()[0]}*"
    if honorific in {"", "other"}:
        return f"{names.split(value)[0]}*"
    return names.address(value, honorific)
