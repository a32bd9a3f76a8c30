"""What the pages of 统计 show, put together from figures and rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from incidents import queries_insight as complaints
from incidents.models import Complaint
from propdesk.core import cases
from propdesk.core.models import Department, Property, User
from propdesk.core.periods import Period
from propdesk.desk.insight import kinds, queries
from propdesk.desk.insight import trend as trends
from propdesk.desk.insight.blocks import Block, Line, gather
from propdesk.desk.insight.figures import HOLDER_WORDS, Opened
from propdesk.desk.insight.forms import PeriodForm
from propdesk.desk.insight.queries import Asked

Context = dict[str, Any]
BARS = 12
"""Lines of a block that are drawn; the table below holds all of them."""
DUE = {"drills_due": _l("应演练的类别"), "drills_missed": _l("应演练而没有的类别")}


def index(asked: Asked, form: PeriodForm) -> Context:
    """All blocks of the period, the data of their pictures, and ways to other periods."""
    blocks = gather(asked)
    return {
        "form": form,
        "others": others(asked.prop, asked.now, asked.period),
        "period": asked.period,
        "export_url": kinds.link(asked.prop, "export", asked.period),
        "print_url": kinds.link(asked.prop, "print", asked.period),
        "blocks": blocks,
        "pictures": {block.key: picture(block) for block in blocks if block.drawn},
    }


def trend(asked: Asked) -> Context:
    """The last twelve months: a picture of each figure, and one table of all of them."""
    found = trends.gather(trends.over(asked))
    months = zip(
        trends.months(timezone.localdate(asked.now)), *(n.lines for n in found), strict=True
    )
    return {
        "trends": found,
        "months": [
            (lines[0].label, kinds.link(asked.prop, "index", month), lines)
            for month, *lines in months
        ],
        "total": [n.total for n in found],
        "others": others(asked.prop, asked.now),
        "pictures": {n.key: _drawn(n.lines, upright=True) for n in found},
    }


def others(
    prop: Property, now: datetime, shown: Period | None = None
) -> list[tuple[str, str, bool]]:
    """Ways to other periods: word, address, and whether it is the one that is ``shown``."""
    here = reverse("insight:index", args=[prop.code])
    return [
        (label, f"{here}?{urlencode(period.params())}", period == shown)
        for label, period in _others(timezone.localdate(now))
    ]


def picture(block: Block) -> Context:
    """What a bar chart of the block is drawn from."""
    return _drawn([line for line in block.lines if line.bar][:BARS])


def _drawn(lines: Iterable[Line], *, upright: bool = False) -> Context:
    return {
        "upright": upright,
        "lines": [
            {"label": n.label, "size": n.bar, "text": n.shown, "url": n.url, "tone": n.tone}
            for n in lines
        ],
    }


def _others(today: date) -> list[tuple[str, Period]]:
    month = Period.month_of(today)
    before = Period.month_of(month.first - timedelta(days=1))
    year = Period(today.replace(month=1, day=1), today)
    return [(_("本月"), month), (_("上月"), before), (_("今年以来"), year)]


def listed(asked: Asked, found: Opened, figure: str, after: str) -> Context:
    """One screenful of the rows behind a figure."""
    kind = found.figure.kind
    shown = kind.page(asked, found.rows, after)
    here = kinds.rows_url(asked, figure, **found.params)
    return {
        "title": "：".join([str(found.figure.title), *found.words][:2]),
        "words": found.words[1:],
        "columns": kind.columns,
        "lines": [_line(kind.columns, kind.url(asked, row), kind.cells(row)) for row in shown.rows],
        "period": asked.period,
        "back_url": kinds.link(asked.prop, "index", asked.period),
        "newer_url": here if after else "",
        "older_url": f"{here}&{urlencode({'after': shown.after})}" if shown.after else "",
    }


def _line(columns: Sequence[Any], url: str, cells: Sequence[kinds.Cell]) -> Context:
    """A row: where it leads, its first cell, and the others with their headings for a phone."""
    return {"url": url, "what": cells[0], "facts": list(zip(columns[1:], cells[1:], strict=True))}


def drills(asked: Asked, figure: str) -> Context:
    """The drills that were due; those that were missed for ``drills_missed``."""
    due = queries.drills_due(asked)
    rows = [row for row in due if figure == "drills_due" or row.is_missed]
    url = reverse("emergencies:drills", args=[asked.prop.code])
    return {
        "title": DUE[figure],
        "columns": kinds.DUE_COLUMNS,
        "lines": [_line(kinds.DUE_COLUMNS, url, kinds.due_cells(row)) for row in rows],
        "period": asked.period,
        "back_url": kinds.link(asked.prop, "index", asked.period),
    }


@dataclass(frozen=True, slots=True)
class TimeRow:
    """A segment of a complaint's time in words."""

    start: datetime
    end: datetime
    length: str
    owner: str
    department: str
    state: str


def time(prop: Property, row: Complaint, now: datetime) -> Context:
    """时限分解: the segments of one complaint, and how they sum up by owner and department."""
    parts = complaints.cut([row], now)[row.pk]
    people = _names(User, [part.owner for part in parts])
    departments = _names(Department, [part.department for part in parts])
    # By key and not by name: two people may bear the same one.
    by_owner: dict[int | None, int] = {}
    by_department: dict[int | str, int] = {}
    lines = []
    for part in parts:
        owner = people.get(part.owner, str(HOLDER_WORDS["nobody"]))
        department = departments.get(part.department, "")
        place = part.department or ("desk" if part.owner else "nobody")
        length = _seconds(row, part.end) - _seconds(row, part.start)
        by_owner[part.owner] = by_owner.get(part.owner, 0) + length
        by_department[place] = by_department.get(place, 0) + length
        state = str(Complaint.Status(part.status).label)
        lines.append(TimeRow(part.start, part.end, clock(length), owner, department or "—", state))
    ends = row.case.closed_at or now
    return {
        "row": row,
        "url": cases.url_of(prop.code, row.case.kind, row.case.number),
        "lines": lines,
        "whole": clock(_seconds(row, ends)),
        "ends": ends,
        "by_owner": _sums(by_owner, people | {None: str(HOLDER_WORDS["nobody"])}),
        "by_department": _sums(
            by_department, departments | {key: str(word) for key, word in HOLDER_WORDS.items()}
        ),
    }


def _seconds(row: Complaint, edge: datetime) -> int:
    """Whole seconds since the receipt: differences of these add up as shown, to the last one."""
    return (edge - row.received_at) // timedelta(seconds=1)


def _names(model: Any, keys: Iterable[int | None]) -> dict[int | None, str]:
    rows = model.objects.filter(pk__in={key for key in keys if key})
    return dict(rows.values_list("pk", "name"))


def _sums(found: Mapping[Any, int], names: Mapping[Any, str]) -> list[tuple[str, str]]:
    order = sorted(found, key=lambda key: (-found[key], names[key]))
    return [(names[key], clock(found[key])) for key in order]


def clock(seconds: int) -> str:
    """A span to the second: "26:03:07"."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
