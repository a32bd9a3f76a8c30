"""A disk that is full, alive: a word to whoever uploads, no row, no file; and the rest goes on."""

import http.client
import io

import pytest
from PIL import Image

from tests.faults import tap, twin_web
from tests.faults.person import COMPLAINTS, Person
from tests.platform.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.slow]
PHOTOS = """
SELECT count(*) FROM core_attachment a JOIN core_case k ON k.id = a.case_id WHERE k.number = %s
"""


def noise() -> bytes:
    """A photo whose stored copy takes far more than the limit below."""
    out = io.BytesIO()
    Image.effect_noise((600, 400), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def stored(stack: Stack) -> set[str]:
    """Photos and halves of them; the papers of the demo house may be on their way still."""
    return {str(path) for path in (stack.home / "media").rglob("*.jpg")}


def test_photo_that_finds_no_room_is_refused_in_words_and_leaves_nothing(stack):
    person = Person(stack, "1001")
    number = person.take_in("墙面渗水")
    path, photo = f"{COMPLAINTS}{number}/do/photo/", noise()
    before = stored(stack)

    with tap.database(stack) as rows, twin_web.full(stack, 20_000) as twin:
        refused = person.at(twin.port).upload(path, photo)
        left = (stored(stack) - before, rows.execute(PHOTOS, [number]).fetchone())
        words = person.at(twin.port).take_in("磁盘满时的投诉")
        kept = person.upload(path, photo)  # where there is room: the control
        after = rows.execute(PHOTOS, [number]).fetchone()

    assert (refused.status, "照片没有存上" in refused.body) == (422, True)
    assert left == (set(), (0,))
    assert words.startswith("TS-")
    assert (kept.status, after) == (http.client.FOUND, (1,))
    assert len(stored(stack) - before) == 2
