"""The clock of the machine is set back under beat: it goes on within a tick, Celery's own does not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.beat import PersistentScheduler

from propdesk.celery import app
from propdesk.scheduler import Scheduler

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def sent(kind, path, back, *, restart):
    """What one minute of beat sends after its clock went back: the names of its tasks."""
    names: list[str] = []
    with time_machine.travel(NOON, tick=False) as clock:
        beat = made(kind, path, names)
        live(beat, clock, 70)
        clock.shift(-back)
        if restart:
            beat.close()
            beat = made(kind, path, names)
        names.clear()
        live(beat, clock, 70)
        beat.close()
    return names


def made(kind, path, names):
    beat = kind(app, schedule_filename=str(path / "beat"), lazy=False)
    beat.producer = None  # nobody is sent anything
    beat.apply_entry = lambda entry, **_words: names.append(entry.task)
    return beat


def live(beat, clock, seconds):
    for _second in range(seconds):
        while beat.tick() == 0:
            pass
        clock.shift(timedelta(seconds=1))


@pytest.mark.parametrize("restart", [False, True], ids=["alive", "restarted"])
@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=str)
def test_beat_goes_on_when_the_clock_is_set_back(tmp_path, back, restart):
    names = sent(Scheduler, tmp_path, back, restart=restart)

    assert names.count("core.tick") == 1
    assert names.count("core.relay") in (6, 7)


@pytest.mark.parametrize("restart", [False, True], ids=["alive", "restarted"])
def test_beat_of_celery_itself_keeps_silent(tmp_path, restart):
    assert sent(PersistentScheduler, tmp_path, timedelta(hours=1), restart=restart) == []
