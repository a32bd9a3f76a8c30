"""Files that a rolled-back transaction left behind are removed; all others stay."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from propdesk.core import orphans, photos
from tests.factories import CaseFactory, UserFactory
from tests.incidents.moves import jpeg

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def aged(media: Path, hours: float) -> set[str]:
    """All files below ``media``, made ``hours`` old and put into the month of ``NOW``."""
    moment = (NOW - timedelta(hours=hours)).timestamp()
    names = set()
    for path in media.rglob("*.*"):
        os.utime(path, (moment, moment))
        names.add(path.name)
    return names


def kept(media: Path) -> set[str]:
    return {path.name for path in media.rglob("*.*")}


def photo(monkeypatch, colour: str = "white"):
    for field in ("file", "print_file"):
        column = photos.Attachment._meta.get_field(field)
        monkeypatch.setattr(column, "upload_to", "photos/2026/11/")
    return photos.store(CaseFactory(), jpeg(colour), by=UserFactory())


def rolled_back(monkeypatch) -> None:
    with suppress(RuntimeError), transaction.atomic():
        photo(monkeypatch, "red")
        raise RuntimeError


@pytest.mark.parametrize(
    ("hours", "removed"),
    [(0.5, 0), (2, 2), (70, 2), (80, 0)],
    ids=["running", "old", "weekend", "looked-at"],
)
def test_photo_of_a_rolled_back_upload_is_removed(media, monkeypatch, hours, removed):
    rolled_back(monkeypatch)
    aged(media, hours)

    assert orphans.sweep(NOW) == removed
    assert len(kept(media)) == 2 - removed


def test_photo_with_a_row_stays(media, monkeypatch):
    photo(monkeypatch)
    names = aged(media, 2)

    assert orphans.sweep(NOW) == 0
    assert kept(media) == names


def test_paper_without_a_row_is_removed_and_other_folders_are_left_alone(media):
    for folder in ("papers/2026/11", "log/2026/11"):
        (media / folder).mkdir(parents=True)
        (media / folder / "x.pdf").write_bytes(b"%PDF")
    aged(media, 2)

    assert orphans.sweep(NOW) == 1
    assert [str(path.relative_to(media)) for path in media.rglob("*.pdf")] == ["log/2026/11/x.pdf"]


def test_sweep_rests_outside_the_full_hour(media, monkeypatch):
    rolled_back(monkeypatch)
    aged(media, 2)

    assert orphans.sweep(NOW + timedelta(minutes=1)) == 0


def test_number_of_statements_does_not_grow_with_the_files(
    media, monkeypatch, django_assert_num_queries
):
    assert str(media) == settings.MEDIA_ROOT
    folder = media / "photos/2026/11"
    folder.mkdir(parents=True)
    for n in range(30):
        (folder / f"{n}.jpg").write_bytes(b"x")
    aged(media, 2)

    with django_assert_num_queries(3):
        assert orphans.sweep(NOW) == 30
