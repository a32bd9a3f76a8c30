"""Claim against execution, sweep against sweep, on the live server: one wins, every round."""

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lostfound import workflow
from lostfound.models import DisposalBatch, DisposalLine, FoundItem
from lostfound.workflow import Rule, disposal, sweep
from propdesk.core import audit
from propdesk.core.models import AuditEntry, Case, Clock, Notice
from tests.factories import PASSWORD
from tests.factories import fresh as again
from tests.incidents.test_races import WAIT, at_once, unlocked
from tests.lostfound import claiming, disposing
from tests.lostfound.disposing import PROOF, L, decided, drafted, lines, read, reviewed, submitted
from tests.lostfound.journey import House, S, fresh

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 20
LONG_AGO = timedelta(days=120)
__all__ = ["unlocked"]  # the fixture of the other register, taken over


def expired(house, count=1):
    return disposing.expired(house, count, since=timezone.now() - LONG_AGO)


def to_execute(house, count=1):
    return decided(house, reviewed(house, submitted(house, drafted(house, expired(house, count)))))


def claims_or_executes(house, item, line):
    """The first thread claims the thing, the second carries the decision out."""
    second = workflow.Second(house.guard, PASSWORD)

    def act(i):
        if i == 0:
            claim = claiming.CLAIMANT
            workflow.describe(fresh(item), claim, claiming.WORDS, by=again(house.desk))
        else:
            workflow.execute_line(line, PROOF, second, by=again(house.dm))

    return act


def test_claim_and_execution_at_once_one_wins_every_round():
    house = House()
    batch = to_execute(house, ROUNDS)
    winners = Counter()

    for line in lines(batch):
        outcome = at_once(2, claims_or_executes(house, line.item, line))

        assert Counter(outcome) == {"done": 1, "ConflictError": 1}
        status, state = fresh(line.item).status, DisposalLine.objects.get(pk=line.pk).state
        assert (status, state) in {(S.CLAIMED, L.CLAIMED), (S.POLICE, L.EXECUTED)}
        assert (status == S.CLAIMED) == (outcome[0] == "done")
        winners[status] += 1

    assert sum(winners.values()) == ROUNDS
    assert read(batch).status == DisposalBatch.Status.DONE
    cases = Case.objects.filter(property=house.prop)
    assert [problem for case in cases for problem in audit.problems(case)] == []


def test_claim_and_execution_without_the_lock_are_stopped_by_the_database_alone(
    unlocked, monkeypatch
):
    house = House()
    batch = to_execute(house)
    (line,) = lines(batch)
    passed = []
    original = disposal.hold_batch

    def counted(pk):
        passed.append(pk)
        return original(pk)

    monkeypatch.setattr(disposal, "hold_batch", counted)
    unlocked(2, disposal, "hold_batch")

    outcome = at_once(2, claims_or_executes(house, line.item, line))

    # Both were let through by the checks of the state of the thing.
    assert len(passed) == 2
    assert outcome.count("done") == 1
    assert set(outcome) <= {"done", "IntegrityError", "ConflictError", "LookupError"}
    assert "ConflictError" not in outcome


def test_paper_decided_by_sixteen_at_once_is_decided_once():
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 3))))
    ruling = disposing.ruled(batch, "donate")

    outcome = at_once(
        16, lambda _i: workflow.decide_batch(batch, ruling, PASSWORD, by=again(house.gm))
    )

    assert Counter(outcome) == {"done": 1, "ConflictError": 15}
    assert AuditEntry.objects.filter(case=batch.case, action="decide_batch").count() == 1
    assert audit.problems(read(batch).case) == []


def test_thing_put_on_two_papers_at_once_is_on_one():
    house = House()
    items = expired(house)

    def act(_i):
        workflow.start_batch(
            house.prop, disposing.asks(items), disposing.OPINION, by=again(house.dm)
        )

    outcome = at_once(8, act)

    assert Counter(outcome) == {"done": 1, "ConflictError": 7}
    assert DisposalLine.objects.filter(item=items[0]).count() == 1


# --- the sweep -----------------------------------------------------------------------------


def due(house, count):
    """Things whose last day is over and that no sweep has seen yet."""
    with disposing.on(timezone.now() - LONG_AGO):
        items = [house.stored(value=Decimal("80.00")) for _n in range(count)]
    Clock.objects.exclude(rule=Rule.EXPIRED).update(stopped_at=timezone.now())
    return items


def fired(house):
    """How often each thing was moved, and how many were told of it."""
    entries = AuditEntry.objects.filter(action="expire", case__property=house.prop)
    return Counter(entries.values_list("case", flat=True)), Notice.objects.filter(
        rule=Rule.EXPIRED
    ).count()


def test_sweeps_at_once_fire_each_clock_once():
    house = House()
    items = due(house, 12)
    now = timezone.now()

    outcome = at_once(4, lambda _i: workflow.flag_due(now))

    assert outcome == ["done"] * 4
    assert fired(house) == (Counter({item.pk: 1 for item in items}), 4 * 12)
    assert {fresh(item).status for item in items} == {S.EXPIRED}
    assert [p for item in items for p in audit.problems(fresh(item).case)] == []


def test_sweeps_at_once_without_the_lock_collide(monkeypatch, caplog):
    house = House()
    items = due(house, 3)
    now = timezone.now()
    together, been, locked = threading.Barrier(2), set(), sweep._locked

    def waits(*args):
        found = locked(*args)
        if threading.get_ident() not in been:
            been.add(threading.get_ident())
            together.wait(WAIT)
        return found

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *_a, **_k: self)
    monkeypatch.setattr(sweep, "_locked", waits)

    at_once(2, lambda _i: workflow.flag_due(now))

    assert "batch of found things, now one by one" in caplog.text
    assert fired(house)[0] == Counter({item.pk: 1 for item in items})


def test_thing_somebody_holds_is_left_for_the_next_run():
    house = House()
    held, free = due(house, 2)
    now = timezone.now()
    taken, swept = threading.Event(), threading.Event()
    counts = []

    def act(i):
        if i == 0:
            with transaction.atomic():
                FoundItem.objects.select_for_update().get(pk=held.pk)
                taken.set()
                swept.wait(WAIT)
        else:
            taken.wait(WAIT)
            counts.append(workflow.flag_due(now))
            swept.set()

    assert at_once(2, act) == ["done", "done"]
    assert counts == [1]
    assert (fresh(held).status, fresh(free).status) == (S.STORED, S.EXPIRED)
    assert workflow.flag_due(now) == 1


def test_claim_and_sweep_at_once_leave_the_thing_claimed_or_expired_and_told_once():
    house = House()

    for item in due(house, 10):
        now = timezone.now()

        def act(i, item=item, now=now):
            if i == 0:
                claim = claiming.CLAIMANT
                workflow.describe(fresh(item), claim, claiming.WORDS, by=again(house.desk))
            else:
                workflow.flag_due(now)

        outcome = at_once(2, act)
        workflow.flag_due(now)

        assert outcome == ["done", "done"]
        assert fresh(item).status == S.CLAIMED
        told = Notice.objects.filter(case=item.case, rule=Rule.EXPIRED)
        assert told.count() == 4
        assert audit.problems(fresh(item).case) == []
