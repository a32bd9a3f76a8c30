"""How a delivery reads on the screen: a word, a colour and a sign for each state."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import cases
from propdesk.core.clock_text import friendly
from propdesk.core.models import Delivery, Property
from propdesk.core.notices import UNREAD
from propdesk.desk.notices.queries import Inbox

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Chip:
    """A state: word, tone, icon; ``channel`` names where."""

    channel: str
    word: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One notice of the inbox."""

    delivery: Delivery
    url: str
    chip: Chip
    elsewhere: list[Chip]
    is_unread: bool


def lines(prop: Property, inbox: Inbox, now: datetime) -> list[Line]:
    """The rows of a page."""
    return [
        Line(
            delivery=row,
            url=_url(prop, row),
            chip=_own(row),
            elsewhere=[chip_of(one, now) for one in inbox.others.get(row.notice.key, [])],
            is_unread=row.state in UNREAD,
        )
        for row in inbox.rows
    ]


def _url(prop: Property, row: Delivery) -> str:
    case = row.notice.case
    return cases.url_of(prop.code, case.kind, case.number) if case is not None else ""


def _own(row: Delivery) -> Chip:
    here = row.get_channel_display()
    if row.state == State.ACKNOWLEDGED:
        return Chip(here, _("已确认"), "green", "check2-all")
    if row.state == State.MERGED:
        return Chip(here, _("已合并"), "grey", "archive")
    return Chip(here, _("未确认"), "red" if row.notice.urgent else "orange", "bell")


def chip_of(row: Delivery, now: datetime) -> Chip:
    """How far a notice got by e-mail or on a robot."""
    where = row.robot.name if row.robot is not None else row.get_channel_display()
    match row.state:
        case State.SENT:
            return Chip(where, _("已汇总发送") if row.in_digest else _("已发送"), "grey", "send")
        case State.FAILED:
            return Chip(where, row.get_state_display(), "red", "exclamation-triangle")
        case State.ACKNOWLEDGED:
            return Chip(where, _("已确认，不再发"), "grey", "check2")
        case State.PENDING if (row.next_try_at - now).total_seconds() > 300:
            until = friendly(timezone.localtime(row.next_try_at), now)
            return Chip(where, _("待发送（%(at)s）") % {"at": until}, "grey", "hourglass-split")
    return Chip(where, row.get_state_display(), "grey", "hourglass-split")
