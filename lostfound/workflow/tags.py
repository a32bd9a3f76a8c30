"""What a scanner or a finger says: the number of a thing, its QR code, its seal or its old number."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from lostfound.models import FoundItem, SealTag
from propdesk.core.models import Property
from propdesk.core.text import normalise
from propdesk.core.transitions import RefusedInput

LONGEST: Final = 30
_READ: Final = ("old_number", "ended_at", "case__number")
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
    left = {tag.text for tag in tags}
    items = FoundItem.objects.only(*_READ).select_related("case").filter(case__property=prop)
    found = {item.case.number: item for item in items.filter(case__number__in=left)}
    left -= found.keys()
    if left:
        seals = SealTag.objects.filter(property=prop).annotate(read=Upper("number"))
        for seal in seals.filter(read__in=left).select_related("item__case").order_by("pk"):
            found.setdefault(seal.number.upper(), seal.item)
        left -= found.keys()
    if left:
        old = items.exclude(old_number="").annotate(read=Upper("old_number"))
        found |= _by_old_number(old.filter(read__in=left))
    return found


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
