"""Which papers of an event are signed: as a state of a query, and as evidence for its board."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from emergencies.models import Event, EventRecord, RecordBox
from emergencies.queries import evidence
from propdesk.core.models import Report

State = EventRecord.State
Decision = RecordBox.Decision
REPORT = "incident_report"
"""《事故报告》: of the core, signed through ``core.signoff``."""
UNSCANNED = "unscanned"
"""State of a signed paper one of whose sheets is still to be put in: it is not signed yet."""


def paper_state() -> Case:
    """State of a paper; who signed on paper has signed once the sheet is here."""
    sheets = RecordBox.objects.filter(
        record=OuterRef("pk"),
        round=OuterRef("round"),
        decision=Decision.APPROVED,
        way=RecordBox.Way.PAPER,
        scan=None,
    )
    signed = Q(Exists(sheets), state=State.SIGNED)
    return Case(When(signed, then=Value(UNSCANNED)), default=F("state"), output_field=CharField())


def form_states(pk: Any) -> "QuerySet[Any]":
    """Form and state of every paper that counts, the report among them; ``pk``: the event's key."""
    rows = EventRecord.objects.filter(event=pk).exclude(state=State.SUPERSEDED)
    reports = Report.objects.filter(case=pk).exclude(state=Report.State.SUPERSEDED)
    named = reports.annotate(form=Value(REPORT, CharField())).values_list("form", "state")
    return rows.annotate(so_far=paper_state()).values_list("form", "so_far").union(named, all=True)


def _states(event: Event) -> Iterable[tuple[str, str]]:
    """As read along with the event, else one statement."""
    if "record_states" not in event.__dict__:
        return form_states(event.pk)
    found = [(row["form"], row["state"]) for row in event.__dict__["record_states"]]
    return [*found, *((REPORT, state) for state in event.__dict__["report_states"])]


def sign_forms(event: Event, record: evidence.Record) -> None:
    """``evidence.REGISTERS``: the forms that are signed; of several, all that were begun."""
    states: dict[str, set[str]] = {}
    for form, state in _states(event):
        states.setdefault(form, set()).add(state)
    done = {form for form, found in states.items() if found == {State.SIGNED}}
    record.signed = record.signed | done
