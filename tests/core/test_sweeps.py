"""All sweeps in one run: a broken one stops no other, and everybody can see that it broke."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from propdesk.core import sweeps
from propdesk.core.backup import nightly
from propdesk.core.models import Delivery, SweepRun
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry(monkeypatch):
    """An empty register of sweeps."""
    monkeypatch.setattr(sweeps, "SWEEPS", {})
    return sweeps.register


def test_every_sweep_of_the_project_is_registered():
    assert {"core.signoff", "core.drafts", "incidents.flag_due"} <= set(sweeps.SWEEPS)


def test_run_counts_what_each_sweep_did(registry):
    registry("a", lambda now: 3)
    registry("b", lambda now: 0)

    assert sweeps.run_all(timezone.now()) == {"a": 3, "b": 0, "core.deliver": 0}
    runs = SweepRun.objects.order_by("pk").values_list("name", "count", "error")
    assert list(runs) == [("a", 3, ""), ("b", 0, ""), ("core.deliver", 0, "")]


def test_broken_sweep_stops_no_other_and_is_not_finished(registry, caplog):
    def breaks(now):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    registry("broken", breaks)
    registry("sound", lambda now: 1)

    with caplog.at_level("ERROR"):
        done = sweeps.run_all(timezone.now())

    assert done == {"broken": 0, "sound": 1, "core.deliver": 0}
    broken = SweepRun.objects.get(name="broken")
    assert (broken.finished_at, broken.error.partition(":")[0]) == (None, "ProgrammingError")
    assert sweeps.age("broken", timezone.now()) is None
    assert sweeps.age("sound", timezone.now()) is not None


def test_age_is_that_of_the_last_run_without_an_error(registry):
    now = timezone.now()
    for hours, error in ((5, ""), (2, ""), (1, "x")):
        at = now - timedelta(hours=hours)
        SweepRun.objects.create(
            name="a", started_at=at, finished_at=None if error else at, error=error
        )

    assert sweeps.age("a", now) == timedelta(hours=2)
    assert sweeps.age("never", now) is None


def test_old_runs_are_dropped(registry):
    now = timezone.now()
    for days in (8, 6):
        at = now - timedelta(days=days)
        SweepRun.objects.create(name="a", started_at=at, finished_at=at)

    sweeps.run_all(now)

    assert SweepRun.objects.filter(name="a").count() == 1


def test_what_a_sweep_flags_is_handed_on_in_the_same_run():
    house = House()
    house.new(received_at=timezone.now() - timedelta(hours=25))

    sweeps.run_all(timezone.now())

    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    assert Delivery.objects.count() == 3


def test_old_runs_that_never_finished_are_dropped_too(registry):
    now = timezone.now()
    SweepRun.objects.create(name="a", started_at=now - timedelta(days=8))
    SweepRun.objects.create(name=sweeps.KEPT_LONG, started_at=now - timedelta(days=8))

    sweeps.run_all(now)

    assert SweepRun.objects.filter(name="a").count() == 0
    assert SweepRun.objects.filter(name=nightly.NAME).count() == 1
