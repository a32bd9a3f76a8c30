"""One demo house, alive, for all tests of faults: what they kill comes back by itself."""

from collections.abc import Iterator

import pytest

from tests.platform.stack import Stack, running

MEASURES = "tests/faults/test_event_tap.py"
"""Measures seconds: it comes last, when the tests of the other group have left the machine alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is measured behind what is only counted."""
    items.sort(key=lambda item: item.nodeid.startswith(MEASURES))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Web server, worker, clock, broker and database of the demo house."""
    with running() as started:
        yield started
