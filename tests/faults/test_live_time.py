"""Silence and wrong clocks, alive: it is seen, nothing is lost, and nothing falls due early.

Hours and days pass by writing into the rows that tell the time; the process a day ahead has a clock
of its own.
"""

import contextlib
import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import load, tap
from tests.faults.ladder import Connection
from tests.faults.person import Person
from tests.faults.workers import Workers
from tests.platform.stack import Stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.slow]
BEAT, WORKER = "propdesk.beat", "--queues default"
READY = "/healthz/ready"
SHIFT = "UPDATE core_sweeprun SET finished_at = finished_at + %s * interval '1 minute'"
STAMPS = """
SELECT count(*) FROM core_notice n JOIN core_clock c ON n.key = 'clock:' || c.id
WHERE c.id = ANY(%s) AND n.due_at <> c.due_at
"""
LIMITS, LATE_OVER = 1000, 180
LATE = """
SELECT extract(epoch FROM max(d.sent_at) - c.due_at)::float FROM core_clock c
JOIN core_notice n ON n.key = 'clock:' || c.id
JOIN core_delivery d ON d.notice_id = n.id AND d.channel = 'inbox'
WHERE c.id = ANY(%s) GROUP BY c.id
"""
"""Seconds from the limit until the last of those concerned had it in his inbox, handed on."""
THINGS = "SELECT case_id, status, expires_on FROM lostfound_founditem"
A_DAY_AHEAD = """
import datetime, time_machine
ahead = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
with time_machine.travel(ahead, tick=True):
    import propdesk.wsgi
    from django.utils import timezone
    from propdesk.core import sweeps
    for name in ("incidents.flag_due", "lostfound.flag_due"):
        sweeps.SWEEPS[name](timezone.now())
"""
LAST_DAY = """
WITH one AS (
  SELECT f.case_id FROM lostfound_founditem f JOIN core_clock c USING (case_id)
  WHERE f.status IN ('stored', 'ownerless') AND c.rule = 'lostfound.expired' AND c.fired_at IS NULL
  ORDER BY f.case_id LIMIT 1),
moved AS (
  UPDATE core_clock c SET due_at = (date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai')
    + interval '1 day') AT TIME ZONE 'Asia/Shanghai'
  FROM one WHERE c.case_id = one.case_id AND c.rule = 'lostfound.expired')
UPDATE lostfound_founditem f SET expires_on = (now() AT TIME ZONE 'Asia/Shanghai')::date
FROM one WHERE f.case_id = one.case_id RETURNING f.case_id
"""
"""A thing in store whose last day is today: it expires when the day is over."""


@pytest.fixture(scope="module")
def rows(stack: Stack) -> Iterator[Connection]:
    with tap.database(stack) as connection:
        yield connection


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Person:
    return Person(stack, "1001")


@contextlib.contextmanager
def asleep(stack: Stack) -> Iterator[None]:
    """Beat and worker hold still; afterwards they go on by themselves."""
    wait_for(lambda: stack.children(WORKER) and stack.children(BEAT), 60, "both work")
    with load.stopped(stack.children(BEAT) + stack.children(WORKER)):
        yield
    Workers(stack).tick()


def strip(desk: Person) -> str:
    """The board as whoever is on duty reads it."""
    return desk.get("/p/lanwan/").body


@pytest.mark.parametrize(
    ("minutes", "words"), [(-3, "到期提醒已停"), (60, "服务器的时钟被调回过")], ids=["dead", "back"]
)
def test_silence_and_a_clock_set_back_are_red_and_on_the_board(stack, rows, desk, minutes, words):
    wait_for(lambda: stack.status(READY) == http.client.OK, 90, "ready: the control")
    early = load.arm(rows, 5, ago=-1800)
    with asleep(stack):
        rows.execute(SHIFT, [minutes])
        red, board = stack.status(READY), strip(desk)
        rows.execute(SHIFT, [-minutes])
    wait_for(lambda: stack.status(READY) == http.client.OK, 90, "ready again")

    assert (red, words in board, words in strip(desk)) == (503, True, False)
    assert rows.execute(load.WAITING, [early]).fetchone() == (5,)


@pytest.mark.soak
@pytest.mark.parametrize("word", [BEAT, WORKER])
def test_frozen_program_is_red_within_two_ticks_and_a_half(stack, desk, word):
    wait_for(lambda: stack.status(READY) == http.client.OK, 90, "ready")
    with load.stopped(stack.children(word)):
        began = time.monotonic()
        wait_for(lambda: stack.status(READY) == http.client.SERVICE_UNAVAILABLE, 170, "red")
        red = time.monotonic() - began
    wait_for(lambda: stack.status(READY) == http.client.OK, 90, "ready again")

    load.figure(f"{word} frozen: red after {red:.0f} s")


@pytest.mark.soak
def test_a_thousand_limits_are_told_in_time(stack, rows):
    clocks = load.arm(rows, LIMITS, ago=0, gap=LATE_OVER / LIMITS)
    wait_for(lambda: load.are_done(rows, clocks), LATE_OVER + 180, "all of them are told")

    waits = sorted(row[0] for row in rows.execute(LATE, [clocks]))
    said = f"p50 {waits[len(waits) // 2]:.0f} s, p99 {waits[len(waits) * 99 // 100]:.0f} s"
    load.figure(f"{LIMITS} limits over {LATE_OVER} s, told after {said}, {waits[-1]:.0f} s at most")
    assert load.faults(rows, clocks) == []
    assert waits[len(waits) * 99 // 100] <= 120
    assert waits[-1] <= 300


@pytest.mark.parametrize("days", [2, 90])
def test_beat_that_was_down_for_days_tells_each_limit_once_with_its_own_time(
    stack, rows, desk, days
):
    with asleep(stack):
        clocks = load.arm(rows, 20, ago=days * 86_400)
    wait_for(lambda: load.are_done(rows, clocks), 120, "all of them are told")

    assert load.faults(rows, clocks) == []
    assert rows.execute(STAMPS, [clocks]).fetchone() == (0,)


def test_sweep_whose_clock_is_a_day_ahead_disposes_of_nothing_and_goes_by_its_own_day(stack, rows):
    first = Path(f"/proc/{stack.children('propdesk.wsgi')[0]}")
    pairs = (first / "environ").read_bytes().rstrip(b"\0").split(b"\0")
    python = (first / "cmdline").read_bytes().split(b"\0")[0].decode()
    owner, change = first.stat(), os.geteuid() == 0
    with asleep(stack):
        (last,) = rows.execute(LAST_DAY).fetchone()
        before = {row[0]: row[1:] for row in rows.execute(THINGS)}
        soon, later = (load.arm(rows, 5, ago=-days * 86_400) for days in (0.5, 2))
        subprocess.run(
            [python, "-c", A_DAY_AHEAD],
            cwd=(first / "cwd").readlink(),
            env=dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair),
            user=owner.st_uid if change else None,
            group=owner.st_gid if change else None,
            extra_groups=[] if change else None,
            check=True,
        )
    tomorrow = rows.execute("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date + 1").fetchone()[0]

    moved = {
        pk: (before[pk][0], status, last)
        for pk, status, last in rows.execute(THINGS)
        if before[pk][0] != status
    }
    # Both sweeps ran, and by their own day: what ends within it was called.
    assert (rows.execute(load.WAITING, [soon]).fetchone(), moved[last][1]) == ((0,), "expired")
    # And no further than that.
    assert {status for _was, status, _last in moved.values()} == {"expired"}
    assert [day for _was, _is, day in moved.values() if day >= tomorrow] == []
    assert rows.execute(load.WAITING, [later]).fetchone() == (5,)
