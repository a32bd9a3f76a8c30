"""Waking a worker never costs the user his page."""

import logging
from typing import Any

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from propdesk.core import wake


@pytest.mark.parametrize(
    "error", [OperationalError("down"), ConnectionRefusedError(), TimeoutError()]
)
def test_dead_broker_is_logged_and_forgotten(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(current_app, "send_task", broken)
    with caplog.at_level(logging.WARNING, "propdesk.core.wake"):
        assert wake.now("core.deliver") is False
    assert caplog.messages == ["broker not reachable, core.deliver waits for the next tick"]


def test_task_is_sent_without_waiting_for_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, **options: sent.append((name, options))
    )
    assert wake.now("core.deliver") is True
    assert sent == [("core.deliver", {"ignore_result": True, "retry": False})]


@pytest.mark.django_db
@pytest.mark.parametrize(("fails", "count"), [(False, 1), (True, 0)])
def test_worker_is_woken_after_the_commit_only(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    fails: bool,
    count: int,
) -> None:
    from django.db import transaction

    sent: list[str] = []
    monkeypatch.setattr(wake, "now", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        try:
            with transaction.atomic():
                wake.on_commit("core.deliver")
                assert sent == []
                if fails:
                    raise KeyError
        except KeyError:
            pass
    assert len(sent) == count
