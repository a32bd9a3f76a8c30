"""What leaves the house: number, kind, time left and a link; never a person, a room or an illness.

Of a restricted case not even the number (E-6): a group reads it, and not all of them may know.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from propdesk.core import cases
from propdesk.core.channels.adapters import Outgoing
from propdesk.core.channels.bundling import Parcel
from propdesk.core.clock_text import left
from propdesk.core.models import Notice, Property

LONGEST = 1800
"""Bytes of a text; 企业微信 takes 2048, and a link follows."""


def line(notice: Notice, now: datetime) -> str:
    """One line about a notice."""
    if _is_secret(notice):
        drill = f"【{_('演练')}】"
        mark = drill if notice.text.startswith(drill) else ""
        return f"{mark}{_('有一件保密事项待您处理')}"
    time_left = f" · {left(notice.due_at, now)}" if notice.due_at is not None else ""
    return f"{notice.text}{time_left}"


def _is_secret(notice: Notice) -> bool:
    return notice.case is not None and notice.case.restricted


def link(notice: Notice) -> str:
    """Where one reads on: the page of the case, of a restricted one the inbox; "" without a public address."""
    base, case = settings.PROPDESK_PUBLIC_URL, notice.case
    if not base or case is None or case.restricted:
        return inbox_link(notice.property)
    path = cases.url_of(notice.property.code, case.kind, case.number)
    return f"{base}{path}" if path else inbox_link(notice.property)


def inbox_link(prop: Property) -> str:
    """The inbox of the house; "" without a public address."""
    base = settings.PROPDESK_PUBLIC_URL
    return f"{base}{reverse('desk:notices', args=[prop.code])}" if base else ""


def outgoing(parcel: Parcel, now: datetime) -> Outgoing:
    """The message of a parcel, with the facts another system gets."""
    first = parcel.rows[0].notice
    if parcel.is_digest:
        title = _("【汇总】%(n)d 条提醒") % {"n": len(parcel.lines)}
        shown = _cut([title, *parcel.lines])
        return Outgoing(_with(shown, inbox_link(first.property)))
    url = link(first)
    return Outgoing(_with(parcel.lines[0], url), facts(parcel, now, url))


def facts(parcel: Parcel, now: datetime, url: str) -> dict[str, Any]:
    """A single notice for another system: stable key, rule and number; nothing of a restricted case."""
    notice, row = parcel.rows[0].notice, parcel.rows[0]
    secret = _is_secret(notice)
    number = "" if secret or notice.case is None else notice.case.number
    due = None if secret or notice.due_at is None else notice.due_at.isoformat()
    return {
        "id": row.pk,
        "property": notice.property.code,
        "rule": "" if secret else notice.rule,
        "number": number,
        "urgent": notice.urgent,
        "due_at": due,
        "created_at": notice.created_at.isoformat(),
        "sent_at": now.isoformat(),
        "url": url,
    }


def subject(parcel: Parcel) -> str:
    """The subject of a mail."""
    if parcel.is_digest:
        return _("【汇总】%(n)d 条提醒") % {"n": len(parcel.lines)}
    return parcel.lines[0]


def _cut(lines: Sequence[str]) -> str:
    """As many lines as fit; the last one says how many did not."""
    kept: list[str] = []
    used = 0
    for text in lines:
        used += len(text.encode()) + 1
        if used > LONGEST:
            rest = _("……还有 %(n)d 条，请到系统里看") % {"n": len(lines) - len(kept)}
            return "\n".join([*kept, rest])
        kept.append(text)
    return "\n".join(kept)


def _with(text: str, url: str) -> str:
    return f"{text}\n{url}" if url else text
