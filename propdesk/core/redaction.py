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

from propdesk.core import folding, id_numbers, masks
from propdesk.core.models import PaperCopy, Person
from propdesk.core.papers import Paper, SignBox
from propdesk.core.papers_appendix import AppendixPaper
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair
from propdesk.core.striking import (
    NUMBER,
    Patterns,
    doors_of,
    known_by,
    of_numbers,
    of_papers,
    of_words,
    rooms_of,
)

P = TypeVar("P", bound=Paper)
Profile = PaperCopy.Profile


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
    patterns = Patterns(
        words=of_words(words, hidden),
        numbers=of_numbers(
            [*phones, *(person.phone for person in hidden)], (person.address for person in hidden)
        ),
        papers=of_papers(hidden, others if rule.hides_others else (), any_tail=rule.hides_contacts),
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


def _of_others(others: list[Person], clients: list[Person], place: str) -> list[str]:
    """Names and rooms that go: none that are the client's too, and not where it happened.

    Somebody who reported his own loss is on record twice.
    """
    kept = {
        _alike(word) for own in clients for word in (*known_by(own), *rooms_of(own), *doors_of(own))
    }
    there = _alike(place)
    words = [word for person in others for word in known_by(person)]
    for person in others:
        rooms = rooms_of(person)
        if not any(re.search(rf"{re.escape(_alike(room))}(?![0-9A-Z])", there) for room in rooms):
            words += [*rooms, *doors_of(person)]
    return [word for word in words if _alike(word) not in kept]


def _alike(word: str) -> str:
    return folding.words(word).text


def _place_of(paper: Paper) -> str:
    """Where it happened, by its field or by the lines of that name."""
    said = [getattr(paper, "place", None)]
    if isinstance(paper, EventRecordPaper):
        said += [line.value for line in _all_lines(paper) if line.label.endswith(_("地点"))]
    return "\n".join(filter(None, said))


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


def _struck(value: Any, patterns: Patterns) -> Any:
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
