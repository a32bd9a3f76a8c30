"""`manage.py prepare`: everything a new version needs before it serves pages."""

import importlib.util
from collections.abc import Iterable
from importlib import import_module
from io import StringIO
from typing import Any

import redis
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.utils.translation import gettext_lazy as _

from propdesk import environment
from propdesk.core import db_roles
from propdesk.core.house_people import new_password
from propdesk.core.models import User

OLDEST_POSTGRES = 150_000
OLDEST_REDIS = 7
DEMO_PASSWORD = "demo_password"  # noqa: S105 -- the name of a file


class Command(BaseCommand):
    """Check both servers, migrate, grant, collect static files, load demo data when empty."""

    help = "检查数据库和消息队列，更新数据库结构，收集静态文件；空库装入演示数据。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --no-demo and --no-static."""
        parser.add_argument("--no-demo", action="store_true", help="空数据库也不装演示数据")
        parser.add_argument("--no-static", action="store_true", help="静态文件已在镜像里，不再收集")

    def handle(self, *, no_demo: bool, no_static: bool, **options: Any) -> None:
        """Do every step; CommandError says in one sentence what is wrong."""
        check_database()
        check_broker()
        call_command("check", stdout=StringIO())
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        db_roles.grant()
        self.stdout.write(str(_("数据库结构已是最新。")))
        if not no_static:
            call_command("collectstatic", verbosity=0, interactive=False)
            self.stdout.write(str(_("静态文件已就绪。")))
        if not no_demo and "demo" in get_commands() and not has_people():
            self.stdout.write(str(_("数据库是空的，正在装入演示数据……")))
            call_command("demo", password=demo_password(), stdout=StringIO())
            self.stdout.write(str(_("演示数据已装入。")))
        for line in demo_logins():
            self.stdout.write(f"later:{line}")


def check_database() -> None:
    """CommandError unless PostgreSQL 15 or later answers."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        where = environment.host_of(environment.text("DATABASE_URL")) or _("内置数据库")
        raise CommandError(
            _("连不上数据库 %(where)s。请检查 DATABASE_URL 的地址、账号和密码。") % {"where": where}
        ) from error
    version = connection.connection.info.server_version
    if version < OLDEST_POSTGRES:
        raise CommandError(
            _("数据库是 PostgreSQL %(major)s，本系统需要 15 或更高版本。")
            % {"major": version // 10_000}
        )


def check_broker() -> None:
    """CommandError unless Redis 7 or later, or Valkey, answers."""
    url = environment.socket_url(settings.CELERY_BROKER_URL)
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        version = str(dict(client.info("server"))["redis_version"])  # type: ignore[arg-type]
    except redis.RedisError as error:
        raise CommandError(
            _("连不上消息队列 %(where)s。请检查 REDIS_URL。") % {"where": environment.host_of(url)}
        ) from error
    finally:
        client.close()
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        raise CommandError(
            _("消息队列是 Redis %(version)s，本系统需要 7 或更高版本。") % {"version": version}
        )


def has_people() -> bool:
    """Say whether anybody has an account: then the database is in use."""
    return bool(User.objects.exists())


def demo_password() -> str:
    """Return the password of all demo accounts, made once and kept beside the data."""
    given = environment.text("PROPDESK_DEMO_PASSWORD")
    if given:
        return given
    path = settings.HOME / DEMO_PASSWORD
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_password(), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def demo_logins() -> Iterable[str]:
    """Yield one line per demo account when the demo data is what the database holds."""
    if importlib.util.find_spec("propdesk.core.demo") is None:
        return
    logins = getattr(import_module("propdesk.core.demo"), "LOGINS", ())
    names = [login[0] for login in logins]
    if not names or not User.objects.filter(username=names[0]).exists():
        return
    kept = settings.HOME / DEMO_PASSWORD
    yield str(_("演示账号（工号、姓名、身份）："))
    for login in logins:
        yield "    " + "  ".join(str(part) for part in login)
    if kept.exists():
        yield str(_("演示账号最初的密码：")) + kept.read_text(encoding="ascii").strip()
