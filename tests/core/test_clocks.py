"""Deadlines as rows: armed, stopped, fired, each once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import clocks
from propdesk.core.models import Clock
from tests.factories import CaseFactory, at

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
MINUTE = timedelta(minutes=1)


def due(now=T0 + MINUTE, rules=("r",)):
    return clocks.locked_due(rules, clocks.due_cases(rules, now), now)


def test_arm_sets_each_pair_once():
    case = CaseFactory()

    clocks.arm(case, ("r", T0), ("s", T0))
    clocks.arm(case, ("r", T0), ("r", T0 + MINUTE))

    assert Clock.objects.count() == 3


def test_stopped_clock_armed_anew_runs_again():
    case = CaseFactory()
    clocks.arm(case, ("r", T0))
    clocks.stop(case, ["r"], T0)
    assert due() == []

    clocks.arm(case, ("r", T0))

    assert [clock.case_id for clock in due()] == [case.pk]


def test_fired_clock_armed_anew_stays_silent():
    case = CaseFactory()
    clocks.arm(case, ("r", T0))
    clocks.mark_fired(due(), T0 + MINUTE)

    clocks.arm(case, ("r", T0))

    assert (due(), Clock.objects.get().fired_at) == ([], T0 + MINUTE)


def test_clock_is_due_one_instant_after_its_moment():
    clocks.arm(CaseFactory(), ("r", T0))

    assert len(due(T0)) == 0
    assert len(due(T0 + timedelta(microseconds=1))) == 1


def test_stop_leaves_other_rules_and_cases_alone():
    one, two = CaseFactory(), CaseFactory()
    for case in (one, two):
        clocks.arm(case, ("r", T0), ("s", T0))

    clocks.stop(one, ["r"], T0)

    running = Clock.objects.filter(stopped_at=None).order_by("case", "rule")
    assert list(running.values_list("case", "rule")) == [
        (one.pk, "s"),
        (two.pk, "r"),
        (two.pk, "s"),
    ]


def test_due_cases_are_the_oldest_first_and_at_most_a_batch(monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 3)
    cases = [CaseFactory() for _each in range(4)]
    for minutes, case in zip((4, 2, 3, 1), cases, strict=True):
        clocks.arm(case, ("r", T0 - minutes * MINUTE))

    assert clocks.due_cases(["r"], T0) == [cases[0].pk, cases[2].pk, cases[1].pk]


def test_due_cases_use_the_partial_index():
    with CaptureQueriesContext(connection) as captured:
        clocks.due_cases(["r"], timezone.now())

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + captured[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "core_clock_pending" in plan


def test_clocks_of_many_cases_are_armed_in_one_statement_and_stopped_in_two():
    cases = [CaseFactory() for _each in range(3)]

    with CaptureQueriesContext(connection) as armed:
        clocks.arm_all((case, rule, T0) for case in cases for rule in ("r", "s"))
    with CaptureQueriesContext(connection) as stopped:
        clocks.stop_all(cases[:2], T0, ["r"])

    assert (len(armed), len(stopped)) == (1, 2)
    running = Clock.objects.filter(stopped_at=None).order_by("case", "rule")
    assert list(running.values_list("case", "rule")) == [
        (cases[0].pk, "s"),
        (cases[1].pk, "s"),
        (cases[2].pk, "r"),
        (cases[2].pk, "s"),
    ]


def test_stop_all_without_rules_stops_whatever_runs_on_the_cases():
    one, two = CaseFactory(), CaseFactory()
    clocks.arm_all((case, rule, T0) for case in (one, two) for rule in ("r", "s"))

    clocks.stop_all([one], T0)

    assert set(Clock.objects.filter(stopped_at=None).values_list("case", flat=True)) == {two.pk}


def test_arming_nothing_is_no_statement():
    with CaptureQueriesContext(connection) as captured:
        clocks.arm_all([])

    assert len(captured) == 0


def test_pending_clocks_are_due_not_fired_not_stopped_and_the_oldest_first():
    case = CaseFactory()
    clocks.arm(case, ("r", T0), ("r", T0 - MINUTE), ("s", T0), ("r", T0 + 2 * MINUTE))
    clocks.arm(CaseFactory(), ("r", T0 - 2 * MINUTE))
    clocks.stop(Clock.objects.latest("pk").case, ["r"], T0)

    found = clocks.pending(["r"], T0 + MINUTE)

    assert [clock.due_at for clock in found] == [T0 - MINUTE, T0]
