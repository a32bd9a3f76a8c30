"""Writes one backup: complete under its name, or not at all.

Everything goes into a folder whose name starts with a dot, each file flushed to the disk, the manifest
last; then the folder gets its name. Files the backup before holds already are linked
to it when they still read right there, so that a photo lies on the disk once.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from propdesk import keyring
from propdesk.core import vault
from propdesk.core.backup import age, keeping, manifest, programs, snapshot
from propdesk.core.backup.errors import BackupError
from propdesk.core.backup.manifest import Entry, Manifest
from propdesk.core.backup.snapshot import Named
from propdesk.disk import flush_folder

SPARE = 200_000_000
"""Bytes a backup leaves free: a full disk stops the desk, a missing backup does not."""
MOST_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was made: where it lies, what is in it, and how many older ones went."""

    folder: Path
    manifest: Manifest
    thinned: int


def make(base: Path, now: datetime, *, recipient: str = "") -> Backup:
    """Write a backup into ``base``, copy it to the folder off the machine, thin both.

    BackupError when nothing was written; what could only not be copied away is a finding.
    """
    closer = age.Closer(recipient)
    with _alone(base):
        try:
            folder, found = _write(base, now, closer)
        except OSError as error:
            raise BackupError(_disk(error, base)) from error
        except DatabaseError as error:
            # Its own words may quote a row.
            raise BackupError(_("数据库没有回答，备份没有做成。")) from error
        thinned = keeping.thin(base)
        _carry_away(folder, found)
    return Backup(folder, found, thinned)


