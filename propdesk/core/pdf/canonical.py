"""One JSON text for one record: what the verify code signs and the PDF carries."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

CODE_GROUPS = 4
GROUP_LENGTH = 4


def canonical_json(data: Mapping[str, Any]) -> bytes:
    """UTF-8, keys sorted, no spaces, no NaN. Raises ValueError for what JSON or UTF-8 cannot hold."""
    text = json.dumps(
        data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def verify_code(data: Mapping[str, Any], key: bytes) -> str:
    """HMAC-SHA256 of the canonical JSON as four groups of four base32 characters (80 bits)."""
    digest = hmac.digest(key, canonical_json(data), hashlib.sha256)
    letters = base64.b32encode(digest).decode()
    groups = range(0, CODE_GROUPS * GROUP_LENGTH, GROUP_LENGTH)
    return "-".join(letters[at : at + GROUP_LENGTH] for at in groups)
