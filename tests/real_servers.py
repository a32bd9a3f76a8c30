"""Runs pytest against servers of the system: `python -m tests.real_servers PG_BIN [pytest …]`.

The database is thrown away afterwards; a cluster that already runs on the machine is not touched.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from propdesk.environment import database_url
from propdesk.localstack import account, paths
from propdesk.localstack.postgres import Postgres


def main(pg_bin: str, arguments: list[str]) -> int:
    """Start PostgreSQL, run pytest on it and on Redis, stop it; return pytest's exit code."""
    redis = shutil.which("redis-server")
    if redis is None:
        sys.exit("redis-server is not installed")
    # The tests of the life cycle start these programs too instead of those of the wheels.
    os.environ |= {"PROPDESK_PG_BIN": pg_bin, "PROPDESK_VALKEY_BIN": redis}
    base = Path(tempfile.mkdtemp(prefix="propdesk-real-"))
    base.chmod(0o711)
    postgres = Postgres(base / "pg", account.service_account(create=False), throwaway=True)
    server = postgres.start()
    try:
        postgres.bootstrap()
        environment = {
            **os.environ,
            "PROPDESK_TEST_OTHER_SERVERS": "1",
            "DATABASE_URL": database_url(paths.OWNER_ROLE, postgres.run_dir, paths.DATABASE),
        }
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        postgres.stop(server)
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
