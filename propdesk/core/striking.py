"""How people, rooms and numbers are written in running text, and where they stand in one. Pure.

Each is looked for in the folding of a text that makes its spellings alike (``core.folding``).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from propdesk.core import folding, id_numbers, masks, names
from propdesk.core.models import Person

BAR = "■■■"
"""Stands for each word taken out, whatever its length."""
LEAST = 2
"""Shorter words are not searched for: they would take out half of the text."""
NUMBER = 7
"""A word with so many digits is a number, and goes however it is written."""
OLDEST = 1900
"""Nobody on record was born earlier."""


# --- how they are written -------------------------------------------------------------------


def known_by(person: Person) -> list[str]:
    """What somebody is called: the name as typed, and how he is addressed."""
    if not person.name:
        return []
    address = names.address(person.name, person.honorific)
    title = address.removeprefix(names.split(person.name)[0])
    bare = [f"{person.name}（{title}）"] if names.is_chinese(person.name) and title else []
    called = _called(person.name)
    return [person.name, masks.name(person.name, person.honorific), address, *bare, *called]


def _called(name: str) -> list[str]:
    """What people write of somebody with a Chinese name: 老李, 李某, 李小姐.

    Not the given name alone: 平安, 国庆 and 大堂 are words.
    """
    surname, given = names.split(name)
    if not given:
        return []
    words = [f"{before}{surname}" for before in ("老", "小", "阿")]
    words += [f"{surname}{after}" for after in ("某", "姓", "小姐", "太太", "先生", "女士")]
    return [word for word in words if len(word) >= LEAST and word not in _COMMON]


def forms_of(word: str) -> list[str]:
    """A word somebody asked to take out; of one that may be a Chinese name also 老张 and 张先生."""
    return [word, *_called(word)]


_COMMON = ("小时", "小心", "老师", "老板")


def rooms_of(person: Person) -> list[str]:
    """Where he lives, as it is written: with the floor and without."""
    if person.room is None:
        return []
    parts = person.room.label.split()
    short = parts[0] + parts[-1] if len(parts) > 1 else ""
    return [word for word in (person.room.code, person.room.label, short) if word]


def doors_of(person: Person) -> list[str]:
    """The number of his door alone, which another building may have too."""
    parts = person.room.label.split() if person.room else []
    number = parts[-1].rstrip("室房号") if parts else ""
    return [f"{number}{word}" for word in ("室", "房", "号房", "号")] if number.isalnum() else []


# --- what is searched for ------------------------------------------------------------------

_COUNTRY = "(?:(?:00)?86)?0?"
_TAIL = "(?:尾号|尾数|末尾|后四位|末四位)"
_ID_CARD = re.compile(r"(?<!\d)(?=(\d(?:[^\w:/]{0,2}\d){16}[^\w:/]{0,2}[\dX])(?![0-9A-Z]))")
"""Eighteen signs as they are written together or in groups; a time of day has its colon."""


_CASE = re.compile(
    r"(?<![0-9A-Z])(?:BS|CZ|JB|JJ|KS|PC|PD|SG|SJ|SW|TS|YL)[\W_]?\d{8}[\W_]?\d{3}(?!\d)"
)
_PHONE = re.compile(
    r"(?<![0-9A-Z])(?=((?:1[3-9]\d(?:[^\w:/]{0,2}\d){8}|0\d{2,3}[^\w:/]{1,2}\d{7,8}))(?!\d))"
)
"""A number of the country that stands on no list: a mobile, or a landline with its area apart."""
_STARS = "[*X×●■▇○]"
"""What people put for the middle of a number."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """What goes, each in the folding of a text it is looked for in (``core.folding``)."""

    words: re.Pattern[str] | None
    numbers: re.Pattern[str] | None
    papers: re.Pattern[str] | None
    id_cards: bool
    id_cards_known: tuple[str, ...]
    """Last four of the cards that may stay."""
    phones: bool
    """Whether every telephone goes, whoever's it is."""
    but_cases: frozenset[str] | None
    """The numbers of the one case that may stay; None when all may."""

    def struck(self, text: str) -> str:
        """The text with every place that any of them covers replaced once."""
        spans = sorted(self._spans(text))
        parts, done = [], 0
        for start, end in spans:
            if start >= done:
                parts += [text[done:start], BAR]
            done = max(done, end)
        return "".join([*parts, text[done:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        plain = folding.plain(text)
        named = folding.words(text)
        for found in self.words.finditer(named.text) if self.words is not None else ():
            start, end = named.span(*found.span())
            if not (_goes_on(text, start - 1, found[0][0]) or _goes_on(text, end, found[0][-1])):
                yield start, end
        for folded, pattern in ((folding.numbers(text), self.numbers), (plain, self.papers)):
            if pattern is not None:
                yield from (folded.span(*found.span()) for found in pattern.finditer(folded.text))
        if self.id_cards:
            for found in _ID_CARD.finditer(plain.text):
                number = id_numbers.normalise(found[1])
                if _is_id_card(number) and number[-4:] not in self.id_cards_known:
                    yield plain.span(*found.span(1))
        if self.phones:
            yield from (plain.span(*found.span(1)) for found in _PHONE.finditer(plain.text))
        if self.but_cases is not None:
            for found in _CASE.finditer(plain.text):
                if id_numbers.normalise(found[0]) not in self.but_cases:
                    yield plain.span(*found.span())


def _goes_on(text: str, place: int, edge: str) -> bool:
    """Whether a word that has a digit at its edge goes on beyond it: A座305 is not A座305A."""
    if not edge.isdecimal() or not 0 <= place < len(text):
        return False
    beside = unicodedata.normalize("NFKC", text[place])
    return beside.isascii() and beside.isalnum()


def _is_id_card(number: str) -> bool:
    """Whether it has a date of birth where a card has it; a slip of the pen is no way out."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14])).year >= OLDEST
    except ValueError:
        return False


def _any_of(parts: Iterable[str]) -> re.Pattern[str] | None:
    """All of them at once, the longest first."""
    found = sorted(set(parts), key=len, reverse=True)
    return re.compile("|".join(found)) if found else None


def of_words(words: Iterable[str], people: Iterable[Person]) -> re.Pattern[str] | None:
    """Names, rooms and masked numbers; one character alone only where it is all that stands there."""
    parts = set()
    for word in words:
        signs = folding.words(word).text
        if signs:
            escaped = re.escape(signs)
            parts.add(escaped if len(signs) >= LEAST else rf"\A{escaped}\Z")
    for person in people:
        for phone in each_phone(person.phone):
            head, _stars, tail = folding.words(masks.phone(phone)).text.partition("****")
            if tail:
                parts.add(rf"{head}{_STARS}+{tail}")
    return _any_of(parts)


def of_numbers(phones: Iterable[str], addresses: Iterable[str]) -> re.Pattern[str] | None:
    """Telephones, with their area and country or without, and addresses."""
    parts = set()
    for phone in (one for typed in phones for one in each_phone(typed)):
        area, number = masks.local(phone)
        if len(number) >= NUMBER:
            parts.add(f"(?:{_COUNTRY}{area.lstrip('0')})?{number}")
        if phone.strip().startswith(_ABROAD):
            # Which digits are the country nobody knows: at home it is dialled without them.
            parts |= {number[n:] for n in (1, 2, 3) if len(number) - n > NUMBER}
    parts |= {folding.numbers(address).text for address in addresses}
    return _any_of(part for part in parts if len(part) >= LEAST)


_ABROAD = ("+", "00", "＋")
_BETWEEN = re.compile(r"[\s/、，,;；|和或()（）]+")


def each_phone(typed: str) -> list[str]:
    """The field as one number, and each of several that were typed into it."""
    apart = [part for part in _BETWEEN.split(typed) if len(masks.national(part)) >= NUMBER]
    return [typed, *(apart if len(apart) > 1 else ())]


def of_papers(
    people: Iterable[Person], others: Iterable[Person], *, any_tail: bool
) -> re.Pattern[str] | None:
    """Numbers that are one word: of identity papers, masked, by their last signs or whole; extensions.

    And the parts of foreign names: Smith of "John Smith", alone and turned round.

    A number after a short prefix and a dash is one of ours (SJ-20261126-001).
    """
    # 尾号 of a telephone or a watch that was found stays: only what is called a paper is one.
    named = (
        rf"(?:(?<=[证照])|(?<=证件))[\W号码]{{0,4}}{_TAIL}[\W为是]{{0,3}}[0-9A-Z]{{4}}(?![0-9A-Z])"
    )
    parts = {named} if any_tail else set()
    for person in others:
        for part in folding.plain(person.name).text.replace("-", " ").split():
            if part.isalpha() and part.isascii() and len(part) >= LEAST:
                parts.add(rf"(?<![A-Z]){part}(?![A-Z])")
    for person in people:
        short = masks.national(person.phone)
        if LEAST <= len(short) < NUMBER:
            # Across blanks and colons it would be found in any date and time.
            parts.add(rf"(?<![0-9A-Z]){short}(?![0-9A-Z])")
        if last4 := folding.numbers(person.id_last4).text:
            tail = rf"{last4}(?![0-9A-Z])"
            parts |= {
                rf"\*[\W_]*{tail}",
                rf"{_TAIL}[\W为是]{{0,3}}{tail}",
                rf"(?<![0-9A-Z])(?<![A-Z]-)[0-9A-Z]{{4,20}}{tail}",
            }
    return _any_of(parts)
