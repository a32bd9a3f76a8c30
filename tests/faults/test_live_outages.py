"""Worker, broker, clock and database taken away from a house at work: nothing lost, nothing twice.

That a limit has passed is written into the database, as if the hours had gone by. What a naive sweep
does when it is killed is shown first, so that the check is known to see it.
"""

import http.client
import random
import signal
import time
from collections.abc import Iterator
from secrets import token_hex

import pytest
import redis

from tests.faults import load, tap
from tests.faults.ladder import Connection
from tests.faults.load import Told, judged
from tests.faults.person import COMPLAINTS, Person, at_once
from tests.faults.test_event_ladder import BLOCKED
from tests.faults.workers import Workers
from tests.platform.stack import Stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SEED = 20261127
BEGUN = "SELECT count(*) FROM core_sweeprun WHERE name = 'incidents.flag_due' AND id > %s"
PATHS = ["/p/lanwan/", COMPLAINTS, "/p/lanwan/lostfound/", "/p/lanwan/emergencies/", "/healthz"]
POSTGRES, BROKER, BEAT, WORKER = (
    "bin/postgres -D",
    "valkey-server",
    "propdesk.beat",
    "--queues default",
)


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Connection]:
    with tap.database(stack) as connection:
        yield connection


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Person:
    person = Person(stack, "1001")
    for _each in range(8):
        person.take_in("房间太冷")
    return person


@pytest.fixture
def workers(stack: Stack, desk: Person) -> Iterator[Workers]:
    wait_for(lambda: stack.children(WORKER), 60, "a worker works")
    ready = Workers(stack)
    yield ready
    for one in ready.hired:
        one.kill()
        one.wait()


# --- 5, 10: killed workers, two beats, sweeps at once ----------------------------------------


def kill_somewhere(stack, rows, workers, clocks, moment, chance) -> None:
    """Send a tick and kill whoever works: as he begins, within a statement, or once some is done."""
    (last,) = rows.execute("SELECT max(id) FROM core_sweeprun").fetchone()

    def has_begun() -> bool:
        return rows.execute(BEGUN, [last]).fetchone() != (0,)

    def has_done_some() -> bool:
        return rows.execute(load.WAITING, [clocks]).fetchone() != (len(clocks),)

    workers.tick()
    if moment == "statement":
        table = chance.choice(["core_notice", "core_delivery", "core_auditentry"])
        with tap.database(stack) as other, other.transaction():
            other.execute(f"LOCK TABLE {table} IN SHARE MODE")
            wait_for(lambda: rows.execute(BLOCKED, [table]).fetchone() != (0,), 60, "a write")
            workers.kill()
        return
    wait_for(has_begun if moment == "begin" else has_done_some, 60, f"moment {moment}")
    time.sleep(chance.uniform(0, 0.2))
    workers.kill()


