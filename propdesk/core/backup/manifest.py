"""What a backup holds, written last: each file with its SHA-256, each table with its rows.

The manifest carries a digest of itself, so that a byte flipped in it is seen like any other.
"""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from propdesk import keyring
from propdesk.core.backup.errors import BackupError

NAME = "MANIFEST.json"
FORMAT = 1
DUMP = "database.dump"
SECRET, OLD_SECRETS = keyring.KEY, keyring.OLD
MEDIA = "media"
TOGETHER = 4
"""Files in work at once: hashing leaves the other cores to them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the backup: hash and size as stored; ``plain`` is the hash of its content."""

    path: str
    sha256: str
    size: int
    plain: str


@dataclass(slots=True)
class Manifest:
    """Everything a restore has to know before it touches anything."""

    made_at: str
    postgres: int
    """Major version of the server the rows come from."""
    dump_major: int
    """Major version of the program that wrote the dump: an older one cannot read it."""
    migrations: list[str]
    recipient: str = ""
    tables: dict[str, list[str]] = field(default_factory=dict)
    """Table: number of rows, and the sum of their hashes, which no order of rows changes."""
    files: list[Entry] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    """What was missing or altered in the house already when the backup was made."""
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """When the rows were read."""
        return datetime.fromisoformat(self.made_at)

    @property
    def suffix(self) -> str:
        """What the names of encrypted files end with."""
        return ".age" if self.recipient else ""

    def text(self) -> str:
        """The file, with the digest of all the rest in its last line but one."""
        body = asdict(self)
        return json.dumps({**body, "digest": _digest(body)}, ensure_ascii=False, indent=0)

    def entry(self, name: str) -> Entry | None:
        """The entry of a file by its name without the suffix of encryption."""
        return next((each for each in self.files if each.path == name + self.suffix), None)


def _digest(body: dict[str, Any]) -> str:
    raw = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(raw.encode()).hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a backup; BackupError when there is none, it is damaged or from the future."""
    try:
        raw = (folder / NAME).read_bytes()
    except OSError as error:
        raise BackupError(
            _("%(folder)s 不是一份完整的备份：没有清单 %(name)s。")
            % {"folder": folder, "name": NAME}
        ) from error
    try:
        body = json.loads(raw)
        if body.get("format", 0) > FORMAT:
            raise BackupError(_("这份备份是更新的版本做的，请先把程序升级到那个版本。"))
        digest = body.pop("digest")
        if digest != _digest(body):
            raise ValueError(NAME)
        files = [Entry(**each) for each in body.pop("files")]
        found = Manifest(files=files, **body)
        for each in files:
            _safe(each.path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(
            _("备份的清单 %(name)s 被改动或损坏，什么也没有恢复。") % {"name": NAME}
        ) from error
    return found


def _safe(path: str) -> None:
    """ValueError for a path that leads out of the folder."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise ValueError(path)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file of any size; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Every file that is missing or not what the manifest says, and every one too many."""
    with ThreadPoolExecutor(max_workers=TOGETHER) as pool:
        digests = pool.map(lambda each: sha256_of(folder / each.path), manifest.files)
        found = [problem_of(*each) for each in zip(manifest.files, digests, strict=True)]
    yield from filter(None, found)
    yield from strangers(folder, manifest)


def strangers(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files nobody named."""
    named = {each.path for each in manifest.files} | {NAME}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in named:
            yield _("%(path)s 不在清单里") % {"path": path.relative_to(folder)}


def problem_of(entry: Entry, digest: str) -> str:
    """The sentence about one file whose hash is ``digest`` (empty: gone); empty when it is right."""
    if digest == entry.sha256:
        return ""
    if not digest:
        return _("缺少文件 %(path)s") % {"path": entry.path}
    return _("文件 %(path)s 被改动或损坏") % {"path": entry.path}


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of bytes in memory."""
    return hashlib.sha256(data).hexdigest()
