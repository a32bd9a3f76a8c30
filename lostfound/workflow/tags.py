"""What a scanner or a finger says: the number of a thing, its QR code, its seal or its old number."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from lostfound.models import FoundItem, SealTag
from propdesk.core.models import Property
from propdesk.core.text import normalise
from propdesk.core.transitions import RefusedInput

LONGEST: Final = 30
_ADDRESS: Final = re.compile(r"/p/([-\w]+)/lostfound/([^/?#\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """``text`` in capitals, as it is compared and kept; ``typed`` as it was read."""

    text: str
    typed: str


def read_tag(text: str, prop: Property) -> Tag:
    """The tag in what was scanned or typed; a QR code gives the number in its address.

    The code of another house keeps the name of that house and so fits nothing here. RefusedInput
    (``tag``) for nothing at all and for what is no tag of ours, longer than 30 characters.
    """
    typed = " ".join(normalise(unicodedata.normalize("NFKC", text)).split())
    address = _ADDRESS.search(typed)
    if address is not None:
        house, typed = address.groups()
        if house.lower() != prop.code.lower():
            typed = f"{house}/{typed}"
    if not typed:
        raise RefusedInput(tag=_("请扫描或输入标签号。"))
    if len(typed) > LONGEST:
        raise RefusedInput(tag=_("这不是失物标签，请核对后重新扫描。"))
    return Tag(typed.upper(), typed)


def resolve(prop: Property, tags: Iterable[Tag]) -> dict[str, FoundItem]:
    """The things behind these tags, by the text of the tag; three statements at most.

    A number goes before a seal, a seal before the number of the old book. An old number that stands
    on several things means the one that is still open, or nothing when that does not decide it.
    """
    left = {tag.text: tag.typed for tag in tags}
    items = FoundItem.objects.select_related("case").filter(case__property=prop)
    found = {item.case.number: item for item in items.filter(case__number__in=left)}
    left = {text: typed for text, typed in left.items() if text not in found}
    if left:
        seals = SealTag.objects.filter(property=prop, number__in=_spellings(left))
        for seal in seals.select_related("item__case"):
            found.setdefault(seal.number.upper(), seal.item)
        left = {text: typed for text, typed in left.items() if text not in found}
    if left:
        found |= _by_old_number(items.filter(old_number__in=_spellings(left)))
    return found


def _spellings(tags: dict[str, str]) -> list[str]:
    """As typed, in capitals and in small letters: an index knows equality only."""
    return sorted({each for text, typed in tags.items() for each in (text, typed, text.lower())})


def _by_old_number(items: Iterable[FoundItem]) -> dict[str, FoundItem]:
    same: dict[str, list[FoundItem]] = {}
    for item in items:
        same.setdefault(item.old_number.upper(), []).append(item)
    found = {}
    for text, those in same.items():
        meant = those if len(those) == 1 else [item for item in those if item.ended_at is None]
        if len(meant) == 1:
            found[text] = meant[0]
    return found
