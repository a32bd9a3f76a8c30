"""The old book as an Excel or CSV file: which columns, what a cell means, what would be imported.

Reading changes nothing but the draft in which the rows wait for 24 hours. Wrong rows are named with
what to do and left out; the others can be confirmed.
"""

import hashlib
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories, retention, workflow
from lostfound.models import Category, FoundItem
from lostfound.permissions import ACTIONS
from lostfound.queries import book as queries
from lostfound.workflow import OldEntry, Second
from propdesk.core import drafts
from propdesk.core.importing import Column, Line, Problem, read
from propdesk.core.models import Property, User
from propdesk.core.roles import ensure
from propdesk.core.transitions import require

COLUMNS: Final = (
    Column("old_number", "原编号"),
    Column("name", "物品名称", required=True),
    Column("category", "类别", required=True),
    Column("quantity", "数量"),
    Column("features", "特征", required=True),
    Column("found_at", "拾获时间", required=True),
    Column("place", "拾获地点", required=True),
    Column("finder", "拾获人", required=True),
    Column("received_on", "接收日期", required=True),
    Column("value", "估价"),
    Column("storage", "存放位置", required=True),
    Column("note", "备注"),
)
EXAMPLES: Final = (
    (
        "2026-031", "折叠伞", "雨伞", "1", "黑色，木柄有刻字", "2026-03-02 18:30",
        "A座大堂", "李强", "2026-03-02", "60.00", "G1-1", "",
    ),
    (
        "2026-032", "银行卡", "银行卡", "1", "尾号 0417", "2026-03-05",
        "停车场 B1", "住户", "2026-03-06", "未估价", "保安部库房 保险柜", "已联系发卡行",
    ),
)  # fmt: skip
HEADINGS: Final = {column.key: column.heading for column in COLUMNS}
FIRST_YEAR: Final = 2000
MAX_QUANTITY: Final = 1_000_000
MAX_VALUE: Final = Decimal(10_000_000)
_LIMITS: Final = {
    name: int(FoundItem._meta.get_field(name).max_length or 0)  # type: ignore[union-attr]  # noqa: SLF001 -- model API
    for name in ("old_number", "name", "place_note")
}
MAX_NAME: Final = 60
_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d\d)(\d\d)")
_TIME: Final = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分]\d{0,2})?秒?")
_AMOUNT: Final = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_UNVALUED: Final = frozenset({"", "未估价", "无", "-", "—"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do to a house at this moment: the good rows, and why others are not."""

    file: str
    entries: tuple[OldEntry, ...]
    problems: tuple[Problem, ...]

    @property
    def seen(self) -> str:
        """A digest of the good rows: what the person who confirms has looked at."""
        rows = [
            (e, e.place.pk if e.place else 0, e.storage.pk, e.finder_user and e.finder_user.pk)
            for e in self.entries
        ]
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    @property
    def wrong_rows(self) -> int:
        """How many rows are left out."""
        return len({problem.row for problem in self.problems})


def upload(prop: Property, file: BinaryIO, name: str, size: int, *, by: User) -> Plan:
    """Read a file and keep its rows until they are confirmed; RefusedInput(file=…) for a useless one."""
    ensure(by, "import_book", ACTIONS, prop=prop)
    lines, problems = read(file, name, size, COLUMNS)
    wrong = {problem.row for problem in problems}
    data = {
        "file": name[:100],
        "rows": [[line.number, line.cells] for line in lines if line.number not in wrong],
        "problems": [asdict(problem) for problem in problems],
    }
    workflow.keep_rows(prop, data, by=by)
    return _plan(prop, data)


def pending(prop: Property, *, by: User) -> Plan | None:
    """The plan of the file uploaded last, within 24 hours and not confirmed yet."""
    ensure(by, "import_book", ACTIONS, prop=prop)
    draft = drafts.recall(by, workflow.draft_of(prop))
    return _plan(prop, draft.data) if draft else None


def discard(prop: Property, *, by: User) -> None:
    """Forget the uploaded file."""
    ensure(by, "import_book", ACTIONS, prop=prop)
    drafts.forget(by, workflow.draft_of(prop))


def confirm(prop: Property, seen: str, second: Second, *, by: User) -> list[FoundItem]:
    """Import the good rows of the plan whose ``seen`` was shown; raises as ``workflow.import_book``.

    ConflictError also when there is no file, or its plan is no longer the one that was shown.
    """
    plan = pending(prop, by=by)
    require(plan is not None, _("没有等待确认的文件，请重新上传。"))
    assert plan is not None  # noqa: S101 -- required just above, for the type checker
    require(plan.entries, _("文件里没有可以导入的行，请改好后重新上传。"))
    require(plan.seen == seen, _("资料在您查看之后有变化，请再看一遍后确认。"))
    return workflow.import_book(prop, plan.entries, second, by=by)


def _plan(prop: Property, data: dict[str, Any]) -> Plan:
    unreadable = [Problem(**problem) for problem in data["problems"]]
    reader = _Reader(prop)
    for number, cells in data["rows"]:
        reader.line(Line(number, cells))
    doubled = workflow.doubles(prop, reader.entries)
    twice = [Problem(row, HEADINGS["old_number"], text) for row, text in doubled.items()]
    good = tuple(entry for entry in reader.entries if entry.row not in doubled)
    found = sorted([*unreadable, *reader.problems, *twice], key=lambda problem: problem.row)
    return Plan(data["file"], good, tuple(found))


class _Reader:
    """Turns rows of text into entries; knows the places, cupboards and people of the house."""

    def __init__(self, prop: Property) -> None:
        self.entries: list[OldEntry] = []
        self.problems: list[Problem] = []
        self.now = timezone.now()
        self.names = queries.names(prop)
        self.categories = {str(label): code for code, label in Category.choices}

    def line(self, line: Line) -> None:
        """One row: an entry, or one problem for each wrong cell."""
        before = len(self.problems)
        cells = line.cells
        self._lengths(line)
        category = self._category(line)
        quantity = self._quantity(line)
        found_at = self._moment(line, "found_at")
        received = self._moment(line, "received_on")
        value = self._value(line)
        storage = self.names.storage.get(cells["storage"].upper())
        if storage is None:
            self._wrong(
                line, "storage", _("没有这个存放位置，请填代码（如 G1-1）或全称，或先建立它。")
            )
        if found_at and received:
            self._order(line, found_at, received)
        if len(self.problems) > before or not (found_at and received and storage):
            return
        self.entries.append(
            OldEntry(
                row=line.number,
                old_number=cells["old_number"],
                name=cells["name"],
                category=category,
                quantity=quantity,
                found_at=found_at,
                handed_at=max(found_at, received),
                value=value,
                storage=storage,
                **self._words(cells),
            )
        )

    def _words(self, cells: dict[str, str]) -> dict[str, Any]:
        """Features with the note below; place and finder as rows where the house knows them."""
        place = self.names.places.get(cells["place"].upper())
        finder = self.names.staff.get(cells["finder"].upper())
        note = _("备注：%(text)s") % {"text": cells["note"]} if cells["note"] else ""
        return {
            "features": "\n".join(filter(None, [cells["features"], note])),
            "place": place,
            "place_note": "" if place else cells["place"],
            "finder_user": finder,
            "finder_name": "" if finder else cells["finder"],
        }

    def _wrong(self, line: Line, key: str, text: str) -> None:
        self.problems.append(Problem(line.number, HEADINGS[key], text))

    def _lengths(self, line: Line) -> None:
        limits = {
            "old_number": _LIMITS["old_number"],
            "name": _LIMITS["name"],
            "place": _LIMITS["place_note"],
            "finder": MAX_NAME,
        }
        for key, limit in limits.items():
            if len(line.cells[key]) > limit:
                self._wrong(line, key, _("最多 %(limit)d 个字，请缩短。") % {"limit": limit})

    def _category(self, line: Line) -> str:
        code = self.categories.get(line.cells["category"], "")
        if not code:
            names = "、".join(self.categories)
            self._wrong(line, "category", _("只能填：%(names)s。") % {"names": names})
        elif categories.rule(code).to_police_at_once:
            self._wrong(line, "category", _("违禁危险品不入库，请报警移交公安，不在这里导入。"))
        return code

    def _quantity(self, line: Line) -> int:
        text = _plain(line.cells["quantity"]) or "1"
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MAX_QUANTITY or len(text) > 7:
            self._wrong(line, "quantity", _("请填整数，至少是 1。"))
            return 1
        return int(text)

    def _moment(self, line: Line, key: str) -> datetime | None:
        """A day, with the time when it is written; None after noting what is wrong."""
        moment = _read_moment(_plain(line.cells[key]))
        if moment is None:
            self._wrong(line, key, _("看不懂这个日期，请写成 2026-03-02 或 2026-03-02 18:30。"))
        elif timezone.localtime(moment).year < FIRST_YEAR:
            self._wrong(line, key, _("年份不对，请核对日期。"))
        elif moment > self.now:
            self._wrong(line, key, _("这个时间还没有到，请核对。"))
        else:
            return moment
        return None

    def _order(self, line: Line, found_at: datetime, received: datetime) -> None:
        """Received on the day it was found or later; a day without a time is the whole day."""
        if retention.local_day(received) < retention.local_day(found_at):
            self._wrong(line, "received_on", _("接收日期早于拾获时间，请核对。"))

    def _value(self, line: Line) -> Decimal | None:
        text = _plain(line.cells["value"])
        if text in _UNVALUED:
            return None
        bare = re.sub(r"^¥|[,\s]|元$", "", text)
        if not _AMOUNT.fullmatch(bare) or Decimal(bare) > MAX_VALUE:
            sentence = _("请填金额，如 60.00，不小于零，最多两位小数；没有就填“未估价”。")
            self._wrong(line, "value", sentence)
            return None
        return Decimal(bare).quantize(Decimal("0.01"))


def _plain(text: str) -> str:
    """Digits and signs of full width as a keyboard has them."""
    return unicodedata.normalize("NFKC", text)


def _read_moment(text: str) -> datetime | None:
    """An aware moment of the house's wall clock; midnight for a bare day."""
    day = _DAY.match(text)
    if day is None:
        return None
    rest = text[day.end() :].strip().lstrip("T")
    clock = _TIME.fullmatch(rest) if rest else None
    if rest and clock is None:
        return None
    year, month, number = (int(part) for part in day.groups() if part)
    hour, minute = (int(part) for part in clock.groups()) if clock else (0, 0)
    try:
        return timezone.make_aware(datetime.combine(date(year, month, number), time(hour, minute)))
    except ValueError:
        return None
