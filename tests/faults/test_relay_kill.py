"""A relay that is killed at any moment: nothing is lost, and next to nothing is said twice."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connections
from django.utils import timezone

from propdesk.core.channels import outbox, relay, routing, sending
from propdesk.core.models import Delivery
from tests.core.channels.rows import flood, house, robot_of
from tests.platform.stack import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KILLS = 10
NOTICES = 150
FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small batches, so that a kill falls between and within them."""
    monkeypatch.setattr(routing, "BATCH", 25)
    monkeypatch.setattr(sending, "CHUNK", 10)


def _for_ever() -> None:
    """What a worker does, without the pauses."""
    while True:
        relay.deliver(timezone.now())


def _hire(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    # A connection may not be shared with a child.
    connections.close_all()
    child = FORK.Process(target=_begin, args=(work,), daemon=True)
    child.start()
    return child


def _begin(work: Callable[[], None]) -> None:
    """Work with a connection of one's own, whatever the parent has open.

    Where a browser test has left its loop running, Django shows the parent other connections than the
    child, who has no loop: killed in the middle of a transaction on one of them, he would leave its
    locks to the parent, who waits for them for ever.
    """
    for inherited in connections.all(initialized_only=True):
        inherited.connection = None
    work()


def _kill(child: multiprocessing.process.BaseProcess) -> None:
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()


def _waiting() -> bool:
    return Delivery.objects.filter(state="pending").exists()


def _life(robots, seed: int) -> None:
    """Ten relays, each killed after a few messages; then one that lives, two minutes later."""
    chance = random.Random(seed)  # noqa: S311 -- seeded moments, no secret
    for _each in range(KILLS):
        child = _hire(_for_ever)
        wanted = len(robots.got) + chance.randrange(12)
        wait_for(lambda: len(robots.got) >= wanted or not _waiting(), 20, "messages")  # noqa: B023 -- used at once
        time.sleep(chance.uniform(0, 0.02))
        _kill(child)
        # What a dead relay had taken is free again after its time.
        Delivery.objects.filter(state="pending").update(next_try_at=timezone.now())
    relay.deliver(timezone.now())


def _world(robots) -> set[int]:
    prop = house()
    robot_of(robots, prop, "webhook", per_minute=60_000)
    flood(prop, NOTICES)
    return set(Delivery.objects.values_list("notice", flat=True))


def test_killed_relay_loses_nothing_and_repeats_one_message_a_kill_at_most(robots):
    told = _world(robots)

    _life(robots, 7)

    rows = Delivery.objects.filter(channel="robot")
    arrived = Counter(one.data["id"] for one in robots.got)
    assert set(arrived) == set(rows.values_list("pk", flat=True))
    assert sum(arrived.values()) - len(arrived) <= KILLS
    assert set(rows.values_list("notice", "state")) == {(pk, "sent") for pk in told}
    inbox = Delivery.objects.filter(channel="inbox").values_list("notice", "state")
    assert sorted(inbox) == sorted((pk, "sent") for pk in told)


def test_relay_that_writes_down_before_it_sends_would_lose_some(robots, monkeypatch):
    """The control: the kills fall where it matters."""
    _world(robots)

    def sent_already(rows, now):
        keys = [row.pk for row in rows]
        Delivery.objects.filter(pk__in=keys).update(state="sent", sent_at=now)

    monkeypatch.setattr(outbox, "take", sent_already)
    _life(robots, 1)

    assert not _waiting()
    assert len({one.data["id"] for one in robots.got}) < NOTICES


def test_relays_at_once_send_each_message_once(robots):
    _world(robots)
    children = [_hire(_for_ever) for _each in range(3)]

    wait_for(lambda: not _waiting(), 30, "all is sent")
    for child in children:
        _kill(child)

    arrived = Counter(one.data["id"] for one in robots.got)
    assert (len(arrived), set(arrived.values())) == (NOTICES, {1})
