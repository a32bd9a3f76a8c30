"""A disk on which PostgreSQL itself finds no room: told, nothing half-written, and on when there is room.

The whole data directory lies on a small disk of its own, as on a machine whose only disk is full. That
disk is a tmpfs, so the test asks for root; it takes some minutes.
"""

import http.client
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import load, mixed, tap
from tests.faults.person import COMPLAINTS, Answer, Person
from tests.faults.test_mixed_load import integrity
from tests.platform.stack import Stack, directory, wait_for

pytestmark = [
    pytest.mark.stack,
    pytest.mark.soak,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk of its own"),
]
ROOM = 4 * 1024**3
SOME = 256 * 1024
FULL_FOR = 20.0
NOT_SAVED = "刚才提交的内容没有保存"


def resize(home: Path, size: int, *options: str) -> None:
    words = ",".join(["mode=0711", f"size={size}", *options])
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", words, "none", str(home)], check=True)


@pytest.fixture
def small() -> Iterator[Stack]:
    with directory() as home:
        home.mkdir()
        resize(home, ROOM)
        try:
            stack = Stack(home)
            try:
                stack.wait_ready()
                yield stack
            finally:
                stack.stop()
        finally:
            subprocess.run(["/bin/umount", "--lazy", str(home)], check=True)


def sent(person: Person, form: dict[str, str]) -> Answer:
    try:
        return person.post(f"{COMPLAINTS}new/", form)
    except (OSError, http.client.HTTPException):
        return Answer(0, "", "")


def test_database_that_finds_no_room_keeps_all_or_nothing_and_goes_on_when_there_is_some(small):
    person, work = Person(small, "1001"), mixed.Work(small)
    forms = [person.intake(f"{work.tag} {n} " + "墙面渗水" * 200) for n in range(400)]
    failed: list[dict[str, str]] = []
    pages: Counter[int] = Counter()
    told: Counter[int] = Counter()

    resize(small.home, shutil.disk_usage(small.home).used + SOME, "remount")
    ends = time.monotonic() + 240
    full_since = None
    while forms and time.monotonic() < ends:
        if full_since is not None and time.monotonic() - full_since > FULL_FOR:
            break
        form = forms.pop()
        answer = sent(person, form)
        told[answer.status] += 1
        if answer.status == http.client.FOUND:
            work.taken[form["words"]] = answer.location.rstrip("/").rpartition("/")[2]
            continue
        full_since = full_since or time.monotonic()
        failed.append(form)
        if answer.status:
            assert (answer.status, NOT_SAVED in answer.body) == (500, True)
        pages[person.get(COMPLAINTS).status] += 1  # what is read needs no room
    began = time.monotonic()
    resize(small.home, ROOM, "remount")
    wait_for(lambda: sent(person, failed[0]).status == http.client.FOUND, 120, "it goes on")
    back = time.monotonic() - began

    # What was refused is sent again, token and all; nothing of it was there.
    for form in failed:
        answer = sent(person, form)
        assert answer.status == http.client.FOUND
        work.taken[form["words"]] = answer.location.rstrip("/").rpartition("/")[2]
    with tap.database(small) as rows:
        wait_for(lambda: mixed.lost_or_doubled(rows, work) == [], 120, "all there, and once")
    load.figure(f"full: sent {dict(told)}, read {dict(pages)}; on again after {back:.1f} s")
    assert integrity(small) == "全部相符。"
