"""A house at work while worker, broker, web server and database are killed: nothing lost or doubled."""

import random
import subprocess
import sys
import time

import pytest

from propdesk.localstack.paths import BASE_DIR
from tests.faults import load, mixed, tap
from tests.faults.workers import Workers
from tests.platform.stack import Stack, clean_environment, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.slow]
PEOPLE = ["1001", "1002", "1010", "1020", "1021"]
VICTIMS = {
    "worker": "--queues default",
    "broker": "valkey-server",
    "database": "bin/postgres -D",
    "web server": "granian",
}


def integrity(stack: Stack) -> str:
    """What check_integrity says of the house as it stands."""
    result = subprocess.run(
        [sys.executable, "manage.py", "check_integrity"],
        cwd=BASE_DIR,
        env=clean_environment(stack.home),
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip()


@load.sizes("seconds", 8, 300)
def test_mixed_load_with_kills_loses_and_doubles_nothing(stack, seconds):
    work = mixed.Work(stack)
    chance = random.Random(seconds)  # noqa: S311 -- moments, no secrets
    killed = []
    with work.going_on(PEOPLE):
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(chance.uniform(0.2, 0.5) * min(40, seconds / 2))
            victim = list(VICTIMS)[len(killed) % len(VICTIMS)] if seconds > 60 else "database"
            wait_for(lambda v=victim: stack.children(VICTIMS[v]), 60, f"{victim} is back")
            load.kill(stack, VICTIMS[victim])
            killed.append(victim)
        time.sleep(2)
    with tap.database(stack) as rows:
        clocks = load.arm(rows, 20)
        wait_for(lambda: stack.children(VICTIMS["worker"]), 60, "a worker works")
        Workers(stack).tick()
        wait_for(lambda: load.are_done(rows, clocks), 150, "everything due is flagged and told")
        found = mixed.lost_or_doubled(rows, work) + load.faults(rows, clocks)

        load.figure(
            f"{seconds} s, killed {killed}: {len(work.taken)} complaints, {len(work.called)} calls, "
            f"{len(work.started)} events; answers {dict(work.answers)}"
        )
        assert found == []
        assert work.answers[500] + work.answers[0] + work.answers[503] > 0
    assert integrity(stack) == "全部相符。"


def test_oracle_sees_a_case_lost_and_a_case_doubled(stack):
    """The control."""
    work = mixed.Work(stack)
    with tap.database(stack) as rows:
        words, number = rows.execute(
            "SELECT c.opening_words, k.number FROM incidents_complaint c "
            "JOIN core_case k ON k.id = c.case_id ORDER BY k.id LIMIT 1"
        ).fetchone()
        work.tag = words.partition(" ")[0]
        work.taken = {f"{work.tag} nie": "TS-0", words: "TS-1"}

        found = mixed.lost_or_doubled(rows, work)

    assert f"{work.tag} nie: TS-0 lost" in found
    assert not any(number in one for one in found)
