"""Files that a rolled-back transaction left behind are removed; all others stay."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from propdesk.core import orphans, photos
from propdesk.core.models import Document
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
    for path in media.rglob("*.[jp]*"):
        os.utime(path, (moment, moment))
        names.add(path.name)
    return names


def photo(monkeypatch, colour: str = "white"):
    for field in ("file", "print_file"):
        column = photos.Attachment._meta.get_field(field)
        monkeypatch.setattr(column, "upload_to", "photos/2026/11/")
    return photos.store(CaseFactory(), photos.prepare(jpeg(colour)), by=UserFactory())


def rolled_back(monkeypatch) -> None:
    with suppress(RuntimeError), transaction.atomic():
        photo(monkeypatch, "red")
        raise RuntimeError


@pytest.mark.parametrize(
    ("hours", "moved"),
    [(0.5, 0), (2, 2), (70, 2), (80, 0)],
    ids=["running", "old", "weekend", "looked-at"],
)
def test_photo_of_a_rolled_back_upload_is_put_aside(media, monkeypatch, hours, moved):
    rolled_back(monkeypatch)
    aged(media, hours)

    assert orphans.sweep(NOW) == moved
    assert len(list(media.glob("photos/**/*.jpg"))) == 2 - moved
    assert len(list(media.glob("orphans/*.jpg"))) == moved


def test_photo_with_a_row_stays(media, monkeypatch):
    photo(monkeypatch)
    names = aged(media, 2)

    assert orphans.sweep(NOW) == 0
    assert {path.name for path in media.glob("photos/**/*.jpg")} == names


def test_what_was_put_aside_is_forgotten_after_a_month(media, monkeypatch):
    rolled_back(monkeypatch)
    aged(media, 2)
    orphans.sweep(NOW)

    assert orphans.sweep(NOW + timedelta(days=29)) == 0
    assert orphans.sweep(NOW + timedelta(days=31)) == 2
    assert list(media.rglob("*.jpg")) == []


def test_folder_of_another_database_is_left_alone(media, monkeypatch, caplog):
    monkeypatch.setattr(orphans, "MOST_ORPHANS", 1)
    rolled_back(monkeypatch)
    aged(media, 2)

    assert orphans.sweep(NOW) == 0
    assert len(list(media.glob("photos/**/*.jpg"))) == 2
    assert "is this the folder of this database?" in caplog.text


def test_other_folders_are_left_alone(media):
    for folder in ("papers/2026/11", "log/2026/11"):
        (media / folder).mkdir(parents=True)
        (media / folder / "x.pdf").write_bytes(b"%PDF")
    aged(media, 2)

    assert orphans.sweep(NOW) == 1
    assert (media / "log/2026/11/x.pdf").exists()


@pytest.mark.parametrize(
    ("sealed", "hours", "stays"), [(False, 25, False), (False, 23, True), (True, 60, True)]
)
def test_draft_of_yesterday_is_deleted_and_a_sealed_paper_never(media, sealed, hours, stays):
    folder = media / "papers/2026/11"
    folder.mkdir(parents=True)
    (folder / "x.pdf").write_bytes(b"%PDF")
    aged(media, hours)
    Document.objects.create(
        case=CaseFactory(),
        kind="complaint_record",
        number="TS-20261123-001",
        version=1,
        sealed=sealed,
        file="papers/2026/11/x.pdf",
        pages=1,
        size=4,
        created_at=NOW - timedelta(hours=hours),
    )

    assert orphans.sweep(NOW) == (not stays)
    assert (folder / "x.pdf").exists() == stays


def test_what_was_written_before_the_site_stood_still_for_weeks_is_looked_at(media, monkeypatch):
    assert orphans.sweep(NOW - timedelta(days=20)) == 0
    rolled_back(monkeypatch)
    aged(media, 19 * 24)

    assert orphans.sweep(NOW) == 2


def test_sweep_looks_once_an_hour(media, monkeypatch):
    orphans.sweep(NOW)
    rolled_back(monkeypatch)
    aged(media, 2)

    assert orphans.sweep(NOW + timedelta(minutes=59)) == 0
    assert orphans.sweep(NOW + timedelta(minutes=61)) == 2


def test_number_of_statements_does_not_grow_with_the_files(media, django_assert_num_queries):
    folder = media / "photos/2026/11"
    folder.mkdir(parents=True)
    for n in range(30):
        (folder / f"{n}.jpg").write_bytes(b"x")
    aged(media, 2)

    with django_assert_num_queries(4):
        assert orphans.sweep(NOW) == 30
