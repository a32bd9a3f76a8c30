"""The system account that runs everything when the command is started by root."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from propdesk.localstack import paths
from propdesk.localstack.errors import StartError

NAME = "propdesk"
FALLBACKS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the machine, by name and numbers."""

    name: str
    uid: int
    gid: int


def current() -> Account:
    """Return the user of this process; StartError when the number has no name."""
    return _account(os.geteuid())


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise StartError(
            f"系统里没有编号为 {uid} 的用户名，内置数据库无法核对身份；请用有名字的用户运行。"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def service_account(*, create: bool) -> Account:
    """Return who runs the servers: the current user, or for root an account without rights."""
    if not paths.is_root():
        return current()
    for name in (NAME, *FALLBACKS):
        try:
            return _account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            if create and name == NAME and _create():
                return _account(pwd.getpwnam(NAME).pw_uid)
    raise StartError(
        "PostgreSQL 不能以 root 运行，且无法建立系统用户 propdesk。"
        "请执行：useradd --system --user-group --shell /usr/sbin/nologin propdesk"
    )


def _create() -> bool:
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    shell = shutil.which("nologin") or "/usr/sbin/nologin"
    command = [program, "--system", "--user-group", "--no-create-home", "--shell", shell, NAME]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 -- fixed arguments
    except OSError:
        return False


def spawn_as(account: Account) -> dict[str, Any]:
    """Return the arguments that make subprocess run a program as this account."""
    if account.uid == os.geteuid():
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def private_dir(path: Path, account: Account) -> Path:
    """Make a directory only this account (and root) may enter; refuse somebody else's.

    The check matters below /tmp, where another user could have made the directory first.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
        raise StartError(f"目录 {path} 属于别的用户，不能使用；请删除它或另设 PROPDESK_HOME。")
    if found.st_uid != account.uid:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
    return path


def reachable(path: Path) -> bool:
    """Say whether any user may read this path: each directory above it is open to enter."""
    path = path.resolve()
    return bool(path.stat().st_mode & stat.S_IROTH) and enterable(path.parent)


def enterable(directory: Path) -> bool:
    """Say whether any user may go through this directory."""
    directory = directory.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (directory, *directory.parents))


def chown_tree(path: Path, account: Account) -> None:
    """Give a directory with everything in it to the account; links are not followed."""
    if path.exists():
        for entry in (path, *_walk(path)):
            if entry.lstat().st_uid != account.uid:
                os.chown(entry, account.uid, account.gid, follow_symlinks=False)


def _walk(path: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield Path(directory) / name
