"""What stands on which record: every minute on one and on no other; what is not printed is counted."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from propdesk.core.models import Shift
from propdesk.desk.handover import package, paper, queries, workflow
from propdesk.desk.handover.models import Handover, ShiftLogEntry
from tests.desk.handover.shifts import Night, fresh, with_event

pytestmark = pytest.mark.django_db
GAPS = st.sampled_from([1, 59, 60, 3600, 9 * 3600])
"""Seconds between draft, first signature, second signature and the next draft."""


@pytest.fixture
def unplanned() -> Night:
    night = Night()
    Shift.objects.update(cancelled_at=timezone.now())
    return night


@given(gaps=st.lists(st.tuples(GAPS, GAPS, GAPS), min_size=2, max_size=2))
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_entry_stands_on_one_record_whenever_it_is_signed(
    unplanned: Night, gaps: list[tuple[int, int, int]]
) -> None:
    with transaction.atomic():
        rows = _signed(unplanned, gaps)
        printed = [entry.pk for row in rows for entry in queries.log_of(row, row.ends_at)[0]]
        last = rows[-1].outgoing_signed_at
        written = ShiftLogEntry.objects.filter(at__lt=last).order_by("at", "pk")
        wanted = list(written.values_list("pk", flat=True))
        transaction.set_rollback(True)

    assert (printed, len(wanted) >= 3 * len(rows) - 2) == (wanted, True)
    assert all(a.outgoing_signed_at == b.reports_from for a, b in pairwise(rows))


def _signed(night: Night, gaps: list[tuple[int, int, int]]) -> list[Handover]:
    """One shift after the other, each signed when it is; the log is written at every moment."""
    at, going, coming = timezone.now(), night.dm, night.next
    rows = []
    for waits in gaps:
        row = None
        for wait in waits:
            at += timedelta(seconds=wait)
            row = _step(night, row, at, going, coming)
        rows.append(fresh(row))
        going, coming = coming, going
    return rows


def _step(night: Night, row: Any, at: datetime, going: Any, coming: Any) -> Handover:
    """The next act of the hand-over at this moment, and a line of the log at the same."""
    with time_machine.travel(at, tick=False):
        if row is None:
            row = workflow.draft(night.prop, by=going)
        elif row.status == Handover.Status.DRAFT:
            row = night.offered_over(row)
        else:
            row = night.taken(row, coming)
        workflow.log(night.prop, "记一条", by=going)
    return row


def test_what_was_received_before_a_signature_and_entered_after_it_stands_on_the_next() -> None:
    night = Night()
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        first = night.signed()
    with time_machine.travel(start + timedelta(minutes=5), tick=False):
        late = night.new(received_at=start - timedelta(minutes=5))
    with time_machine.travel(start + timedelta(hours=7), tick=False):
        second = night.offered_over(workflow.draft(night.prop, by=night.next))

    listed = [[each["number"] for each in row.happened] for row in (first, second)]
    assert listed == [[], [late.case.number]]


def test_record_that_is_void_leaves_its_minutes_to_the_next() -> None:
    night = Night()
    first = night.offered_over()
    workflow.void_handover(first, by=night.pm, reason="交错了班")

    assert night.drafted().reports_from == first.reports_from


def test_paper_says_how_much_it_does_not_print(monkeypatch: Any) -> None:
    night = Night()
    for _n in range(3):
        night.new()
        workflow.log(night.prop, "电梯停运", by=night.dm)
    monkeypatch.setattr(package, "HAPPENED", 2)
    monkeypatch.setattr(queries, "LOG_MOST", 1)

    row = fresh(night.offered_over())

    listings = (paper._happened(row, row.ends_at), paper._log(row, row.ends_at))
    assert [len(each.lines) for each in listings] == [2, 1]
    assert [str(each.beyond)[:6] for each in listings] == ["另有 1 件", "另有 2 条"]


def test_line_drafted_anew_stands_on_paper_with_its_register() -> None:
    night = Night()
    complaint = night.new()
    row = night.drafted()
    event = with_event(night)
    workflow.refresh(row, by=night.dm)

    printed = [line[0] for line in paper._items(queries.lines(row)).lines]

    assert printed[:2] == [event.case.number, complaint.case.number]


def test_whole_paper_says_nothing_of_more() -> None:
    night = Night()
    night.new()
    row = fresh(night.offered_over())

    assert [
        paper._happened(row, row.ends_at).beyond,
        paper._log(row, row.ends_at).beyond,
    ] == [None, None]
