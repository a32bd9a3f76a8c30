"""What all tests of the desk start with."""

import pytest

from propdesk.desk import shell


@pytest.fixture(autouse=True)
def _cold_frame() -> None:
    """Numbers of the frame are kept for seconds: no test sees those of another."""
    shell._counts.clear()
