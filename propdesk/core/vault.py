"""Keys derived from the secret of this installation, and what is encrypted with them (AES-256-GCM).

A copy of the database alone opens none of it; with another ``SECRET_KEY`` nothing opens any more.
"""

import hmac
import os

from django.conf import settings

NONCE = 12


def closed(plain: bytes, purpose: str, bound: str) -> bytes:
    """``plain`` encrypted for ``purpose`` and bound to ``bound``: for another it does not open."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key(purpose)).encrypt(nonce, plain, bound.encode())


def opened(stored: bytes, purpose: str, bound: str) -> bytes | None:
    """What was encrypted; None when the secret of this installation does not open it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key(purpose)).decrypt(stored[:NONCE], stored[NONCE:], bound.encode())
    except (InvalidTag, ValueError):
        return None


def key(purpose: str) -> bytes:
    """The key of one purpose, also of keyed hashes; derived, so that no second secret has to be kept."""
    return hmac.digest(settings.SECRET_KEY.encode(), purpose.encode(), "sha256")
