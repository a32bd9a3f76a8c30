"""A second web server of a stack: without locks, tokens and versions, or with a full disk.

The same program, database and sessions. What the real one must never do is done here on purpose, so
that the check of the real one is known to see it.
"""

import os
import resource
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from tests.platform.stack import Stack, free_port, wait_for

PROGRAM = """
import sys, time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from propdesk.wsgi import application
from django.core.signals import got_request_exception
port, guarded = sys.argv[1:]
def say(**_names):
    error = sys.exception()
    fault = getattr(error.__cause__, "diag", None)
    print(fault and fault.constraint_name or type(error).__name__, flush=True)
got_request_exception.connect(say)
if not guarded:
    from django.db.models import QuerySet
    from incidents.workflow import closing
    from propdesk.core import drafts, stale
    begin = closing.begin
    def looks_first(*words, **names):
        found = begin(*words, **names)
        time.sleep(1)
        return found
    closing.begin = looks_first
    QuerySet.select_for_update = lambda rows, *_words, **_names: rows
    drafts.use_token = lambda *_words, **_names: None
    stale.require_unchanged = lambda *_words: None
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64
class Handler(WSGIRequestHandler):
    def log_message(self, *_words):
        pass
make_server("127.0.0.1", int(port), application, Server, Handler).serve_forever()
"""


class Twin(NamedTuple):
    """A port, and what the program there says."""

    port: int
    output: IO[bytes]

    def faults(self) -> Counter[str]:
        """What the answers 500 were: the constraint that refused, else the name of the exception."""
        self.output.seek(0)
        return Counter(self.output.read().decode().split())


def unguarded(stack: Stack) -> AbstractContextManager[Twin]:
    """One that locks nothing, knows no form again and looks at no version."""
    return _running(stack, "", 0)


def full(stack: Stack, limit: int) -> AbstractContextManager[Twin]:
    """One that can write no file beyond so many bytes, as where the disk is full."""
    return _running(stack, "guarded", limit)


@contextmanager
def _running(stack: Stack, guarded: str, limit: int) -> Iterator[Twin]:
    first = Path(f"/proc/{stack.children('propdesk.wsgi')[0]}")
    python = (first / "cmdline").read_bytes().split(b"\0")[0].decode()
    pairs = (first / "environ").read_bytes().rstrip(b"\0").split(b"\0")
    owner = first.stat()
    change = os.geteuid() == 0
    port = free_port()

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with TemporaryFile() as output:
        process = subprocess.Popen(
            [python, "-c", PROGRAM, str(port), guarded],
            cwd=(first / "cwd").readlink(),
            env=dict(pair.split(b"=", 1) for pair in pairs if b"=" in pair),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            user=owner.st_uid if change else None,
            group=owner.st_gid if change else None,
            extra_groups=[] if change else None,
            preexec_fn=small if limit else None,
        )
        try:
            wait_for(_answers(port), 60, "the twin answers")
            yield Twin(port, output)
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> Callable[[], bool]:
    twin = Stack.__new__(Stack)
    twin.port = port
    return lambda: twin.status("/healthz") == 200
