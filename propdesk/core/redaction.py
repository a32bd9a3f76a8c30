"""What a copy of a paper may show, by whom it is for (F12); pure.

A copy is printed anew from a record in which what may not be seen is no longer: there is nothing
below a black bar, in the attachment or in the metadata, because the printer never had it.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from propdesk.core import folding, id_numbers, masks, names
from propdesk.core.models import PaperCopy, Person
from propdesk.core.papers import Paper, SignBox
from propdesk.core.papers_appendix import AppendixPaper
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair

P = TypeVar("P", bound=Paper)
Profile = PaperCopy.Profile
BAR = "■■■"
"""Stands for each word taken out, whatever its length."""
LEAST = 2
"""Shorter words are not searched for: they would take out half of the text."""
NUMBER = 7
"""A word with so many digits is a number, and goes however it is written."""
OLDEST = 1900
"""Nobody on record was born earlier."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of reader does not get: fields, labels of lines, pictures, other people."""

    fields: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    hides_others: bool = False
    """Everybody but the guest the case is about."""
    hides_contacts: bool = False
    """Telephone and identity papers, of the guest too."""
    keeps_place: bool = False
    """Where it happened, somebody's room or not: without it the paper says nothing to him."""
    hides_cases: bool = False
    """Numbers of other cases: what else happened in the house."""
    without_photos: bool = False
    without_signatures: bool = False
    """Drawn signatures are no business of others: names and dates stay."""
    only: tuple[str, ...] = ("",)
    """Beginnings of the form codes this reader may have: by default every paper."""


_LESSONS = frozenset(
    {
        "cause_indirect",
        "guest_opinion",
        "improvement",
        "improvement_due",
        "responsible_department",
        "satisfaction",
    }
)
_LESSON_LABELS = ("防止再发", "责任部门", "完成期限", "验收")
_INSURANCE = ("保险", "报案时间", "案号")
_OF_ONE_CASE = ("PD-KS", "PD-PC", "PD-SG", "PD-SJ", "PD-SW", "PD-TS")
"""Papers of one case. What tells of the whole house (hand-overs, disposals, drills) stays inside."""

RULES: dict[str, Rule] = {
    Profile.INTERNAL: Rule(),
    Profile.POLICE: Rule(fields=_LESSONS, labels=(*_LESSON_LABELS, *_INSURANCE), only=_OF_ONE_CASE),
    Profile.INSURER: Rule(
        fields=_LESSONS | {"notifications", "overrides", "steps", "timeline", "attachments"},
        labels=(*_LESSON_LABELS, "紧急联系人"),
        hides_others=True,
        hides_cases=True,
        hides_contacts=True,
        keeps_place=True,
        without_signatures=True,
        only=_OF_ONE_CASE,
    ),
    Profile.CLIENT: Rule(
        fields=_LESSONS | {"notifications", "overrides", "attachments"},
        labels=(*_LESSON_LABELS, *_INSURANCE, "证人", "见证", "录像", "陪同人"),
        hides_others=True,
        hides_cases=True,
        without_photos=True,
        without_signatures=True,
        only=("PD-KS",),
    ),
}


def may_have(profile: str, form_code: str) -> bool:
    """Whether papers of this form may leave the house for such a reader at all."""
    return form_code.startswith(RULES[profile].only)


def redact(
    paper: P,
    profile: str,
    *,
    clients: Iterable[Person],
    others: Iterable[Person],
    more: Iterable[str],
    case: str = "",
    own: Iterable[str] = (),
) -> P:
    """The record as this reader gets it; ``more`` are further words to be struck out.

    What stands in fields of its own is left out, and every name or number of somebody he may not
    know is replaced wherever it stands, in running text too, as are the numbers of cases other than
    ``case``, and of papers other than its ``own``. ``clients`` and ``others`` hold a
    person once for each state he was ever on record in.
    """
    rule = RULES[profile]
    clients, others = list(clients), list(others)
    hidden = [*others, *clients] if rule.hides_contacts else others if rule.hides_others else []
    words = [word.strip() for word in (*more, *withheld(paper, profile))]
    phones = [word for word in words if len(masks.national(word)) >= NUMBER]
    if rule.hides_others:
        place = _place_of(paper) if rule.keeps_place else ""
        words += _of_others(others, clients, place)
    known = () if rule.hides_contacts else tuple(person.id_last4 for person in clients)
    patterns = _Patterns(
        words=_of_words(words, hidden),
        numbers=_of_numbers(
            [*phones, *(person.phone for person in hidden)], (person.address for person in hidden)
        ),
        papers=_of_papers(
            hidden, others if rule.hides_others else (), any_tail=rule.hides_contacts
        ),
        id_cards=rule.hides_others,
        id_cards_known=known,
        phones=rule.hides_contacts,
        but_cases=frozenset(map(id_numbers.normalise, (case, paper.number, *own)))
        if rule.hides_cases
        else None,
    )
    struck: P = _struck(_without(paper, rule), patterns)
    return struck


