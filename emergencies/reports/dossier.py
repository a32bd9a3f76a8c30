"""Everything the papers of one event say, read once, as it stood at one entry of its chain.

A sealed paper may be printed late (broker down, retry): what came after the entry that asked for it
stays out. The number of statements does not grow with the rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from emergencies.models import Compensation, Event, MarkPhoto, Party, RecordBox, RoomSeal
from emergencies.queries import evidence
from propdesk.core import persons
from propdesk.core.models import Attachment, AuditEntry, Case, CaseLink
from propdesk.core.past import take_back
from propdesk.core.signoff import AS_READ

PLACE = "place__parent__parent__parent"


@dataclass(frozen=True)
class Dossier:
    """The rows of one event, oldest first; nothing on it needs another statement."""

    event: Event
    until: datetime
    head: str
    record: evidence.Record
    parties: tuple[Party, ...]
    photos: tuple[Attachment, ...]
    entries: tuple[AuditEntry, ...]
    linked: tuple[str, ...]

    @property
    def year(self) -> int:
        """The year short times leave out."""
        return self.event.reported_at.year


def gather(case: Case, version: int | None = None) -> Dossier:
    """Read the event of ``case`` up to entry ``version`` (None: all there is, as it stands now)."""
    event = (
        Event.objects.select_related(
            "case__property", "playbook", "reported_by", "commander", "ended_by", "parent", PLACE
        )
        .defer("playbook__content", "playbook__text")
        .get(pk=case.pk)
    )
    chain = case.entries.select_related("by").order_by("seq")
    entries = list(chain if version is None else chain.filter(seq__lte=version))
    until = entries[-1].at
    record = evidence.record_of(event)
    record.marks = [m for m in record.marks if m.at <= until]
    record.calls = [c for c in record.calls if c.opened_at <= until]
    parties = event.parties.filter(at__lte=until).filter(
        Q(removed_at=None) | Q(removed_at__gt=until)
    )
    known = tuple(parties.select_related("person__room").order_by("pk"))
    if version is not None:
        take_back([event], until)
        take_back([event.case.property], until)
        _take_back_people(known, until)
    return Dossier(
        event=event,
        until=until,
        head=entries[-1].hash,
        record=record,
        parties=known,
        photos=tuple(_photos(event, until)),
        entries=tuple(entries),
        linked=tuple(_linked(case, until)),
    )


def _photos(event: Event, until: datetime) -> list[Attachment]:
    """Pictures that stand; scans of signed sheets are no pictures of what happened."""
    rows = Attachment.objects.filter(case=event.pk, uploaded_at__lte=until)
    rows = rows.filter(Q(removed_at=None) | Q(removed_at__gt=until))
    rows = rows.exclude(pk__in=_sheets(event))
    return list(rows.select_related("uploaded_by").order_by("uploaded_at", "pk"))


def _sheets(event: Event) -> "QuerySet[Any, Any]":
    """Pictures of paper: signed records, slips and steps, and what the police wrote."""
    scans = RecordBox.objects.filter(record__event=event, scan__isnull=False)
    slips = Compensation.objects.filter(event=event, scan__isnull=False)
    papers = RoomSeal.objects.filter(event=event, document__isnull=False)
    steps = evidence.playbook_of(event).steps.values()
    by_hand = [step.id for step in steps if "guest_signature" in step.evidence]
    signed = MarkPhoto.objects.filter(mark__event=event, mark__step__in=by_hand)
    return scans.values_list("scan").union(
        slips.values_list("scan"),
        papers.values_list("document"),
        signed.values_list("attachment"),
    )


def _take_back_people(parties: Iterable[Party], until: datetime) -> None:
    """Everybody as he was known at ``until``: a name put right later is not what was signed."""
    then = persons.all_as_of((row.person for row in parties), until)
    for row in parties:
        if row.person is not None:
            row.person = then[row.person.pk]


def _linked(case: Case, until: datetime) -> list[str]:
    """Numbers of what it hangs together with, without what is confidential (E-6, X-7)."""
    rows = CaseLink.objects.filter(Q(a=case) | Q(b=case), at__lte=until).select_related("a", "b")
    others = [row.b if row.a_id == case.pk else row.a for row in rows.order_by("pk")]
    return [other.number for other in others if not other.restricted]


def as_signed(dossier: Dossier, action: str, key: int) -> Dossier:
    """What stands round a paper as it was when ``action`` signed it; the same while it is not signed.

    Papers signed by earlier releases, which did not say in their entry which they are, stay as they
    were printed.
    """
    signed = [
        entry.seq
        for entry in dossier.entries
        if entry.action == action and (entry.content or {}).get("info", {}).get(AS_READ) == key
    ]
    return gather(dossier.event.case, signed[-1]) if signed else dossier
