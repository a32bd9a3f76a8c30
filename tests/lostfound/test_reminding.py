"""What nobody ends is called to mind again: a lost report each year, a paper each week until it is carried out."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import workflow
from lostfound.models import LostReport
from lostfound.workflow import Again
from propdesk.core import audit, sweeps
from propdesk.core.models import Case, Notice
from tests.factories import PASSWORD, at
from tests.lostfound import claiming, disposing, losing
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
T0 = at("2027-02-25 10:00")
YEAR, WEEK, INSTANT = timedelta(days=365), timedelta(days=7), timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def now() -> Any:
    """The clock of the house stands still until the test moves it."""
    with time_machine.travel(T0, tick=False) as clock:
        yield clock


def remind() -> int:
    return workflow.remind_again(timezone.now())


def told(rule: str, moment: Any = None) -> list[int]:
    rows = Notice.objects.filter(rule=rule)
    rows = rows.filter(created_at=moment) if moment else rows
    return sorted(rows.values_list("recipient", flat=True))


def pks(*users: Any) -> list[int]:
    return sorted(user.pk for user in users)


def clean() -> list[Any]:
    return [problem for case in Case.objects.all() for problem in audit.problems(case)]


def test_lost_report_is_called_to_mind_each_year_while_it_is_open(now: Any) -> None:
    house = House()
    report = losing.lost(house)

    now.shift(YEAR)
    at_the_moment = remind()
    now.shift(INSTANT)
    fired = [remind(), remind()]
    now.shift(YEAR + INSTANT)
    fired += [remind(), remind()]

    assert (at_the_moment, fired) == (0, [1, 0, 1, 0])
    assert told(Again.LOST_OPEN) == pks(house.dm, house.dm)
    assert set(Notice.objects.filter(rule=Again.LOST_OPEN).values_list("text", flat=True)) == {
        f"【遗失登记仍未结束】{report.case.number} · 登记于 2027-02-25，"
        "请联系失主，不再查找就结束登记"
    }
    assert [e.action for e in report.case.entries.order_by("-seq")[:2]] == ["flag", "flag"]
    assert clean() == []


def test_lost_report_that_was_ended_is_not_called_to_mind(now: Any) -> None:
    house = House()
    report = losing.lost(house)
    workflow.close_lost(report, LostReport.Status.CLOSED, by=house.desk, reason="不找了")

    now.shift(2 * YEAR)

    assert (remind(), told(Again.LOST_OPEN)) == (0, [])


def test_paper_that_is_decided_is_called_to_mind_each_week_until_it_is_carried_out(
    now: Any,
) -> None:
    house = House()
    batch = disposing.decided(house)

    now.shift(WEEK)
    early = remind()
    now.shift(INSTANT)
    fired = [remind(), remind()]
    now.shift(WEEK + INSTANT)
    fired.append(remind())
    disposing.done(house, batch)
    now.shift(5 * WEEK)
    fired.append(remind())

    assert (early, fired) == (0, [1, 0, 1, 0])
    assert told(Again.EXECUTE_LATE) == pks(*2 * [house.dm, house.guard, house.guard2])
    assert Notice.objects.filter(rule=Again.EXECUTE_LATE).first().text == (
        f"【批示后仍未执行】{batch.case.number} · 请值班经理和保安部两人执行并登记"
    )
    assert clean() == []


@pytest.mark.parametrize("method", ["keep", "claim"])
def test_paper_with_nothing_left_to_carry_out_is_not_called_to_mind(now: Any, method: str) -> None:
    house = House()
    batch = disposing.reviewed(house)
    batch = disposing.decided(house, batch, "keep" if method == "keep" else "police")
    if method == "claim":
        claiming.described(house, fresh(batch.lines.get().item))

    now.shift(5 * WEEK)

    assert (remind(), told(Again.EXECUTE_LATE)) == (0, [])


def test_after_downtime_one_notice_stands_for_all_that_were_missed(now: Any) -> None:
    house = House()
    disposing.decided(house)

    now.shift(10 * WEEK)
    fired = [remind(), remind()]
    now.shift(WEEK + INSTANT)

    assert (fired, remind()) == ([1, 0], 1)
    assert len(told(Again.EXECUTE_LATE)) == 6


def test_paper_carried_out_in_part_still_waits(now: Any) -> None:
    house = House()
    items = disposing.expired(house, 2)
    batch = disposing.reviewed(house, disposing.submitted(house, disposing.drafted(house, items)))
    batch = disposing.decided(house, batch)
    second = workflow.Second(house.guard, PASSWORD)
    workflow.execute_line(disposing.lines(batch)[0], disposing.PROOF, second, by=house.dm)

    now.shift(WEEK + INSTANT)

    assert remind() == 1


def test_reminding_takes_the_same_statements_for_any_number(now: Any) -> None:
    house, costs = House(), []
    for count in (1, 5):
        now.move_to(T0)
        reports = [losing.lost(house) for _n in range(count)]
        now.shift(YEAR + INSTANT)
        with CaptureQueriesContext(connection) as captured:
            assert remind() == count
        costs.append(len(captured))
        for report in reports:
            workflow.close_lost(report, LostReport.Status.CLOSED, by=house.desk, reason="不找了")

    assert costs[0] == costs[1]


def test_reminding_runs_with_the_other_sweeps() -> None:
    assert sweeps.SWEEPS["lostfound.remind"] is workflow.remind_again
