"""`manage.py rotate_key`: a new secret of the installation, and what it protects encrypted with it."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from propdesk import environment
from propdesk.core import rekeying
from propdesk.core.transitions import ConflictError


class Command(BaseCommand):
    """Change the secret, or finish a change that was cut off."""

    help = _("更换安装密钥，并用新密钥重新加密封存章、机器人和两步登录的密钥；做完要重启。")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --finish."""
        parser.add_argument(
            "--finish", action="store_true", help=_("不换密钥，只把还没有重新加密的做完")
        )

    def handle(self, *, finish: bool, **options: Any) -> None:
        """CommandError when something opens with no key at all."""
        if not finish and environment.text("PROPDESK_SECRET_KEY"):
            raise CommandError(
                _(
                    "密钥由环境变量 PROPDESK_SECRET_KEY 给出：把旧值移到 PROPDESK_SECRET_KEY_OLD，"
                    "填上新值，重启网站，再运行 rotate_key --finish。"
                )
            )
        try:
            with rekeying.changing():
                lost = self._change(finish=finish)
        except ConflictError as error:
            raise CommandError(str(error)) from error
        if lost:
            raise CommandError(_("打不开，没有重新加密：%(rows)s") % {"rows": "、".join(lost)})

    def _change(self, *, finish: bool) -> list[str]:
        if not finish:
            rekeying.new_secret()
            self.stdout.write(_("已换新密钥；旧的留在 secret_key.old，以前的证件和日历靠它认出。"))
        count, lost = rekeying.encrypt_anew()
        self.stdout.write(_("重新加密 %(n)d 项。") % {"n": count})
        call_command("reindex_search", stdout=self.stdout)
        if not finish:
            self.stdout.write(
                _("请马上重启网站，再运行一次 rotate_key --finish，然后做一份新备份。")
            )
        return lost
