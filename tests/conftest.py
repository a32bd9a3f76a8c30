"""Fixtures of every test: the database, the closed network, the queue that nobody serves."""

import gc
import logging

import pytest

from propdesk.celery import app

__all__ = ["app"]

pytest_plugins = [
    "tests.statements",
    "tests.core.channels.plugin",
    "tests.database",
    "tests.network",
]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take what was collected out of the sight of the garbage collector.

    Ten thousand tests and all modules live to the end of the run; each full collection would walk
    over them for half a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def loggers_stay_on():
    """Blame the test that disables the loggers, not those after it that read the log."""
    yield
    assert not logging.getLogger("django").disabled
