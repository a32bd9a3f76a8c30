"""The embedded Valkey: a queue with an append-only file, reached over a private unix socket."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from propdesk.localstack import account as accounts
from propdesk.localstack import binaries, paths
from propdesk.localstack.account import Account
from propdesk.localstack.errors import StartError
from propdesk.localstack.processes import kill_group, spawn

START_SECONDS = 15.0


class Valkey:
    """One broker in `home`; losing it loses nothing, the database sweeps everything again."""

    def __init__(self, home: Path, account: Account) -> None:
        self.account = account
        self.data = home / "valkey"
        self.log = home / "log" / "valkey.log"
        self.run_dir = paths.run_dir(home)
        self.socket = self.run_dir / "valkey.sock"
        self.program = binaries.find_valkey()

    def command(self) -> list[str]:
        """Return the command line of the server."""
        return [
            *(str(self.program), "--port", "0", "--unixsocket", str(self.socket)),
            *("--unixsocketperm", "700", "--dir", str(self.data), "--appendonly", "yes"),
            *("--save", "", "--loglevel", "warning", "--maxmemory", "256mb"),
            *("--maxmemory-policy", "noeviction"),
        ]

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; set damaged files aside and begin empty."""
        for directory in (self.run_dir, self.data, self.log.parent):
            accounts.private_dir(directory, self.account)
        self._stop_leftover()
        process = self._try_start()
        if process is None and any(self.data.iterdir()):
            self.data.rename(self.data.with_name(f"valkey-broken-{int(time.time())}"))
            accounts.private_dir(self.data, self.account)
            process = self._try_start()
        if process is None:
            raise StartError(f"消息队列 Valkey 没有启动，日志：{self.log}")
        return process

    def _try_start(self) -> subprocess.Popen[bytes] | None:
        process = spawn(self.command(), self.log, os.environ, account=self.account)
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self.is_ready():
                return process
            time.sleep(0.02)
        kill_group(process)
        return None

    def _ask(self, word: str) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(f"{word}\r\n".encode())
            return connection.recv(64)

    def is_ready(self) -> bool:
        """Say whether the server answers and has read its file."""
        with contextlib.suppress(OSError):
            return self._ask("PING") == b"+PONG\r\n"
        return False

    def has_messages(self, queue: str) -> bool:
        """Say whether a message waits in a queue; a broker that does not answer has none."""
        with contextlib.suppress(OSError):
            return self._ask(f"LLEN {queue}") not in {b":0\r\n", b""}
        return False

    def _stop_leftover(self) -> None:
        """Stop a server that outlived its supervisor and forget its socket."""
        deadline = time.monotonic() + START_SECONDS
        while self.is_ready() and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self._ask("SHUTDOWN")
            time.sleep(0.05)
        self.socket.unlink(missing_ok=True)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop a server this object started; its file is written first."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        kill_group(process)
