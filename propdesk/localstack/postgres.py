"""The embedded PostgreSQL: one cluster per data directory, reached over a private unix socket."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from propdesk.localstack import account as accounts
from propdesk.localstack import binaries, paths
from propdesk.localstack.account import Account
from propdesk.localstack.errors import StartError
from propdesk.localstack.processes import spawn

SUPERUSER = "postgres"
START_SECONDS = 40.0
STOP_SECONDS = 20.0
# Old backends hold the shared memory for a second or two after the postmaster was killed.
RETRY_SECONDS = 0.3

SETTINGS = {
    "listen_addresses": "",
    "timezone": "Asia/Shanghai",
    "max_connections": "60",
    "jit": "off",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    # Neither a statement nor a row may reach the log: both hold personal data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# The data of a throw-away cluster need not survive anything.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "logging_collector": "off",
}

# psql runs what the query returns: neither statement has an IF NOT EXISTS of its own.
ROLE_SQL = """SELECT 'CREATE ROLE {role} {options}'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec"""
DATABASE_SQL = """SELECT 'CREATE DATABASE {name} OWNER {owner}'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec"""


class Postgres:
    """One cluster in `home`; `start` and `stop` may be called by root or by the account itself."""

    def __init__(self, home: Path, account: Account, *, throwaway: bool = False) -> None:
        self.home = home
        self.account = account
        self.throwaway = throwaway
        found = binaries.find_postgres()
        self.major = found.major
        self.bin = self._reachable_copy(found.directory)
        self.data = home / f"pg{self.major}"
        self.run_dir = paths.run_dir(home)
        self.log = home / "log" / "postgres-start.log"

    # --- programs ---------------------------------------------------------------------------------
    def _reachable_copy(self, directory: Path) -> Path:
        """Return the programs where the account can read them: copied when the venv is private."""
        if self.account.uid == os.geteuid() or accounts.reachable(directory):
            return directory
        target = self.home / f"pgbin-{self.major}"
        if not target.exists():
            accounts.private_dir(self.home, self.account)
            draft = self.home / f"pgbin-{self.major}.{os.getpid()}"
            install = directory.parent
            # The programs find their libraries beside the package, so the layout is kept.
            shutil.copytree(install, draft / install.parent.name / install.name, symlinks=True)
            libraries = install.parent.parent / f"{install.parent.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            accounts.chown_tree(draft, self.account)
            draft.rename(target)
        return target / directory.parent.parent.name / directory.parent.name / "bin"

    def _environment(self) -> dict[str, str]:
        """Return the caller's environment without what would change locale or target server."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("LC_", "LANG", "PG"))
        }
        return {**kept, "HOME": str(self.home), "LC_ALL": "C.UTF-8"}

    def _run(self, program: str, *arguments: str, stdin: str = "") -> str:
        """Run one of the programs to its end and return what it said; StartError on failure."""
        result: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 -- a program of our own, no shell
            [self.bin / program, *arguments],
            input=stdin,
            env=self._environment(),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **accounts.spawn_as(self.account),
        )
        if result.returncode:
            raise StartError(f"PostgreSQL 的 {program} 失败：\n{result.stdout[-2000:]}")
        return result.stdout

    # --- cluster ----------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Make directories and, on the first start, the cluster; rewrite who may connect."""
        for directory in (self.home, self.run_dir, self.home / "log"):
            accounts.private_dir(directory, self.account)
        if not (self.data / "PG_VERSION").exists():
            self._refuse_other_major()
            self._initdb()
        mine = {self.account.name, "root", accounts.current().name}
        roles = (SUPERUSER, paths.OWNER_ROLE, paths.APP_ROLE)
        self._write("pg_hba.conf", "local all all peer map=propdesk\n")
        lines = [f'propdesk "{user}" {role}\n' for user in sorted(mine) for role in roles]
        self._write("pg_ident.conf", "".join(lines))

    def _write(self, name: str, content: str) -> None:
        path = self.data / name
        path.write_text(content, encoding="utf-8")
        os.chown(path, self.account.uid, self.account.gid)

    def _refuse_other_major(self) -> None:
        others = sorted(path.parent.name for path in self.home.glob("pg*/PG_VERSION"))
        if others:
            raise StartError(
                f"数据目录 {self.home} 里的数据是 {'、'.join(others)} 建立的，现在的程序是 "
                f"PostgreSQL {self.major}。请先用旧版本备份（manage.py backup）再用新版本恢复；"
                "数据没有被改动。"
            )

    def _initdb(self) -> None:
        # A cluster half made by a killed start has no PG_VERSION or lies in a draft: begin again.
        draft = self.home / f"pg{self.major}.new"
        shutil.rmtree(draft, ignore_errors=True)
        accounts.private_dir(draft, self.account)
        # With a plain C locale pg_trgm finds nothing in Chinese text, so the encoding is explicit.
        arguments = ["-D", str(draft), "-U", SUPERUSER, "-A", "peer", "-E", "UTF8"]
        arguments += ["--locale=C.UTF-8", "--no-instructions"]
        arguments += ["--no-sync"] if self.throwaway else ["--data-checksums"]
        self._run("initdb", *arguments)
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    # --- life -------------------------------------------------------------------------------------
    def command(self) -> list[str]:
        """Return the command line of the server."""
        settings = {**SETTINGS, "unix_socket_directories": str(self.run_dir)}
        settings["log_directory"] = str(self.home / "log")
        if self.major >= 18:
            # The worker method keeps three more processes for disks this small.
            settings["io_method"] = "sync"
        if self.throwaway:
            settings |= THROWAWAY
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    def start(self, *, outlive: bool = False) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; a server left over is stopped first.

        With `outlive` it does not end with this process (a test run with several workers).
        """
        self.prepare()
        self.stop_leftover()
        deadline = time.monotonic() + START_SECONDS
        while True:
            process = self._spawn(outlive=outlive)
            while process.poll() is None and time.monotonic() < deadline:
                if self.is_ready():
                    return process
                time.sleep(0.05)
            if time.monotonic() > deadline:
                self.stop(process)
                raise StartError(f"PostgreSQL 没有启动，日志：{self.log}\n{self._tail()}")
            time.sleep(RETRY_SECONDS)

    def _spawn(self, *, outlive: bool) -> subprocess.Popen[bytes]:
        return spawn(
            self.command(),
            self.log,
            self._environment(),
            stop=None if outlive else signal.SIGINT,
            account=self.account,
        )

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]
        return ""

    def is_ready(self) -> bool:
        """Say whether the server accepts connections."""
        # With a role that exists; else the server logs a refused log-in at every start.
        role = ["-U", SUPERUSER, "-d", "postgres"]
        return (
            subprocess.run(  # noqa: S603 -- a program of our own, no shell
                [self.bin / "pg_isready", "-q", "-h", str(self.run_dir), *role],
                env=self._environment(),
                check=False,
            ).returncode
            == 0
        )

    def stop_leftover(self) -> None:
        """Stop a server that outlived its supervisor."""
        if (self.data / "postmaster.pid").exists():
            with contextlib.suppress(StartError):  # nothing runs: the file is stale
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "20")

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop a server this object started; committed rows are safe either way."""
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0)):
            if process.poll() is not None:
                return
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        if process.poll() is None:
            process.kill()
            process.wait()

    def bootstrap(self) -> None:
        """Make the two roles and the database when they are missing."""
        owner, app = paths.OWNER_ROLE, paths.APP_ROLE
        options = "LOGIN CREATEDB" if self.throwaway else "LOGIN"
        lines = [ROLE_SQL.format(role=owner, options=options)]
        lines.append(ROLE_SQL.format(role=app, options="LOGIN"))
        lines.append(DATABASE_SQL.format(name=paths.DATABASE, owner=owner))
        if self.throwaway:
            lines.append(f"GRANT {app} TO {owner};")
        else:
            lines.append(f"REVOKE CONNECT ON DATABASE {paths.DATABASE} FROM PUBLIC;")
            lines.append(f"GRANT CONNECT ON DATABASE {paths.DATABASE} TO {owner}, {app};")
        arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.run_dir)]
        self._run(
            "psql", *arguments, "-U", SUPERUSER, "-d", "postgres", stdin="\n".join(lines) + "\n"
        )
