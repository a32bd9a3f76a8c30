"""Two at once, on the live server: first the fault with the lock off, then none with it on."""

import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from incidents.workflow import Rule, reporting, sweep
from propdesk.core import audit, clocks, drafts, signatures
from propdesk.core.models import Case, CaseLink, Clock, Notice, ReportBox
from propdesk.core.numbering import next_number
from propdesk.core.roles import Role
from tests.factories import PASSWORD, CaseFactory, fresh, member
from tests.incidents import moves
from tests.incidents.journey import GUEST, House, drawn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Act = Callable[[int], Any]
WAIT = 20
"""Seconds after which a barrier gives up: a test may fail but never hang."""


def at_once(count: int, act: Act) -> list[str]:
    """Run ``act(i)`` in ``count`` threads that start together; "done" or the name of what it raised."""
    start = threading.Barrier(count)
    found = ["lost"] * count

    def body(i: int) -> None:
        try:
            start.wait(WAIT)
            act(i)
            found[i] = "done"
        except Exception as error:  # noqa: BLE001 -- the test judges what came
            found[i] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=body, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * WAIT)
    return found


@pytest.fixture
def unlocked(monkeypatch):
    """Take every row lock away and let all threads pass one point together."""

    def take(parties: int, module: Any, name: str) -> None:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *_a, **_k: self)
        together = threading.Barrier(parties)
        original = getattr(module, name)

        def waits(*args: Any, **kwargs: Any) -> Any:
            found = original(*args, **kwargs)
            with suppress(threading.BrokenBarrierError):
                together.wait(WAIT)
            return found

        monkeypatch.setattr(module, name, waits)

    return take


# --- the same step -------------------------------------------------------------------------


def choosing(house: House) -> Act:
    complaint = house.told()
    option = complaint.options.first()
    return lambda _i: workflow.choose(
        complaint, option, by=fresh(house.dm), chosen_at=timezone.now()
    )


def test_same_step_by_sixteen_is_done_once_and_conflicts_for_the_rest():
    outcome = at_once(16, choosing(House()))

    assert Counter(outcome) == {"done": 1, "ConflictError": 15}
    complaint = Complaint.objects.get()
    option = complaint.options.get(chosen=True)
    assert option.history.filter(chosen=True).count() == 1
    assert complaint.case.entries.filter(action="choose").count() == 1
    assert audit.problems(complaint.case) == []


def test_same_step_without_the_lock_collides(unlocked):
    act = choosing(House())
    unlocked(4, sys.modules["incidents.workflow.offer"], "happened")

    outcome = at_once(4, act)

    # A thread that comes late finds the choice made and is refused as it should be.
    assert outcome.count("done") == 1
    assert "IntegrityError" in outcome
    assert set(outcome) <= {"done", "IntegrityError", "ConflictError"}


# --- two managers sign ---------------------------------------------------------------------


def signing(house: House) -> Act:
    managers = [house.pm, member(house.prop, Role.PROPERTY_MANAGER)]
    signatures.keep(managers[1], drawn())
    report = moves.report_of(house, moves.submitted(house))
    return lambda i: workflow.sign_report(report, by=fresh(managers[i]), password=PASSWORD)


def test_two_managers_who_sign_at_once_give_one_signature():
    outcome = at_once(2, signing(House()))

    assert sorted(outcome) == ["ConflictError", "done"]
    box = ReportBox.objects.get(position=2)
    assert (box.decision, box.history.filter(decision="approved").count()) == ("approved", 1)
    case = Case.objects.get()
    assert case.entries.filter(action="report_sign").count() == 1
    assert audit.problems(case) == []


def test_two_managers_who_sign_without_the_lock_collide(unlocked, monkeypatch):
    act = signing(House())
    # Saving what is due next makes the second wait as a lock would.
    monkeypatch.setattr(reporting, "_due_after_signature", lambda *_args: [])
    unlocked(2, signatures, "confirmed")

    assert sorted(at_once(2, act)) == ["IntegrityError", "done"]


# --- the same form -------------------------------------------------------------------------


def submitting(house: House) -> Act:
    data = workflow.Intake(words="空调有异响", guest=GUEST)
    return lambda _i: workflow.intake(house.prop, data, by=fresh(house.dm), token="t")


def test_same_form_ten_times_at_once_and_in_a_row_is_one_complaint_without_a_gap():
    house = House()
    act = submitting(house)

    outcome = at_once(10, act)
    for _again in range(10):
        with pytest.raises(drafts.DoubleSubmitError):
            act(0)

    assert Counter(outcome) == {"done": 1, "DoubleSubmitError": 9}
    complaint = Complaint.objects.get()
    assert drafts.token_url(house.dm, "t") == complaint.get_absolute_url()
    assert (complaint.case.number[-3:], house.new().case.number[-3:]) == ("001", "002")


