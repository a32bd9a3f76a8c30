"""A backup is whole or not there; a restore brings back exactly that, or says why and does nothing."""

import errno
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from propdesk import keyring
from propdesk.core import id_numbers, persons, photos, rekeying, sweeps
from propdesk.core.backup import age, keeping, making, manifest, nightly, restoring, snapshot
from propdesk.core.backup.errors import BackupError
from propdesk.core.backup.manifest import Entry, Manifest
from propdesk.core.channels import sending
from propdesk.core.models import Attachment, Draft, Robot, SweepRun, User
from propdesk.environment import database_url
from propdesk.localstack import paths
from tests.core.test_verifying import Sealed
from tests.factories import CaseFactory, PersonFactory, PropertyFactory, UserFactory
from tests.incidents.moves import jpeg

NOW = datetime(2026, 11, 26, 19, 30, tzinfo=UTC)
NAME = "propdesk-20261127-033000"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def base(tmp_path):
    return tmp_path / "backups"


# --- round trip ----------------------------------------------------------------------------


@contextmanager
def empty_place():
    """A directory that the service account may enter, for the servers and files of a restore."""
    with tempfile.TemporaryDirectory(prefix="pd-restore-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o711)
        yield Path(place)


@contextmanager
def empty_database(name):
    """A fresh database on the server of the tests; yields its address."""
    owner = connection.copy()
    owner.settings_dict["NAME"] = "postgres"
    try:
        with owner.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute(f'CREATE DATABASE "{name}"')
            host, role = owner.settings_dict["HOST"], owner.settings_dict["USER"]
            yield database_url(role, Path(host), name)
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        owner.close()


def manage(home, *words, **environment):
    """Run a command in a process of its own; returns its exit code and what it said."""
    foreign = ("PROPDESK_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_", "COV_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=paths.BASE_DIR,
        env={**kept, "PROPDESK_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def opened(folder):
    """Every picture below a folder, decoded; returns how many."""
    pictures = list(folder.rglob("*.jpg"))
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
    return len(pictures)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_restored_house_is_the_one_that_was_backed_up(media, base, settings):
    sealed = Sealed()
    photos.store(CaseFactory(), photos.prepare(jpeg("red")), by=UserFactory())
    Draft.objects.create(owner=UserFactory(), form="x", data={}, updated_at=timezone.now())
    before = content(media)
    made = making.make(base, NOW)
    with empty_place() as place:
        key = place / "key.txt"
        closed = making.make(base / "closed", NOW, recipient=age.new_identity(key))

        with empty_database(f"{connection.settings_dict['NAME']}_restored") as address:
            code, said = manage(place / "one", "restore", made.folder, DATABASE_URL=address)
            with psycopg.connect(address) as restored, restored.cursor() as cursor:
                rows = snapshot.tables(cursor)
                cursor.execute("SELECT count(*) FROM core_draft")
                drafts = cursor.fetchone()
        # The place without any server: the embedded one is made, filled and stopped.
        words = ("restore", closed.folder, "--identity", key)
        embedded, told = manage(place / "new", *words)

        assert (code, embedded) == (0, 0), said + told
        for text in (said, told):
            assert "全部相符。" in text
            assert f"{len(before)} 个文件，全部与清单相符" in text
        # What starting the restored house adds: nothing but its own bookkeeping.
        assert {t: r for t, r in rows.items() if r != made.manifest.tables[t]} == {}
        assert drafts == (0,)
        assert content(place / "one" / "media") == content(place / "new" / "media") == before
        assert opened(place / "one" / "media") == 2
        assert (place / "new" / "secret_key").read_text() == settings.SECRET_KEY
        assert sealed.document.file.name in before
    stored = b"".join(content(closed.folder).values())
    assert settings.SECRET_KEY.encode() not in stored
    assert sealed.document.number.encode() + b" " not in stored


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_backup_amid_a_change_of_the_secret_opens_all_it_holds(
    media, base, settings, tmp_path, monkeypatch
):
    """Cut off before anything was encrypted anew; the backup is made by a worker of before."""
    monkeypatch.delenv("PROPDESK_SECRET_KEY")
    settings.HOME, settings.SECRET_KEY_FALLBACKS = tmp_path, []
    first, known = settings.SECRET_KEY, "11010519491231002X"
    keyring.put(tmp_path, first, ["of-the-first-year" * 4])

    def keep(name):
        persons.see_id(PersonFactory(name=name), "id_card", known)
        prop = PropertyFactory()
        closed = sending.closed(prop.pk, sending.Secret("https://example.invalid/hook", name))
        Robot.objects.create(
            property=prop, kind="wecom", host="example.invalid", secret=closed, name=name
        )

    keep("of before")
    with rekeying.changing():
        rekeying.new_secret()
    second = settings.SECRET_KEY
    keep("of after")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, []
    made = making.make(base, NOW)
    with (
        empty_place() as place,
        empty_database(f"{connection.settings_dict['NAME']}_amid") as address,
    ):
        code, said = manage(place / "one", "restore", made.folder, DATABASE_URL=address)
        assert code == 0, said
        with psycopg.connect(address) as restored:
            hashes = {row[0] for row in restored.execute("SELECT id_hash FROM core_person")}
            robots = restored.execute("SELECT property_id, secret, name FROM core_robot").fetchall()
        keys = [keyring.current(place / "one"), *keyring.before(place / "one")]

    assert keys == [second, first, "of-the-first-year" * 4]
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = keys
    assert len(hashes) == 2
    assert hashes < set(id_numbers.keyed_hashes("id_card", known))
    opened = [sending.opened(Robot(property_id=pk, secret=kept)) for pk, kept, _name in robots]
    assert [one and one.key for one in opened] == [name for _pk, _kept, name in robots]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_upload_under_way_is_in_the_backup_whole_or_not_at_all(media, base):
    """Three people upload while backups are made; the control copies the files before the rows."""
    case, user = CaseFactory(), UserFactory()
    ready = photos.prepare(jpeg("red"))
    over = threading.Event()

    def upload(hand):
        for number in itertools.count():
            if over.is_set():
                break
            # Whatever follows the end of a JPEG is not looked at: another photo for every hash.
            full = ready.full + f"{hand} {number}".encode()
            photo = replace(ready, full=full, sha256=manifest.sha256_bytes(full))
            with transaction.atomic():
                row = photos._filed(case, photo, user, "")
                over.wait(0.02)  # where a backup may look: the files are there, the row is not
                row.save()
        connection.close()

    hands = [threading.Thread(target=upload, args=(n,)) for n in range(3)]
    for hand in hands:
        hand.start()
    try:
        found = [making.make(base, NOW + timedelta(days=n)) for n in range(3)]
        # The control: what lies on the disk is listed first, the rows are read afterwards.
        early = {path.relative_to(media).as_posix() for path in media.rglob("*.jpg")}
        rows = Attachment.objects.count()
        while Attachment.objects.count() <= rows + 3:
            over.wait(0.02)
        late = making.make(base, NOW + timedelta(days=3))
    finally:
        over.set()
        for hand in hands:
            hand.join()

    assert [each.manifest.findings for each in found] == [[]] * 3
    assert [list(manifest.problems(each.folder, each.manifest)) for each in found] == [[]] * 3
    sizes = [int(each.manifest.tables["core_attachment"][0]) for each in found]
    files = [sum(e.path.endswith(".jpg") for e in each.manifest.files) for each in found]
    assert files == [2 * size for size in sizes]
    assert sizes[-1] > sizes[0]
    named = {each.path for each in late.manifest.files if each.path.endswith(".jpg")}
    assert named - {f"media/{name}" for name in early} != set()


# --- what a backup notices -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_second_backup_links_what_it_has_and_heals_what_broke(media, base, capsys):
    row = photos.store(CaseFactory(), photos.prepare(jpeg("red")), by=UserFactory())
    first = making.make(base, NOW)
    (media / row.file.name).write_bytes(b"x")
    (media / row.print_file.name).unlink()
    second = making.make(base, NOW + timedelta(days=1))

    same = f"media/{row.file.name}"
    assert (first.folder / same).stat().st_ino == (second.folder / same).stat().st_ino
    assert second.manifest.findings == sorted(
        [
            f"{row.file.name} 被改动，备份里是以前的好文件",
            f"{row.print_file.name} 缺失，备份里是以前的好文件",
        ]
    )
    assert restoring.verify(second.folder).findings == second.manifest.findings

    # A copy that broke inside the backup is not linked to again.
    photo = (second.folder / same).read_bytes()
    (media / row.file.name).write_bytes(photo)
    broken = bytearray(photo)
    broken[9] ^= 1
    (second.folder / same).write_bytes(broken)
    third = making.make(base, NOW + timedelta(days=2))
    assert (third.folder / same).read_bytes() == photo
    with pytest.raises(CommandError, match="不完整"):
        call_command("backup", verify=str(second.folder))
    call_command("backup", verify="", to=base)
    assert f"{third.folder} 完整" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_backup_that_fails_leaves_nothing_behind(media, base, monkeypatch, settings):
    photos.store(CaseFactory(), photos.prepare(jpeg("red")), by=UserFactory())
    (base / ".making-1").mkdir(parents=True)

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(making, "_put", full)
        with pytest.raises(BackupError, match="磁盘满了"):
            making.make(base, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(making, "SPARE", 1 << 60)
        with pytest.raises(BackupError, match="没有开始"):
            making.make(base, NOW)
    with making._alone(base), pytest.raises(BackupError, match="正在进行"):
        making.make(base, NOW)
    settings.PROPDESK_BACKUP_DIR = base
    assert nightly.run(NOW) is True

    assert [path.name for path in base.iterdir() if path.name != ".lock"] == [NAME]
    assert all(path.stat().st_mode & 0o077 == 0 for path in base.rglob("*"))


@pytest.mark.django_db(transaction=True)
def test_copy_off_the_machine_is_whole_or_a_finding(media, base, settings, tmp_path):
    away = tmp_path / "away"
    settings.PROPDESK_BACKUP_COPY_TO = str(away)
    settings.PROPDESK_BACKUP_DIR = base
    nightly.run(NOW)
    told = SweepRun.objects.get(name=nightly.NAME)
    away.mkdir()
    nightly.run(NOW + timedelta(days=1))

    assert (told.finished_at is not None, told.error) == (
        True,
        f"没有抄送：{away} 不存在，可能没有接上。",
    )
    assert [path.name for path in away.iterdir()] == ["propdesk-20261128-033000"]
    assert content(away / "propdesk-20261128-033000") == content(base / "propdesk-20261128-033000")


def test_every_column_that_names_files_is_backed_up():
    named = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    }

    assert named == {(column.table, column.name) for column in snapshot.COLUMNS}


# --- refusals ------------------------------------------------------------------------------


def written(folder, **changed):
    """A small backup that is right in itself; its dump is none, but nothing comes to read it."""
    data = {
        "database.dump": b"dump",
        "secret_key": settings.SECRET_KEY.encode(),
        "media/a.jpg": b"photo",
    }
    files = []
    for name, stored in data.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(stored)
        digest = manifest.sha256_bytes(stored)
        files.append(Entry(name, digest, len(stored), digest))
    found = Manifest(NOW.isoformat(), 15, 15, ["core.0001_initial"], files=files)
    for name, value in changed.items():
        setattr(found, name, value)
    (folder / manifest.NAME).write_text(found.text(), encoding="utf-8")
    return folder


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def reworded(folder, old, new):
    """Change the manifest and its digest with it, as a newer version would have written it."""
    body = json.loads((folder / manifest.NAME).read_text().replace(old, new))
    body.pop("digest")
    body["digest"] = manifest._digest(body)
    (folder / manifest.NAME).write_text(json.dumps(body))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: (f / "media/a.jpg").unlink(), "缺少文件 media/a.jpg"),
        (lambda f: flip(f / "media/a.jpg"), "文件 media/a.jpg 被改动或损坏"),
        (lambda f: flip(f / "database.dump"), "文件 database.dump 被改动或损坏"),
        (lambda f: (f / "media/b.jpg").touch(), "media/b.jpg 不在清单里"),
        (lambda f: flip(f / manifest.NAME), "清单 MANIFEST.json 被改动或损坏"),
        (lambda f: (f / manifest.NAME).unlink(), "没有清单 MANIFEST.json"),
        (lambda f: reworded(f, "media/a.jpg", "../a.jpg"), "清单 MANIFEST.json 被改动或损坏"),
        (lambda f: reworded(f, '"format": 1', '"format": 2'), "更新的版本做的"),
        (lambda f: written(f, migrations=["core.9999_later"]), "core.9999_later 是这里没有的"),
        (lambda f: written(f, recipient="age1x"), "请用 --identity 指定密钥文件"),
        (lambda f: written(f, postgres=99), "找不到 PostgreSQL 99"),
    ],
    ids=[
        "photo-missing",
        "photo-flipped",
        "dump-flipped",
        "file-too-many",
        "manifest-flipped",
        "manifest-missing",
        "path-out-of-the-folder",
        "format-of-the-future",
        "newer-version",
        "encrypted-without-key",
        "server-of-the-future",
    ],
)
def test_backup_that_is_not_right_is_told_and_nothing_is_restored(media, base, harm, words):
    """The database is shut to this test: a restore that opened it would fail otherwise."""
    folder = written(base)
    harm(folder)

    with pytest.raises(CommandError) as refused:
        call_command("restore", folder)

    assert words in str(refused.value)
    assert not media.exists()


