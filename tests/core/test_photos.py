"""Photos: our own bytes only, bounded, struck out and never deleted."""

import io

import pytest
from PIL import Image

from propdesk.core import photos
from propdesk.core.models import Attachment
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import CaseFactory, UserFactory
from tests.incidents.moves import jpeg, refuses

pytestmark = pytest.mark.django_db


def read(file) -> bytes:
    with file.open("rb") as stored:
        return stored.read()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x8825] = {2: (22.0, 32.0, 0.0)}
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG", exif=exif, comment=b"<script>")
    return out.getvalue()


def test_photo_is_stored_as_our_own_encoding_without_metadata():
    row = photos.store(CaseFactory(), photos.prepare(with_gps()), by=UserFactory(), caption="走廊")

    stored, printed = read(row.file), read(row.print_file)
    assert stored != with_gps()
    assert (b"script" in stored, dict(Image.open(io.BytesIO(stored)).getexif())) == (False, {})
    assert (row.width, row.height, row.size, row.caption) == (40, 30, len(stored), "走廊")
    assert Image.open(io.BytesIO(printed)).format == "JPEG"


def test_same_photo_is_stored_once_until_it_is_struck_out():
    case, user = CaseFactory(), UserFactory()
    row = photos.store(case, photos.prepare(jpeg()), by=user)
    with refuses(ConflictError):
        photos.store(case, photos.prepare(jpeg()), by=user)
    photos.strike_out(row, by=user, reason="模糊")

    photos.store(case, photos.prepare(jpeg()), by=user)
    photos.store(CaseFactory(), photos.prepare(jpeg()), by=user)

    assert Attachment.objects.count() == 3


def test_photos_of_a_case_are_bounded(monkeypatch):
    monkeypatch.setattr(photos, "MAX_PER_CASE", 2)
    case, user = CaseFactory(), UserFactory()
    rows = [photos.store(case, photos.prepare(jpeg(colour)), by=user) for colour in ("red", "blue")]

    with refuses(RefusedInput):
        photos.store(case, photos.prepare(jpeg("green")), by=user)

    photos.strike_out(rows[0], by=user, reason="多余")
    photos.store(case, photos.prepare(jpeg("green")), by=user)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"%PDF-1.7", b"<svg/>", jpeg()[:200]])
def test_what_is_no_photo_is_refused_and_leaves_no_file(data):
    case = CaseFactory()
    user = UserFactory()

    with refuses(RefusedInput) as refusal:
        photos.store(case, photos.prepare(data), by=user)

    assert list(refusal.value.errors) == ["photo"]
    assert Attachment.objects.count() == 0


def test_photo_is_struck_out_once_with_who_and_why():
    case, user = CaseFactory(), UserFactory()
    row = photos.store(case, photos.prepare(jpeg()), by=user)
    with refuses(RefusedInput):
        photos.strike_out(row, by=user, reason="")

    done = photos.strike_out(row, by=user, reason="拍到别人")

    assert (done.removed_by, done.removed_reason, done.removed_at is None) == (
        user,
        "拍到别人",
        False,
    )
    assert done.file.storage.exists(done.file.name)
    with refuses(ConflictError):
        photos.strike_out(row, by=user, reason="再撤")
