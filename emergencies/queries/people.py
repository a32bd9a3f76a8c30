"""Everybody who is not staff and on record with an event, and whom its papers are about."""

from django.db.models import QuerySet
from django.db.models.functions import JSONObject

from emergencies.models import Compensation, Event, EventRecord, Party, RecordBox
from emergencies.queries import cells
from propdesk.core.models import Case, Person, RenderJob

PATHS = {
    f"{model._meta.label}.{field}": way  # noqa: SLF001 -- Django's own name
    for model, field, way in cells.REGISTERED
}
"""How each link to a person leads to the case (``case_people``)."""


def known_people(event: Event) -> set[int]:
    """Ids of everybody who is on record with the event: parties, contacts, people of its papers."""
    return set(_known(event).values_list("pk", flat=True))


def _known(event: Event) -> "QuerySet[Person]":
    """Those of them who are of no other event, whatever its steps and papers say."""
    return Person.objects.filter(cells.belongs(event.pk), pk__in=_named(event))


def _named(event: Event) -> set[int]:
    signed = RecordBox.objects.filter(record__event=event)
    named = (
        (event.parties, "person"),
        (event.marks, "person"),
        (signed, "person"),
        (event.handovers, "receiver"),
        (event.fire_handovers, "officer"),
        (event.seals, "officer"),
    )
    ids = [rows.values_list(JSONObject(**{cells.PERSON: name}), "pk") for rows, name in named]
    said = event.marks.values_list("values", "pk")
    found = said.union(event.records.values_list("values", "pk"), *ids, all=True)
    return cells.people_in([values for values, _pk in found])


def names(event: Event) -> dict[int, str]:
    """Everybody who is not staff and on record with the event: id and name; two statements."""
    rows = _known(event).exclude(name="").order_by("pk")
    return dict(rows.values_list("pk", "name"))


# --- copies of papers for others -------------------------------------------------------------


def known_to(case: Case) -> set[int]:
    """Everybody on record with the event of a case; nobody for any other case."""
    event = Event.objects.filter(pk=case.pk).first()
    return _named(event) if event else set()


def once_known_to(case: Case) -> set[int]:
    """Those who stood in a record of the event that was edited since: a name typed again is a new row."""
    rows = EventRecord.history.filter(event=case.pk).order_by()
    return cells.people_in(list(rows.values_list("values", flat=True)))


def _concerned(job: RenderJob) -> set[int]:
    """The guest a record is about: he stands in its field of that name, whoever else was hurt."""
    rows = EventRecord.objects.filter(pk=job.kind.partition(":")[2], event=job.case_id)
    values = rows.values_list("values", flat=True).first() or {}
    return cells.people_in(values.get("guest"))


def _payer(job: RenderJob) -> set[int]:
    """Whoever a slip is made out to."""
    slips = Compensation.objects.filter(event=job.case_id, payer__isnull=False)
    return set(slips.values_list("payer__person", flat=True))


def _sufferer(job: RenderJob) -> set[int]:
    """The one who suffered, else the one guest; of several nobody, for each may read of himself only.

    Registered twice, as the reporter of his loss too, he is still one.
    """
    parties = Party.objects.filter(event=job.case_id, removed_at=None)
    for parts in ((Party.Part.VICTIM, Party.Part.INJURED), (Party.Part.GUEST,)):
        found = dict(parties.filter(part__in=parts).values_list("person", "person__name"))
        if found:
            return set(found) if len(set(found.values())) == 1 else set()
    return set()


CLIENTS = {"record": _concerned, "slip": _payer, "event_report": _sufferer}
"""By kind of paper (``case_people``)."""
