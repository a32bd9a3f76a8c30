"""Fixtures of every test: the database and the closed network."""

pytest_plugins = ["tests.database", "tests.network"]