@pytest.mark.django_db
def test_restore_into_a_database_that_is_not_empty_is_refused(media, base):
    user = UserFactory()

    with pytest.raises(CommandError, match="数据库里已经有资料"):
        call_command("restore", written(base))

    assert (User.objects.get(), media.exists()) == (user, False)


def test_restore_of_another_secret_or_into_a_full_folder_is_refused(media, base, monkeypatch):
    folder = written(base)
    monkeypatch.setenv("PROPDESK_SECRET_KEY", "another")
    with pytest.raises(CommandError, match="PROPDESK_SECRET_KEY 与备份里的密钥不同"):
        call_command("restore", folder)
    media.mkdir()
    (media / "x.jpg").write_bytes(b"x")
    with pytest.raises(CommandError, match="里已经有文件"):
        call_command("restore", folder)
    assert content(media) == {"x.jpg": b"x"}


def test_foreign_key_does_not_open_and_key_file_is_never_written_over(base, tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    closer = age.Closer(age.new_identity(mine))
    age.new_identity(other)
    closed = closer.closed(b"photo")

    assert age.opener(encrypted=True, identity=mine)(closed) == b"photo"
    assert mine.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="打不开"):
        age.opener(encrypted=True, identity=other)(closed)
    for refused in (lambda: age.new_identity(mine), lambda: age.Closer("age1nonsense")):
        with pytest.raises(BackupError):
            refused()
    with pytest.raises(CommandError, match="还没有公钥"):
        call_command("backup", encrypt=True, to=base)


