"""A house at work while worker, broker, web server and database are killed: nothing lost or doubled."""

import http.client
import random
import subprocess
import sys
import time

import pytest

from propdesk.localstack.paths import BASE_DIR
from propdesk.localstack.postgres import SUPERUSER
from tests.faults import load, mixed, tap
from tests.faults.person import COMPLAINTS, Person
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

HARM = (
    ("lost", "DELETE FROM core_case WHERE number = %s"),
    (
        "place",
        "DELETE FROM emergencies_event USING core_case k WHERE k.id = case_id AND number = %s",
    ),
    ("call", "DELETE FROM core_task t USING core_case k WHERE k.id = t.case_id AND number = %s"),
    (
        "call",
        "DELETE FROM core_delivery WHERE channel = 'inbox' AND notice_id = (SELECT max(n.id) FROM "
        "core_notice n JOIN core_case k ON k.id = n.case_id WHERE number = %s)",
    ),
)
"""A complaint, an event, a task and a row of an inbox that are no longer there."""


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


def test_oracle_names_what_was_lost_and_what_was_doubled(stack):
    """The control: what the house really did is right; then some of it goes, and some is there twice."""
    desk, work = Person(stack, "1020"), mixed.Work(stack)
    lost, twice, called, place = (
        f"{work.tag} {word}" for word in ("lost", "twice", "call", "place")
    )
    work.taken = {words: desk.take_in(words) for words in (lost, twice, called)}
    work.started[place] = desk.start("theft", place)
    path = f"{COMPLAINTS}{work.taken[called]}/do/security/"
    token = desk.get(path).hidden("form_token")
    assert desk.post(path, {"form_token": token}).status == http.client.FOUND
    work.called.add(work.taken[called])
    with tap.database(stack, SUPERUSER) as rows:
        wait_for(lambda: mixed.lost_or_doubled(rows, work) == [], 60, "nothing is wrong")
        desk.take_in(twice)
        wait_for(lambda: rows.execute(mixed.UNSERVED).fetchone() == (0,), 60, "it is told")
        with rows.transaction(force_rollback=True):
            # As if no guard, no lock and no reference held.
            rows.execute("SET LOCAL session_replication_role = replica")
            for words, statement in HARM:
                number = (work.taken | work.started)[f"{work.tag} {words}"]
                assert rows.execute(statement, [number]).rowcount == 1
            found = mixed.lost_or_doubled(rows, work)

    gaps = [one for one in found if "counted to" in one]
    # Which of the two the words led to is for the database to say.
    named = {one for one in found if " led to " not in one} - set(gaps)
    assert len(gaps) == 1
    assert named == {
        f"{twice}: 2 cases",
        f"{lost}: {work.taken[lost]} lost",
        f"{place}: {work.started[place]} lost",
        f"{work.taken[called]}: 0 tasks, 1 entries, 0 notices too many",
        "1 notices in no inbox",
    }
