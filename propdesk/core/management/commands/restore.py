"""`manage.py restore FOLDER`: a backup into an empty database and an empty media folder."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.backup import restoring
from propdesk.core.backup.errors import BackupError


class Command(BaseCommand):
    """Check a backup, bring it in, check what came in."""

    help = _("把一份备份恢复到空的数据库和空的文件目录；先全部核对，有一处不符就什么也不做。")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder and --identity."""
        parser.add_argument("folder", type=Path, help=_("备份的目录"))
        parser.add_argument("--identity", type=Path, help=_("加密备份的密钥文件"))

    def handle(self, *, folder: Path, identity: Path | None, **_options: Any) -> None:
        """Restore and print the counts; CommandError says what kept it from it."""
        try:
            with restoring.restored(folder, identity) as done:
                self._tell(done)
                # What was wrong in the house when the backup was made is wrong in the copy, too.
                call_command("check_integrity", stdout=self.stdout)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _tell(self, done: restoring.Restored) -> None:
        self.stdout.write(
            _(
                "已恢复 %(at)s 的状态：%(tables)s 张表，%(rows)s 行，%(files)s 个文件，全部与清单相符。"
            )
            % {
                "at": f"{timezone.localtime(done.manifest.moment):%Y-%m-%d %H:%M}",
                "tables": done.tables,
                "rows": done.rows,
                "files": done.files,
            }
        )
        for finding in done.manifest.findings:
            self.stdout.write(_("备份时已经如此：%(finding)s") % {"finding": finding})
