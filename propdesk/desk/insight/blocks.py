"""The figures of a period in blocks: one question each, the same for page, picture, Excel and paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from emergencies.models import Kind
from emergencies.queries import insight as events
from incidents import queries_insight as complaints
from incidents.models import Complaint
from lostfound.models import FoundItem
from lostfound.queries import insight as things
from propdesk.core.clock_text import span
from propdesk.core.models import Department, User
from propdesk.desk.insight import queries
from propdesk.desk.insight.figures import FIGURES, HOLDER_WORDS, HOLDERS, UNSORTED
from propdesk.desk.insight.kinds import RESULTS, rows_url
from propdesk.desk.insight.queries import Asked

MOST_ROOMS = 10
Sat = Complaint.Satisfaction
HAPPY = (Sat.SATISFIED, Sat.ACCEPTABLE)
TONES = {
    complaints.KEPT: "green",
    complaints.MOVED: "orange",
    complaints.LATE: "red",
    Sat.SATISFIED: "green",
    Sat.ACCEPTABLE: "blue",
    Sat.DISSATISFIED: "red",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its word, how many rows it opens, and what is told and drawn of them.

    ``text`` is what stands there when it is not ``rows`` itself, ``size`` the length of its bar.
    """

    label: str
    rows: int
    url: str
    text: str = ""
    size: float | None = None
    tone: str = ""

    @property
    def shown(self) -> str:
        return self.text or str(self.rows)

    @property
    def bar(self) -> float:
        return self.rows if self.size is None else self.size


@dataclass(frozen=True, slots=True)
class Block:
    """One question and its answer (``title``), the figure it rests on, and its lines."""

    key: str
    title: str
    unit: str
    total: Line
    lines: tuple[Line, ...]
    note: str = ""
    drawn: bool = True


def percent(part: int, whole: int) -> str:
    """A rate without decimals, rounded down: nothing short of all is 100 %."""
    return f"{part * 100 // whole}%" if whole else "—"


def gather(asked: Asked) -> list[Block]:
    """All blocks of the period; the number of statements does not depend on the number of rows."""
    promised = complaints.promise_counts(FIGURES["promises"].rows(asked))
    closed = FIGURES["closed"].rows(asked)
    count, shares = closed.count(), complaints.time_shares(closed)
    return [
        _promises(asked, promised),
        _late(asked, promised, "department"),
        _late(asked, promised, "category"),
        _unpromised(asked),
        _received(asked),
        *(_times(asked, shares[whose], count, whose) for whose in ("department", "owner")),
        _answers(asked),
        _rooms(asked),
        _things(asked),
        _waits(asked),
        _events(asked),
        _drills(asked),
    ]


def _promises(asked: Asked, counts: Iterable[Mapping[str, Any]]) -> Block:
    n = dict.fromkeys(RESULTS, 0)
    for row in counts:
        n[row["result"]] += row["n"]
    whole = sum(n.values())
    rate = percent(n[complaints.KEPT], whole)
    lines = tuple(
        Line(str(word), n[key], rows_url(asked, "promises", result=key), tone=TONES[key])
        for key, word in RESULTS.items()
    )
    return Block(
        "promises",
        _("承诺兑现率 %(rate)s") % {"rate": rate} if whole else _("本期没有到期的承诺"),
        _("个"),
        Line(_("到期的承诺"), whole, rows_url(asked, "promises")),
        lines,
        _("按承诺的完成时间计；延期前已告诉客户的算延期，不算兑现。"),
    )


def _late(asked: Asked, counts: Iterable[Mapping[str, Any]], by: str) -> Block:
    n: dict[Any, int] = {}
    names: dict[Any, str] = {}
    for row in counts:
        if row["result"] == complaints.LATE:
            key = row[by]
            n[key] = n.get(key, 0) + row["n"]
            names[key] = row["name"] if by == "department" else _category(key)
    order = sorted(n, key=lambda key: (-n[key], names[key]))
    lines = tuple(
        Line(
            names[key],
            n[key],
            rows_url(asked, "promises", result=complaints.LATE, **{by: key or UNSORTED}),
            tone="red",
        )
        for key in order
    )
    whole = Line(_("未兑现"), sum(n.values()), rows_url(asked, "promises", result=complaints.LATE))
    words = {"department": _("各部门的未兑现承诺"), "category": _("各类投诉的未兑现承诺")}
    most = {
        "department": _("未兑现最多的部门：%(name)s"),
        "category": _("未兑现最多的类别：%(name)s"),
    }
    title = most[by] % {"name": names[order[0]]} if order else words[by]
    return Block(f"late_{by}", title, _("个"), whole, lines)


