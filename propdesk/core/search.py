"""The one way to search Chinese text with an index: grams and terms, rechecked word by word.

Who may see a case is the business of its register, which says it as ``Arm``; what of a case a word
may hit is its ``Reach``: nobody finds a thing by a detail he may not read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from math import prod
from operator import and_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains
from django.db.models import BooleanField, CharField, F, Func, Q, QuerySet, Subquery, Value
from django.db.models.expressions import RawSQL

from propdesk.core.models import Case, Person, Place, Property, SearchText
from propdesk.core.search_grams import grams, normalise, query_grams
from propdesk.core.search_terms import (
    CLAIMANT,
    Rank,
    Reach,
    Who,
    number_terms,
    person_terms,
    place_terms,
    query_terms,
)

MOST_CHARACTERS, MOST_WORDS = 60, 8
DETAILED = Case.Kind.FOUND
"""What has details not all its readers may read; the others have none."""
OPEN_WORDS = Func(
    "text",
    "grams",
    function="core_search_open",
    output_field=ArrayField(CharField(max_length=40)),
)
MOST_WAYS = 8
"""Each word of a query may stand in a row or be a term of it: more ways together are not asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one case is found by. Telephones and papers go in as people: never as words.

    ``details`` are words for readers of the details alone, ``claimants`` people for readers of all
    details; an unknown person or place may be None.
    """

    words: Iterable[str]
    places: Iterable[Place | None] = ()
    people: Iterable[Person | None] = ()
    details: Iterable[str] = ()
    claimants: Iterable[Person] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """Cases of some kinds one person may read, and how far his words go in them.

    ``where`` is his right as a condition on a search row, looked up for hits alone; ``own`` the keys
    of all cases it opens to him, where these are few; ``within`` what he narrowed it to.
    """

    kinds: tuple[str, ...]
    reach: Reach = Reach.OPEN
    where: Q = field(default_factory=Q)
    own: "QuerySet[Any, Any] | None" = None
    within: Q = field(default_factory=Q)


def each_in(rows: "QuerySet[Any]") -> Subquery:
    """Condition that ``rows``, narrowed by ``OuterRef("pk")``, has one: looked up for each hit.

    For EXISTS the planner takes all rows of a house for hits, and reads what is asked for as a whole.
    """
    return Subquery(rows.order_by().values(yes=Value(True))[:1], output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Hit:
    """One case as its register shows it among hits: its page, what it is about, where it stands."""

    number: str
    url: str
    kind: str
    icon: str
    title: str
    place: str
    status: str
    tone: str
    mark: str
    opened: str
    extended: bool = False
    """Whether a promised time was moved this round."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, cut to ``MOST_CHARACTERS`` and ``MOST_WORDS``, split at spaces and folded."""

    typed: str
    words: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, typed: str) -> "Query":
        """Words without a letter, digit or ideograph are left out: nobody looks for a comma."""
        typed = typed.replace("\x00", "").strip()[:MOST_CHARACTERS]
        words = [word for word in normalise(typed).split() if query_grams(word)]
        return cls(typed, tuple(dict.fromkeys(words[:MOST_WORDS])))

    @property
    def is_narrow(self) -> bool:
        """Whether it is of several words, or of one that signs divide: such seldom hit much."""
        return not "".join(self.words).isalnum() or len(self.words) > 1

    def hit(self, reach: Reach = Reach.OPEN) -> Q:
        """Condition on a search row, by index: every word stands in it, or is a term of its rooms and people."""
        return reduce(and_, (_may_hold(word, reach) for word in self.words), self.stands(reach))

    def stands(self, reach: Reach = Reach.OPEN) -> Q:
        """The same without the index: for rows that are known to hit, or are walked in an order."""
        return reduce(and_, (_holds(word, reach) for word in self.words), Q())

    def ways(self, reach: Reach, marks: Sequence[str] = (), *, hidden: bool = False) -> list[Q]:
        """Conditions for the index, one of which every hit fulfils: each word stands in it or is a term.

        Of all words together, so that the index compares the shortest of its lists with the others;
        one of ``marks`` of kinds with them. ``hidden`` for things the details of which are: their
        open words have an index of their own.
        """
        narrowed = Q(grams__overlap=_unweighed(marks)) if marks else Q()
        if hidden:
            narrowed &= Q(kind=DETAILED)
        choices = []
        for word in self.words:
            choice: list[tuple[list[str], list[str]]] = [(query_grams(word), [])]
            if named := _named(word, reach):
                choice.append(([], named))
            choices.append(choice)
        if prod(len(choice) for choice in choices) > MOST_WAYS:
            terms = [term for word in self.words for term in _named(word, reach)]
            words = _way([choice[0] for choice in choices], hidden)
            return [words & narrowed, Q(terms__overlap=_unweighed(terms)) & narrowed]
        return [_way(ways, hidden) & narrowed for ways in product(*choices)]

    def terms(self, rank: Rank, reach: Reach = Reach.ALL) -> list[str]:
        """Terms of all words in one field."""
        return [term for word in self.words for term in query_terms(word, rank, reach)]


