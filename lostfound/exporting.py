"""失物登记表 as an Excel file: text stays text, no cell is a formula, people from outside are masked.

Rows are read and written one after the other, so a full register costs no more memory than a page.
"""

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound import workflow
from lostfound.models import FoundItem
from lostfound.permissions import ACTIONS
from lostfound.queries import book as queries
from lostfound.queries.item import Filters
from propdesk.core import clock_text, masks, spreadsheets
from propdesk.core.models import Property, User
from propdesk.core.roles import ensure
from propdesk.core.spreadsheets import Cell

MAX_ROWS: Final = 20_000
CHUNK: Final = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, how wide it stands, and what a thing says in it: text, or a number to sum up."""

    heading: Any
    width: int
    read: Callable[[Any], Cell]


def _moment(value: datetime | None) -> str:
    return clock_text.list_time(value) if value else ""


def _day(value: date | None) -> str:
    return f"{value:%Y-%m-%d}" if value else ""


def _finder(row: Any) -> str:
    """A colleague by name, anybody else masked."""
    if row.finder_user is not None:
        return str(row.finder_user.name)
    return masks.name(row.finder.name, row.finder.honorific) if row.finder else ""


def _claimant(row: Any) -> str:
    owner = row.claimant or {}
    return masks.name(owner.get("name", ""), owner.get("honorific", ""))


def _here(row: Any, name: str) -> str:
    lies = row.lies if row.status != FoundItem.Status.VOIDED else ()
    return (lies[0].get(name) or "") if lies else ""


COLUMNS: Final = (
    Column(_l("编号"), 18, lambda row: row.case.number),
    Column(_l("原编号"), 12, lambda row: row.old_number),
    Column(_l("状态"), 12, lambda row: row.get_status_display()),
    Column(_l("类别"), 10, lambda row: row.get_category_display()),
    Column(_l("物品名称"), 18, lambda row: row.name),
    Column(_l("数量"), 6, lambda row: row.quantity),
    Column(_l("单位"), 6, lambda row: row.unit),
    Column(_l("特征"), 40, lambda row: row.features),
    Column(_l("序列号、尾号"), 16, lambda row: row.serial),
    Column(_l("拾获时间"), 17, lambda row: _moment(row.found_at)),
    Column(_l("拾获地点"), 20, lambda row: row.place.label if row.place else ""),
    Column(_l("具体位置"), 20, lambda row: row.place_note),
    Column(_l("拾获人"), 10, _finder),
    Column(
        _l("拾获部门"), 10, lambda row: row.finder_department.name if row.finder_department else ""
    ),
    Column(_l("上报时间"), 17, lambda row: _moment(row.reported_at)),
    Column(_l("上交时间"), 17, lambda row: _moment(row.handed_at)),
    Column(_l("接收值班经理"), 12, lambda row: row.received_by.name if row.received_by else ""),
    Column(_l("入库日期"), 12, lambda row: _day(row.received_on)),
    Column(_l("估价"), 10, lambda row: row.get_valuation_display() if row.valuation else ""),
    Column(_l("估价（元）"), 12, lambda row: row.value),
    Column(_l("估价依据"), 20, lambda row: row.valuation_basis),
    Column(_l("保管到期日"), 12, lambda row: _day(row.last_day)),
    Column(_l("存放位置"), 22, lambda row: _here(row, "storage")),
    Column(_l("封签号"), 12, lambda row: row.seal_number or ""),
    Column(_l("有无线索"), 10, lambda row: row.get_clue_display()),
    Column(_l("线索"), 30, lambda row: row.clue_text),
    Column(_l("招领公告日期"), 12, lambda row: _day(row.announced_on)),
    Column(_l("认领人"), 10, _claimant),
    Column(_l("归还时间"), 17, lambda row: _moment(row.returned_at)),
    Column(_l("了结时间"), 17, lambda row: _moment(row.ended_at)),
    Column(_l("作废原因"), 20, lambda row: row.void_reason),
)


def export(prop: Property, filters: Filters, now: datetime, *, by: User) -> IO[bytes]:
    """The register under these filters, in the order of logging, as an open file at its beginning.

    At most 20,000 things; a last line says so when there are more. The export is on record before
    anybody has the file. PermissionDenied unless the table allows it.
    """
    ensure(by, "export", ACTIONS, prop=prop)
    with spreadsheets.handed_on() as file:
        rows = _write(file, queries.register(by, prop, filters, now))
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        workflow.record_export(prop, filters.params(), rows, sha256, by=by)
    return file


def _write(file: IO[bytes], rows: Any) -> int:
    """Headings, then one line for each thing; returns how many things."""
    with spreadsheets.book_in(file) as book, closing(_lines(rows)) as lines:
        return book.sheet(
            _("失物登记表"),
            ((column.heading, column.width) for column in COLUMNS),
            lines,
            most=MAX_ROWS,
            more=_("只导出前 %(n)d 件，其余请用筛选分几次导出。") % {"n": MAX_ROWS},
        )


def _lines(rows: Any) -> Generator[list[Cell]]:
    for row in rows[: MAX_ROWS + 1].iterator(chunk_size=CHUNK):
        yield [column.read(row) for column in COLUMNS]


def file_name(on: date) -> str:
    """What the file is called: 失物登记表_20261123.xlsx."""
    return f"{_('失物登记表')}_{on:%Y%m%d}.xlsx"
