"""`manage.py start_house`: a real property with its first administrator."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from propdesk.core.house import start_house
from propdesk.core.house_people import first_admin
from propdesk.core.models import User
from propdesk.core.transitions import RefusedInput


class Command(BaseCommand):
    """Make a property, its settings and the account of the person who sets up everything else."""

    help = _("建立一座公寓和它的第一位管理员；其余在网页的“设置”里办理。")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add code, name, --admin and --admin-name."""
        parser.add_argument("code", help=_("网址里的代码，小写字母、数字和 -，最多 20 个"))
        parser.add_argument("name", help=_("公寓名称"))
        parser.add_argument("--admin", required=True, help=_("管理员的工号"))
        parser.add_argument("--admin-name", default="", help=_("管理员的姓名；账号已有时不用填"))

    @transaction.atomic
    def handle(self, *, code: str, name: str, admin: str, admin_name: str, **options: Any) -> None:
        """Make the rows and print the first password, which is stored nowhere."""
        if not re.fullmatch(r"[a-z0-9-]{1,20}", code):
            raise CommandError(_("代码只能用小写字母、数字和 -，最多 20 个。"))
        user, password = User.objects.filter(username=admin, is_active=True).first(), ""
        try:
            if user is None:
                if not admin_name.strip():
                    raise CommandError(_("请用 --admin-name 写明管理员的姓名。"))
                user, password = first_admin(admin, admin_name.strip())
            prop = start_house(code, name, admin=user)
        except RefusedInput as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(_("已建立 %(name)s。管理员工号：") % {"name": prop.name} + admin)
        if password:
            self.stdout.write(_("首次密码（只显示这一次）：") + password)