# --- which stay, and when ------------------------------------------------------------------


def oracle(times):
    """Walk back from the newest, counting the periods that were seen."""
    stay = set()
    for number, shape in ((7, "%Y%j"), (4, "%G%V"), (12, "%Y%m")):
        seen = []
        for at in sorted(times, reverse=True):
            if at.strftime(shape) not in seen:
                seen.append(at.strftime(shape))
                if len(seen) <= number:
                    stay.add(at)
    return stay


@hypothesis.settings(deadline=None)
@given(st.sets(st.integers(0, 24 * 800), min_size=1, max_size=60))
def test_kept_are_the_newest_of_seven_days_four_weeks_twelve_months(hours):
    times = {datetime(2025, 1, 1) + timedelta(hours=h) for h in hours}  # noqa: DTZ001 -- local

    assert keeping.kept(times) == oracle(times)
    assert max(times) in keeping.kept(times)
    assert len(keeping.kept(times)) <= 23


def test_thinning_every_night_of_two_years_keeps_what_the_rule_says(tmp_path):
    """Thinned one by one there is never more than the rule, and the months are all there."""
    times = []
    for day in range(700):
        times.append(datetime(2025, 1, 1, 3) + timedelta(days=day))  # noqa: DTZ001 -- local
        times = sorted(keeping.kept(times))
    assert len({at.strftime("%Y%m") for at in times}) == 12
    for at in (*times, times[-1] - timedelta(days=1, hours=3)):
        written(tmp_path / f"propdesk-{at:%Y%m%d-%H%M%S}")
    (tmp_path / "propdesk-20200101-030000").mkdir()  # without a manifest it is no backup of ours

    assert keeping.thin(tmp_path) == 1
    assert [keeping.time_of(path) for path in keeping.all_in(tmp_path)] == times


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lived", "runs", "due"),
    [
        (30, [], True),
        (0.5, [], False),
        (30, [(0.4, True)], False),
        (30, [(24.4, True)], True),
        (30, [(0.4, False)], False),
        (30, [(24.4, True), (1.2, False)], True),
        (30, [(-90_000, True)], True),
        (30, [(-90_000, False)], True),
    ],
    ids=[
        "never",
        "new-house",
        "made",
        "last-night-missing",
        "just-failed",
        "failed-before",
        "made-by-a-clock-ahead",
        "failed-by-a-clock-ahead",
    ],
)
def test_backup_of_the_night_is_due_until_it_was_made(lived, runs, due, settings):
    """At half past three; the hour of the house is three."""
    SweepRun.objects.create(name="x", started_at=NOW - timedelta(hours=lived))
    for hours, good in runs:
        at = NOW - timedelta(hours=hours)
        SweepRun.objects.create(name=nightly.NAME, started_at=at, finished_at=at if good else None)

    assert nightly.is_due(NOW) is due
    settings.PROPDESK_BACKUP_NIGHTLY = False
    assert nightly.is_due(NOW) is False


@pytest.mark.django_db
def test_failed_backup_of_the_night_is_kept_in_words(settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    settings.PROPDESK_BACKUP_DIR = blocked

    assert nightly.run(NOW) is False
    row = SweepRun.objects.get(name=nightly.NAME)
    assert (row.finished_at, row.error.partition("：")[0]) == (None, f"写不了备份目录 {blocked}")
    assert sweeps.age(nightly.NAME, NOW) is None
