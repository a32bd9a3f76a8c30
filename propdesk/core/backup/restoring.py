"""Reads a backup into an empty place: everything is checked before the first row is written.

A place that is not empty, a file that is missing or altered, a backup of a newer version: each is
one sentence, and nothing has changed.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from propdesk import keyring
from propdesk.core import db_roles
from propdesk.core.backup import age, making, manifest, programs, snapshot
from propdesk.core.backup.errors import BackupError
from propdesk.core.backup.manifest import Entry, Manifest
from propdesk.localstack import account as accounts
from propdesk.localstack import paths
from propdesk.localstack.errors import StartError
from propdesk.localstack.postgres import Postgres

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    manifest: Manifest
    tables: int
    rows: int
    files: int


def verify(folder: Path, identity: Path | None = None) -> Manifest:
    """Read a whole backup; BackupError names every file that is missing, altered or too many."""
    found = manifest.read(folder)
    _refuse(list(manifest.problems(folder, found)), _("这份备份不完整，不能用来恢复："))
    if found.recipient and identity is not None:
        opened = age.opener(encrypted=True, identity=identity)
        for each in found.files:
            if not each.path.startswith(manifest.DUMP):
                _content(folder, each, opened)
    return found


@contextmanager
def restored(folder: Path, identity: Path | None = None) -> Iterator[Restored]:
    """Bring a backup into the empty database of the settings and the empty MEDIA_ROOT.

    Inside, the database answers; an embedded one that was started for it ends with the context.
    """
    found = manifest.read(folder)
    opened = age.opener(encrypted=bool(found.recipient), identity=identity)
    _require_known(found)
    tools = programs.find(max(found.dump_major, found.postgres))
    media = Path(settings.MEDIA_ROOT)
    _require_empty_folder(media)
    draft = media.with_name(f"{media.name}.restoring-{os.getpid()}")
    try:
        try:
            _unpack(folder, found, opened, draft)
        except OSError as error:
            raise BackupError(
                _("写不了 %(folder)s：%(why)s。什么也没有恢复。")
                % {"folder": draft, "why": error.strerror}
            ) from error
        keys = _secrets(folder, found, opened)
        with _database(), tempfile.TemporaryDirectory(prefix="propdesk-restore-") as scratch:
            _require_empty_database()
            dump = _readable(folder, found, identity, Path(scratch))
            programs.load(tools, connection.settings_dict, dump)
            _settle(draft, media, keys)
            rows = _compare(found)
            _bring_up_to_date()
            yield Restored(found, len(found.tables), rows, len(_media_of(found)))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse(problems: list[str], before: str) -> None:
    if problems:
        more = len(problems) - MOST_PROBLEMS
        lines = problems[:MOST_PROBLEMS]
        lines += [_("……另有 %(n)s 处") % {"n": more}] if more > 0 else []
        raise BackupError("\n    ".join([before, *lines]))


def _require_known(found: Manifest) -> None:
    """A newer version has migrations this one does not know: its rows would not be understood."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    unknown = sorted(set(found.migrations) - known)
    if unknown:
        raise BackupError(
            _(
                "这份备份是更新的版本做的（%(name)s 是这里没有的），请先把程序升级到那个版本。什么也没有恢复。"
            )
            % {"name": unknown[0]}
        )


def _require_empty_folder(media: Path) -> None:
    if media.exists() and any(path.is_file() for path in media.rglob("*")):
        raise BackupError(
            _("%(folder)s 里已经有文件。恢复只在空的地方进行，什么也没有改动。") % {"folder": media}
        )


def _require_empty_database() -> None:
    with connection.cursor() as cursor:
        if not snapshot.is_empty(cursor):
            raise BackupError(
                _(
                    "数据库里已经有资料（或者网站正在这个数据目录运行）。恢复只在空的数据库里进行，什么也没有"
                    "改动；请用 PROPDESK_HOME 另指一个空目录，或另建一个空数据库。"
                )
            )


@contextmanager
def _database() -> Iterator[None]:
    """The database of the settings; the embedded one is started when nothing runs."""
    try:
        connection.ensure_connection()
        server = None
    except OperationalError as error:
        if not settings.EMBEDDED_POSTGRES:
            raise BackupError(_("连不上数据库，请检查 DATABASE_URL。")) from error
        server = _embedded()
    try:
        yield
    finally:
        if server is not None:
            connection.close()
            server()


def _embedded() -> Callable[[], None]:
    """Start the embedded server in this data directory; returns how to stop it."""
    try:
        home = Path(settings.HOME)
        account = accounts.service_account(create=True)
        accounts.private_dir(home, account)
        server = Postgres(home, account)
        process = server.start()
        server.bootstrap()
    except StartError as error:
        raise BackupError(str(error)) from error
    return lambda: server.stop(process)


