"""Whose personal data a case holds: every row of ``Person`` that anything of the case points at.

Each register says, per link to a person, how to get from that row to the case. A test holds the
table against the models: a new link without a line fails.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from propdesk.core.models import Case, Person, RenderJob

OWN = frozenset(
    {"core.PersonChange.person", "core.PersonSignature.person", "core.Unmasking.person"}
)
"""Links of a person's own rows, which say nothing about a case."""
OF_COPIES = {"core.PaperCopy.recipient": "case", "core.CopyHidden.person": "copy__case"}
"""Who got a copy and what was struck out of it by hand: of that copy, not of what happened."""
PATHS: dict[str, str] = dict(OF_COPIES)
"""``app.Model.field`` of a link to a person → look-up from that model to its case."""
MORE: list[Callable[[Case], set[int]]] = []
"""People no foreign key leads to: those a register names inside values it keeps as JSON."""
PAST: list[Callable[[Case], set[int]]] = []
"""People named only by what has been edited since; a purge alone asks for them."""
CLIENTS: dict[str, Callable[[RenderJob], set[int]]] = {}
"""By kind of paper: the guest it is about, to whom it may name himself. No line: nobody."""


def register(
    paths: Mapping[str, str],
    clients: Mapping[str, Callable[[RenderJob], set[int]]],
    more: Callable[[Case], set[int]] | None = None,
    past: Callable[[Case], set[int]] | None = None,
) -> None:
    """Called from an app's ``ready``."""
    PATHS.update(paths)
    CLIENTS.update(clients)
    if more is not None and more not in MORE:
        MORE.append(more)
    if past is not None and past not in PAST:
        PAST.append(past)


def people_of(case: Case, *, of_copies: bool = True) -> "QuerySet[Person]":
    """Everybody the case names, with those its copies name or without."""
    found = Q(pk__in=set().union(*(more(case) for more in MORE)))
    for link, path in PATHS.items():
        if link in OF_COPIES and not of_copies:
            continue
        label, _dot, field = link.rpartition(".")
        rows = apps.get_model(label)._default_manager.filter(  # noqa: SLF001 -- Django's own name
            **{path: case.pk, f"{field}__isnull": False}
        )
        found |= Q(pk__in=rows.order_by().values_list(field, flat=True))
    return Person.objects.filter(found).order_by("pk")


def of_many(cases: Iterable[Case]) -> set[int]:
    """Keys of everybody these cases name or once did; a statement a link, however many cases."""
    cases = list(cases)
    found = set().union(*(more(case) for more in (*MORE, *PAST) for case in cases))
    for path, field, rows in _links():
        keys = [case.pk for case in cases]
        named = rows.filter(**{f"{path}__in": keys, f"{field}__isnull": False})
        found |= set(named.order_by().values_list(field, flat=True))
    return found


def named_elsewhere(people: Iterable[int], cases: Iterable[Case]) -> set[int]:
    """Those of ``people`` whom a further case names that was not purged."""
    people, keys = list(people), [case.pk for case in cases]
    gone = Case.objects.filter(Q(pk__in=keys) | Q(erasure__isnull=False)).values("pk")
    found: set[int] = set()
    for path, field, rows in _links():
        other = rows.filter(**{f"{field}__in": people}).exclude(**{f"{path}__in": gone})
        found |= set(other.order_by().values_list(field, flat=True))
    return found


def cases_of(people: Iterable[int]) -> set[int]:
    """Keys of the cases that name one of these people by a link; values kept as JSON are not looked through."""
    people = list(people)
    found: set[int] = set()
    for path, field, rows in _links():
        named = rows.filter(**{f"{field}__in": people})
        found |= set(named.order_by().values_list(path, flat=True))
    return found


def _links() -> "Iterator[tuple[str, str, QuerySet[Any]]]":
    """Way to the case, field and rows of each link; a way may end at a row whose key is the case's."""
    for link, path in PATHS.items():
        label, _dot, field = link.rpartition(".")
        yield path, field, apps.get_model(label)._default_manager.all()  # noqa: SLF001 -- Django's own name


def clients_of(job: RenderJob) -> "QuerySet[Person]":
    """The guest the paper of ``job`` is about: the one person who may read of himself in it."""
    client = CLIENTS.get(job.kind.partition(":")[0])
    return Person.objects.filter(pk__in=client(job) if client else ())
