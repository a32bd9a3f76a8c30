"""Lines of the search over all registers, made ready in Python so that the template only prints."""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _l

from emergencies import rows as event_rows
from incidents import rows as incident_rows
from lostfound import rows as found_rows
from lostfound.queries import item as items
from propdesk.core.models import Case, Property, User
from propdesk.core.search import Hit, Query
from propdesk.core.search_terms import Rank
from propdesk.desk.search_marks import excerpt, marked

WHY = {
    Rank.EXACT: _l("单号相符"),
    Rank.NUMBER: _l("单号"),
    Rank.ROOM: _l("房号或地点"),
    Rank.PERSON: _l("姓名或号码"),
}
"""In which field it was hit; of the words themselves the marks say it."""
WORDS = ("core_issue", "opening_words", "expectation", "key_points", "resolution", "summary")


@dataclass(frozen=True, slots=True)
class Line:
    """One hit with the words marked in what is shown of it, and in which field it was hit."""

    hit: Hit
    number: SafeString
    title: SafeString
    place: SafeString
    note: SafeString
    why: str


def lines(prop: Property, user: User, found: list[Any], query: Query) -> list[Line]:
    """Lines for cases of ``search_queries.page_of``; details only of what he reads the details of."""
    details = items.sees_all_details(user, prop)
    return [_line(prop, user, case, query, details=details) for case in found]


def _line(prop: Property, user: User, case: Any, query: Query, *, details: bool) -> Line:
    note = ""
    if case.kind == Case.Kind.COMPLAINT:
        hit, note = incident_rows.hit(prop, case), _words(case, query)
    elif case.kind == Case.Kind.EVENT:
        hit = event_rows.hit(prop, case)
    else:
        hit = found_rows.hit(prop, case, user, details=details)
        note = _details(case, user, query, details=details)
    return Line(
        hit=hit,
        number=marked(hit.number, query.words),
        title=marked(hit.title, query.words),
        place=marked(hit.place, query.words),
        note=marked(note, query.words),
        why=str(WHY.get(case.rank, "")),
    )


def _words(case: Any, query: Query) -> str:
    """What was said of a complaint, around the words."""
    texts = [text for name in WORDS if (text := getattr(case.complaint, name))]
    return excerpt(texts, query.words)


def _details(case: Any, user: User, query: Query, *, details: bool) -> str:
    """Features of a thing or a report where its reader may see them, around the words."""
    if case.kind == Case.Kind.FOUND:
        row = case.found_item
        opens = details or user.pk in (row.logged_by_id, row.finder_user_id)
    elif case.kind == Case.Kind.LOST:
        row, opens = case.lost_report, True
    else:
        return ""
    return excerpt([row.features, row.serial, row.place_note], query.words) if opens else ""
