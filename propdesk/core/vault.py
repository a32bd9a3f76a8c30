"""Keys derived from the secret of this installation, and what is encrypted with them (AES-256-GCM).

A copy of the database alone opens none of it; with another ``SECRET_KEY`` nothing opens any more, but
what ``SECRET_KEY_FALLBACKS`` still names.
"""

import hmac
import os

from django.conf import settings

from propdesk import environment, keyring

NONCE = 12


def closed(plain: bytes, purpose: str, bound: str) -> bytes:
    """``plain`` encrypted for ``purpose`` and bound to ``bound``: for another it does not open."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key(purpose)).encrypt(nonce, plain, bound.encode())


def opened(stored: bytes, purpose: str, bound: str) -> bytes | None:
    """What was encrypted; None when no secret of this installation, of now or before, opens it."""
    found = (_opened(stored, one, bound) for one in keys(purpose))
    return next((plain for plain in found if plain is not None), None)


def is_current(stored: bytes, purpose: str, bound: str) -> bool:
    """Whether the secret of now opens it: else it waits to be encrypted anew, or opens no more."""
    return _opened(stored, key(purpose), bound) is not None


def _opened(stored: bytes, with_key: bytes, bound: str) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(with_key).decrypt(stored[:NONCE], stored[NONCE:], bound.encode())
    except (InvalidTag, ValueError):
        return None


def held() -> list[str]:
    """Every secret a row of this moment may have been closed with, that of now first.

    This process may have started before a change of the secret: the files know better. None is left out
    that it knows itself.
    """
    home = settings.HOME
    mine = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not environment.text("PROPDESK_SECRET_KEY") and (kept := keyring.kept(home)):
        mine.insert(0, kept)
    return list(dict.fromkeys([mine[0], *keyring.before(home), *mine]))


def key(purpose: str) -> bytes:
    """The key of one purpose, also of keyed hashes; derived, so that no second secret has to be kept."""
    return keys(purpose)[0]


def keys(purpose: str) -> list[bytes]:
    """The key of now and those of before: what a keyed hash of before is known again by."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(secret.encode(), purpose.encode(), "sha256") for secret in secrets]
