"""Puts evidence into short Chinese sentences for the list of suggestions. Pure but for gettext.

What only the hidden details of one side tell is never named, only that something fits; of a number
the sentence says how many places agree, not which, and of a surname nothing but that: pairs are kept
when the people of a case are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from lostfound.matching import places

if TYPE_CHECKING:
    from lostfound.matching.evidence import Item

MOST: Final = 6
_WORTH: Final = 0.25  # weight below which a sentence is not worth its place


def worded(
    items: Iterable[Item], hidden: frozenset[str] = frozenset(), *, against: bool
) -> tuple[str, ...]:
    """Return up to six sentences for, or against, the pair, in the order of the evidence."""
    said: dict[str, None] = {}
    # That the wording is alike explains least, however much it weighs.
    for item in sorted(items, key=lambda each: each.kind == "grams"):
        if (item.weight <= -_WORTH) if against else (item.weight >= _WORTH):
            say = (_AGAINST if against else _FOR).get(item.kind)
            if say is None:
                continue
            if item.ours in hidden or item.theirs in hidden:
                say = _hidden_against if against else _hidden_for
            said[say(item)] = None
    return tuple(said)[:MOST]


def _hidden_for(_item: Item) -> str:
    return _("保密特征相符")


def _hidden_against(_item: Item) -> str:
    return _("保密特征不符")


def _thing(item: Item) -> str:
    ours, theirs = _bare(item.ours), _bare(item.theirs)
    if ours == theirs:
        return _("物品一致：%(thing)s") % {"thing": ours}
    return _("物品相近：%(ours)s／%(theirs)s") % {"ours": ours, "theirs": theirs}


def _colour(item: Item) -> str:
    ours, theirs = item.ours.replace("+", ""), item.theirs.replace("+", "")
    if ours == theirs:
        return _("颜色一致：%(colour)s") % {"colour": ours}
    return _("颜色接近：%(ours)s／%(theirs)s") % {"ours": ours, "theirs": theirs}


def _part(item: Item) -> str:
    part, _colon, colour = item.theirs.partition(":")
    return _("%(part)s的颜色接近：%(colour)s") % {"part": part, "colour": colour.replace("+", "")}


def _number(item: Item) -> str:
    return _("号码后%(count)s位一致") % {"count": min(len(item.ours), len(item.theirs))}


def _mark(item: Item) -> str:
    group, _colon, mark = item.ours.partition(":")
    return _("%(group)s一致：%(mark)s") % {"group": group.rstrip("mlhawg"), "mark": mark}


def _later(item: Item) -> str:
    if item.ours == "0":
        return _("遗失后一天内拾获")
    return _("遗失后 %(days)s 天拾获") % {"days": item.ours}


def _bare(thing: str) -> str:
    family, _slash, name = thing.partition("/")
    return family if name == "*" else name


_FOR: Final[dict[str, Callable[[Item], str]]] = {
    "thing": _thing,
    "colour": _colour,
    "colours": lambda _item: _("配色也接近"),
    "colour_part": lambda _item: _("颜色与配件相符"),
    "part": _part,
    "brand": lambda item: _("品牌一致：%(brand)s") % {"brand": item.ours},
    "mark": _mark,
    "content": lambda item: _("都提到：%(thing)s") % {"thing": _bare(item.ours)},
    "word": lambda item: _("都写有：%(word)s") % {"word": item.ours},
    "grams": lambda _item: _("描述用词相近"),
    "number": _number,
    "name": lambda _item: _("姓氏一致"),
    "amount": lambda _item: _("金额相符"),
    "quantity": lambda _item: _("数量一致"),
    "absent": lambda item: _("都没有：%(mark)s") % {"mark": item.ours.partition(":")[2]},
    f"place{places.SAME_SPOT}": lambda _item: _("同一地点"),
    f"place{places.SAME_FLOOR}": lambda _item: _("同一楼层"),
    f"place{places.WITHIN}": lambda _item: _("在所述范围内"),
    "within": lambda _item: _("在遗失时段内拾获"),
    "later": _later,
}

_AGAINST: Final[dict[str, Callable[[Item], str]]] = {
    "thing": lambda item: (
        _("物品不同：%(ours)s／%(theirs)s")
        % {"ours": _bare(item.ours), "theirs": _bare(item.theirs)}
    ),
    "category": lambda _item: _("类别不同"),
    "colour": lambda item: (
        _("颜色不同：%(ours)s／%(theirs)s")
        % {"ours": item.ours.replace("+", ""), "theirs": item.theirs.replace("+", "")}
    ),
    "part": lambda item: _("%(part)s的颜色不同") % {"part": item.ours.partition(":")[0]},
    "brand": lambda item: (
        _("品牌不同：%(ours)s／%(theirs)s") % {"ours": item.ours, "theirs": item.theirs}
    ),
    "opposed": lambda item: (
        _("%(group)s不同：%(ours)s／%(theirs)s")
        % {
            "group": item.ours.partition(":")[0].rstrip("mlhawg"),
            "ours": item.ours.partition(":")[2],
            "theirs": item.theirs.partition(":")[2],
        }
    ),
    "denied": lambda item: _("一方说没有：%(mark)s") % {"mark": item.ours.partition(":")[2]},
    "number": lambda _item: _("号码不一致"),
    "name": lambda _item: _("姓氏不同"),
    "amount": lambda _item: _("金额不符"),
    "quantity": lambda _item: _("数量不同"),
    f"place{places.ELSEWHERE}": lambda _item: _("不在同一栋楼"),
    f"place{places.TWIN}": lambda _item: _("另一栋楼的相同位置"),
    f"place{places.SAME_ROOT}": lambda _item: _("同一栋楼的别处"),
    "later": lambda item: _("遗失 %(days)s 天后才拾获") % {"days": item.ours},
}
