"""Every figure of 统计 as the set of rows it counts, and what such a set may be narrowed to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _l

from emergencies.models import Kind
from emergencies.queries import insight as events
from incidents import queries_insight as complaints
from incidents.models import Complaint
from lostfound.models import FoundItem
from lostfound.queries import insight as things
from propdesk.core.models import Department, Place, Property, User
from propdesk.core.paging import number_or_none
from propdesk.desk.insight import kinds, queries
from propdesk.desk.insight.kinds import RowKind
from propdesk.desk.insight.queries import Asked

Rows = QuerySet[Any]
UNSORTED = "none"
"""Category of a complaint that is not recorded yet, as the address says it."""
HOLDERS = {"desk": complaints.DESK, "nobody": complaints.NOBODY}
HOLDER_WORDS = {
    "desk": _l("跟进人自己（部门之外）"),
    "nobody": _l("已结案，后来重新处理"),
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A way to narrow a set: the words of a value ("" for one that is none), and the narrower set."""

    word: Callable[[Property, str], str]
    apply: Callable[[Rows, str], Rows]


@dataclass(frozen=True, slots=True)
class Figure:
    """A set of rows under a name, the kind of its rows, and how it may be narrowed by address."""

    title: Any
    kind: RowKind
    rows: Callable[[Asked], Rows]
    narrow: Mapping[str, Narrowing] = field(default_factory=dict)


def _choice(column: str, words: Mapping[str, Any]) -> Narrowing:
    return Narrowing(
        lambda _prop, value: str(words.get(value, "")),
        lambda rows, value: rows.filter(**{column: value}),
    )


def _category(column: str) -> Narrowing:
    words: dict[str, Any] = dict(Complaint.Category.choices) | {UNSORTED: _l("未分类")}
    return Narrowing(
        lambda _prop, value: str(words.get(value, "")),
        lambda rows, value: rows.filter(**{column: "" if value == UNSORTED else value}),
    )


def _named(rows: Rows, value: str) -> str:
    """The name of the row with this key; "" for what is no key of one."""
    key = number_or_none(value)
    found = rows.filter(pk=key).first() if key else None
    return str(getattr(found, "label", None) or found) if found else ""


def _department(prop: Property, value: str) -> str:
    return _named(Department.objects.filter(property=prop), value)


def _room(prop: Property, value: str) -> str:
    return _named(Place.objects.filter(property=prop, kind=Place.Kind.ROOM), value)


def _person(prop: Property, value: str) -> str:
    return _named(User.objects.filter(memberships__property=prop), value)


def _holder(whose: str, name: Callable[[Property, str], str]) -> Narrowing:
    return Narrowing(
        lambda prop, value: str(HOLDER_WORDS.get(value) or name(prop, value)),
        lambda rows, value: complaints.held_by(
            rows, whose, HOLDERS[value] if value in HOLDERS else int(value)
        ),
    )


_CONFIRMED = {"confirmed": _l("已确认"), "waiting": _l("未确认")}
_notices = Narrowing(
    lambda _prop, value: str(_CONFIRMED.get(value, "")),
    lambda rows, value: rows.filter(acknowledged_at__isnull=value == "waiting"),
)
_unpromised = Narrowing(
    lambda _prop, value: str(_l("超时未约定时限")) if value == "late" else "",
    lambda rows, _value: complaints.unpromised(rows),
)
_by_department = Narrowing(_department, lambda rows, value: rows.filter(department=value))
_by_room = Narrowing(_room, lambda rows, value: rows.filter(place=value))
_SORTS: dict[str, Any] = dict(Kind.choices) | {events.RESTRICTED: _l("保密事项")}

FIGURES: dict[str, Figure] = {
    "promises": Figure(
        _l("到期的承诺"),
        kinds.PROMISE,
        lambda asked: complaints.promises(asked.user, asked.prop, asked.period, asked.now),
        {
            "result": _choice("result", kinds.RESULTS),
            "department": _by_department,
            "category": _category("complaint__category"),
        },
    ),
    "complaints": Figure(
        _l("受理的投诉"),
        kinds.COMPLAINT,
        lambda asked: complaints.received(asked.user, asked.prop, asked.period),
        {"promise": _unpromised, "category": _category("category"), "room": _by_room},
    ),
    "closed": Figure(
        _l("结案的投诉"),
        kinds.CLOSED,
        lambda asked: complaints.closed(asked.user, asked.prop, asked.period),
        {
            "department": _holder("department", _department),
            "owner": _holder("owner", _person),
        },
    ),
    "answers": Figure(
        _l("回访结果"),
        kinds.ANSWER,
        lambda asked: complaints.answers(asked.user, asked.prop, asked.period),
        {"answer": _choice("satisfaction", dict(Complaint.Satisfaction.choices))},
    ),
    "rooms": Figure(
        _l("反复投诉的房间"),
        kinds.ROOM,
        lambda asked: complaints.repeat_rooms(asked.user, asked.prop, asked.period),
    ),
    "found": Figure(
        _l("登记的失物"),
        kinds.FOUND,
        lambda asked: things.found(asked.user, asked.prop, asked.period),
    ),
    "settled": Figure(
        _l("了结的失物"),
        kinds.SETTLED,
        lambda asked: things.settled(asked.user, asked.prop, asked.period),
        {"status": _choice("status", {s: FoundItem.Status(s).label for s in things.SETTLED})},
    ),
    "notices": Figure(_l("发出的通知"), kinds.NOTICE, queries.told, {"state": _notices}),
    "events": Figure(
        _l("特殊事件"),
        kinds.EVENT,
        lambda asked: events.events(asked.user, asked.prop, asked.period),
        {"sort": _choice("sort", _SORTS)},
    ),
    "drills": Figure(
        _l("完成的演练"),
        kinds.EVENT,
        lambda asked: events.held(asked.user, asked.prop, asked.period),
    ),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A figure as an address asks for it: the words of its narrowings, its rows, the parameters."""

    figure: Figure
    words: tuple[str, ...]
    rows: Rows
    params: dict[str, str]


def opened(asked: Asked, key: str, params: Mapping[str, str]) -> Opened | None:
    """The rows an address asks for; None where it names a figure or a value that is none."""
    figure = FIGURES.get(key)
    if figure is None:
        return None
    rows, words, kept = figure.rows(asked), [], {}
    for name, narrowing in figure.narrow.items():
        value = params.get(name, "")
        if not value:
            continue
        word = narrowing.word(asked.prop, value)
        if not word:
            return None
        rows, kept[name] = narrowing.apply(rows, value), value
        words.append(word)
    return Opened(figure, tuple(words), rows, kept)
