"""Words and times as the papers of events print them. Pure."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from propdesk.core import masks
from propdesk.core.clock_text import list_time, local
from propdesk.core.models import Person, User

STOPS = "。；，、.;, "
LONGEST = 4800
"""A text field of the report holds 5000 characters; the rest stays in the system."""
SEVERITY = {"minor": _l("一般"), "major": _l("严重"), "critical": _l("重大")}
RETENTION = {"three_years": _l("保存期限：三年"), "permanent": _l("保存期限：永久")}


def full(at: datetime | None) -> str:
    """Return "2026-11-23 14:05"; "" for no time."""
    return list_time(at) if at else ""


def short(at: datetime | None, year: int) -> str:
    """Return "11-23 14:05" for tables; with the year when it is not the paper's."""
    if at is None:
        return ""
    here = local(at)
    return f"{here:%m-%d %H:%M}" if here.year == year else list_time(at)


def long_day(at: datetime | None) -> str | None:
    """Return "2026年11月23日", as beside a signature; None for no time."""
    if at is None:
        return None
    here = local(at)
    return f"{here.year}年{here.month}月{here.day}日"


def clause(text: str) -> str:
    """What somebody typed as part of a sentence: one line, without its own full stop."""
    return " ".join(text.split()).rstrip(STOPS)


def sentence(text: str) -> str:
    """The same with a full stop."""
    return f"{clause(text)}。" if clause(text) else ""


def joined(parts: Iterable[str], by: str = "；") -> str:
    """The parts that say something."""
    return by.join(part for part in parts if part)


def bounded(text: str) -> str:
    """The text, cut where the report's field ends."""
    return text if len(text) <= LONGEST else text[:LONGEST] + _("……（其余见系统记录）")


def named(who: Person | User | None) -> str:
    """Return "欧阳静（女士）", or the name of a colleague."""
    if who is None:
        return ""
    if isinstance(who, User):
        return who.name
    title = f"（{who.get_honorific_display()}）" if who.honorific and who.name else ""
    return f"{who.name}{title}"


def whole(who: Person | User | None) -> str:
    """Name, room and masked number, as a field about a person says it."""
    if not isinstance(who, Person):
        return named(who)
    room = who.room.label if who.room else ""
    return joined([named(who), room, masks.phone(who.phone)], " ")


def cell(value: Any, year: int, *, inside: bool = False) -> str:
    """One value of a form or a register as text; ``inside`` a table times leave out the year."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return short(value, year) if inside else full(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _("%(yuan)s 元") % {"yuan": f"{value:,.2f}"}
    if isinstance(value, Person | User):
        return named(value) if inside else whole(value)
    return str(value)
