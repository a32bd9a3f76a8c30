"""The board: eight tiles, what runs with its next step, the rest line by line.

A restricted event shows its number and neutral title here, also to its readers: somebody may stand
behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies.detail import KIND_ICONS, TONES
from emergencies.detail_rows import board_of
from emergencies.models import Event, Kind
from emergencies.playbooks.board import Board
from emergencies.playbooks.schema import fill
from emergencies.queries import timing
from emergencies.queries.board import Filters
from emergencies.queries.evidence import Record
from propdesk.core import choices, clock_text
from propdesk.core.models import Property, User
from propdesk.core.paging import Page
from propdesk.core.roles import Role, standing
from propdesk.core.search import Hit

S = Event.Status
STATES = (
    ("ended", _l("已结束")),
    ("running", _l("处置中")),
    ("signing", _l("待签批")),
    ("archived", _l("已归档")),
    ("drill", _l("演练")),
    ("all", _l("全部")),
)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One event in a list."""

    number: str
    url: str
    title: str
    place: str
    kind_icon: str
    status: str
    tone: str
    icon: str
    commander: str
    started: str
    lasted: str
    is_drill: bool


def list_row(prop: Property, row: Event) -> ListRow:
    """A list row; everything it needs is joined already."""
    tone, icon = TONES[S(row.status)]
    hidden = row.case.restricted
    place = " ".join(filter(None, [row.place.label if row.place else "", row.place_note]))
    return ListRow(
        number=row.case.number,
        url=reverse("emergencies:detail", args=[prop.code, row.case.number]),
        title=_("保密事项") if hidden else choices.label(row, "kind"),
        place="" if hidden else place,
        kind_icon="shield-lock" if hidden else KIND_ICONS[row.kind],
        status=choices.label(row, "status"),
        tone=tone,
        icon=icon,
        commander=row.commander.name,
        started=clock_text.list_time(row.reported_at),
        lasted=clock_text.span(row.ended_at - row.reported_at) if row.ended_at else "",
        is_drill=row.is_drill,
    )


def hit(prop: Property, case: Any) -> Hit:
    """A line for a case with its event."""
    case.event.case = case
    row = list_row(prop, case.event)
    return Hit(
        number=row.number,
        url=row.url,
        kind=choices.label(case, "kind"),
        icon=row.kind_icon,
        title=row.title,
        place=row.place,
        status=row.status,
        tone=row.tone,
        mark=row.icon,
        opened=row.started,
    )


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A running event: the line of the list and what is next."""

    line: ListRow
    since: datetime
    next: str
    who: str
    """Whose step it is."""
    due: datetime | None
    done: int
    steps: int
    calls: int
    """Calls that wait for this user to confirm them."""


def running_row(prop: Property, user: User, row: Any) -> RunningRow:
    """A row of ``queries.running``; of a restricted one no more than that it runs."""
    mine = standing(user, prop).task_roles
    record, board = board_of(row, registers=False)
    line, due = _next(row, record, board, mine)
    hidden = row.case.restricted
    text = fill(line.step.zh, {}) if line else ""
    counted = [one for one in board.steps if one.applies]
    calls = [c for c in record.calls if c.needs_ack and not c.acked_at and c.role in mine]
    return RunningRow(
        line=list_row(prop, row),
        since=row.reported_at,
        next=_("打开查看下一步") if hidden else text,
        who="" if hidden or line is None else _doer(line.step.by),
        due=due,
        done=sum(one.is_settled for one in counted),
        steps=len(counted),
        calls=len(calls),
    )


def _doer(by: str) -> str:
    return str(Role(by).label) if by in Role.values else _("发现人")


def _next(
    row: Event, record: Record, board: Board, mine: frozenset[Role]
) -> tuple[Any, datetime | None]:
    """The open step that is due first, of this user before others."""

    lines = [line for line in board.steps if line.state in timing.OPEN]
    rows = [(line, timing.due_at(row, record, line)) for line in lines]
    far = row.reported_at + timedelta(days=999)
    rows.sort(key=lambda r: (r[0].step.by not in mine, not r[0].step.required, r[1] or far))
    return rows[0] if rows else (None, None)


def tiles_context(prop: Property, params: Mapping[str, str]) -> dict[str, Any]:
    """The eight tiles; a drill and the number it comes from go along in the address."""
    given = {"from": params.get("from", "").replace("\x00", "")[:20]}
    given["drill"] = "1" if "drill" in params else ""
    kept = {name: value for name, value in given.items() if value}
    tail = f"?{urlencode(kept)}" if kept else ""
    other = {k: v for k, v in kept.items() if k != "drill"}
    other |= {} if "drill" in kept else {"drill": "1"}
    return {
        "tiles": [
            {
                "label": label,
                "icon": KIND_ICONS[code],
                "url": reverse("emergencies:new", args=[prop.code, code]) + tail,
            }
            for code, label in Kind.choices
        ],
        "is_drill": "drill" in kept,
        "drill_url": f"?{urlencode(other)}",
        "from_number": given["from"],
    }


def board_context(
    prop: Property, filters: Filters, found: Page, now: datetime, after: str
) -> dict[str, Any]:
    """Everything the list prints."""
    base = reverse("emergencies:board", args=[prop.code])
    params = filters.params()

    def with_state(state: str) -> str:
        rest = {k: v for k, v in params.items() if k != "state"}
        return f"{base}?{urlencode(rest | {'state': state})}"

    return {
        "rows": [list_row(prop, row) for row in found.rows],
        "filters": filters,
        "states": [(code, label, with_state(code)) for code, label in STATES],
        "kinds": Kind.choices,
        "older_url": f"{base}?{urlencode(params | {'after': found.after})}" if found.after else "",
        "newer_url": f"{base}?{urlencode(params)}" if after else "",
        "filtered": bool(filters.q or filters.kind),
        "is_plain": not params and not after,
        "now": now,
        "base": base,
    }
