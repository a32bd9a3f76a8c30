"""How the rows behind a figure are read, put in order and written: the same on the page and in Excel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies.models import Event, Kind
from incidents import queries_insight as complaints
from incidents.models import Callback, Complaint
from lostfound.models import FoundItem
from propdesk.core import cases
from propdesk.core.clock_text import list_time, span
from propdesk.core.models import Property
from propdesk.core.paging import Page, page_by_time
from propdesk.core.periods import Period
from propdesk.desk.insight.queries import Asked, Due

Cell = str | int
RESULTS = {
    complaints.KEPT: _l("按时兑现"),
    complaints.MOVED: _l("按时通报后延期"),
    complaints.LATE: _l("未兑现"),
}


@dataclass(frozen=True, slots=True)
class RowKind:
    """Headings and cells of one kind of row; ``moment`` is the field and reader of its order.

    ``join`` adds what the cells read to the one statement; ``ready`` reads what no join can.
    """

    columns: tuple[Any, ...]
    cells: Callable[[Any], tuple[Cell, ...]]
    url: Callable[[Asked, Any], str]
    moment: str
    read: Callable[[Any], datetime | None]
    join: Callable[["QuerySet[Any]"], "QuerySet[Any]"]
    ready: Callable[[Asked, Sequence[Any]], None] = lambda _asked, _rows: None

    def page(self, asked: Asked, rows: "QuerySet[Any]", after: str) -> Page:
        """One screenful of ``rows``, the newest first; a malformed key gives the first."""
        found = page_by_time(self.join(rows), self.moment, after, self.read, newest_first=True)
        self.ready(asked, found.rows)
        return found


def time_of(at: datetime | None) -> str:
    return list_time(at) if at else ""


def span_of(length: timedelta | None) -> str:
    return span(length) if length is not None else ""


def _case(asked: Asked, case: Any) -> str:
    return cases.url_of(asked.prop.code, case.kind, case.number) if case else ""


def _place(row: Any) -> str:
    return str(row.place.label if row.place else row.place_note)


def _promise(row: Any) -> tuple[Cell, ...]:
    complaint: Complaint = row.complaint
    return (
        complaint.case.number,
        complaint.get_category_display(),
        row.department.name,
        row.told_by.name,
        time_of(row.due_at),
        time_of(row.ended_at),
        str(RESULTS[row.result]),
    )


PROMISE = RowKind(
    (
        _l("编号"),
        _l("类别"),
        _l("执行部门"),
        _l("承诺人"),
        _l("承诺完成"),
        _l("了结"),
        _l("结果"),
    ),
    _promise,
    lambda asked, row: _case(asked, row.complaint.case),
    "due_at",
    lambda row: row.due_at,
    lambda rows: rows.select_related("complaint__case", "department", "told_by"),
)


def _complaint(row: Complaint) -> tuple[Cell, ...]:
    return (
        row.case.number,
        row.get_category_display() if row.category else _("未分类"),
        row.get_severity_display(),
        _place(row),
        row.owner.name,
        time_of(row.case.opened_at),
        row.get_status_display(),
    )


COMPLAINT = RowKind(
    (
        _l("编号"),
        _l("类别"),
        _l("等级"),
        _l("房号或地点"),
        _l("跟进人"),
        _l("受理"),
        _l("状态"),
    ),
    _complaint,
    lambda asked, row: _case(asked, row.case),
    "case__opened_at",
    lambda row: row.case.opened_at,
    lambda rows: rows.select_related("case", "owner", "place"),
)


def _closed(row: Any) -> tuple[Cell, ...]:
    desk = sum((part.length for part in row.parts if part.department is None), timedelta())
    whole = sum((part.length for part in row.parts), timedelta())
    return (
        row.case.number,
        row.get_category_display() if row.category else _("未分类"),
        row.owner.name,
        time_of(row.received_at),
        time_of(row.case.closed_at),
        span_of(whole),
        span_of(whole - desk) if whole > desk else _("没有"),
    )


def _with_parts(asked: Asked, rows: Sequence[Any]) -> None:
    parts = complaints.cut(rows, asked.now)
    for row in rows:
        row.parts = parts[row.pk]


CLOSED = RowKind(
    (
        _l("编号"),
        _l("类别"),
        _l("跟进人"),
        _l("受理"),
        _l("结案"),
        _l("共用时"),
        _l("其中部门办理"),
    ),
    _closed,
    lambda asked, row: reverse("insight:time", args=[asked.prop.code, row.case.number]),
    "case__closed_at",
    lambda row: row.case.closed_at,
    lambda rows: rows.select_related("case", "owner"),
    _with_parts,
)


def _answer(row: Callback) -> tuple[Cell, ...]:
    return (
        row.complaint.case.number,
        row.complaint.get_category_display() if row.complaint.category else "",
        row.complaint.owner.name,
        time_of(row.asked_at),
        row.get_via_display(),
        row.get_satisfaction_display(),
    )


ANSWER = RowKind(
    (_l("编号"), _l("类别"), _l("跟进人"), _l("回访"), _l("方式"), _l("满意度")),
    _answer,
    lambda asked, row: _case(asked, row.complaint.case),
    "asked_at",
    lambda row: row.asked_at,
    lambda rows: rows.select_related("complaint__case", "complaint__owner"),
)


def _room(row: Any) -> tuple[Cell, ...]:
    return (row.label, row.n, time_of(row.newest))


def link(prop: Property, name: str, period: Period) -> str:
    """A page of 统计 over these days."""
    return f"{reverse(f'insight:{name}', args=[prop.code])}?{urlencode(period.params())}"


def rows_url(asked: Asked, figure: str, **narrow: object) -> str:
    """The address of the rows behind a figure of this period."""
    base = reverse("insight:rows", args=[asked.prop.code, figure])
    return f"{base}?{urlencode({**asked.period.params(), **narrow})}"


ROOM = RowKind(
    (_l("房间"), _l("投诉件数"), _l("最近一次")),
    _room,
    lambda asked, row: rows_url(asked, "complaints", room=row.pk),
    "newest",
    lambda row: row.newest,
    lambda rows: rows,
)


def _thing(row: FoundItem) -> tuple[Cell, ...]:
    return (
        row.case.number,
        row.get_category_display(),
        row.name,
        _place(row),
        time_of(row.case.opened_at),
        row.get_status_display(),
        time_of(row.case.closed_at),
    )


_THING = (
    _l("编号"),
    _l("类别"),
    _l("物品"),
    _l("拾获地点"),
    _l("登记"),
    _l("状态"),
    _l("了结"),
)
FOUND = RowKind(
    _THING,
    _thing,
    lambda asked, row: _case(asked, row.case),
    "case__opened_at",
    lambda row: row.case.opened_at,
    lambda rows: rows.select_related("case", "place"),
)
SETTLED = RowKind(
    _THING,
    _thing,
    lambda asked, row: _case(asked, row.case),
    "case__closed_at",
    lambda row: row.case.closed_at,
    lambda rows: rows.select_related("case", "place"),
)


def _notice(row: Any) -> tuple[Cell, ...]:
    return (
        row.notice.text,
        row.recipient.name,
        time_of(row.created_at),
        time_of(row.acknowledged_at),
        span_of(row.wait) or _("未确认"),
    )


NOTICE = RowKind(
    (_l("通知"), _l("收件人"), _l("发出"), _l("确认"), _l("用时")),
    _notice,
    lambda asked, row: _case(asked, row.notice.case),
    "created_at",
    lambda row: row.created_at,
    lambda rows: rows.select_related("notice__case", "recipient"),
)


def _event(row: Event) -> tuple[Cell, ...]:
    secret = row.case.restricted
    return (
        row.case.number,
        _("保密事项") if secret else row.get_kind_display(),
        "" if secret else _place(row),
        time_of(row.case.opened_at),
        row.get_status_display(),
    )


EVENT = RowKind(
    (_l("编号"), _l("类别"), _l("地点"), _l("启动"), _l("状态")),
    _event,
    lambda asked, row: _case(asked, row.case),
    "case__opened_at",
    lambda row: row.case.opened_at,
    lambda rows: rows.select_related("case", "place"),
)


def due_cells(row: Due) -> tuple[Cell, ...]:
    """A drill that was due, which is no row of the database."""
    held = f"{row.held_on:%Y-%m-%d}" if row.held_on else _("还没有")
    return (str(Kind(row.kind).label), f"{row.due_on:%Y-%m-%d}", held)


DUE_COLUMNS = (_l("类别"), _l("应于此日前"), _l("本期演练"))
