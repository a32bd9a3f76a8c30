"""Printing in a forked child with hard limits, so that no paper can take the worker down.

For the Celery worker only, which is one thread: forking the web process would copy its threads'
locks in whatever state they are.
"""

import functools
import gc
import json
import os
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from propdesk.core.pdf.render import (
    RenderedPdf,
    RenderError,
    RenderFailed,
    RenderRefused,
    render,
)

CPU_SECONDS = 20
WALL_SECONDS = 30
MEMORY_BYTES = 1 << 30
# The child starts with the worker's whole address space, which counts against the limit.
HEADROOM_BYTES = 640 << 20
FILE_BYTES = 64 << 20
_READ = 1 << 16
# One of each kind of box and face the papers use.
_SAMPLE = """<!doctype html><html lang="zh-CN"><title>x</title><body>
<header data-form="f" data-stamp="s"><div class="org">好</div><h1 class="wide">好</h1>
<div class="meta"><span class="no">编号：<b>1</b></span></div></header><h2>好</h2>
<table class="steps"><thead><tr><th scope="col">好</th></tr></thead><tbody><tr><td class="long"><p>
好 A1，</p></td></tr></tbody></table><div class="photos"><figure><figcaption>好</figcaption></figure>
</div><div class="keep"><div class="sign"><div class="box"><div class="line"><span class="hand">好
</span></div></div></div></div></body></html>"""


def render_limited(
    html: str,
    *,
    assets: Mapping[str, tuple[bytes, str]],
    data: dict[str, Any],
    frozen_at: datetime,
    attachment_name: str = "incident.json",
    cpu_seconds: int = CPU_SECONDS,
    wall_seconds: float = WALL_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> RenderedPdf:
    """As `render`, in a child of at most 20 s CPU, 30 s wall and 1 GB of address space.

    Raises RenderRefused as `render` does, and RenderFailed when the child dies or is killed.
    """
    warm_up()
    deadline = time.monotonic() + wall_seconds
    receive, send = os.pipe()
    child = _fork()
    if child == 0:
        os.close(receive)
        _in_child(
            send,
            (cpu_seconds, wall_seconds, memory_bytes),
            html,
            assets=assets,
            data=data,
            frozen_at=frozen_at,
            attachment_name=attachment_name,
        )
    os.close(send)
    try:
        answer = _read_until(receive, deadline)
    except BaseException:
        # The caller's own time limit ended the wait: nobody wants this paper any more.
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(receive)
        status = _reap(child, deadline)
    if answer is None or status != 0:
        raise RenderFailed(_death_message(answer, status))
    return _unpack(answer)


@functools.cache
def warm_up() -> None:
    """Print a sample once, so that each child inherits loaded fonts and filled caches.

    A worker may call it when it starts; the first paper does otherwise. Raises RenderFailed when
    Pango is missing.
    """
    render(_SAMPLE, assets={}, data={}, frozen_at=datetime(2000, 1, 1, tzinfo=UTC))


def _fork() -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns when another thread exists; the module docstring says who may call.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _in_child(pipe: int, limits: tuple[int, float, int], html: str, **inputs: Any) -> NoReturn:
    """Render and write one answer; leave without running the parent's exit handlers."""
    code = 1
    try:
        # The child ends with its paper: collecting would only copy the parent's pages.
        gc.disable()
        _limit(*limits)
        answer = _pack(html, **inputs)
        with open(pipe, "wb") as stream:
            stream.write(answer)
        code = 0
    finally:
        os._exit(code)


def _limit(cpu_seconds: int, wall_seconds: float, memory_bytes: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds + 1)
    memory = memory_bytes
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        mapped = pages * resource.getpagesize()
        memory = max(memory_bytes, mapped + HEADROOM_BYTES)
    # One second apart: the soft limit tells why the child ended, the hard one only kills.
    _lower(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _lower(resource.RLIMIT_AS, memory, memory)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES, FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0, 0)


def _lower(kind: int, soft: int, hard: int) -> None:
    """Set a limit; one the system already holds lower stays."""
    allowed = resource.getrlimit(kind)[1]
    if allowed != resource.RLIM_INFINITY:
        soft, hard = min(soft, allowed), min(hard, allowed)
    resource.setrlimit(kind, (soft, hard))


def _pack(html: str, **inputs: Any) -> bytes:
    """One header line of JSON, then the PDF. Errors travel as their kind and text."""
    pdf = b""
    try:
        result = render(html, **inputs)
    except RenderError as error:
        refused = isinstance(error, RenderRefused)
        header: dict[str, object] = {"kind": "refused" if refused else "failed", "text": str(error)}
    except MemoryError:
        header = {"kind": "failed", "text": _("文件过大，超出打印内存上限。")}
    else:
        header, pdf = {"kind": "done", "sha256": result.sha256, "pages": result.pages}, result.pdf
    return json.dumps(header).encode() + b"\n" + pdf


def _unpack(answer: bytes) -> RenderedPdf:
    head, _newline, pdf = answer.partition(b"\n")
    header = json.loads(head)
    if header["kind"] == "done":
        return RenderedPdf(pdf, header["sha256"], header["pages"])
    raise (RenderRefused if header["kind"] == "refused" else RenderFailed)(header["text"])


def _read_until(pipe: int, deadline: float) -> bytes | None:
    """All bytes up to the end of the pipe; None when the deadline comes first."""
    chunks: list[bytes] = []
    poll = select.poll()
    poll.register(pipe, select.POLLIN | select.POLLHUP)
    while (left := deadline - time.monotonic()) > 0:
        if not poll.poll(left * 1000):
            return None
        if not (chunk := os.read(pipe, _READ)):
            return b"".join(chunks)
        chunks.append(chunk)
    return None


def _reap(child: int, deadline: float) -> int:
    """Wait for the child, killing it when its time is up; the raw wait status."""
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _death_message(answer: bytes | None, status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return _("文件内容过于复杂，打印超出处理器时间上限，已停止。")
    if answer is None:
        return _("打印超时，已停止，请稍后重试。")
    return _("打印进程意外退出，请稍后重试；再次失败请联系管理员。")
