"""Printing in a child: the same bytes, the same refusals, and no bomb outlives its limits."""

import contextlib
import io
import json
import os
import re
import resource
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from propdesk.core.papers import render_html
from propdesk.core.pdf import limited as module
from propdesk.core.pdf.limited import render_limited
from propdesk.core.pdf.render import RenderFailed, RenderRefused, render
from tests.core import paper_samples as samples

HEAD = '<!doctype html><html lang="zh-CN"><body>'
# One word in a cell: Pango needs quadratic time to look for a place to break it.
BOMB = HEAD + "<table><tr><td>" + "a" * 200_000


def print_limited(html: str, **limits: Any) -> Any:
    return render_limited(html, assets={}, data={}, frozen_at=samples.FROZEN_AT, **limits)


@pytest.fixture(autouse=True)
def no_child_left() -> Any:
    """Every test must leave neither a child nor an open pipe behind."""
    pipes, children = pipes_now(), children_now()
    yield
    # By the pipe itself, not by a count: a file another test left to the collector may close now.
    assert pipes_now() - pipes == set()
    assert children_now() == children


def pipes_now() -> set[str]:
    """Open pipes of this process; the number in a link names one pipe and is not used twice."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists the folder
            found.add(str(descriptor.readlink()))
    return {link for link in found if link.startswith("pipe:")}


def children_now() -> set[str]:
    """Children of this process, waited for or not; the test database may be one of them."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for children in lists for pid in children.read_text().split()}


def test_result_equals_that_of_the_same_process() -> None:
    paper = samples.complaint()
    inputs = {
        "assets": samples.assets(paper),
        "data": paper.to_data(),
        "frozen_at": samples.FROZEN_AT,
    }
    html = render_html(paper)

    assert render_limited(html, **inputs) == render(html, **inputs)


def test_refusal_crosses_the_fork() -> None:
    with pytest.raises(RenderRefused, match=r"“😀”（U\+1F600）"):
        print_limited(HEAD + "😀")


def test_failure_crosses_the_fork() -> None:
    with pytest.raises(RenderFailed, match="排版失败"):
        print_limited(HEAD + "<div>" * 400)


def test_bomb_of_cpu_is_stopped_and_the_caller_lives() -> None:
    started = time.monotonic()

    with pytest.raises(RenderFailed, match="处理器时间上限"):
        print_limited(BOMB, cpu_seconds=2)

    assert time.monotonic() - started < 20
    assert print_limited(HEAD + "好").pages == 1


def test_bomb_of_time_is_stopped() -> None:
    with pytest.raises(RenderFailed, match="打印超时"):
        print_limited(BOMB, wall_seconds=0.5)


def test_bomb_of_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADROOM_BYTES", 48 << 20)

    with pytest.raises(RenderFailed, match="超出打印内存上限"):
        print_limited(HEAD + "<p>好的</p>" * 60_000, memory_bytes=1 << 20)


def test_limits_of_every_job_are_those_that_were_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 s of CPU, 30 s by the clock, 1 GB or what the worker itself takes and 640 MB more."""

    def held(*_args: Any, **_kwargs: Any) -> bytes:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        allowed = max(1 << 30, pages * resource.getpagesize() + (640 << 20))
        slack = resource.getrlimit(resource.RLIMIT_AS)[0] - allowed
        alarm = signal.getitimer(signal.ITIMER_REAL)[0]
        said = [resource.getrlimit(resource.RLIMIT_CPU), 30 < alarm <= 31, abs(slack) < 16 << 20]
        return json.dumps({"kind": "failed", "text": str(said)}).encode() + b"\n"

    monkeypatch.setattr(module, "_pack", held)

    with pytest.raises(RenderFailed) as told:
        print_limited(HEAD + "好")

    assert str(told.value) == "[(20, 21), True, True]"
    assert module.WALL_SECONDS == 30


def test_bomb_of_pixels_is_stopped() -> None:
    picture = io.BytesIO()
    Image.new("L", (13_000, 13_000)).save(picture, "PNG")
    html = HEAD + '<img src="pd:bomb" alt="x">'

    with pytest.raises(RenderFailed, match="无法载入"):
        render_limited(
            html,
            assets={"pd:bomb": (picture.getvalue(), "image/png")},
            data={},
            frozen_at=samples.FROZEN_AT,
        )


TYPED = {
    "word": ("a" * 100_000, "过长，以下略"),
    "lines": ("行\n" * 20_000, "过长，以下略"),
    "characters": ("长" * 100_000, "过长，以下略"),
    "override": ("00.521\u202e元", "00.521元"),
}


def test_bombs_typed_into_a_paper_end_within_the_limits_of_every_job() -> None:
    """What a form lets through is cut and cleaned before it is laid out, so nothing is refused."""
    texts = [text for text, _shown in TYPED.values()]
    names = ("narrative", "measures", "cause_direct", "result")
    paper = replace(samples.blank_incident(), **dict(zip(names, texts, strict=True)))

    printed = render_limited(
        render_html(paper),
        assets=samples.assets(paper),
        data=paper.to_data(),
        frozen_at=samples.FROZEN_AT,
    )

    pages = PdfReader(io.BytesIO(printed.pdf)).pages
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    assert [shown for _typed, shown in TYPED.values() if shown not in text] == []
    assert text.count("过长，以下略") == 3


def test_caller_interrupted_takes_the_child_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: Any) -> None:
        raise TimeoutError("the task's own limit")

    monkeypatch.setattr(module, "_read_until", interrupted)
    started = time.monotonic()

    with pytest.raises(TimeoutError):
        print_limited(BOMB)

    assert time.monotonic() - started < 5


def test_child_that_vanishes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_pack", lambda *_args, **_kwargs: os._exit(3))

    with pytest.raises(RenderFailed, match="意外退出"):
        print_limited(HEAD + "好")


def test_child_that_half_answers_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*_args: Any, **_kwargs: Any) -> bytes:
        raise KeyError("an error of ours, not of the paper")

    monkeypatch.setattr(module, "_pack", half)

    with pytest.raises(RenderFailed, match="意外退出"):
        print_limited(HEAD + "好")
