"""Where the data of one checkout lives. Imports nothing heavy: settings and supervisor share it."""

import hashlib
import os
import tempfile
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
OWNER_ROLE = "propdesk"
APP_ROLE = "propdesk_app"
DATABASE = "propdesk"

# sun_path holds 104 bytes on macOS and 108 on Linux, and PostgreSQL appends its own file name.
SOCKET_PATH_LIMIT = 103
LONGEST_SOCKET = ".s.PGSQL.5432.lock"


def is_root() -> bool:
    """Say whether this process runs as root."""
    return os.geteuid() == 0


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


def home() -> Path:
    """Return the data directory: PROPDESK_HOME, or one per checkout."""
    chosen = os.environ.get("PROPDESK_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if is_root():
        return Path("/var/lib") / f"propdesk-{_digest(BASE_DIR)}"
    return BASE_DIR / "var"


def run_dir(base: Path | None = None) -> Path:
    """Return the directory of the sockets: below home, or a short path when home lies deep."""
    base = base or home()
    directory = base / "run"
    if len(os.fsencode(directory)) + 1 + len(LONGEST_SOCKET) <= SOCKET_PATH_LIMIT:
        return directory
    return Path(tempfile.gettempdir()) / f"propdesk-{_digest(base)}"


def valkey_socket() -> Path:
    """Return the path of the broker's socket."""
    return run_dir() / "valkey.sock"
