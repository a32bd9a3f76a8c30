"""The secret of this installation, and those of before, as files of the data directory.

Each is whole on the disk before its name points to it, and the name is on the disk before anything is
closed with it: what a lost key has closed opens never again.
"""

import os
import secrets
from pathlib import Path

from propdesk.disk import flush_folder

KEY, OLD = "secret_key", "secret_key.old"


def current(home: Path) -> str:
    """The secret; made on the first start."""
    path = home / KEY
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _draft(path, secrets.token_urlsafe(64))
        try:
            # link() and not rename(): of two first starts at once only one key may win.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        flush_folder(home)
    return kept(home)


def kept(home: Path) -> str:
    """The secret in its file; "" where there is none: whoever only reads makes none."""
    path = home / KEY
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def before(home: Path) -> list[str]:
    """The secrets of before, the newest first."""
    path = home / OLD
    return parted(path.read_text(encoding="utf-8")) if path.exists() else []


def put(home: Path, secret: str, older: list[str]) -> None:
    """Write the secret, unless empty, and those of before; these first: cut off between, none is lost."""
    if older:
        _replace(home / OLD, joined(older))
    if secret:
        _replace(home / KEY, secret)


def joined(older: list[str]) -> str:
    """Secrets of before, newest first, as they stand in their file: the newest last."""
    return "".join(f"{one}\n" for one in reversed(older))


def parted(text: str) -> list[str]:
    """And back: the newest first."""
    return [line.strip() for line in text.splitlines() if line.strip()][::-1]


def _replace(path: Path, text: str) -> None:
    _draft(path, text).replace(path)
    flush_folder(path.parent)


def _draft(path: Path, text: str) -> Path:
    """A file beside ``path``, closed to others, of whoever owns the directory, and on the disk."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    owner = path.parent.stat()
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
