"""Which statements each test sends, so that the second pass sends each of them to other servers.

The first pass writes them down (one file a worker in the folder of ``PROPDESK_TEST_STATEMENTS``),
the second chooses by them; what differs only in numbers, values or the length of a list is one.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

FOLDER = "PROPDESK_TEST_STATEMENTS"
OTHER_SERVERS = "PROPDESK_TEST_OTHER_SERVERS"
VALUES = re.compile(r"'(?:[^']|'')*'|\d+")
LISTS = re.compile(r"(%s|\((?:%s|DEFAULT)(?:, (?:%s|DEFAULT))*\))(?:, ?\1)+")


def shape(statement: str) -> str:
    """Return a name for all statements that differ from this one in their values alone."""
    text = LISTS.sub(r"\1", VALUES.sub("0", statement))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Record:
    """What the tests of this process sent: shapes by test."""

    def __init__(self) -> None:
        self.by_test: dict[str, list[str]] = {}
        self._now: set[str] = set()
        self._shapes: dict[int, str] = {}

    def note(self, execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        """Note a statement and send it: an execute wrapper of Django."""
        text = str(sql)
        key = hash(text)
        if key not in self._shapes:
            self._shapes[key] = shape(text)
        self._now.add(self._shapes[key])
        return execute(sql, *rest)

    def listen(self, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
        """Hear what a new connection sends (a receiver of ``connection_created``)."""
        if self.note not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, self.note)

    @contextlib.contextmanager
    def during(self, nodeid: str) -> Iterator[None]:
        """Keep what is sent until the test ends."""
        self._now = set()
        yield
        if self._now:
            self.by_test[nodeid] = sorted(self._now)

    def write(self, folder: Path, worker: str) -> None:
        """Write what was noted for the second pass."""
        (folder / f"{worker}.json").write_text(json.dumps(self.by_test), encoding="utf-8")


def read(folder: Path) -> dict[str, list[str]]:
    """Return what all workers of the first pass wrote; nothing if there was none."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def cover(sent: dict[str, list[str]], known: Iterable[str]) -> set[str]:
    """Return tests that together send every shape in ``sent``, given that those of ``known`` run.

    The test with the most shapes goes first; ties go by name, so the same record gives the same
    choice.
    """
    asked = {statement for nodeid in known for statement in sent.get(nodeid, ())}
    chosen = set()
    for nodeid in sorted(sent, key=lambda nodeid: (-len(sent[nodeid]), nodeid)):
        if not asked.issuperset(sent[nodeid]):
            asked.update(sent[nodeid])
            chosen.add(nodeid)
    return chosen


RECORD = Record() if FOLDER in os.environ and OTHER_SERVERS not in os.environ else None
"""What this process notes; nothing in the second pass and when nobody asked for it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what each test sends, its fixtures included."""
    with RECORD.during(item.nodeid) if RECORD else contextlib.nullcontext():
        return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the record of this worker where the second pass finds it."""
    if RECORD is not None and RECORD.by_test:
        name = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        RECORD.write(Path(os.environ[FOLDER]), f"{name}-{os.getpid()}")
