"""Text made safe to lay out. Whatever was saved, a paper must print in bounded time, unspoofed."""

import re
import unicodedata

from django.utils.translation import gettext as _

MAX_CHARACTERS = 5000
MAX_LINES = 200
ZERO_WIDTH_SPACE = "\u200b"

# Bidi controls let a stored "00.521" print as "125.00"; the rest draws nothing or breaks XML.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Pango needs quadratic time on a word it cannot break; Chinese breaks anywhere.
_LONG_WORD = re.compile(r"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]{40}")


def printable(text: str) -> str:
    """NFC without control, bidi and other characters that draw nothing; line ends as "\\n"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", unicodedata.normalize("NFC", text))


def clean_for_print(text: str) -> str:
    """`printable(text)`, at most 5,000 characters and 200 lines; a cut is marked on the paper.

    Long Latin words get a zero-width space each 40 letters so that they can wrap.
    """
    text = printable(text)
    lines = text[:MAX_CHARACTERS].split("\n")
    if len(text) > MAX_CHARACTERS or len(lines) > MAX_LINES:
        text = "\n".join(lines[:MAX_LINES]) + _("……（过长，以下略，全文见系统记录）")
    return _LONG_WORD.sub(lambda match: match.group() + ZERO_WIDTH_SPACE, text)