def _category(code: str) -> str:
    return str(Complaint.Category(code).label) if code else _("未分类")


def _most_first(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda code: (-counts[code], code))


def _by_category(
    asked: Asked, counts: Mapping[str, int], tone: str = "", **narrow: str
) -> tuple[Line, ...]:
    """Complaints of each category, the most first; ``narrow`` as the set was narrowed to begin with."""
    return tuple(
        Line(
            _category(code),
            counts[code],
            rows_url(asked, "complaints", **narrow, category=code or UNSORTED),
            tone=tone,
        )
        for code in _most_first(counts)
    )


def _unpromised(asked: Asked) -> Block:
    counts = complaints.by_category(complaints.unpromised(FIGURES["complaints"].rows(asked)))
    n = sum(counts.values())
    lines = _by_category(asked, counts, "orange", promise="late")
    total = Line(_("超时未约定时限"), n, rows_url(asked, "complaints", promise="late"))
    note = _("受理后到了规定的时间还没有约定时限的，后来补约的也算。")
    title = _("超时未约定时限 %(n)d 件") % {"n": n}
    return Block("unpromised", title, _("件"), total, lines, note)


def _received(asked: Asked) -> Block:
    counts = complaints.by_category(FIGURES["complaints"].rows(asked))
    n = sum(counts.values())
    lines = _by_category(asked, counts)
    total = Line(_("受理的投诉"), n, rows_url(asked, "complaints"))
    return Block("complaints", _("受理投诉 %(n)d 件") % {"n": n}, _("件"), total, lines)


def _times(asked: Asked, shares: Sequence[complaints.Share], count: int, whose: str) -> Block:
    names = _names(whose, [share.holder for share in shares])
    words = {key: word for word, key in HOLDERS.items()}
    lines = tuple(
        Line(
            names[share.holder],
            share.cases,
            rows_url(asked, "closed", **{whose: words.get(share.holder, share.holder)}),
            _("%(time)s（%(n)d 件）") % {"time": span(share.time), "n": share.cases},
            round(share.time / timedelta(hours=1), 1),
        )
        for share in shares
    )
    titles = {
        "department": _("结案投诉的时间花在哪个部门"),
        "owner": _("结案投诉的时间在谁手里"),
    }
    whole = sum((share.time for share in shares), timedelta())
    text = _("%(time)s（%(n)d 件）") % {"time": span(whole), "n": count} if count else "0"
    total = Line(_("共用时"), count, rows_url(asked, "closed"), text)
    note = _("从受理到结案，一分不差地分完；部门只计办理承诺的时间，其余算跟进人。")
    return Block(f"time_{whose}", titles[whose], _("小时"), total, lines, note)


def _names(whose: str, keys: list[int]) -> dict[int, str]:
    """The words of holders; one statement."""
    model: Any = Department if whose == "department" else User
    found = {HOLDERS[word]: str(said) for word, said in HOLDER_WORDS.items()}
    rows = model.objects.filter(pk__in=[key for key in keys if key > 0])
    return found | dict(rows.values_list("pk", "name"))


def _answers(asked: Asked) -> Block:
    counts = complaints.answer_counts(FIGURES["answers"].rows(asked))
    happy = sum(counts.get(each, 0) for each in HAPPY)
    said = happy + counts.get(Sat.DISSATISFIED, 0)
    lines = tuple(
        Line(
            str(each.label),
            counts.get(each, 0),
            rows_url(asked, "answers", answer=each.value),
            tone=TONES.get(each, "grey"),
        )
        for each in Sat
    )
    title = _("客户满意率 %(rate)s") % {"rate": percent(happy, said)}
    return Block(
        "answers",
        title if said else _("本期没有回访到客户"),
        _("次"),
        Line(_("回访结果"), sum(counts.values()), rows_url(asked, "answers")),
        lines,
        _("每轮处理只计最后一次回访；满意和基本满意算满意，没问到的不算在内。"),
    )


