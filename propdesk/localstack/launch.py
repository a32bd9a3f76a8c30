"""From `manage.py up` to the supervisor: leaves root's rights and Django's memory behind."""

import compileall
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from propdesk.localstack import account as accounts
from propdesk.localstack import mirror, paths
from propdesk.localstack.errors import StartError

PACKAGES = ("propdesk", "incidents", "lostfound", "emergencies")


def run_supervisor(arguments: Sequence[str]) -> NoReturn:
    """Replace this process by the supervisor, run by the service account when we are root."""
    home = paths.home()
    account = accounts.service_account(create=True)
    accounts.private_dir(home, account)
    program = mirror.Program(paths.BASE_DIR, Path(sys.executable))
    environment = {**os.environ, "PROPDESK_HOME": str(home)}
    if paths.is_root():
        if not accounts.enterable(home.parent):
            raise StartError(
                f"系统用户 {account.name} 进不了 {home.parent}（目录只对 root 开放）。"
                "请另选数据目录，例如：PROPDESK_HOME=/var/lib/propdesk"
            )
        program = mirror.readable_program(home)
        _give_away(account)
        for package in PACKAGES:
            # The account cannot write beside the code, so compile while we still can.
            compileall.compile_dir(program.directory / package, quiet=2)
        environment |= {"HOME": str(home), "USER": account.name, "LOGNAME": account.name}
        environment |= program.environment
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    os.chdir(program.directory)
    python = str(program.python)
    command = [python, "-m", "propdesk.localstack.supervisor", *arguments]
    sys.stdout.flush()
    os.execve(python, command, environment)  # noqa: S606 -- our own interpreter, no shell


def _give_away(account: accounts.Account) -> None:
    """Give the account what an earlier command of root wrote into the data directory."""
    for entry in paths.home().iterdir():
        if entry.name not in {"app", "python", "venv"} and not entry.name.startswith("pgbin-"):
            accounts.chown_tree(entry, account)
