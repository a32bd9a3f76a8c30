"""Words, times and sums as the papers of found things print them. Pure."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound.models import FoundItem
from lostfound.retention import StatutoryClock, local_day
from propdesk.core.clock_text import list_time, local
from propdesk.core.models import Person, Place

STOPS = "。；，、.;, "
LAWS = {"civil_318": _l("民法典第318条"), "hotel_8": _l("旅馆业治安管理办法第8条")}


def full(at: datetime | None) -> str:
    """Return "2026-11-20 21:42", for fields; "" for no time."""
    return list_time(at) if at else ""


def short(at: datetime | None, year: int) -> str:
    """Return "11-20 21:42" for tables; with the year when it is not the paper's."""
    if at is None:
        return ""
    here = local(at)
    return f"{here:%m-%d %H:%M}" if here.year == year else list_time(at)


def day(on: date | None) -> str:
    """Return "2026-11-20"; "" for no day."""
    return on.isoformat() if on else ""


def long_day(at: datetime | None) -> str | None:
    """Return "2026年11月20日", as beside a signature; None for no time."""
    if at is None:
        return None
    here = local(at)
    return f"{here.year}年{here.month}月{here.day}日"


def clause(text: str) -> str:
    """What somebody typed as part of a sentence: one line, without its own full stop."""
    return " ".join(text.split()).rstrip(STOPS)


def yuan(amount: Decimal) -> str:
    """Return "12,999.00"."""
    return f"{amount:,.2f}"


def joined(parts: Iterable[str], by: str = "；") -> str:
    """The parts that say something."""
    return by.join(part for part in parts if part)


def quantity(item: FoundItem) -> str:
    """Return "1 部"."""
    return f"{item.quantity} {item.unit}"


def worth(item: FoundItem) -> str:
    """The value in yuan, 未估价, or "" while nobody has said."""
    if item.value is not None:
        return yuan(item.value)
    return _("未估价") if item.valuation else ""


def whole_place(item: FoundItem) -> str:
    """Where it was found, as exactly as it is known: for the file only."""
    return joined([item.place.label if item.place else "", item.place_note], " ")


def rough_place(item: FoundItem) -> str:
    """Where it was found, as roughly as everybody may know: the building, else a public area.

    Never a room, a floor or what somebody typed: to say where exactly is for the claimant.
    """
    place: Place | None = item.place
    area = place.label if place is not None and place.kind == Place.Kind.SPOT else ""
    while place is not None:
        if place.kind == Place.Kind.BUILDING:
            return place.label
        area = area if place.parent is None else ""
        place = place.parent
    return area or _("本公寓内")


def found_on(item: FoundItem) -> str:
    """The day it was found."""
    return day(local_day(item.found_at))


def named(person: Person) -> str:
    """Return "欧阳静（女士）"."""
    title = f"（{person.get_honorific_display()}）" if person.honorific else ""
    return f"{person.name}{title}"


def id_paper(person: Person) -> str:
    """Kind of paper and last four, never more of the number."""
    if not person.id_type:
        return ""
    tail = _("尾号 %(tail)s") % {"tail": person.id_last4} if person.id_last4 else ""
    return joined([str(person.get_id_type_display()), tail], " ")


def statutory(clocks: Iterable[StatutoryClock]) -> str:
    """The last days of the law beside the SOP's own; 未起算 without a notice."""
    return joined(f"{LAWS[c.rule]} {day(c.last_day) or _('未起算')}" for c in clocks)