def _rooms(asked: Asked) -> Block:
    rows = FIGURES["rooms"].rows(asked)
    n = rows.count()
    lines = tuple(
        Line(room.label, room.n, rows_url(asked, "complaints", room=room.pk))
        for room in rows.order_by("-n", "-newest", "-pk")[:MOST_ROOMS]
    )
    note = _("只计投诉，失物和特殊事件不计；同一房间一期内两件以上，列最多的 %(n)d 间。")
    note = note % {"n": MOST_ROOMS}
    total = Line(_("房间"), n, rows_url(asked, "rooms"))
    return Block("rooms", _("反复投诉的房间 %(n)d 间") % {"n": n}, _("件"), total, lines, note)


def _things(asked: Asked) -> Block:
    found = FIGURES["found"].rows(asked).count()
    counts = things.settled_counts(FIGURES["settled"].rows(asked))
    lines = tuple(
        Line(
            str(FoundItem.Status(status).label),
            counts.get(status, 0),
            rows_url(asked, "settled", status=status),
        )
        for status in things.SETTLED
    )
    words = {"found": found, "returned": counts.get(FoundItem.Status.RETURNED, 0)}
    return Block(
        "things",
        _("登记失物 %(found)d 件，归还 %(returned)d 件") % words,
        _("件"),
        Line(_("登记的失物"), found, rows_url(asked, "found")),
        (*lines, Line(_("本期了结"), sum(counts.values()), rows_url(asked, "settled"))),
        _("登记和了结各按发生的日子计，归还的未必是本期拾获的。"),
    )


def _waits(asked: Asked) -> Block:
    found = queries.waits(FIGURES["notices"].rows(asked))
    done = rows_url(asked, "notices", state="confirmed")
    spans = [
        (_("已确认的，一半在此之内"), found.median),
        (_("已确认的，九成在此之内"), found.ninth),
    ]
    late = found.told - found.confirmed
    waiting = rows_url(asked, "notices", state="waiting")
    lines = [
        Line(_("未确认"), late, waiting, tone="orange"),
        Line(_("已确认"), found.confirmed, done),
    ]
    lines += [
        Line(word, found.confirmed, done, span(wait), round(wait / timedelta(minutes=1), 1))
        for word, wait in spans
        if wait is not None
    ]
    title = _("本期没有通知")
    if late:
        title = _("%(n)d 条通知还没有确认") % {"n": late}
    elif found.median is not None:
        title = _("通知都确认了，一半在%(span)s内") % {"span": span(found.median)}
    total = Line(_("发出的通知"), found.told, rows_url(asked, "notices"))
    note = _("每人收件箱里的各算一条，从收到到本人确认，事情办完自动确认的也算；演练和作废的不计。")
    return Block("notices", title, _("条"), total, tuple(lines), note, drawn=False)


def _events(asked: Asked) -> Block:
    counts = events.by_sort(FIGURES["events"].rows(asked))
    n = sum(counts.values())
    lines = tuple(
        Line(_sort(sort), counts[sort], rows_url(asked, "events", sort=sort))
        for sort in _most_first(counts)
    )
    total = Line(_("特殊事件"), n, rows_url(asked, "events"))
    note = _("不含演练和误启动；保密事件只计您可以查看的，不分类别。")
    return Block("events", _("特殊事件 %(n)d 件") % {"n": n}, _("件"), total, lines, note)


def _sort(sort: str) -> str:
    return _("保密事项") if sort == events.RESTRICTED else str(Kind(sort).label)


def _drills(asked: Asked) -> Block:
    held = FIGURES["drills"].rows(asked).count()
    due = queries.drills_due(asked)
    missed = [row for row in due if row.is_missed]
    lines = (
        Line(_("应演练"), len(due), rows_url(asked, "drills_due")),
        Line(_("应演练而没有"), len(missed), rows_url(asked, "drills_missed"), tone="red"),
    )
    words = {"held": held, "due": len(due)}
    return Block(
        "drills",
        _("完成演练 %(held)d 次，应演练 %(due)d 类") % words,
        _("次"),
        Line(_("完成的演练"), held, rows_url(asked, "drills")),
        lines,
        _("每类按上次演练起算的期限，落在本期末以前的都算应演练；期限过了还没做的，才算没有。"),
        drawn=False,
    )