def withheld(paper: Paper, profile: str) -> list[str]:
    """Sentences of the lessons this reader does not get, to be struck out where else they stand.

    The course of events repeats what was written down as a lesson. What stands in a field he does get
    is no lesson alone.
    """
    rule = RULES[profile]
    said = [getattr(paper, name, None) for name in sorted(_TOLD & rule.fields)]
    if isinstance(paper, EventRecordPaper) and _PREVENTION in rule.labels:
        said += [line.value for line in _all_lines(paper) if _PREVENTION in line.label]
    got = [getattr(paper, name, None) for name in sorted(_FACTS - rule.fields)]
    facts = _alike("\n".join(text for text in got if isinstance(text, str)))
    texts = [text for text in said if isinstance(text, str)]
    pieces = [piece.strip() for text in texts for piece in _SENTENCE.split(text)]
    return [n for n in pieces if len(_alike(n)) >= _WHOLE and _alike(n) not in facts]


def _all_lines(paper: EventRecordPaper) -> list[Line]:
    pairs = [*paper.head, *(pair for block in paper.blocks for pair in block.pairs)]
    return [line for pair in pairs for line in (pair.left, pair.right) if line]


_PREVENTION = "防止再发"
_TOLD = frozenset({"cause_indirect", "improvement"})
_FACTS = frozenset({"narrative", "measures", "result", "cause_direct", "course"})
_SENTENCE = re.compile(r"[。；！？\n]+")
_WHOLE = 6
"""Shorter pieces (已完成, 工程部) stand in other sentences too."""


def _known_by(person: Person) -> list[str]:
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


_COMMON = ("小时", "小心", "老师", "老板")


def _of_others(others: list[Person], clients: list[Person], place: str) -> list[str]:
    """Names and rooms that go: none that are the client's too, and not where it happened.

    Somebody who reported his own loss is on record twice.
    """
    kept = {
        _alike(word) for own in clients for word in (*_known_by(own), *_rooms(own), *_doors(own))
    }
    there = _alike(place)
    words = [word for person in others for word in _known_by(person)]
    for person in others:
        rooms = _rooms(person)
        if not any(re.search(rf"{re.escape(_alike(room))}(?![0-9A-Z])", there) for room in rooms):
            words += [*rooms, *_doors(person)]
    return [word for word in words if _alike(word) not in kept]


def _alike(word: str) -> str:
    return folding.words(word).text


def _place_of(paper: Paper) -> str:
    """Where it happened, by its field or by the lines of that name."""
    said = [getattr(paper, "place", None)]
    if isinstance(paper, EventRecordPaper):
        said += [line.value for line in _all_lines(paper) if line.label.endswith(_("地点"))]
    return "\n".join(filter(None, said))


def _rooms(person: Person) -> list[str]:
    """Where he lives, as it is written: with the floor and without, and as 203室."""
    if person.room is None:
        return []
    parts = person.room.label.split()
    short = parts[0] + parts[-1] if len(parts) > 1 else ""
    return [word for word in (person.room.code, person.room.label, short) if word]


def _doors(person: Person) -> list[str]:
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
class _Patterns:
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


def _of_words(words: Iterable[str], people: Iterable[Person]) -> re.Pattern[str] | None:
    """Names, rooms and masked numbers; one character alone only where it is all that stands there."""
    parts = set()
    for word in words:
        signs = folding.words(word).text
        if signs:
            escaped = re.escape(signs)
            parts.add(escaped if len(signs) >= LEAST else rf"\A{escaped}\Z")
    for person in people:
        for phone in _each(person.phone):
            head, _stars, tail = folding.words(masks.phone(phone)).text.partition("****")
            if tail:
                parts.add(rf"{head}{_STARS}+{tail}")
    return _any_of(parts)


