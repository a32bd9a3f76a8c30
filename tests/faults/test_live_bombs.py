"""Pictures made to break a server, sent over the web: refused in words, in little time and memory."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.test_images import BROKEN, PIXELS, encoded, png_bomb, quarters, webp_bomb
from tests.faults import load, tap
from tests.faults.person import COMPLAINTS, Person
from tests.faults.test_full_disk import PHOTOS, stored
from tests.platform.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow]
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "169 megapixels of PNG": (lambda: png_bomb(13_000), PIXELS),
    "64 megapixels of PNG": (lambda: png_bomb(8_000), PIXELS),
    "268 megapixels of WebP": (webp_bomb, PIXELS),
    "26 MB": (lambda: b"\xff\xd8\xff" + bytes(26 * 1024 * 1024), "图片超过 25 MB"),
    "a JPEG cut short": (lambda: encoded(quarters((4000, 3000)), quality=95)[:-900], BROKEN),
}
WHOLE = """
import io, resource, sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
Image.open(io.BytesIO(sys.stdin.buffer.read())).convert("RGB")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
MOST_SECONDS, MOST_MB = 10.0, 150


def peak(pids: list[int]) -> int:
    """MB that these processes took at the most since ``forget``."""
    lines = [Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1] for pid in pids]
    return sum(int(line.split()[0]) for line in lines) // 1024


def forget(pids: list[int]) -> None:
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(),
    reason="this kernel keeps no peak of memory to begin anew",
)
def test_bomb_sent_over_the_web_is_refused_in_words_within_its_time_and_memory(stack: Stack):
    person = Person(stack, "1001")
    number = person.take_in("墙面渗水")
    path, before = f"{COMPLAINTS}{number}/do/photo/", stored(stack)
    person.upload(path, b"x")  # what the first photo imports is no picture's memory
    web = stack.children("propdesk.wsgi")
    answers = {}
    for name, (make, words) in BOMBS.items():
        bomb = make()
        forget(web)
        empty, began = peak(web), time.monotonic()
        answer = person.upload(path, bomb)
        answers[name] = (answer.status, time.monotonic() - began, peak(web) - empty)
        assert words in answer.body
    with tap.database(stack) as rows:
        (kept,) = rows.execute(PHOTOS, [number]).fetchone()

    for name, (_status, seconds, memory) in answers.items():
        load.figure(f"{name}: {seconds:.2f} s, {memory} MB")
    assert {status for status, _seconds, _memory in answers.values()} == {422}
    assert max(seconds for _status, seconds, _memory in answers.values()) < MOST_SECONDS
    assert max(memory for _status, _seconds, memory in answers.values()) < MOST_MB
    assert (kept, stored(stack) - before) == (0, set())
    assert person.get(COMPLAINTS).status == http.client.OK


def test_bomb_that_is_decoded_takes_what_the_limit_refuses():
    """The control: the same file, opened by a program without limits."""
    done = subprocess.run(
        [sys.executable, "-c", WHOLE],
        input=png_bomb(13_000),
        capture_output=True,
        check=True,
        env=dict(os.environ),
    )

    assert int(done.stdout) > 3 * MOST_MB
