"""Whose personal data a case holds: every row of ``Person`` that anything of the case points at.

Each register says, per link to a person, how to get from that row to the case. A test holds the
table against the models: a new link without a line fails.
"""

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.db.models import Q, QuerySet

from propdesk.core.models import Case, Person

OWN = frozenset(
    {"core.PersonChange.person", "core.PersonSignature.person", "core.Unmasking.person"}
)
"""Links of a person's own rows, which say nothing about a case."""
PATHS: dict[str, str] = {
    "core.PaperCopy.recipient": "case",
    "core.CopyHidden.person": "copy__case",
}
"""``app.Model.field`` of a link to a person → look-up from that model to its case."""
CLIENTS: dict[str, dict[str, object]] = {}
"""Which of these links name the guest the case is about, and under which condition."""


def register(paths: Mapping[str, str], clients: Mapping[str, Mapping[str, object]]) -> None:
    """Called from an app's ``ready``."""
    PATHS.update(paths)
    CLIENTS.update({link: dict(when) for link, when in clients.items()})


def people_of(case: Case) -> "QuerySet[Person]":
    """Everybody the case names, one statement."""
    return _named(case, {link: {} for link in PATHS})


def clients_of(case: Case) -> "QuerySet[Person]":
    """The guest, or the guests, the case is about."""
    return _named(case, CLIENTS)


def _named(case: Case, links: Mapping[str, Mapping[str, object]]) -> "QuerySet[Person]":
    found = Q(pk__in=())
    for ids in _ids(case, links):
        found |= Q(pk__in=ids)
    return Person.objects.filter(found).order_by("pk")


def _ids(
    case: Case, links: Mapping[str, Mapping[str, object]]
) -> "Iterator[QuerySet[Person, int]]":
    for link, when in links.items():
        label, _dot, field = link.rpartition(".")
        rows = apps.get_model(label)._default_manager.filter(  # noqa: SLF001 -- Django's own name
            **{PATHS[link]: case.pk, f"{field}__isnull": False}, **when
        )
        yield rows.order_by().values_list(field, flat=True)