def _way(parts: Sequence[tuple[list[str], list[str]]], hidden: bool) -> Q:
    grams = sorted({gram for stands, _terms in parts for gram in stands})
    held = (
        Q(DataContains(OPEN_WORDS, _unweighed(grams)))
        if hidden
        else Q(grams__contains=_unweighed(grams))
    )
    asked = held if grams else Q()
    for _grams, named in parts:
        asked &= Q(terms__overlap=_unweighed(named)) if named else Q()
    return asked


def _may_hold(word: str, reach: Reach) -> Q:
    return Q(grams__contains=query_grams(word)) | _names(word, reach)


def _holds(word: str, reach: Reach) -> Q:
    stands = Q(text__holds=word)
    if reach >= Reach.DETAILS:
        stands |= Q(details__holds=word)
    return stands | _names(word, reach)


def _names(word: str, reach: Reach) -> Q:
    terms = _named(word, reach)
    return Q(terms__overlap=terms) if terms else Q()


def _named(word: str, reach: Reach) -> list[str]:
    return [term for rank in (Rank.ROOM, Rank.PERSON) for term in query_terms(word, rank, reach)]


def _unweighed(values: Iterable[str]) -> RawSQL:
    """An array of which the planner knows nothing but that it is one: it takes it for rare.

    Of words it knows it multiplies how common they are as if each stood there by itself, and rather
    reads a register than an index of words that always stand together.
    """
    return RawSQL("SELECT %s::varchar(40)[]", [list(values)])


def row_of(case: Case, entry: Entry) -> SearchText:
    """The search row of ``case``, not written: for whoever writes it along with other rows."""
    places = [place for place in entry.places if place]
    people = [person for person in entry.people if person]
    labels = [text for place in places for text in (place.label, place.code)]
    named = [person.name for person in people]
    text = _joined([case.number, *named, *labels, *entry.words])
    details = _joined(entry.details)
    terms = {*number_terms(case.number)}
    terms.update(term for place in places for term in place_terms(place))
    terms.update(term for person in people for term in person_terms(Who.of(person)))
    terms.update(_claimant_terms(entry.claimants))
    return SearchText(
        case=case,
        property_id=case.property_id,
        text=text,
        details=details,
        grams=sorted({*grams(text), *grams(details)}),
        terms=sorted(terms),
        kind=case.kind,
        opened_at=case.opened_at,
    )


def _claimant_terms(people: Iterable[Person]) -> list[str]:
    return [term for person in people for term in person_terms(Who.of(person), CLAIMANT)]


def write(case: Case, entry: Entry) -> None:
    """Replace the search row of ``case``; upsert in one statement."""
    write_rows([row_of(case, entry)])


def write_rows(rows: Iterable[SearchText]) -> None:
    """Replace the search rows of several cases; upsert in one statement."""
    SearchText.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["text", "details", "grams", "terms"],
    )


def add(case: Case, text: str, *, place: Place | None = None) -> None:
    """Append words to the search row of ``case``, and a place it is found by as well."""
    row = SearchText.objects.filter(case=case).first() or row_of(case, Entry([]))
    row.text = _joined([row.text, text])
    row.grams = sorted({*row.grams, *grams(row.text)})
    row.terms = sorted({*row.terms, *(place_terms(place) if place else ())})
    write_rows([row])


def add_claimants(case: Case, *people: Person) -> None:
    """Have the case found by people who claim it; one statement, terms may stand there twice."""
    column = SearchText._meta.get_field("terms")  # noqa: SLF001 -- Django's model API
    terms = Value(_claimant_terms(people), output_field=column)
    rows = SearchText.objects.filter(case=case)
    rows.update(terms=Func(F("terms"), terms, function="array_cat", output_field=column))


def _joined(texts: Iterable[str]) -> str:
    return normalise("\n".join(text for text in texts if text))


def hits(prop: Property, typed: str, reach: Reach = Reach.OPEN) -> "QuerySet[SearchText]":
    """Rows that hold every word typed, like LIKE but by index; none for signs alone."""
    rows, query = SearchText.objects.filter(property=prop), Query.of(typed)
    if not query.words:
        return rows.none() if query.typed else rows
    return rows.filter(query.hit(reach))