def _of_numbers(phones: Iterable[str], addresses: Iterable[str]) -> re.Pattern[str] | None:
    """Telephones, with their area and country or without, and addresses."""
    parts = set()
    for phone in (one for typed in phones for one in _each(typed)):
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


def _each(typed: str) -> list[str]:
    """The field as one number, and each of several that were typed into it."""
    apart = [part for part in _BETWEEN.split(typed) if len(masks.national(part)) >= NUMBER]
    return [typed, *(apart if len(apart) > 1 else ())]


def _of_papers(
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


# --- what is left --------------------------------------------------------------------------


_OF_TABLE = re.compile(r"[^。；！？\n]*上表[^。；！？\n]*[。；！？]?")
"""A sentence that leads to the course of events line by line."""


def _gone() -> str:
    return _("（本份不含）")


def _without(paper: P, rule: Rule) -> P:
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(paper):
        if field.name in rule.fields:
            # A table that went leaves nothing; a cell would look as if nobody had filled it in.
            changes[field.name] = field.default if isinstance(field.default, tuple) else _gone()
    if "timeline" in rule.fields and hasattr(paper, "narrative"):
        changes["narrative"] = _OF_TABLE.sub("", paper.narrative or "").strip()
    if rule.hides_others and hasattr(paper, "witnesses"):
        # Nobody registers them: what was typed there names people no list knows of.
        changes["witnesses"] = ()
    if isinstance(paper, AppendixPaper) and rule.fields and _is_lesson(paper.subject or ""):
        changes |= dict.fromkeys(("was", "text", "reason"), _gone())
    if rule.without_photos:
        changes["photos"] = ()
    if rule.without_signatures:
        changes["signatures"] = tuple(_unsigned(box) for box in paper.signatures)
    if isinstance(paper, EventRecordPaper) and rule.labels:
        changes["head"] = tuple(_lines(paper.head, rule.labels))
        changes["blocks"] = tuple(_block(block, rule.labels) for block in paper.blocks)
    return dataclasses.replace(paper, **changes)


_LESSON_WORDS = ("间接原因", "改进", "整改", "防止", "责任部门", "期限", "验收", "满意", "客户意见")


def _is_lesson(subject: str) -> bool:
    """Whether a correction is about a field outsiders do not get; its subject is free text."""
    return any(word in subject for word in _LESSON_WORDS)


def _unsigned(box: SignBox) -> SignBox:
    said = _("（签名图样和意见本份不含）") if box.signature or box.opinion else None
    return dataclasses.replace(box, signature=None, signature_sha256=None, opinion=said)


def _block(block: Block, labels: tuple[str, ...]) -> Block:
    return dataclasses.replace(block, pairs=tuple(_lines(block.pairs, labels)))


def _lines(pairs: Iterable[Pair], labels: tuple[str, ...]) -> list[Pair]:
    """The lines that may stay, each in its place; what went says so."""
    found = []
    for pair in pairs:
        left, right = (_line(line, labels) for line in (pair.left, pair.right))
        found.append(Pair(left or Line(""), right))
    return found


def _line(line: Line | None, labels: tuple[str, ...]) -> Line | None:
    if line is None or not any(word in line.label for word in labels):
        return line
    return Line(line.label, _gone())


def _struck(value: Any, patterns: _Patterns) -> Any:
    """The same record with every place the patterns cover replaced, in every text of it."""
    if isinstance(value, str):
        return patterns.struck(value)
    if isinstance(value, tuple):
        return tuple(_struck(item, patterns) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: _struck(getattr(value, field.name), patterns)
            for field in dataclasses.fields(value)
            if field.name not in _KEPT
        }
        return dataclasses.replace(value, **changes)
    return value


_KEPT = frozenset(
    {
        "asset",
        "audit_head",
        "form_code",
        "number",
        "record_url",
        "sha256",
        "signature",
        "signature_sha256",
        "signed_digest",
        "state",
        "verify_code",
    }
)
"""What the printer works with; no words of people."""
