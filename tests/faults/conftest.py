"""One demo house, alive, for all tests of faults: what they kill comes back by itself."""

from collections.abc import Iterator

import pytest

from tests.platform.stack import Stack, running


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Web server, worker, clock, broker and database of the demo house."""
    with running() as started:
        yield started
