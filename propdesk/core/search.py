"""The one way to search Chinese text with an index: application-made grams, rechecked by LIKE."""

from collections.abc import Iterable

from django.db.models import QuerySet

from propdesk.core.models import Case, Property, SearchText
from propdesk.core.search_grams import grams, normalise, query_grams


def row_of(case: Case, texts: Iterable[str]) -> SearchText:
    """The search row of ``case``, not written: for whoever writes it along with other rows."""
    text = normalise("\n".join(t for t in texts if t))
    return SearchText(case=case, property_id=case.property_id, text=text, grams=grams(text))


def write(case: Case, texts: Iterable[str]) -> None:
    """Replace the search row of ``case``; upsert in one statement."""
    SearchText.objects.bulk_create(
        [row_of(case, texts)],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["text", "grams"],
    )


def add(case: Case, text: str) -> None:
    """Append words to the search row of ``case``."""
    row = SearchText.objects.filter(case=case).first()
    write(case, [row.text if row else "", text])


def hits(prop: Property, query: str) -> "QuerySet[SearchText]":
    """Rows that contain every word of ``query`` (split at spaces), like LIKE but by index."""
    rows = SearchText.objects.filter(property=prop)
    for word in normalise(query).split():
        rows = rows.filter(grams__contains=query_grams(word), text__contains=word)
    return rows
