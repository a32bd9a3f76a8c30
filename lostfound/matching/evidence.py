"""The single comparisons of a lost report with a found item; each appends what it finds. Pure.

Weights are in one currency, roughly the logarithm of how much likelier a sight is for a true pair
than for any two things. What one side does not say is neither for nor against.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final, NamedTuple

from lostfound.matching import numbers, places
from lostfound.matching.colours import NEAR, distance
from lostfound.matching.lexicon import lexicon
from lostfound.matching.profile import COLOUR, VAGUE_FAMILIES, Profile
from lostfound.matching.rarity import Rarity

DAY: Final = 1440  # minutes
DENIED: Final = 0.1  # distance up to which "not white" denies a colour
DOMINANT: Final = 24.0  # one serial in both fields outweighs all else
MISREAD: Final = -2.0  # added to what contradicting digits say
HINT: Final = 3.0  # two characters agree by chance now and then
NUMERIC: Final = 2.2  # a shared size, count or model
PARTED: Final = 0.25  # distance from which two colours of one part contradict
WORDING: Final = 0.9  # times the root of what is shared: a long report shares some with anything
VAGUE: Final = -0.6  # a box or a clip is no other thing than what it may be or hold
NOWHERE: Final = 0.7  # a report without a place gets what a place tells on the average


class Item(NamedTuple):
    """One piece of evidence: what was compared, its weight, and the words for a reason."""

    kind: str
    weight: float
    ours: str = ""
    theirs: str = ""


Compare = Callable[[Profile, Profile, Rarity, list[Item]], None]


def serials_contradict(lost: Profile, found: Profile) -> bool:
    """Return whether both fields for numbers are filled and cannot belong to one thing."""
    if not lost.serial or not found.serial:
        return False
    return numbers.serials(lost.serial, found.serial) == "different" and not numbers.slipped(
        lost.serial, found.serial
    )


@functools.lru_cache(maxsize=50_000)
def likeness(one: str, other: str) -> float:
    """Return how readily two things are taken for each other, 0 to 1."""
    if one == other:
        return 1.0
    family, family_other = one.partition("/")[0], other.partition("/")[0]
    if family == family_other:
        return 0.85 if one.endswith("*") or other.endswith("*") else 0.5
    return lexicon().kin.get((family, family_other), 0.0)


def _head(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    if not lost.heads or not found.heads:
        return
    best, pair = max((likeness(a, b), (a, b)) for a in lost.heads for b in found.heads)
    if best < 0.6:
        # The thing itself may stand among the contents: an identity card in a card holder.
        for a, others in ((lost.heads, found.things), (found.heads, lost.things)):
            for head in a:
                inside = max((likeness(head, other) for other in others), default=0.0)
                if inside >= 0.85 and best < 0.55:
                    best, pair = 0.55, (head, head)
    if best <= 0.0:
        clash = -1.8 if lost.category == found.category else -3.5
        if _is_vague(lost) or _is_vague(found):
            clash = VAGUE
        items.append(Item("thing", clash, pair[0], pair[1]))
    elif best < 0.3:
        items.append(Item("thing", -1.5 + 4 * best, pair[0], pair[1]))
    else:
        share = rarity.of_token(pair[1])
        items.append(Item("thing", 1.9 * best * (0.6 + 0.4 * share) - 0.3, pair[0], pair[1]))


def _is_vague(one: Profile) -> bool:
    # Who finds a box or a clip may not know what it is for.
    return any(each.partition("/")[0] in VAGUE_FAMILIES for each in one.heads)


_CONFUSED: Final = frozenset(
    frozenset(pair.split())
    for pair in (
        "wallet bag", "wallet bank_card", "wallet document", "wallet cash", "phone electronics",
        "key document", "key electronics", "key toy", "bag clothing", "bag document", "bag cosmetics",
        "jewellery electronics", "umbrella toy", "umbrella clothing", "glasses clothing", "toy clothing",
        "toy book", "food medicine", "cosmetics medicine", "bank_card document", "book document",
        "key bank_card", "key wallet", "jewellery toy", "jewellery clothing", "contraband food", "bag toy",
    )
)  # fmt: skip


def _category(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    pair = frozenset((lost.category, found.category))
    if len(pair) == 1:
        items.append(Item("category", 0.2 if lost.category == "other" else 0.4))
    elif "other" not in pair and pair not in _CONFUSED:
        items.append(Item("category", -1.2))


def _colours(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    if lost.absent or found.absent:
        _denied_colours(lost, found, items)
    if lost.colours and found.colours:
        a, b = lost.colours[:3], found.colours[:3]
        away, pair = min(
            [(distance(a[0], y), (a[0], y)) for y in b]
            + [(distance(x, b[0]), (x, b[0])) for x in a]
        )
        if away <= NEAR:
            weight = (2.7 - 11.0 * away) * (0.5 + 0.5 * rarity.of_token(pair[1]))
            items.append(Item("colour", weight, *pair))
            more = sum(
                any(distance(x, y) <= 0.1 for y in b if y != pair[1]) for x in a if x != pair[0]
            )
            if more:
                items.append(Item("colours", 0.6 * more))
        else:
            # A colour we ascribed to a part may be that of the thing after all.
            others = {each.partition(":")[2] for each in lost.part_colours | found.part_colours}
            rescued = any(distance(x, y) <= NEAR / 2 for x in (a[0], b[0]) for y in others)
            clash = -(away - NEAR) * 24
            items.append(Item("colour", max(-1.5 if rescued else -4.4, clash), *pair))
    elif lost.colours or found.colours:
        main = lost.colours or found.colours
        parts = found.part_colours if lost.colours else lost.part_colours
        if any(distance(main[0], part.partition(":")[2]) <= 0.1 for part in parts):
            items.append(Item("colour_part", 0.4))


def _denied_colours(lost: Profile, found: Profile, items: list[Item]) -> None:
    for one, other in ((lost, found), (found, lost)):
        for denied in sorted(one.absent) if other.colours else ():
            group, _colon, colour = denied.partition(":")
            if group == COLOUR and distance(colour, other.colours[0]) <= DENIED:
                items.append(Item("denied", -2.5, denied, denied))


def _part_colours(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    if not lost.part_colours or not found.part_colours:
        return
    ours, theirs = _by_part(lost.part_colours), _by_part(found.part_colours)
    for part in ours.keys() & theirs.keys():
        away, a, b = min((distance(a, b), a, b) for a in ours[part] for b in theirs[part])
        if away <= NEAR:
            items.append(Item("part", 1.6 - 4 * away, f"{part}:{a}", f"{part}:{b}"))
        elif away > PARTED:
            items.append(Item("part", -1.6, f"{part}:{a}", f"{part}:{b}"))


def _by_part(colours: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in colours:
        part, _colon, colour = each.partition(":")
        found.setdefault(part, []).append(colour)
    return found


def _brands(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    if not lost.brands or not found.brands:
        return
    shared = lost.brands & found.brands
    if shared:
        brand = max(sorted(shared), key=rarity.of_token)
        items.append(Item("brand", 2.2 * rarity.of_token(brand), brand, brand))
    else:
        # Of several makers one may be that of something inside.
        clash = -5.0 if len(lost.brands) == len(found.brands) == 1 else -3.0
        items.append(Item("brand", clash, min(lost.brands), min(found.brands)))


def _marks(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    shared = lost.marks & found.marks
    told: set[str] = set()
    # The most telling of a group counts whole, further ones of it less.
    for weight, mark in sorted(((_worth(m, rarity), m) for m in shared), reverse=True):
        group = _group(mark)
        items.append(Item("mark", weight if group not in told else weight * 0.6, mark, mark))
        told.add(group)
    denied = (lost.absent & found.marks) | (found.absent & lost.marks)
    items.extend(Item("denied", -3.4, mark, mark) for mark in denied)
    items.extend(Item("absent", 0.5, mark, mark) for mark in lost.absent & found.absent)
    _opposed(lost.marks - shared, found.marks - shared, told, items)


def _worth(mark: str, rarity: Rarity) -> float:
    return _weight(mark) * rarity.of_token(mark)


@functools.lru_cache(maxsize=10_000)
def _weight(mark: str) -> float:
    return lexicon().weights.get(_group(mark), NUMERIC)


@functools.lru_cache(maxsize=10_000)
def _group(mark: str) -> str:
    return mark.partition(":")[0]


def _opposed(
    ours: frozenset[str], theirs: frozenset[str], told: set[str], items: list[Item]
) -> None:
    lists = lexicon()
    groups = set(map(_group, ours)) & set(map(_group, theirs))
    for group in groups:
        clash = lists.clashes.get(group, 1.2)
        if not clash:
            continue
        a = {mark for mark in ours if mark.startswith(group + ":")}
        b = {mark for mark in theirs if mark.startswith(group + ":")}
        opposites = lists.opposites.get(group)
        if opposites:
            items.extend(
                Item("opposed", -clash, min(a & each), min(b & each))
                for each in opposites
                if a & each and b & each
            )
        elif group not in told:
            items.append(Item("opposed", -clash, min(a), min(b)))


def _contents(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    shared = lost.things & found.things
    items.extend(Item("content", 0.8 * rarity.of_token(thing), thing, thing) for thing in shared)


def _words(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    items.extend(
        Item("word", 1.6 * rarity.of_token(word), word, word) for word in lost.latin & found.latin
    )
    shared = lost.grams & found.grams
    if shared:
        of_gram = rarity.of_gram
        told = math.fsum([of_gram(gram) for gram in shared])
        items.append(Item("grams", WORDING * math.sqrt(told)))
    rest = len(found.grams) - len(shared)
    if rest:
        items.append(Item("other_grams", -0.07 * min(rest, 20)))


def _identity(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    if not (lost.tails or lost.codes) or not (found.tails or found.codes):
        return
    best, pair = 0.0, ("", "")
    for a in lost.tails | lost.codes:
        for b in found.tails | found.codes:
            if numbers.same_tail(a, b):
                weight = _unique(min(len(a), len(b)), (a in lost.tails) + (b in found.tails))
                if weight > best:
                    best, pair = weight, (a, b)
    if best:
        items.append(Item("number", best, *pair))
        if lost.serial and numbers.serials(lost.serial, found.serial) == "same":
            whole = min(len(pair[0]), len(pair[1])) >= numbers.UNIQUE
            items.append(Item("serial", DOMINANT if whole else HINT))
        return
    told = lost.tails and found.tails
    clash = -4.5 if told else -2.0 if lost.tails or found.tails else -0.6
    if "key" in (lost.category, found.category):
        clash = min(clash, -3.2)
    ours, theirs = min(lost.tails | lost.codes), min(found.tails | found.codes)
    items.append(Item("number", clash, ours, theirs))


def _serials(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    if lost.serial and found.serial and numbers.serials(lost.serial, found.serial) == "different":
        items.append(Item("number", MISREAD))


def _unique(length: int, named: int) -> float:
    # `named` of the two texts call the digits a serial or a tail; others may be a room or a year.
    longer = 2.0 if length > numbers.UNIQUE else -4.0 if length < numbers.UNIQUE else 0.0
    return 4.0 + 3.2 * named + longer


def _names(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    if not lost.names or not found.names:
        return
    shared = lost.names & found.names
    if shared:
        items.append(Item("name", 3.2, min(shared), min(shared)))
    else:
        # Whose name it is, only a document tells: a text also names people who looked for it.
        tells = {"document", "bank_card"} & {lost.category, found.category}
        items.append(Item("name", -3.0 if tells else -1.0, min(lost.names), min(found.names)))


def _amounts(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    best = None
    for value, currency in lost.amounts:
        for other, currency_other in found.amounts:
            if currency == currency_other:
                share = min(value, other) / max(value, other)
                best = max(best or 0.0, share)
    if best is not None:
        weight = (
            3.5
            if best > 0.99
            else 1.8
            if best > 0.85
            else 0.0
            if best > 0.6
            else -3.0
            if "cash" in (lost.category, found.category)
            else -1.0
        )
        items.append(Item("amount", weight))


def _quantity(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    if lost.quantity == found.quantity:
        if lost.quantity > 1:
            items.append(Item("quantity", 0.8))
    else:
        # The form of a report begins with one, which many leave.
        items.append(Item("quantity", -0.9 if lost.quantity > 1 else -0.3))


_NEARNESS: Final = {
    places.SAME_SPOT: 1.7,
    places.WITHIN: 0.8,
    places.SAME_FLOOR: 0.9,
    places.SAME_ROOT: -0.3,
    places.TWIN: -0.3,
    places.ELSEWHERE: -1.8,
}


def _places(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    near = places.nearest(lost.places, found.places)
    if near == places.UNKNOWN:
        items.append(Item(f"place{near}", NOWHERE))
        return
    weight = _NEARNESS[near]
    if near == places.SAME_SPOT:
        weight *= 0.5 + 0.5 * rarity.of_token("/".join(found.places[0]))
    items.append(Item(f"place{near}", weight))


_LATER: Final = (
    (0.5, 1.7), (1, 1.6), (2, 1.4), (4, 1.1), (7, 0.8), (14, 0.3), (30, -0.8), (90, -2.2),
)  # fmt: skip


def _time(lost: Profile, found: Profile, _rarity: Rarity, items: list[Item]) -> None:
    later = found.since - lost.until
    if later <= 0:
        # A wide window takes in much by chance.
        hours = (lost.until - lost.since) / 60
        items.append(Item("within", 1.6 if hours <= 3 else 1.1 if hours <= 12 else 0.6))
        return
    days = later / DAY
    weight = next((weight for limit, weight in _LATER if days <= limit), -3.0)
    items.append(Item("later", weight, f"{days:.0f}"))


def _unsaid(lost: Profile, found: Profile, rarity: Rarity, items: list[Item]) -> None:
    # Who lost a thing knows it well: what the finder saw and the owner never mentions speaks against.
    groups = set(map(_group, lost.marks | lost.absent))
    unsaid = math.fsum([_worth(mark, rarity) for mark in found.marks if _group(mark) not in groups])
    if found.brands and not lost.brands:
        unsaid += 1.0
    if found.colours and not lost.colours:
        unsaid += 0.5
    unsaid += 0.5 * len(found.things - lost.things)
    if unsaid:
        items.append(Item("unsaid", -0.5 * min(unsaid, 7.0)))
    missing = math.fsum([_worth(mark, rarity) for mark in lost.marks - found.marks])
    if lost.brands and not found.brands:
        missing += 1.0
    if missing:
        items.append(Item("missing", -0.18 * min(missing, 14.0)))


ALL: Final[tuple[Compare, ...]] = (
    _head, _category, _colours, _part_colours, _brands, _marks, _contents, _words, _identity,
    _serials, _names, _amounts, _quantity, _places, _time, _unsaid,
)  # fmt: skip
