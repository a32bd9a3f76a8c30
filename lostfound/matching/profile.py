"""What is compared of a description: read once, stored as JSON, compared many times. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lostfound.matching import numbers
from lostfound.matching.described import Described, Place
from lostfound.matching.lexicon import SHADES, VERSION, lexicon
from lostfound.matching.words import Piece, Reading, clean, read

# What a category alone says about the thing, when no word does.
_BY_CATEGORY: Final = {
    "phone": "手机/*",
    "umbrella": "伞/*",
    "wallet": "钱包/*",
    "bag": "包/*",
    "glasses": "眼镜/*",
    "key": "钥匙/*",
    "bank_card": "银行卡/*",
    "cash": "现金/*",
    "book": "书/*",
    "jewellery": "首饰/*",
    "toy": "玩具/*",
    "medicine": "药品/*",
    "food": "食品/*",
}
_JOINTS: Final = re.compile(r"[、,，/＋+（(&;；]|带|含|装|内有|和|与|及|配")
_MODEL: Final = re.compile(r"\s*(\d{1,2}|[xs][rse]?\b)(?![\d寸年月日号点楼层座万个只张元块])")
_FREE_CODE: Final = re.compile(
    r"(?<![a-z0-9.])[a-z]{0,2}\d{3,}(?![\d.]*(?:元|块|毫|ml|mah|w|瓦|g|克|年))[a-z0-9]*"
)
_LEAST_CHARGE: Final = 3000  # mAh
_LONGEST_PART: Final = 5
_LEAD: Final = 2  # characters between words of one phrase
_BOTH: Final = ({"侧:左", "侧:右"}, {"性别:男", "性别:女"})
_VAGUE: Final = frozenset({"卡", "包", "证件", "首饰"})
_KNOWS_BEST: Final = frozenset({"cash", "medicine", "bank_card"})
# A case is a part of these; 外壳 and 硬壳 of anything else are the thing itself.
_IN_CASES: Final = frozenset(
    {
        "手机",
        "耳机",
        "平板",
        "电脑",
        "钥匙",
        "充电宝",
        "门卡",
        "相机",
        "游戏机",
        "眼镜",
        "身份证",
        "护照",
    }
)
_FIGURES: Final = frozenset({"玩具", "钥匙扣", "球", "儿童衣服", "泳衣"})
_CASE: Final = "壳"
COLOUR: Final = "颜色"
_NOT: Final = re.compile(r"(?:不是|并非|不算|非)(?:纯|那种|全)?$")
_LIKE_AFTER: Final = re.compile(r"(?:那)?(?:一样|似的|般的?|模样|形状|状(?![态况])|形(?![象势]))")
_LIKE_BEFORE: Final = re.compile(
    r"(?:好像|很像|像是|类似|(?<![好图头肖画录佛])像)(?:是|个|一个|把|只)?$"
)
_MONEY: Final = frozenset({"现金", "红包"})
VAGUE_FAMILIES: Final = frozenset({"纸袋", "小物"})  # boxes and clips: for what, is open


@dataclass(frozen=True, slots=True)
class Profile:
    """One side of a comparison; times are minutes since 1970, sets are of short strings."""

    key: int
    category: str
    heads: tuple[str, ...]
    things: frozenset[str]
    colours: tuple[str, ...]
    part_colours: frozenset[str]
    brands: frozenset[str]
    marks: frozenset[str]
    absent: frozenset[str]
    latin: frozenset[str]
    grams: frozenset[str]
    serial: str
    tails: frozenset[str]
    codes: frozenset[str]
    names: frozenset[str]
    amounts: tuple[tuple[float, str], ...]
    hidden: frozenset[str]  # what only the details tell; never in a reason
    quantity: int
    places: tuple[Place, ...]
    since: int
    until: int

    def to_json(self) -> dict[str, Any]:
        """Return a small dict for JSON; `from_json` makes the same profile of it."""
        made: dict[str, Any] = {"v": VERSION}
        for name, short in _FIELDS.items():
            value = getattr(self, name)
            if isinstance(value, frozenset):
                value = sorted(value)
            elif isinstance(value, tuple):
                value = [list(v) if isinstance(v, tuple) else v for v in value]
            if value not in ("", []):
                made[short] = value
        return made

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Profile | None:
        """Return the stored profile; None when another version of the lists has made it."""
        if stored.get("v") != VERSION:
            return None
        values: dict[str, Any] = {name: stored.get(short) for name, short in _FIELDS.items()}
        for name in _SETS:
            values[name] = frozenset(values[name] or ())
        for name in ("heads", "colours"):
            values[name] = tuple(values[name] or ())
        for name in ("amounts", "places"):
            values[name] = tuple(tuple(each) for each in values[name] or ())
        for name in ("category", "serial"):
            values[name] = values[name] or ""
        return cls(**values)


_FIELDS: Final = {
    "key": "k", "category": "c", "heads": "h", "things": "t", "colours": "l",
    "part_colours": "p", "brands": "b", "marks": "m", "absent": "a", "latin": "w",
    "grams": "g", "serial": "s", "tails": "e", "codes": "d", "names": "n",
    "amounts": "y", "hidden": "x", "quantity": "q", "places": "o", "since": "f", "until": "u",
}  # fmt: skip
_SETS: Final = (
    "things", "part_colours", "brands", "marks", "absent", "latin", "grams", "tails", "codes",
    "names", "hidden",
)  # fmt: skip


def profile(described: Described) -> Profile:
    """Read a description into what is compared of it."""
    name, rest, more = (read(t) for t in (described.name, described.features, described.details))
    heads = _heads(name, rest, described.category)
    shown = _told(heads, name, rest)
    told = _told(heads, name, rest, more) if described.details else shown
    serial = clean(described.serial)
    tails = told["tails"] | set(numbers.tails(serial))
    return Profile(
        key=described.key,
        category=described.category,
        heads=heads,
        things=frozenset(told["things"]),
        colours=_colours((name, rest, more), heads, name)[0],
        part_colours=frozenset(told["part_colours"]),
        brands=frozenset(told["brands"]),
        marks=frozenset(told["marks"]),
        absent=frozenset(told["absent"]),
        latin=frozenset(told["latin"] - tails),
        grams=frozenset(name.grams | rest.grams | more.grams),
        serial=serial,
        tails=frozenset(tails),
        codes=frozenset(told["codes"] - tails),
        names=frozenset(told["names"] | _shown_names(serial)),
        amounts=_amounts(f"{name.text}，{rest.text}，{more.text}", heads),
        hidden=frozenset(set().union(*told.values()) - set().union(*shown.values())),
        quantity=described.quantity,
        places=tuple(place for place in described.places if place),
        since=int(described.since.timestamp() // 60),
        until=int(described.until.timestamp() // 60),
    )


def _told(heads: tuple[str, ...], *readings: Reading) -> dict[str, set[str]]:
    text = "，".join(reading.text for reading in readings)
    latin = {word for reading in readings for word in reading.latin}
    colours, parts = _colours(readings, heads, readings[0])
    return {
        "things": _values(readings, "thing") - set(heads),
        "colours": set(colours),
        "part_colours": set(parts),
        "brands": _values(readings, "brand"),
        "marks": _marks(text, readings, heads),
        "absent": _values(readings, "mark", absent=True) | _denied_colours(readings),
        "latin": {w for w in latin - numbers.LABELS if len(w) > 1 and not w.isdigit()},
        "tails": numbers.tail_codes(text),
        "codes": {numbers.alike(m[0]) for m in _FREE_CODE.finditer(text)}
        | set(numbers.rooms(text)),
        "names": set(numbers.names(text)),
    }


def _values(readings: Iterable[Reading], kind: str, *, absent: bool = False) -> set[str]:
    return {
        meaning.value
        for reading in readings
        for piece in reading.pieces
        if piece.absent == absent
        for meaning in piece.meanings
        if meaning.kind == kind
    }


def _denied_colours(readings: Iterable[Reading]) -> set[str]:
    return {
        f"{COLOUR}:{meaning.value}"
        for reading in readings
        for piece in reading.pieces
        if piece.absent and _NOT.search(reading.text[: piece.start])
        for meaning in piece.meanings
        if meaning.kind == "colour"
    }


def _amounts(text: str, heads: tuple[str, ...]) -> tuple[tuple[float, str], ...]:
    found = numbers.amounts(text)
    if not found and any(lexicon().family[head] in _MONEY for head in heads):
        found = numbers.bare_amounts(text)
    return tuple(dict.fromkeys(found))


def _marks(text: str, readings: Iterable[Reading], heads: tuple[str, ...]) -> set[str]:
    marks = _values(readings, "mark") | _figures(text, readings, heads)
    # A text that names both hands or both sexes says nothing about which.
    for pair in _BOTH:
        if pair <= marks:
            marks -= pair
    return marks


def _heads(name: Reading, rest: Reading, category: str) -> tuple[str, ...]:
    # Chinese puts the thing last ("苹果手机壳"); a joint begins another thing.
    heads: list[str] = []
    before: Piece | None = None
    for piece in _things(name):
        if before is not None and _JOINTS.search(name.text[before.end : piece.start]):
            heads += _thing_values(before)
        before = piece
    if before is not None:
        heads += _thing_values(before)
    family = lexicon().family
    fallback = _BY_CATEGORY.get(category)
    if not heads or all(family[head] in VAGUE_FAMILIES for head in heads):
        others = [*_things(name), *_things(rest)][:3]
        inside = [v for p in others for v in _thing_values(p) if family[v] not in VAGUE_FAMILIES]
        heads = inside[:1] + heads if heads else inside[:1]
        if not heads or (fallback and family[fallback] not in {family[head] for head in heads}):
            heads = ([fallback] if fallback else []) + heads
    elif fallback and (
        all(family[head] in _VAGUE for head in heads)
        or (category in _KNOWS_BEST and family[fallback] not in {family[h] for h in heads})
    ):
        heads = [fallback, *heads]
    return tuple(dict.fromkeys(heads))


def _things(reading: Reading) -> list[Piece]:
    return [
        piece
        for piece in reading.pieces
        if not piece.absent
        and any(m.kind == "thing" for m in piece.meanings)
        and not _is_likened(reading.text, piece)
    ]


def _is_likened(text: str, piece: Piece) -> bool:
    # 耳机一样的小东西 is no earphone, 像笔的 no pen.
    return bool(_LIKE_AFTER.match(text, piece.end) or _LIKE_BEFORE.search(text[: piece.start]))


def _thing_values(piece: Piece) -> list[str]:
    return [meaning.value for meaning in piece.meanings if meaning.kind == "thing"]


def _part_of_head(name: Reading) -> str:
    # Of a lost phone case the case is the thing itself, not a part.
    things = _things(name)
    return things[-1].word if things else ""


def _colours(
    readings: Iterable[Reading], heads: tuple[str, ...], name: Reading
) -> tuple[tuple[str, ...], frozenset[str]]:
    main: list[str] = []
    parts: set[str] = set()
    families = {lexicon().family[each] for each in heads}
    head = _part_of_head(name)
    for reading in readings:
        for index, piece in enumerate(reading.pieces):
            if piece.absent:
                continue
            parts.update(m.value for m in piece.meanings if m.kind == "part_colour")
            colour = next((m.value for m in piece.meanings if m.kind == "colour"), "")
            if not colour:
                continue
            colour = _shaded(colour, piece, reading.text)
            part = _part(reading.text, piece, head)
            if not part and _is_figure(
                reading.pieces[index + 1 : index + 2], reading.text, piece.end
            ):
                part = "" if families & _FIGURES else "挂"
            if part == _CASE and not families & _IN_CASES:
                part = ""
            if part and not _leads_to(reading.pieces[index + 1 : index + 5], piece.end, families):
                parts.add(f"{part}:{colour}")
            elif colour not in main:
                main.append(colour)
    return tuple(main), frozenset(parts)


def _is_figure(following: list[Piece], text: str, end: int) -> bool:
    # 绿色小恐龙 at a bunch of keys is green; the keys are not.
    return any(
        text[end : piece.start] in {"", "的", "小", "大"} and meaning.value.startswith("形象:")
        for piece in following
        for meaning in piece.meanings
    )


def _leads_to(following: list[Piece], end: int, families: set[str]) -> bool:
    # 白色链条小挎包: the colour is that of the bag, although a chain comes first.
    for piece in following:
        if piece.start - end > _LEAD:
            return False
        if {lexicon().family[value] for value in _thing_values(piece)} & families:
            return True
        end = piece.end
    return False


def _shaded(colour: str, piece: Piece, text: str) -> str:
    shade = text[piece.start - 1 : piece.start]
    if shade in SHADES and lexicon().hexes[colour][0] == "#":
        return f"{shade}+{colour}"
    return colour


def _part(text: str, piece: Piece, head: str) -> str:
    """Return the part the colour at `piece` belongs to, "" for the thing itself."""
    parts = lexicon().parts
    after = text[piece.end :].lstrip("色的")
    after = after.removeprefix("小").removeprefix("大")
    for length in range(min(_LONGEST_PART, len(after)), 0, -1):
        part = parts.get(after[:length])
        if part and not (head and after[:length] in head) and not _is_thing(after, length):
            return part
    before = text[: piece.start].rstrip("色的是为颜都:：")
    for length in range(min(_LONGEST_PART, len(before)), 0, -1):
        part = parts.get(before[-length:])
        if part and not (head and before[-length:] in head):
            return part
    return ""


def _is_thing(after: str, length: int) -> bool:
    # 黑表 is a watch with 表盘 inside the list; a longer word of a thing wins over a short part.
    lists = lexicon()
    return any(
        any(m.kind == "thing" for m in lists.words.get(after[:n], ()))
        for n in range(length + 1, min(len(after), 6) + 1)
    )


def _figures(text: str, readings: Iterable[Reading], heads: tuple[str, ...]) -> set[str]:
    found = {f"量{re.sub(r'[^a-z度岁寸瓦米码分年级]', '', m)}:{m}" for m in numbers.measures(text)}
    found |= {f"数{unit}:{count}" for unit, count in numbers.counts(text).items()}
    if "充电宝/*" in heads:
        found |= {
            f"量mah:{v:g}mah" for v, _unit in numbers.bare_amounts(text) if v >= _LEAST_CHARGE
        }
    for reading in readings:
        for piece in reading.pieces:
            model = _MODEL.match(reading.text, piece.end)
            if model:
                found |= {f"型号:{m.value}{model[1]}" for m in piece.meanings if m.kind == "brand"}
    return found


def _shown_names(serial: str) -> set[str]:
    match = re.match(
        rf"({numbers.SURNAMES}|[\u4e00-\u9fff])(?=[*某x×]|$|[\u4e00-\u9fff]{{1,2}}$)", serial
    )
    return {match[1]} if match and not serial.startswith(("尾", "内", "编", "卡")) else set()
