"""Numbers of identity papers: normalised, checked, hashed, never stored whole (PIPL 28, GB 11643)."""

import hashlib
import hmac
import re
import unicodedata
from datetime import date

from propdesk.core import vault
from propdesk.core.models.person import IdType

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_MAINLAND = re.compile(r"[1-9]\d{16}[0-9X]")
_OTHER = re.compile(r"[0-9A-Z]{5,24}")


def normalise(number: str) -> str:
    """Upper case without spaces, dashes and brackets; full-width signs as half-width ones."""
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", number).upper())


def is_valid(id_type: str, number: str) -> bool:
    """Whether a normalised number can exist.

    A mainland card needs its 18 digits, a real birth date and the right check digit (GB 11643);
    other papers differ from state to state: 5 to 24 letters and digits.
    """
    if id_type != IdType.ID_CARD:
        return bool(_OTHER.fullmatch(number))
    if not _MAINLAND.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(w * int(digit) for w, digit in zip(_WEIGHTS, number, strict=False))
    return number[17] == _CHECK[total % 11]


def last4(number: str) -> str:
    """The four characters that may be printed."""
    return number[-4:]


def keyed_hash(id_type: str, number: str) -> str:
    """HMAC-SHA-256 under a key derived from the site's secret: equal papers are recognised."""
    return keyed_hashes(id_type, number)[0]


def keyed_hashes(id_type: str, number: str) -> list[str]:
    """That hash, and those of before the secret was changed: the number to make it anew is nowhere."""
    said = f"{id_type}:{number}".encode()
    keys = vault.keys("propdesk.id-number")
    return [hmac.new(key, said, hashlib.sha256).hexdigest() for key in keys]