@pytest.mark.parametrize(("n", "kills"), [(60, 2), pytest.param(1000, 10, marks=pytest.mark.soak)])
def test_sweep_survives_kills_of_its_worker(stack, rows, workers, n, kills):
    chance = random.Random(SEED)  # noqa: S311 -- moments, no secrets
    clocks: list[int] = []
    stood = []

    for kill in range(kills):
        new = load.arm(rows, n // kills)
        clocks += new
        moment = ("statement", "done", "begin")[kill % 3]
        kill_somewhere(stack, rows, workers, new, moment, chance)
        stood.append(len(new) - rows.execute(load.WAITING, [new]).fetchone()[0])
        workers.hire()
    began = time.monotonic()
    wait_for(lambda: load.are_done(rows, clocks), 120, "everything due is flagged and told")

    load.figure(
        f"{n} due, {kills} kills, {stood} stood; done {time.monotonic() - began:.1f} s later"
    )
    assert (stood[0], stood[1]) == (0, n // kills)
    assert load.faults(rows, clocks) == []


def test_check_sees_a_silent_clock_and_one_that_told_twice():
    """The control: what a sweep that is no transaction leaves behind when it is killed."""
    oracle = {(1, 7), (2, 7), (3, 7)}
    fired_first = judged({1, 2, 3}, {1, 2, 3}, [Told(1, 7, 1, 1)], oracle)
    told_first = judged({1}, {1}, [Told(1, 7, 1, 1), Told(1, 7, 1, 1)], {(1, 7)})
    not_handed_on = judged({1}, {1}, [Told(1, 7, 1, 0)], {(1, 7)})

    assert fired_first == ["clock 2: 7 not told", "clock 3: 7 not told"]
    assert told_first == ["clock 1: 7 told 2 times"]
    assert not_handed_on == ["clock 1: 1 rows in an inbox, 0 handed on"]


@load.sizes("seconds", 5, 300)
def test_two_beats_and_three_workers_say_nothing_twice(stack, rows, workers, seconds):
    workers.hire()
    workers.hire()
    over = time.monotonic() + seconds
    clocks = []
    while time.monotonic() < over:
        clocks += load.arm(rows, 10)
        for _beat in range(2):
            workers.tick()
        time.sleep(1)
    workers.tick()

    wait_for(lambda: load.are_done(rows, clocks), 90, "everything due is flagged and told")

    load.figure(f"{len(clocks)} clocks by three workers in {seconds} s")
    assert load.faults(rows, clocks) == []


# --- 7: the broker ---------------------------------------------------------------------------


@load.sizes("seconds", 3, 60)
def test_silent_and_emptied_broker_costs_no_page_and_no_notice(stack, rows, desk, workers, seconds):
    queue = redis.Redis(unix_socket_path=str(stack.home / "run" / "valkey.sock"), socket_timeout=1)
    asked = load.Requests([desk, Person(stack, "1010")], PATHS, 0.1)
    words = f"断网时的投诉 {token_hex(4)}"

    with load.stopped(stack.children(BROKER)), asked.running():
        with pytest.raises(redis.exceptions.TimeoutError):
            queue.ping()  # the fault is real
        began = time.monotonic()
        form = desk.intake(words)
        answers = at_once([lambda: desk.post(f"{COMPLAINTS}new/", form)] * 10)
        posted = time.monotonic() - began
        not_ready = stack.status("/healthz/ready")
        clocks = load.arm(rows, 20)
        time.sleep(max(0, seconds - posted))
    queue.flushall()
    workers.tick()
    wait_for(lambda: load.are_done(rows, clocks), 120, "what fell due meanwhile is told")

    slowest = max(took for _at, took, _status in asked.seen)
    load.figure(
        f"{len(asked.seen)} pages in {seconds} s without a broker: {slowest:.2f} s at most; post {posted:.2f} s"
    )
    assert asked.failed() == []
    assert slowest < 3
    assert not_ready == http.client.SERVICE_UNAVAILABLE
    assert {(answer.status, answer.location) for answer in answers} == {(302, answers[0].location)}
    assert load.faults(rows, clocks) == []


# --- 8: the database -------------------------------------------------------------------------


@load.sizes("restarts", 1, 3)
def test_restarted_database_costs_the_pages_of_the_outage_only(stack, rows, desk, restarts):
    people = [desk, *(Person(stack, number) for number in ("1002", "1010", "1030"))]
    asked = load.Requests(people, PATHS, 0.2)
    outages = []

    with asked.running():
        for _restart in range(restarts):
            time.sleep(0.5)
            before = load.kill(stack, POSTGRES, signal.SIGINT)
            began = time.monotonic()
            wait_for(
                lambda before=before: [pid for pid in stack.children(POSTGRES) if pid != before],
                30,
                "a new server",
            )
            wait_for(lambda: stack.status("/p/lanwan/") == http.client.FOUND, 30, "pages are back")
            outages.append((began, time.monotonic()))
            time.sleep(2.5)

    failed = [at for at, _took, _status in asked.failed()]
    longest = max(end - begin for begin, end in outages)
    load.figure(
        f"{len(asked.seen)} pages over {restarts} restarts: {len(failed)} failed, back after {longest:.1f} s"
    )
    assert failed, "nobody noticed: no outage was measured"
    assert [at for at in failed if not any(a - 3 < at < b + 2 for a, b in outages)] == []
    assert longest < 10


@load.sizes("seconds", 2, 10)
def test_database_behind_a_black_hole_answers_again_by_itself(stack, desk, seconds):
    asked = load.Requests([desk], PATHS[:2], 0.1)
    with asked.running():
        with load.stopped(stack.children("postgres")):
            time.sleep(seconds)
        thawed = time.monotonic()
        wait_for(lambda: stack.status("/p/lanwan/") == http.client.FOUND, 10, "pages are back")
        back = time.monotonic() - thawed

    slowest = max(took for _at, took, _status in asked.seen)
    load.figure(f"{seconds} s of silence: slowest page {slowest:.1f} s, back {back:.1f} s after it")
    assert slowest >= seconds - 1, "nobody waited: no outage was measured"
    assert back < 10
    assert [at for at, took, _status in asked.failed() if at > thawed + 2] == []
