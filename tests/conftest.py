"""Fixtures of every test: the database, the closed network, the queue that nobody serves."""

from propdesk.celery import app

__all__ = ["app"]

pytest_plugins = ["tests.core.channels.plugin", "tests.database", "tests.network"]
