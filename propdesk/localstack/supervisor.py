"""Keeps the whole stack running: starts it in order, restarts what dies, stops everything.

Runs without Django: it stays in memory for months and needs only the standard library.
"""

import argparse
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from propdesk.localstack import account as accounts
from propdesk.localstack import listen, paths, tls
from propdesk.localstack.errors import StartError
from propdesk.localstack.postgres import Postgres
from propdesk.localstack.processes import kill_group, stop_all
from propdesk.localstack.services import Service, django_services
from propdesk.localstack.valkey import Valkey

POLL_SECONDS = 0.25
STOP_SECONDS = 10.0
LATER = "later:"


class Stopped(Exception):  # noqa: N818 -- a request, not an error
    """Somebody asked the stack to stop."""


class Supervisor:
    """One run of the stack in one data directory."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.began = time.monotonic()
        self.home = paths.home()
        self.account = accounts.current()
        self.python = sys.executable
        self.stopping = False
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.infrastructure: list[Service] = []
        self.services: list[Service] = []
        self.shown_later: list[str] = []
        self.preparing: subprocess.Popen[bytes] | None = None

    def say(self, message: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"[{time.monotonic() - self.began:5.1f} 秒] {message}", flush=True)  # noqa: T201 -- the terminal is the interface

    def request_stop(self, *_signal: object) -> None:
        """Remember that the stack shall stop; the main loop does it."""
        self.stopping = True

    def check_stop(self) -> None:
        """Raise Stopped when a signal has asked for it."""
        if self.stopping:
            raise Stopped

    # --- start ------------------------------------------------------------------------------------
    def run(self) -> None:
        """Start everything, watch until asked to stop, and leave no process behind."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.request_stop)
        with listen.only_one(self.home, self.options):
            listen.require_free_port(self.options.host, self.options.port)
            try:
                self.start_infrastructure()
                self.prepare()
                self.start_services()
                while True:
                    self.check_stop()
                    self.watch()
                    time.sleep(POLL_SECONDS)
            except Stopped:
                pass
            finally:
                self.shut_down()

    def start_infrastructure(self) -> None:
        """Start the embedded servers that are not replaced by DATABASE_URL or REDIS_URL."""
        for directory in (self.home, self.home / "log"):
            accounts.private_dir(directory, self.account)
        if not os.environ.get("DATABASE_URL", "").strip():
            self.postgres = Postgres(self.home, self.account)
            first = not self.postgres.data.exists()
            self.say("正在建立数据库（只有第一次需要）……" if first else "正在启动数据库……")
            server = Service("PostgreSQL", self.postgres.start, self.postgres.stop)
            self.infrastructure.append(server)
            server.start()
            self.postgres.bootstrap()
            self.check_stop()
        if not os.environ.get("REDIS_URL", "").strip():
            self.valkey = Valkey(self.home, self.account)
            broker = Service("Valkey", self.valkey.start, self.valkey.stop)
            self.infrastructure.append(broker)
            broker.start()
        for server in self.infrastructure:
            self.say(f"{server.name} 已就绪。")
        self.check_stop()

    def prepare(self) -> None:
        """Run `manage.py prepare` as the owner of the tables; ask a foreign server before and after."""
        words = ["manage.py", "prepare", *(["--no-demo"] if self.options.no_demo else [])]
        reach = ["-m", "propdesk.localstack.reach"]
        if self.postgres is None:
            self.run_step(reach)
        self.run_step(words)
        if self.postgres is None:
            self.run_step([*reach, "--prepared"])

    def run_step(self, words: list[str]) -> None:
        """Run one of our programs and relay what it says; StartError when it fails."""
        self.preparing = subprocess.Popen(  # noqa: S603 -- our own command
            [self.python, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PROPDESK_AS_OWNER": "1", "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        for line in lines_of(self.preparing, self.check_stop):
            if line.startswith(LATER):
                self.shown_later.append(line.removeprefix(LATER))
            else:
                self.say(line.removeprefix("CommandError: "))
        if self.preparing.wait():
            raise StartError("准备数据库时出错，原因见上面几行。")
        self.preparing = None

    def start_services(self) -> None:
        """Start the web server, tell the address, then the two workers and the clock."""
        certificate = None
        if self.options.tls:
            certificate = tls.ensure(self.home / "tls", listen.names(self.options.host))
            self.say(f"证书已就绪；手机请先安装并信任 {certificate.authority}")
        environment = listen.environment(self.options, self.home)
        self.services = django_services(
            self.home, self.options, certificate, environment, self.papers_wanted()
        )
        web, *others = self.services
        web.start()
        while not listen.answers(self.options, certificate):
            self.check_stop()
            self.watch()
            time.sleep(0.05)
        self.say(f"可以使用了：{listen.address(self.options)}")
        for line in self.shown_later:
            self.say(line)
        for service in others:
            if service.wanted is None:
                service.start()
        self.say(f"按 Ctrl-C 停止。数据在 {self.home}，日志在 {self.home / 'log'}")

    def papers_wanted(self) -> Callable[[], bool] | None:
        """Return how to ask our own broker for papers to print; None with another's broker."""
        broker = self.valkey
        return None if broker is None else lambda: broker.has_messages("pdf")

    # --- run --------------------------------------------------------------------------------------
    def watch(self) -> None:
        """Restart what has died, each with a growing pause between attempts."""
        for service in (*self.infrastructure, *self.services):
            code = service.died()
            if code is not None:
                self.say(f"{service.name} 意外停止（{code}），将在 {service.pause:.1f} 秒后重启。")
            if service.is_due():
                try:
                    service.start()
                except StartError as error:
                    service.failed()
                    self.say(f"{service.name} 没有启动，{service.pause:.1f} 秒后再试：{error}")
                else:
                    self.say(f"{service.name} 已重启。")
            service.follow_demand()

    def shut_down(self) -> None:
        """Stop all children: the site and workers first, the database last."""
        self.say("正在停止……")
        if self.preparing is not None:
            kill_group(self.preparing)
        stop_all([s.process for s in self.services if s.process is not None], STOP_SECONDS)
        for service in reversed(self.infrastructure):
            service.stop()
        self.say("已全部停止。")


def lines_of(process: subprocess.Popen[bytes], check_stop: Callable[[], None]) -> Iterator[str]:
    """Yield the lines a child prints until it ends; look for a stop request in between."""
    if process.stdout is None:
        return
    pipe = process.stdout.fileno()
    rest = b""
    while True:
        check_stop()
        if not select.select([pipe], [], [], POLL_SECONDS)[0]:
            continue
        chunk = os.read(pipe, 65_536)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in [*lines, rest] if not chunk else lines:
            if line.strip():
                yield line.decode(errors="replace").rstrip()
        if not chunk:
            return


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of `up`."""
    parser = argparse.ArgumentParser(prog="manage.py up")
    listen.add_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the stack; return 0 after a requested stop and 1 after a failure."""
    supervisor = Supervisor(parse(arguments))
    try:
        supervisor.run()
    except StartError as error:
        supervisor.say(f"无法启动：{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
