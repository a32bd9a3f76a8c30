"""Robots that live on this machine, and may be talked to without TLS by tests alone."""

from collections.abc import Iterator

import pytest

from propdesk.core.channels import adapters
from tests.core.channels.fakes import FakeRobots, fake_robots


@pytest.fixture
def robots(monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[FakeRobots]:
    """The fake robots, the only place messages may go to."""
    with fake_robots() as running:
        monkeypatch.setattr(adapters, "SCHEMES", {"http"})
        for kind in adapters.HOSTS:
            monkeypatch.setitem(adapters.HOSTS, kind, (running.place,))
        settings.PROPDESK_WEBHOOK_HOSTS = [running.place]
        yield running
