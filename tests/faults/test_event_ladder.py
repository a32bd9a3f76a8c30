"""Kill -9 of the worker while ladders climb: each level once, to each once, none after the answer.

The ladders are of real events, started and answered over the web; that they fall due is written
into the database, as if the minutes had gone by. First a ladder without transaction, lock and key
shows that the check sees what it looks for.
"""

import contextlib
import http.client
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from tests.faults import ladder, tap
from tests.faults.ladder import Connection, Ladder, judged
from tests.faults.person import Person
from tests.faults.twin import Twin
from tests.faults.workers import Workers
from tests.platform.stack import Stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SEED = 20261126
KINDS = ("theft", "power_outage") * 3
"""Their levels are ten minutes apart: none falls due by itself while the test runs."""
ANSWERS = {"security": "1030", "duty_manager": "1001", "duty_engineer": "1041"}
"""Who confirms a call: a staff number for each role that is called first."""
TABLES = (
    "core_notice",
    "core_delivery",
    "emergencies_rung",
    "emergencies_historicalcall",
    "core_auditentry",
)
"""What one level writes, in this order, before it commits."""
MOMENTS = ["before", "statement", "commit", "statement", "anywhen", "commit", "after"]
MOMENTS += ["before", "commit", "statement"]
FINISHED = "SELECT count(*) FROM core_sweeprun WHERE name = 'core.deliver' AND id > %s AND finished_at IS NOT NULL"
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"


@dataclass
class Life:
    """Five groups of ladders in one stack; two moments for each, a level apart."""

    stack: Stack
    rows: Connection
    workers: Workers
    people: dict[str, Person]
    groups: list[list[Ladder]]
    found: dict[int, tuple[int, int]] = field(default_factory=dict)
    """How many rungs of how many stood when the worker was killed, by moment."""

    def waiting(self, ladders: list[Ladder]) -> bool:
        """Whether a level or a notice is due and not done."""
        calls = [one.call for one in ladders]
        return self.rows.execute(ladder.WAITING, [calls]).fetchone() != (0,)

    def last_sweep(self) -> int:
        (last,) = self.rows.execute("SELECT max(id) FROM core_sweeprun").fetchone() or (0,)
        return int(last)

    def sweeps_after(self, last: int) -> None:
        """Wait until somebody has gone through all sweeps once more."""
        wait_for(lambda: self.rows.execute(FINISHED, [last]).fetchone() != (0,), 90, "a sweep ends")


@pytest.fixture(scope="module")
def life(stack: Stack) -> Iterator[Life]:
    """Thirty events that nobody has answered, and a worker with nothing to do."""
    desk = Person(stack, "1020")
    people = {role: Person(stack, number) for role, number in ANSWERS.items()}
    with tap.database(stack) as rows:
        numbers = [[desk.start(kind, "大堂") for kind in KINDS] for _group in range(5)]
        groups = [ladder.started(rows, group) for group in numbers]
        workers = Workers(stack)
        ready = Life(stack, rows, workers, people, groups)
        # A fresh clone compiles the worker's modules first: the pages are there well before it.
        ready.sweeps_after(0)
        yield ready
        workers.kill()


def stop_somewhere(life: Life, moment: str, group: list[Ladder], chance: random.Random) -> None:
    """Send a tick and come back at the moment at which the worker is to die."""
    before = len(ladder.climbed(life.rows, group))

    def wait_until_climbed(rungs: int) -> None:
        ends = time.monotonic() + 20
        while len(ladder.climbed(life.rows, group)) < before + rungs and time.monotonic() < ends:
            time.sleep(0.002)

    due = sum(one.due for one in group) - before
    life.workers.tick()
    if moment == "statement":
        wait_until_climbed(chance.randint(0, 1))
        stop_in_statement(life, chance.choice(TABLES), lambda: not life.waiting(group))
        return
    if moment == "commit":
        wait_until_climbed(chance.randint(1, max(1, due - 2)))
    elif moment == "after":
        wait_until_climbed(due)
    elif moment == "anywhen":
        time.sleep(chance.uniform(0, 1.5))
    else:
        time.sleep(chance.uniform(0, 0.03))
    life.workers.kill()


def stop_in_statement(life: Life, table: str, is_over: Callable[[], bool]) -> None:
    """Kill the worker while the database works on its statement, in the middle of a level."""

    def is_blocked() -> bool:
        return life.rows.execute(BLOCKED, [table]).fetchone() != (0,) or is_over()

    with tap.database(life.stack) as other, other.transaction():
        other.execute(f"LOCK TABLE {table} IN SHARE MODE")
        wait_for(is_blocked, 20, f"a write to {table}")
        life.workers.kill()


