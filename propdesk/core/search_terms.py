"""Terms of a search row beside its grams: numbers, rooms and people by exact value. Pure but for the key.

A term is a mark, which no gram begins with, and a value. Terms say in which field a word was hit, so
that hits can be ranked by an index, and find what does not stand in the text: names by pinyin, and
the digits of telephones and papers, which are kept as keyed hashes only.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from propdesk.core import names, vault
from propdesk.core.search_grams import normalise

if TYPE_CHECKING:
    from propdesk.core.models import Person, Place


class Rank(IntEnum):
    """Where a word was hit, the best first: the whole number, a part of it, room, person, words."""

    EXACT = 0
    NUMBER = 1
    ROOM = 2
    PERSON = 3
    WORDS = 4


class Reach(IntEnum):
    """How far into a case a reader's words go: what all its readers see, its details, its claimants."""

    OPEN = 0
    DETAILS = 1
    ALL = 2


MARKS = {Rank.EXACT: "=", Rank.NUMBER: "-", Rank.ROOM: "/", Rank.PERSON: "@"}
CLAIMANT = "!"
"""People who are found by those alone who read the details of all things."""
LONGEST = 40
SHORTEST = 2
"""A single character is found by its gram; as a term it would rank half of a register."""
_DAY = re.compile(r"\d{8}")
_OF_NUMBER = re.compile(r"[a-z\d-]+")
_LAST4 = re.compile(r"\d{3}[\dx]")
_PHONE = re.compile(r"\+?[\d-]{7,20}")
_COUNTRY = re.compile(r"^(?:00)?86(?=1\d{10}$)")
_ROOM = re.compile(r"\d{3,}[a-z]?$")
_ASKED_ROOM = re.compile(r".*\d[a-z]?[室房号]")


@dataclass(frozen=True, slots=True)
class Who:
    """What of a person is searched by; empty strings for what is not known."""

    name: str = ""
    phone: str = ""
    id_last4: str = ""
    address: str = ""
    """As lists name him: 王女士."""

    @classmethod
    def of(cls, person: Person) -> Who:
        address = names.address(person.name, person.honorific)
        return cls(person.name, person.phone, person.id_last4, address)


def number_terms(number: str) -> Iterator[str]:
    """Terms of "TS-20261123-004": whole, each run of its parts, the day also as 202611 and 1123."""
    number = normalise(number)
    yield f"{MARKS[Rank.EXACT]}{number}"
    parts = number.split("-")
    found = {"-".join(parts[a:b]) for a in range(len(parts)) for b in range(a + 1, len(parts) + 1)}
    for position, part in enumerate(parts):
        if _DAY.fullmatch(part):
            found |= {part[:6], part[4:], "-".join([part[4:], *parts[position + 1 :]])}
    yield from _marked(MARKS[Rank.NUMBER], found - {number})


def place_terms(place: Place) -> Iterator[str]:
    """Terms of a room or spot: code with and without dash, its digits, last word and whole label.

    People leave the floor out: B座203 of "B座 2层 203".
    """
    code, label = normalise(place.code), normalise(place.label)
    first, _space, rest = label.partition(" ")
    last = label.rpartition(" ")[2]
    found = {
        code,
        code.replace("-", ""),
        label.replace(" ", ""),
        last,
        first + last if rest else "",
    }
    found |= {digits[0] for text in tuple(found) if (digits := _ROOM.search(text))}
    yield from _marked(MARKS[Rank.ROOM], found)


def person_terms(who: Who, mark: str = MARKS[Rank.PERSON]) -> Iterator[str]:
    """Terms of a person: name and runs of it, pinyin and initials, last four and whole numbers hashed."""
    name = normalise(who.name)
    runs = _runs(list(name)) if names.is_chinese(name) else {name, *name.split()}
    yield from _marked(mark, runs | set(_pinyin(name)) | {normalise(who.address)})
    phone = _digits(who.phone)
    numbers = [phone, phone[-4:]] if len(phone) >= 7 else []
    numbers += [normalise(who.id_last4)] if who.id_last4 else []
    yield from (f"{mark}{_hashed(number)}" for number in numbers)


def query_terms(word: str, rank: Rank, reach: Reach) -> list[str]:
    """Terms a row may have when ``word`` (normalised) hits it in the field of ``rank``."""
    if not SHORTEST <= len(word) < LONGEST or rank == Rank.WORDS:
        return []
    if rank <= Rank.NUMBER and not _OF_NUMBER.fullmatch(word):
        return []
    values = [word]
    marks = [MARKS[rank]]
    if rank == Rank.ROOM and _ASKED_ROOM.fullmatch(word):
        values += [word[:-1]]
    if rank == Rank.PERSON:
        values += _hashes(word)
        marks += [CLAIMANT] if reach >= Reach.ALL else []
    return [f"{mark}{value}" for mark in marks for value in values]


def _hashes(word: str) -> list[str]:
    if _LAST4.fullmatch(word):
        return [_hashed(word)]
    return [_hashed(_digits(word))] if _PHONE.fullmatch(word) else []


def _pinyin(name: str) -> Iterator[str]:
    """Runs of the syllables of a Chinese name, and of their initials; of others the initials."""
    if not names.is_chinese(name):
        yield names.initials(name)
        return
    syllables = names.sort_key(name).split()[:-1]
    yield from _runs(syllables) | set(syllables)
    yield from _runs([syllable[:1] for syllable in syllables])


def _runs(parts: list[str]) -> set[str]:
    """Joined runs of two parts and more."""
    size = len(parts)
    return {"".join(parts[a:b]) for a in range(size) for b in range(a + 2, size + 1)}


def _marked(mark: str, values: Iterable[str]) -> Iterator[str]:
    return (f"{mark}{value}" for value in values if SHORTEST <= len(value) < LONGEST)


def _digits(number: str) -> str:
    return _COUNTRY.sub("", re.sub(r"\D", "", normalise(number)))


def _hashed(value: str) -> str:
    """Four digits are soon guessed, so the hash is worth what its key is: the secret of the site."""
    key = vault.key("propdesk.search-digits")
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:24]
