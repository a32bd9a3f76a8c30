"""A readable copy of program and interpreter for the service account, when root keeps them private.

Below a home directory of mode 700 no other user can read the checkout. Opening that directory
would change the machine, so what is needed is linked or copied into the data directory instead.
"""

import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from propdesk.localstack import paths
from propdesk.localstack.account import reachable

NOT_PROGRAM = (".*", "var", "node_modules", "__pycache__", "staticfiles")
NOT_PYTHON = ("site-packages", "test", "idlelib", "turtledemo", "config-*", "ensurepip")


@dataclass(frozen=True)
class Program:
    """Where the supervisor runs: directory of manage.py, interpreter, extra environment."""

    directory: Path
    python: Path
    environment: dict[str, str] = field(default_factory=dict)


def readable_program(home: Path) -> Program:
    """Return checkout and interpreter, each replaced by a copy in `home` when it is private."""
    directory, python = paths.BASE_DIR, Path(sys.executable)
    interpreter = python.resolve()
    if not (_open(paths.BASE_DIR / "manage.py") and _open(paths.BASE_DIR / "propdesk/urls.py")):
        directory = home / "app"
        _copy_program(directory)
    environment: dict[str, str] = {}
    if not (_open(interpreter) and _open(python.parent) and _open(Path(sys.prefix) / "pyvenv.cfg")):
        base = home / "python"
        if not _open(interpreter):
            _copy_once(base, Path(sys.base_prefix), [sys.version], _copy_python)
            interpreter = base / "bin" / interpreter.name
            environment["LD_LIBRARY_PATH"] = str(base / "lib")
        venv = home / "venv"
        installed = (p.name for p in Path(sys.prefix).glob("lib/python*/site-packages/*.dist-info"))
        _copy_once(venv, Path(sys.prefix), [str(interpreter), *sorted(installed)], _copy_venv)
        python = venv / "bin" / "python"
        _point_venv(venv, interpreter)
    return Program(directory, python, environment)


def _open(path: Path) -> bool:
    return not path.exists() or reachable(path)


def _copy_program(target: Path) -> None:
    """Copy the checkout afresh: it is small, and its files change."""
    for entry in paths.BASE_DIR.iterdir():
        if entry.name.startswith(".") or entry.name in NOT_PROGRAM:
            continue
        copy = target / entry.name
        if entry.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            skip = shutil.ignore_patterns(*NOT_PROGRAM)
            shutil.copytree(entry, copy, symlinks=True, ignore=skip, copy_function=_copy)
        else:
            target.mkdir(exist_ok=True)
            _copy(str(entry), str(copy))
    _open_directories(target)


def _copy_once(
    target: Path, source: Path, facts: Iterable[str], copy: Callable[[Path, Path], None]
) -> None:
    """Copy a tree unless the copy was made from the same source with the same facts."""
    stamp = hashlib.sha256("\n".join([str(source), *facts]).encode()).hexdigest()
    stamp_file = target / ".stamp"
    if stamp_file.exists() and stamp_file.read_text(encoding="ascii") == stamp:
        return
    shutil.rmtree(target, ignore_errors=True)
    copy(source, target)
    _open_directories(target)
    stamp_file.write_text(stamp, encoding="ascii")


def _copy_python(source: Path, target: Path) -> None:
    """Copy interpreter and standard library without packages and tests."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (target / "bin").mkdir(parents=True)
    program = Path(sys.executable).resolve()
    _link(str(program), str(target / "bin" / program.name))
    skip = shutil.ignore_patterns(*NOT_PYTHON)
    shutil.copytree(
        source / "lib" / version, target / "lib" / version, ignore=skip, copy_function=_link
    )
    for library in (source / "lib").glob("libpython*"):
        _link(str(library.resolve()), str(target / "lib" / library.name))


def _copy_venv(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, copy_function=_link)


def _point_venv(venv: Path, interpreter: Path) -> None:
    """Let the copied venv use an interpreter the account can read."""
    program = venv / "bin" / "python"
    program.unlink(missing_ok=True)
    program.symlink_to(interpreter)
    settings = venv / "pyvenv.cfg"
    settings.unlink(missing_ok=True)  # it may be a link to the original
    settings.write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\n", encoding="utf-8"
    )
    settings.chmod(0o644)


def _link(source: str, target: str) -> str:
    """Link a file other users may read (no space, no time), copy any other."""
    if Path(source).stat().st_mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:  # another file system
            return _copy(source, target)
        return target
    return _copy(source, target)


def _copy(source: str, target: str) -> str:
    shutil.copy2(source, target)
    mode = Path(target).stat().st_mode
    Path(target).chmod(mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    return target


def _open_directories(path: Path) -> None:
    for directory, _folders, _files in os.walk(path):
        Path(directory).chmod(0o755)