def _disk(error: OSError, base: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _("磁盘满了，备份没有做成：%(folder)s。请清出空间或另设 PROPDESK_BACKUP_DIR。") % {
            "folder": base
        }
    return _("写不了备份目录 %(folder)s：%(why)s") % {"folder": base, "why": error.strerror}


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Only one backup at a time in a folder; what a killed one left is cleared away."""
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.fdopen(os.open(base / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as error:
        raise BackupError(_disk(error, base)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(_("另一个备份正在进行，请等它结束。")) from error
        keeping.clear_drafts(base)
        yield


def _write(base: Path, now: datetime, closer: age.Closer) -> tuple[Path, Manifest]:
    target = base / keeping.name_of(now)
    if target.exists():
        raise BackupError(_("%(folder)s 已经有了。") % {"folder": target})
    draft = base / f"{keeping.DRAFT}{os.getpid()}"
    draft.mkdir(mode=0o700)
    try:
        found = _fill(draft, now, closer, _earlier(base))
        _put(draft / manifest.NAME, found.text().encode())
        for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            flush_folder(folder)
        _give(draft)
        draft.rename(target)
        flush_folder(base)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target, found


def _earlier(base: Path) -> tuple[Path, Manifest] | None:
    """The newest backup that can be read, to link to."""
    for folder in reversed(keeping.all_in(base)):
        with suppress(BackupError):
            return folder, manifest.read(folder)
    return None


def _fill(
    draft: Path, now: datetime, closer: age.Closer, earlier: tuple[Path, Manifest] | None
) -> Manifest:
    with snapshot.opened() as (own, exported), own.cursor() as cursor:
        major = snapshot.major(own)
        tools = programs.find(major)
        named = list(snapshot.files(cursor))
        found = Manifest(
            made_at=now.isoformat(),
            postgres=major,
            dump_major=tools.major,
            migrations=snapshot.migrations(cursor),
            recipient=closer.recipient,
        )
        copier = Copier(draft, closer, earlier)
        _require_space(draft, snapshot.size(cursor) + copier.new_bytes(named))
        with tempfile.TemporaryFile() as errors:
            dump = programs.start_dump(
                tools, own.settings_dict, exported, snapshot.LEFT_OUT, errors
            )
            try:
                with ThreadPoolExecutor(max_workers=1) as beside:
                    # Both look at the same moment: while the rows are written out, they are counted.
                    written = beside.submit(_dump, dump, draft, closer)
                    found.tables = snapshot.tables(cursor)
                    found.files.append(written.result())
                programs.wait(dump, errors)
            finally:
                dump.kill()
                dump.wait()
    # After the rows were looked at: a key is in its file before anything is closed with it.
    secret, *older = vault.held()
    found.files.append(copier.put(manifest.SECRET, secret.encode()))
    if older:
        found.files.append(copier.put(manifest.OLD_SECRETS, keyring.joined(older).encode()))
    found.files += copier.copy(named)
    found.findings = sorted(copier.findings)[:MOST_FINDINGS]
    return found


def _dump(dump: Any, draft: Path, closer: age.Closer) -> Entry:
    """Store what pg_dump writes; encrypted, it never lies on the disk in clear."""
    path = draft / (manifest.DUMP + closer.suffix)
    reader = Hashing(dump.stdout)
    with dump.stdout, _private(path) as file:
        writer = Hashing(file)
        try:
            closer.stream(reader, writer)  # type: ignore[arg-type]  # reads and writes, no more
        except BaseException:
            dump.kill()
            raise
        file.flush()
        os.fsync(file.fileno())
    return Entry(path.name, writer.digest(), path.stat().st_size, reader.digest())


class Hashing:
    """A stream that knows the SHA-256 of what went through it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._stream.read(size)
        self._hash.update(block)
        return block

    def write(self, block: bytes) -> int:
        self._hash.update(block)
        self._stream.write(block)
        return len(block)

    def flush(self) -> None:
        self._stream.flush()

    def digest(self) -> str:
        return self._hash.hexdigest()


class Copier:
    """Brings files into the draft, by a link to the backup before where that still reads right."""

    def __init__(
        self, draft: Path, closer: age.Closer, earlier: tuple[Path, Manifest] | None
    ) -> None:
        self.draft = draft
        self.closer = closer
        self.findings: list[str] = []
        self._before: dict[str, Entry] = {}
        self._folder = draft
        if earlier is not None and earlier[1].recipient == closer.recipient:
            self._folder = earlier[0]
            self._before = {each.path: each for each in earlier[1].files}

    def new_bytes(self, named: list[Named]) -> int:
        """Bytes of the files the backup before does not hold."""
        base = Path(settings.MEDIA_ROOT)
        total = 0
        for each in named:
            if self._path(each.name) not in self._before:
                with suppress(OSError):
                    total += (base / each.name).stat().st_size
        return total

    def copy(self, named: list[Named]) -> list[Entry]:
        """All files named; those that are gone are findings unless nobody needs them."""
        for folder in {Path(self._path(each.name)).parent for each in named}:
            make_private(self.draft, folder)
        with ThreadPoolExecutor(max_workers=manifest.TOGETHER) as pool:
            return [entry for entry in pool.map(self._one, named) if entry is not None]

    def put(self, path: str, data: bytes) -> Entry:
        """Store one file and return its entry."""
        stored = self.closer.closed(data)
        name = path + self.closer.suffix
        _put(self.draft / name, stored)
        plain = hashlib.sha256(data).hexdigest()
        digest = hashlib.sha256(stored).hexdigest() if self.closer.recipient else plain
        return Entry(name, digest, len(stored), plain)

    def _path(self, name: str) -> str:
        return f"{manifest.MEDIA}/{name}{self.closer.suffix}"

    def _one(self, each: Named) -> Entry | None:
        try:
            data = (Path(settings.MEDIA_ROOT) / each.name).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
        except OSError:
            data, digest = b"", ""
        wanted = each.sha256 or digest
        linked = self._linked(each.name, wanted)
        if digest != wanted and (each.needed or digest):
            state = _("被改动") if digest else _("缺失")
            healed = _("，备份里是以前的好文件") if linked else ""
            self.findings.append(f"{each.name} {state}{healed}")
        if linked is not None or not digest:
            return linked
        return self.put(f"{manifest.MEDIA}/{each.name}", data)

    def _linked(self, name: str, wanted: str) -> Entry | None:
        """The same content out of the backup before; None when it has none, or reads wrong there."""
        before = self._before.get(self._path(name))
        if before is None or before.plain != wanted:
            return None
        path = self._folder / before.path
        if manifest.sha256_of(path) != before.sha256:
            return None
        try:
            os.link(path, self.draft / before.path)
        except OSError:  # a file system without links
            shutil.copyfile(path, self.draft / before.path)
        return before


def _require_space(draft: Path, wanted: int) -> None:
    free = shutil.disk_usage(draft).free
    if free < wanted + SPARE:
        raise BackupError(
            _("磁盘只剩 %(free)s MB，这次备份最多需要 %(wanted)s MB，没有开始。")
            % {"free": free // 1_000_000, "wanted": (wanted + SPARE) // 1_000_000}
        )


def _carry_away(folder: Path, found: Manifest) -> None:
    """Copy to the folder off the machine, whole or not at all, and thin there by the same rule."""
    if not settings.PROPDESK_BACKUP_COPY_TO:
        return
    away = Path(settings.PROPDESK_BACKUP_COPY_TO)
    if not away.is_dir():
        # Never made here: a stick that is not plugged in must not become a folder of this disk.
        found.findings.append(_("没有抄送：%(folder)s 不存在，可能没有接上。") % {"folder": away})
        return
    draft = away / f"{keeping.DRAFT}{os.getpid()}"
    try:
        shutil.copytree(folder, draft, copy_function=shutil.copyfile)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        wrong = list(manifest.problems(draft, found))
        if wrong:
            raise OSError(errno.EIO, wrong[0])
        os.sync()
        draft.rename(away / folder.name)
        keeping.thin(away)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        found.findings.append(
            _("没有抄送到 %(folder)s：%(why)s") % {"folder": away, "why": error.strerror}
        )


def make_private(base: Path, folder: Path) -> None:
    """Make a folder below ``base`` with all between them, closed to others (mkdir closes the last only)."""
    for each in (*reversed(folder.parents), folder):
        (base / each).mkdir(mode=0o700, exist_ok=True)


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _put(path: Path, data: bytes) -> None:
    with _private(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _give(folder: Path) -> None:
    """What root wrote belongs to the service account, as the uploads do."""
    home = Path(settings.HOME)
    if os.geteuid() or not home.exists() or not home.stat().st_uid:
        return
    owner = home.stat()
    for path in (folder.parent, folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
