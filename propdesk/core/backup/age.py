"""Encryption to a public key in the age format: ``age -d`` opens each file without PropDesk too.

The machine holds the public key only; the identity that opens a backup is kept elsewhere. The
library is imported where it is needed: the web process never encrypts a backup.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from propdesk.core.backup.errors import BackupError

SUFFIX = ".age"


def new_identity(path: Path) -> str:
    """Write a new identity to ``path`` (must not exist, mode 0600); returns its public key."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(
            _("写不了密钥文件 %(path)s：已经存在或没有权限。") % {"path": path}
        ) from error
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


class Closer:
    """Encrypts to one public key; with an empty one everything stays as it is."""

    def __init__(self, recipient: str) -> None:
        self.recipient = recipient
        self.suffix = SUFFIX if recipient else ""
        self._keys: list[Any] = []
        if recipient:
            from pyrage import RecipientError, x25519

            try:
                self._keys = [x25519.Recipient.from_str(recipient)]
            except RecipientError as error:
                raise BackupError(
                    _("PROPDESK_BACKUP_RECIPIENT 不是 age 公钥（age1 开头的一行）。")
                ) from error

    def closed(self, data: bytes) -> bytes:
        """A whole file, encrypted when there is a key."""
        if not self._keys:
            return data
        import pyrage

        return bytes(pyrage.encrypt(data, self._keys))

    def stream(self, reader: BinaryIO, writer: Any) -> None:
        """A file too large for memory, from ``reader`` into ``writer``."""
        if self._keys:
            import pyrage

            pyrage.encrypt_io(reader, writer, self._keys)
            return
        while block := reader.read(1 << 20):
            writer.write(block)


def opener(encrypted: bool, identity: Path | None) -> Callable[[bytes], bytes]:
    """What turns a stored file into its content. BackupError when the key is missing or no key."""
    if not encrypted:
        return bytes
    if identity is None:
        raise BackupError(_("这份备份是加密的，请用 --identity 指定密钥文件。"))
    import pyrage

    keys = _keys_in(identity)

    def opened(data: bytes) -> bytes:
        try:
            return bytes(pyrage.decrypt(data, keys))
        except pyrage.DecryptError as error:
            raise BackupError(_("这把密钥打不开这份备份。")) from error

    return opened


def _keys_in(identity: Path) -> list[Any]:
    """The keys of an identity file; BackupError when it cannot be read or is none."""
    import pyrage

    try:
        lines = identity.read_text(encoding="ascii").splitlines()
        return [pyrage.x25519.Identity.from_str(x) for x in lines if x and not x.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as error:
        raise BackupError(_("读不了密钥文件 %(path)s。") % {"path": identity}) from error


def open_file(source: Path, target: Path, identity: Path) -> None:
    """Decrypt a file too large for memory."""
    import pyrage

    keys = _keys_in(identity)
    try:
        pyrage.decrypt_file(str(source), str(target), keys)
    except pyrage.DecryptError as error:
        raise BackupError(_("这把密钥打不开这份备份。")) from error
