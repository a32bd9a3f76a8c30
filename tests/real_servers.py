"""Runs pytest against servers of the system: `python -m tests.real_servers PG_BIN [pytest …]`.

Both servers are thrown away afterwards; a cluster that already runs on the machine is not touched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from propdesk.environment import database_url
from propdesk.localstack import account, paths
from propdesk.localstack.postgres import Postgres


def main(pg_bin: str, arguments: list[str]) -> int:
    """Start PostgreSQL and Redis, run pytest on them, stop them; return pytest's exit code."""
    os.environ["PROPDESK_PG_BIN"] = pg_bin
    base = Path(tempfile.mkdtemp(prefix="propdesk-real-"))
    base.chmod(0o711)
    postgres = Postgres(base / "pg", account.service_account(create=False), throwaway=True)
    server = postgres.start()
    redis = None
    try:
        postgres.bootstrap()
        socket = base / "redis.sock"
        program = shutil.which("redis-server") or "redis-server"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(base)]
        redis = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(paths.OWNER_ROLE, postgres.run_dir, paths.DATABASE),
            "PROPDESK_TEST_REDIS_URL": f"unix://{socket}",
        }
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        if redis is not None:
            redis.terminate()
            redis.wait()
        postgres.stop(server)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