def answer_some(life: Life, group: list[Ladder], chance: random.Random) -> None:
    """While no worker lives somebody confirms every fourth call, over the web."""
    for one in group:
        if not one.asked and chance.random() < 0.25:
            status = life.people[one.role].acknowledge(one.number, one.notice)
            assert status == http.client.FOUND, f"{one.number} {one.notice}: {status}"
            one.asked = True


@pytest.mark.parametrize("number", range(len(MOMENTS)), ids=lambda n: f"{n}-{MOMENTS[n]}")
def test_ladder_survives_kill(life, number):
    chance = random.Random(SEED + number)  # noqa: S311 -- moments, no secrets
    group, level = life.groups[number // 2], 1 + number % 2
    waiting = [one for one in group if not one.asked]
    passing = [one for one in waiting if level == 2 or chance.random() < 0.75]
    before = len(ladder.climbed(life.rows, group))
    ladder.let_time_pass(life.rows, passing, level)
    due = sum(one.due for one in group) - before
    last = life.last_sweep()

    stop_somewhere(life, MOMENTS[number], group, chance)
    stood = len(ladder.climbed(life.rows, group)) - before
    answer_some(life, passing, chance)
    life.workers.hire()
    life.sweeps_after(last)
    wait_for(lambda: not life.waiting(group), 90, "every level and notice is done")

    life.found[number] = (stood, due)
    said = f"seed {SEED}, moment {number} ({MOMENTS[number]}): {stood} of {due} rungs stood"
    print(said)  # noqa: T201 -- the moments belong into the log of the run
    assert ladder.faults(life.rows, group) == []


def test_moments_were_spread_over_the_work_of_a_tick(life):
    """With nothing done, with some of it, with all of it: else the kills proved nothing."""
    if len(life.found) < len(MOMENTS):
        pytest.skip("not all moments were run")
    parts = {
        "none" if stood == 0 else "all" if stood == due else "some"
        for stood, due in life.found.values()
    }

    assert parts == {"none", "some", "all"}


def test_later_ticks_add_nothing_to_any_ladder(life):
    everything = [one for group in life.groups for one in group]
    before = sorted(ladder.climbed(life.rows, everything))
    life.workers.hire()
    for _tick in range(2):
        last = life.last_sweep()
        life.workers.tick()
        life.sweeps_after(last)

    assert sorted(ladder.climbed(life.rows, everything)) == before
    assert ladder.faults(life.rows, everything) == []


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "INSERT INTO emergencies_rung (call_id, level, due_at, at, merged, told) "
            "SELECT call_id, level, due_at, now(), merged, told FROM emergencies_rung LIMIT 1",
            "emergencies_rung_once",
        ),
        (
            "INSERT INTO core_notice (property_id, case_id, recipient_id, rule, text, urgent, "
            "created_at, key) SELECT property_id, case_id, recipient_id, rule, text, urgent, now(), "
            "key FROM core_notice WHERE key LIKE '%:call:%:1' LIMIT 1",
            "core_notice_once",
        ),
        (
            "UPDATE emergencies_call SET next_rung_at = now() WHERE id = "
            "(SELECT min(id) FROM emergencies_call WHERE acked_at IS NOT NULL)",
            "emergencies_call_answered_stops_ladder",
        ),
    ],
)
def test_database_refuses_a_second_row_and_a_ladder_after_the_answer(life, statement, constraint):
    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        life.rows.execute(statement)

    assert refused.value.diag.constraint_name == constraint


# --- the fault itself ------------------------------------------------------------------------


@pytest.fixture
def twin(stack: Stack) -> Iterator[Twin]:
    with tap.database(stack) as rows:
        yield Twin(stack, rows)
        rows.execute("DROP SCHEMA twin CASCADE")


def finish(*processes: object) -> None:
    for process in processes:
        with contextlib.suppress(BrokenPipeError):
            process.communicate("go\n", timeout=30)


@pytest.mark.parametrize(
    ("order", "fault"), [("rung-mark", "level 1 2 times"), ("mark-rung", "level 1 missing")]
)
def test_check_sees_what_a_kill_does_to_a_naive_ladder(twin, order, fault):
    victim = twin.run(order, "between")
    victim.kill()
    finish(victim)
    finish(twin.run(order))

    assert judged(twin.ladders, twin.rungs(), [], {}) == [f"T-1 N1: {fault}"]


def test_check_sees_what_two_naive_ladders_do_at_once(twin):
    finish(twin.run("rung-mark", "looked"), twin.run("rung-mark", "looked"))

    assert judged(twin.ladders, twin.rungs(), [], {}) == [
        f"T-{n} N1: level 1 2 times" for n in range(1, 4)
    ]


def test_naive_ladder_left_alone_is_right(twin):
    finish(twin.run("rung-mark"))

    assert judged(twin.ladders, twin.rungs(), [], {}) == []
