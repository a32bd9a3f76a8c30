"""`manage.py demo`: a fictional house to try everything in."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from propdesk.core import demo
from propdesk.core.house_people import new_password
from propdesk.core.transitions import ConflictError


class Command(BaseCommand):
    """Fill an empty database with demo data and say who can log in."""

    help = _("在空数据库里装入演示公寓、员工、房间和班次。")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --password."""
        parser.add_argument(
            "--password", help=_("演示账号的密码，默认取 PROPDESK_DEMO_PASSWORD，没有则随机生成")
        )

    def handle(self, *, password: str | None, **options: Any) -> None:
        """Seed; a generated password is printed whatever the verbosity: nobody else knows it."""
        if demo.is_seeded():
            self.stdout.write(_("演示数据已经装入过，没有改动。"))
            return
        password = password or os.environ.get("PROPDESK_DEMO_PASSWORD") or new_password()
        try:
            prop = demo.seed(password)
        except ConflictError as conflict:
            raise CommandError(str(conflict)) from conflict
        self.stdout.write(
            _("已装入演示公寓 %(name)s，所有演示账号的密码：") % {"name": prop.name} + password
        )
        if options["verbosity"] > 0:
            for number, name, role in demo.LOGINS:
                self.stdout.write(f"    {number}  {name}  {role}")
