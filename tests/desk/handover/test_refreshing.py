"""What changes between the draft and the signatures: only that is drafted and counted anew."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from incidents import workflow as incidents
from lostfound import workflow as stocktaking
from propdesk.core import audit
from propdesk.core.models import Department, Notice
from propdesk.core.signatures import Second
from propdesk.desk.handover import queries, workflow
from propdesk.desk.handover.models import Handover, HandoverLine
from propdesk.desk.handover.workflow import ChangedError
from tests.desk.handover.shifts import Night, fresh, said
from tests.desk.handover.test_views import text_of, url
from tests.factories import PASSWORD, web
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound.journey import House as FoundHouse

pytestmark = pytest.mark.django_db
S = Handover.Status


@pytest.mark.parametrize("signed", [False, True], ids=["first signature", "second signature"])
def test_case_that_came_up_meanwhile_is_drafted_anew(signed: bool) -> None:
    night = Night()
    night.new()
    row = night.offered_over() if signed else night.written()
    late = night.new()
    answers = night.answers(row)

    with refuses(ChangedError) as refused:
        if signed:
            night.taken(row, night.next, answers)
        else:
            workflow.offer(row, PASSWORD, by=night.dm)

    assert late.case.number in str(refused.value)


def test_refresh_touches_changed_lines_only_and_keeps_what_was_typed() -> None:
    night = Night()
    changed, same, gone = night.new(), night.new(), night.new()
    row = night.drafted()
    steps = {n.pk: (f"下一步 {n.seq}", True) for n in row.lines.all()}
    workflow.write(row, said(row, steps=steps), by=night.dm)
    incidents.change_severity(changed, by=night.dm, severity="major", reason="有人受伤")
    incidents.void(gone, by=night.pm, reason="重复登记")
    new = night.new()

    found = workflow.refresh(row, by=night.dm)

    lines = {n.key: n for n in row.lines.all()}
    of = {name: lines[f"complaint:{c.pk}"] for name, c in _named(changed, same, gone, new).items()}
    assert (len(found.new), len(found.altered), len(found.gone)) == (1, 1, 1)
    assert {name: n.is_told for name, n in of.items()} == {
        "changed": False,
        "same": True,
        "gone": True,
        "new": False,
    }
    assert [n.next_step for n in of.values()] == ["下一步 1", "下一步 2", "下一步 3", ""]
    assert (of["gone"].dropped_at is None, of["same"].dropped_at) == (False, None)
    assert audit.problems(fresh(row).case) == []


def _named(*rows: Any) -> dict[str, Any]:
    return dict(zip(("changed", "same", "gone", "new"), rows, strict=True))


def test_what_was_settled_and_comes_back_is_the_same_line() -> None:
    night = Night()
    complaint = night.new()
    row = night.drafted()
    HandoverLine.objects.update(dropped_at=timezone.now())

    workflow.refresh(row, by=night.dm)

    line = row.lines.get()
    assert (line.key, line.dropped_at) == (f"complaint:{complaint.pk}", None)


def test_refresh_of_what_has_not_changed_writes_nothing() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    before = fingerprint()

    assert not workflow.refresh(row, by=night.next)
    assert fingerprint() == before


def test_change_after_the_first_signature_takes_it_back_and_says_so() -> None:
    night = Night()
    row = night.offered_over()
    night.new()

    workflow.refresh(row, by=night.next)

    row = fresh(row)
    told = Notice.objects.filter(rule="desk.handover_changed").values_list("recipient", flat=True)
    assert (row.status, row.outgoing_signature, row.content_sha, list(told)) == (
        S.DRAFT,
        None,
        "",
        [night.dm.pk],
    )


def test_changed_expectation_is_counted_again() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    row = night.written()
    workflow.change_count(item, "部", Decimal(7), by=night.pm, active=True, reason="报废一部")

    with refuses(ChangedError):
        workflow.offer(row, PASSWORD, by=night.dm)
    workflow.refresh(row, by=night.dm)

    count = row.counts.get(key=f"item:{item.pk}")
    assert (count.expected, count.actual) == (Decimal(7), None)


# --- what is counted no more ---------------------------------------------------------------


def test_count_taken_off_the_list_is_asked_for_no_more() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    row = night.drafted()
    workflow.change_count(item, "部", Decimal(8), by=night.pm, active=False, reason="不再清点")

    found = workflow.refresh(row, by=night.dm)

    assert (found.words, [c.name for c in queries.counts(row)]) == (
        ["不再清点：对讲机"],
        ["门上封条"],
    )
    night.written(row)
    assert workflow.offer(row, PASSWORD, by=night.dm).status == S.OFFERED


def test_count_that_comes_back_is_counted_anew() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    row = night.written()
    for active in (False, True):
        workflow.change_count(item, "部", Decimal(8), by=night.pm, active=active, reason="核对")
        workflow.refresh(row, by=night.dm)

    count = row.counts.get(key=f"item:{item.pk}")
    assert (count.dropped_at, count.actual) == (None, None)


def test_blind_count_that_begins_after_the_draft_tells_nobody_what_should_be_there() -> None:
    night = Night()
    # Each of these houses brings departments of its own, by the same names.
    for department in Department.objects.filter(property=night.prop):
        Department.objects.filter(pk=department.pk).update(name=f"{department.name}二部")
    found = FoundHouse(prop=night.prop)
    found.stored()
    row = night.drafted()
    count = row.counts.get(key=f"storage:{found.shelf.pk}")
    second = Second(found.guard, PASSWORD)
    stocktaking.start_stocktake(night.prop, found.shelf, second, by=found.dm)

    hidden = [text_of(web(night.dm), url(row, name)) for name in ("", "write/", "offer/")]
    uncounted = dict(workflow.unfinished([], queries.counts(row), []))["counts"]
    changed = workflow.refresh(row, by=night.dm)

    assert [count.name in text for text in hidden] == [False] * 3
    assert uncounted == "还有 2 项没有清点。"
    assert (changed.counts_gone, fresh(count).dropped_at is None) == ((count,), False)