def test_same_form_without_its_token_is_many_complaints(monkeypatch):
    act = submitting(House())
    monkeypatch.setattr(drafts, "use_token", lambda *_a, **_k: None)

    at_once(4, act)

    assert Complaint.objects.count() == 4


# --- numbers -------------------------------------------------------------------------------


def numbering(house: House, following: Callable[..., str]) -> Act:
    def act(i: int) -> None:
        with transaction.atomic():
            number = following(house.prop, "TS", timezone.now())
            if i % 3 == 0:
                raise RuntimeError
            CaseFactory(property=house.prop, number=number, created_by=house.dm)

    return act


def test_numbers_of_sixteen_with_rollbacks_have_no_gap_and_no_double():
    outcome = at_once(16, numbering(House(), next_number))

    assert Counter(outcome) == {"done": 10, "RuntimeError": 6}
    numbers = sorted(Case.objects.values_list("number", flat=True))
    assert [number[-3:] for number in numbers] == [f"{n:03}" for n in range(1, 11)]


def test_numbers_read_and_written_apart_collide():
    together = threading.Barrier(4)

    def naive(prop: Any, prefix: str, at: Any) -> str:
        last = Case.objects.filter(property=prop).count()
        together.wait(WAIT)
        return f"{prefix}-{last + 1:03}"

    act = numbering(House(), naive)

    outcome = at_once(4, lambda i: act(i * 3 + 1))

    assert Counter(outcome) == {"done": 1, "IntegrityError": 3}


# --- the sweep -----------------------------------------------------------------------------


def late(house: House, count: int) -> Act:
    """Complaints nobody has promised anything on for a day."""
    received = timezone.now() - timedelta(hours=25)
    for _each in range(count):
        house.new(received_at=received)
    return lambda _i: fired.append(workflow.flag_due(timezone.now()))


fired: list[int] = []


@pytest.fixture(autouse=True)
def _nothing_fired_yet():
    fired.clear()


def test_four_sweeps_at_once_fire_each_clock_once():
    house = House()
    act = late(house, 12)

    outcome = at_once(4, act)
    act(0)

    assert outcome == ["done"] * 4
    assert sum(fired) == 24
    assert Clock.objects.filter(fired_at=None).count() == 0
    late_rules = [Rule.PROMISE_LATE, Rule.RECORD_REMIND]
    keys = Notice.objects.filter(rule__in=late_rules).values_list("key", "recipient")
    assert len(keys) == len(set(keys)) == 12 * 3
    assert [audit.problems(case) for case in Case.objects.all()] == [[]] * 12


def test_four_sweeps_without_the_lock_collide(unlocked):
    late(House(), 3)
    now = timezone.now()
    ids = clocks.due_cases(tuple(sweep.TARGETS), now)
    unlocked(4, clocks, "locked_due")

    outcome = at_once(4, lambda _i: sweep._flag_batch(ids, now))

    assert Counter(outcome) == {"done": 1, "IntegrityError": 3}


def test_case_somebody_holds_is_left_for_the_next_run():
    house = House()
    act = late(house, 2)
    held = Case.objects.order_by("pk").first()
    ready, release = threading.Event(), threading.Event()

    def hold(_i: int) -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=held.pk)
            ready.set()
            release.wait(WAIT)

    holder = threading.Thread(target=lambda: at_once(1, hold))
    holder.start()
    ready.wait(WAIT)
    act(0)
    left = list(Clock.objects.filter(fired_at=None).values_list("case", flat=True).distinct())
    release.set()
    holder.join(WAIT)
    act(0)

    assert fired == [2, 2]
    assert left == [held.pk]
    assert Clock.objects.filter(fired_at=None).count() == 0


# --- two links -----------------------------------------------------------------------------


def linking(house: House) -> Act:
    one, two = house.new(), house.new()
    pairs = [(one, two.case.number), (two, one.case.number)]
    return lambda i: workflow.link(*pairs[i], by=fresh(house.dm))


def test_two_links_from_both_sides_never_deadlock():
    outcome = at_once(2, linking(House()))

    assert sorted(outcome) == ["ConflictError", "done"]
    assert CaseLink.objects.count() == 1


def own_side_first(act: Act) -> Act:
    """The same act once each of two has locked its own case, the older one first."""
    pks = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    together = threading.Barrier(2)

    def own_first(i: int) -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=pks[i])
            together.wait(WAIT)
            act(i)

    return own_first


def test_two_links_that_lock_their_own_side_first_deadlock():
    act = linking(House())

    assert "OperationalError" in at_once(2, own_side_first(act))
