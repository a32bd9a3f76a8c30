"""Rewriting the search rows of a house, batch by batch, while it works: when what they hold has changed.

Only rows that are there are rewritten: the row of a purged case stays gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from django.db import transaction

from propdesk.core import search
from propdesk.core.models import Case, Property
from propdesk.core.search import Entry

BATCH = 100
"""Cases held at once: whoever wants to change one of them waits for so many at most."""
Entries = Callable[[Iterable[int]], Mapping[int, Entry]]
"""What a register has its cases found by, by key; a case it does not know is left as it is."""


def rewrite(
    prop: Property, registers: Mapping[str, Entries], after: int = 0
) -> Iterator[tuple[int, int]]:
    """Rewrite what comes after the case of that key; after each batch its last key and its rows.

    ``registers`` by kind of case. Each batch is a transaction of its own, and rewriting twice
    changes nothing: so it may be ended at any time and go on from the last key.
    """
    while keys := _keys(prop, after):
        after = keys[-1]
        yield after, _rewrite(keys, registers)


def _keys(prop: Property, after: int) -> list[int]:
    rows = Case.objects.filter(property=prop, pk__gt=after, search__isnull=False)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _rewrite(keys: list[int], registers: Mapping[str, Entries]) -> int:
    """Under the locks each change takes too, so that no newer row is written over."""
    held = Case.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
    cases = list(held.filter(pk__in=keys, search__isnull=False))
    entries: dict[int, Entry] = {}
    for kind, register in registers.items():
        if own := [case.pk for case in cases if case.kind == kind]:
            entries |= register(own)
    rows = [search.row_of(case, entries[case.pk]) for case in cases if case.pk in entries]
    search.write_rows(rows)
    return len(rows)
