"""Killed between writing, committing, sending and noting it: told at least once, shown exactly once.

An event is a case and its notice, written by a process of its own that dies at the fail point. The
controls tell at once and keep no outbox: they say what was rolled back and lose what was committed.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import outbox, relay, sending
from propdesk.core.models import Case, Delivery, Notice
from propdesk.core.roles import Role
from tests.core.channels.rows import house, robot_of
from tests.factories import CaseFactory
from tests.faults.test_relay_kill import _hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
POINTS = ("before commit", "after commit", "before sending", "after sending", "after noting")


def _die(*_words: object, **_names: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _written(prop, number: int) -> None:
    """A case and its notice. A process forked anew would count from one again."""
    one = prop.memberships.get().user
    case = CaseFactory(property=prop, number=f"TS-{number}", created_by=one)
    notices.notify(case, Role.DUTY_MANAGER, rule="incidents.overdue", text="【逾期】", key="k")


def _event(prop, number: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What the process does, up to its fail point."""
    point = POINTS[number % len(POINTS)]

    def work() -> None:
        with transaction.atomic():
            _written(prop, number)
            if point == "before commit":
                _die()
        if point == "after commit":
            _die()
        if point == "before sending":
            monkeypatch.setattr(sending, "send", _die)
        elif point == "after sending":
            monkeypatch.setattr(outbox, "record", _die)
        relay.deliver(timezone.now())
        _die()

    return work


def _run(work: Callable[[], None]) -> None:
    child = _hire(work)
    child.join(30)
    assert child.exitcode == -signal.SIGKILL


def _world(robots):
    prop = house()
    robot_of(robots, prop, "webhook", per_minute=60_000)
    return prop


@pytest.mark.parametrize("runs", [10, pytest.param(200, marks=pytest.mark.soak)])
def test_committed_event_is_told_and_shown_once_wherever_its_process_died(
    robots, monkeypatch, runs
):
    prop = _world(robots)
    for run in range(runs):
        _run(_event(prop, run, monkeypatch))
        # What a dead relay had taken is free again after its time.
        Delivery.objects.filter(state="pending").update(next_try_at=timezone.now())

    relay.deliver(timezone.now())

    committed = Case.objects.count()
    rows = set(Delivery.objects.filter(channel="robot").values_list("pk", flat=True))
    told = Counter(one.data["id"] for one in robots.got)
    twice = sum(told.values()) - len(told)
    print(f"{runs} runs, {committed} committed, {twice} said twice to a robot")  # noqa: T201 -- figures
    assert (committed, len(rows), Notice.objects.count()) == (runs * 4 // 5,) * 3
    assert set(told) == rows
    assert twice <= runs // 5
    shown = Delivery.objects.filter(channel="inbox").values_list("notice", "state")
    assert sorted(shown) == sorted(
        (pk, "sent") for pk in Notice.objects.values_list("pk", flat=True)
    )


def test_telling_before_the_commit_would_tell_what_never_was(robots):
    prop = _world(robots)

    def work() -> None:
        with transaction.atomic():
            _written(prop, 1)
            relay.deliver(timezone.now())
            _die()

    _run(work)

    assert (len(robots.got), Case.objects.count()) == (1, 0)


def test_telling_after_the_commit_from_memory_would_lose_what_was(robots):
    prop = _world(robots)

    def work() -> None:
        later: list[Callable[[], object]] = []
        with transaction.atomic():
            CaseFactory(property=prop, number="TS-1")
            later.append(lambda: _written(prop, 2))
        _die()
        for each in later:
            each()

    _run(work)
    relay.deliver(timezone.now())

    assert (len(robots.got), Notice.objects.count()) == (0, 0)
