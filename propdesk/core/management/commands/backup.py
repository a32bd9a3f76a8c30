"""`manage.py backup`: database, files and secret in one folder; `--verify` reads one again."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.backup import age, keeping, making, nightly, restoring
from propdesk.core.backup.errors import BackupError
from propdesk.core.models import SweepRun


class Command(BaseCommand):
    """Make a backup, verify one, or make a key to encrypt them."""

    help = _("把数据库、照片、文书和密钥做成一份备份；网站照常运行。")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --to, --encrypt, --verify, --identity and --new-key."""
        parser.add_argument("--to", type=Path, help=_("放备份的目录，默认 PROPDESK_BACKUP_DIR"))
        parser.add_argument("--encrypt", action="store_true", help=_("必须加密，没有公钥就不做"))
        parser.add_argument(
            "--verify",
            nargs="?",
            const="",
            metavar="FOLDER",
            help=_("只核对一份备份，默认最新的一份"),
        )
        parser.add_argument("--identity", type=Path, help=_("核对加密备份的内容时用的密钥文件"))
        parser.add_argument(
            "--new-key", type=Path, metavar="FILE", help=_("做一把新密钥，打印它的公钥")
        )

    def handle(self, **options: Any) -> None:
        """Do the one thing asked for; CommandError in one sentence."""
        try:
            if options["new_key"] is not None:
                self._new_key(options["new_key"])
            elif options["verify"] is not None:
                self._verify(options)
            else:
                self._make(options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _new_key(self, path: Path) -> None:
        public = age.new_identity(path)
        self.stdout.write(
            _("密钥已写入 %(path)s。请抄两份，放在别处；没有它，加密的备份谁也打不开。")
            % {"path": path}
        )
        self.stdout.write(f"PROPDESK_BACKUP_RECIPIENT={public}")

    def _verify(self, options: dict[str, Any]) -> None:
        folder = Path(options["verify"]) if options["verify"] else _newest(options["to"])
        found = restoring.verify(folder, options["identity"])
        self.stdout.write(
            _("%(folder)s 完整：%(files)s 个文件，%(rows)s 行，%(at)s 的状态。")
            % {
                "folder": folder,
                "files": len(found.files),
                "rows": sum(int(rows) for rows, _digest in found.tables.values()),
                "at": _local(found.moment),
            }
        )

    def _make(self, options: dict[str, Any]) -> None:
        recipient = settings.PROPDESK_BACKUP_RECIPIENT
        if options["encrypt"] and not recipient:
            raise CommandError(
                _(
                    "还没有公钥。请先运行 manage.py backup --new-key 文件，再设 PROPDESK_BACKUP_RECIPIENT。"
                )
            )
        record = SweepRun(name=nightly.NAME, started_at=timezone.now())
        base = options["to"] or Path(settings.PROPDESK_BACKUP_DIR)
        made = making.make(base, timezone.now(), recipient=recipient)
        if options["to"] is None:
            # One into a folder of his own choice may leave the house with him.
            record.save(force_insert=True)
            nightly.finish(record, made)
        self.stdout.write(
            _("已备份到 %(folder)s：%(rows)s 行，%(files)s 个文件，%(size)s MB%(closed)s。")
            % {
                "folder": made.folder,
                "rows": sum(int(rows) for rows, _digest in made.manifest.tables.values()),
                "files": len(made.manifest.files),
                "size": sum(each.size for each in made.manifest.files) // 1_000_000,
                "closed": _("，已加密") if recipient else "",
            }
        )
        for finding in made.manifest.findings:
            self.stdout.write(_("注意：%(finding)s") % {"finding": finding})


def _newest(base: Path | None) -> Path:
    folder = base or Path(settings.PROPDESK_BACKUP_DIR)
    found = keeping.all_in(folder)
    if not found:
        raise CommandError(_("%(folder)s 里没有备份。") % {"folder": folder})
    return found[-1]


def _local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
