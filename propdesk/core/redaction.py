"""What a copy of a paper may show, by whom it is for (F12); pure.

A copy is printed anew from a record in which what may not be seen is no longer: there is nothing
below a black bar, in the attachment or in the metadata, because the printer never had it.
"""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from propdesk.core import masks, names
from propdesk.core.models import PaperCopy, Person
from propdesk.core.papers import Paper, SignBox
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair

P = TypeVar("P", bound=Paper)
Profile = PaperCopy.Profile
BAR = "■■■"
"""Stands for each word taken out, whatever its length."""
LEAST = 2
"""Shorter words are not searched for: they would take out half of the text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of reader does not get: fields, labels of lines, pictures, other people."""

    fields: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    hides_others: bool = False
    """Everybody but the guest the case is about."""
    hides_contacts: bool = False
    """Telephone and identity papers, of the guest too."""
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
        hides_contacts=True,
        without_signatures=True,
        only=_OF_ONE_CASE,
    ),
    Profile.CLIENT: Rule(
        fields=_LESSONS | {"notifications", "overrides", "attachments"},
        labels=(*_LESSON_LABELS, *_INSURANCE, "证人", "见证", "录像", "陪同人"),
        hides_others=True,
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
) -> P:
    """The record as this reader gets it; ``more`` are further words to be struck out.

    What stands in fields of its own is left out, and every name or number of somebody he may not
    know is replaced wherever it stands, in running text too. ``clients`` and ``others`` hold a
    person once for each state he was ever on record in.
    """
    rule = RULES[profile]
    words = [word.strip() for word in more]
    numbers: list[str] = []
    if rule.hides_others:
        words += [word for person in others for word in (*_known_by(person), *_rooms(person))]
        numbers += [number for person in others for number in _contacts(person)]
    if rule.hides_contacts:
        numbers += [number for person in clients for number in _contacts(person)]
    struck: P = _struck(_without(paper, rule), _pattern(words, numbers))
    return struck


def _known_by(person: Person) -> list[str]:
    """What somebody is called: the name as typed, and how he is addressed."""
    if not person.name:
        return []
    address = names.address(person.name, person.honorific)
    return [person.name, masks.name(person.name, person.honorific), address]


def _rooms(person: Person) -> list[str]:
    """Where he lives, as it is written."""
    return [person.room.code, person.room.label] if person.room else []


def _contacts(person: Person) -> list[str]:
    """Telephone, address and identity paper, whole and as masked."""
    last4 = f"****{person.id_last4}" if person.id_last4 else ""
    return [person.phone, masks.phone(person.phone), person.address, last4]


def _pattern(words: Iterable[str], numbers: Iterable[str]) -> re.Pattern[str] | None:
    """All of them at once, the longest first; spaces may stand between, in numbers dashes too.

    One character alone is only taken out where it is all that stands there.
    """
    parts = {rf"\A\s*{re.escape(word)}\s*\Z" for word in words if 0 < len(word) < LEAST}
    parts |= {
        r"\s*".join(map(re.escape, re.sub(r"\s", "", word))) for word in words if len(word) >= LEAST
    }
    for number in numbers:
        signs = re.sub(r"[\s\-－·]", "", number)
        parts |= {r"[\s\-－·]*".join(map(re.escape, signs))} if len(signs) >= LEAST else set()
    if not parts:
        return None
    return re.compile("|".join(sorted(parts, key=len, reverse=True)), re.IGNORECASE)


def _without(paper: P, rule: Rule) -> P:
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(paper):
        if field.name in rule.fields:
            changes[field.name] = field.default
    if rule.hides_others and hasattr(paper, "witnesses"):
        # Nobody registers them: what was typed there names people no list knows of.
        changes["witnesses"] = ()
    if rule.without_photos:
        changes["photos"] = ()
    if rule.without_signatures:
        changes["signatures"] = tuple(_unsigned(box) for box in paper.signatures)
    if isinstance(paper, EventRecordPaper) and rule.labels:
        changes["head"] = tuple(_lines(paper.head, rule.labels))
        changes["blocks"] = tuple(_block(block, rule.labels) for block in paper.blocks)
    return dataclasses.replace(paper, **changes)


def _unsigned(box: SignBox) -> SignBox:
    return dataclasses.replace(box, signature=None, signature_sha256=None, opinion=None)


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
    return Line(line.label, _("（本份不含）"))


def _struck(value: Any, pattern: re.Pattern[str] | None) -> Any:
    """The same record with every match of ``pattern`` replaced, in every text of it."""
    if pattern is None or value is None:
        return value
    if isinstance(value, str):
        return pattern.sub(BAR, value)
    if isinstance(value, tuple):
        return tuple(_struck(item, pattern) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: _struck(getattr(value, field.name), pattern)
            for field in dataclasses.fields(value)
            if field.name not in _KEPT
        }
        return dataclasses.replace(value, **changes)
    return value


_KEPT = frozenset(
    {"asset", "signature", "state", "verify_code", "record_url", "number", "form_code"}
)
"""What the printer works with; no words of people."""