def _content(folder: Path, entry: Entry, opened: Callable[[bytes], bytes]) -> bytes:
    """The content of one file, checked once more as it is used."""
    data = opened((folder / entry.path).read_bytes())
    if manifest.sha256_bytes(data) != entry.plain:
        raise BackupError(
            _("文件 %(path)s 的内容与清单不符，什么也没有恢复。") % {"path": entry.path}
        )
    return data


def _secrets(folder: Path, found: Manifest, opened: Callable[[bytes], bytes]) -> list[str]:
    """The secret of the installation and those of before, the newest first.

    BackupError when another one is set in the environment.
    """
    entry = found.entry(manifest.SECRET)
    if entry is None:
        raise BackupError(_("备份里没有密钥 secret_key，什么也没有恢复。"))
    secret = _content(folder, entry, opened).decode()
    if os.environ.get("PROPDESK_SECRET_KEY", "").strip() not in {"", secret}:
        raise BackupError(
            _("PROPDESK_SECRET_KEY 与备份里的密钥不同；请改成备份时的值或去掉它。什么也没有恢复。")
        )
    older = found.entry(manifest.OLD_SECRETS)
    if older is None:
        return [secret]
    return [secret, *keyring.parted(_content(folder, older, opened).decode())]


def _is_media(entry: Entry) -> bool:
    return entry.path.startswith(f"{manifest.MEDIA}/")


def _media_of(found: Manifest) -> list[Entry]:
    return [each for each in found.files if _is_media(each)]


def _unpack(folder: Path, found: Manifest, opened: Callable[[bytes], bytes], draft: Path) -> None:
    """Write all files beside MEDIA_ROOT, each checked as it is read, and check all others.

    BackupError names everything that is wrong; until here no database was opened.
    """
    entries = _media_of(found)
    others = [each for each in found.files if not _is_media(each)]
    draft.mkdir(mode=0o700, parents=True)
    for name in {Path(each.path).parent.relative_to(manifest.MEDIA) for each in entries}:
        making.make_private(draft, name)

    def one(each: Entry) -> str:
        return _unpacked(folder, each, opened, draft / _name_of(each, found))

    wrong = [manifest.problem_of(each, manifest.sha256_of(folder / each.path)) for each in others]
    with ThreadPoolExecutor(max_workers=manifest.TOGETHER) as pool:
        wrong += pool.map(one, entries)
    wrong += manifest.strangers(folder, found)
    _refuse([each for each in wrong if each], _("这份备份不完整，什么也没有恢复："))
    os.sync()


def _name_of(entry: Entry, found: Manifest) -> str:
    return entry.path.removeprefix(f"{manifest.MEDIA}/").removesuffix(found.suffix)


def _unpacked(folder: Path, entry: Entry, opened: Callable[[bytes], bytes], target: Path) -> str:
    """Bring one file into its place; returns what is wrong with it."""
    try:
        stored = (folder / entry.path).read_bytes()
    except OSError:
        return manifest.problem_of(entry, "")
    problem = manifest.problem_of(entry, manifest.sha256_bytes(stored))
    if problem:
        return problem
    data = opened(stored)
    if data is not stored and manifest.sha256_bytes(data) != entry.plain:
        return _("文件 %(path)s 的内容与清单不符") % {"path": entry.path}
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    return ""


def _readable(folder: Path, found: Manifest, identity: Path | None, scratch: Path) -> Path:
    """The dump as pg_restore reads it."""
    entry = found.entry(manifest.DUMP)
    if entry is None:
        raise BackupError(_("备份里没有数据库，什么也没有恢复。"))
    if not found.recipient or identity is None:
        return folder / entry.path
    clear = scratch / manifest.DUMP
    age.open_file(folder / entry.path, clear, identity)
    if manifest.sha256_of(clear) != entry.plain:
        raise BackupError(
            _("文件 %(path)s 的内容与清单不符，什么也没有恢复。") % {"path": entry.path}
        )
    return clear


def _settle(draft: Path, media: Path, keys: list[str]) -> None:
    """Files and secrets into their places, belonging to whoever runs the site."""
    if media.exists():
        shutil.rmtree(media)
    draft.rename(media)
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = keys
    home = Path(settings.HOME)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = os.environ.get("PROPDESK_SECRET_KEY", "").strip()
    keyring.put(home, "" if given else keys[0], keys[1:])
    if paths.is_root() and home.stat().st_uid:
        owner = home.stat()
        accounts.chown_tree(media, accounts.Account("", owner.st_uid, owner.st_gid))


def _compare(found: Manifest) -> int:
    """Every table against the manifest; returns the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        have = snapshot.tables(cursor)
        cursor.execute("COMMIT")
    wrong = [table for table, rows in found.tables.items() if have.get(table) != rows]
    if wrong:
        raise BackupError(
            _("恢复后的内容与备份不符：%(tables)s。请不要使用，另选一个空的地方再试。")
            % {"tables": "、".join(wrong)}
        )
    return sum(int(rows) for rows, _digest in found.tables.values())


def _bring_up_to_date() -> None:
    """What `prepare` does for a new version, without its demo data."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    db_roles.grant()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
