"""Make the pack of a house in this process: no broker, no worker, no web server."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from propdesk.core import blanks, rendering
from propdesk.core.models import OutagePack, Property


class Command(BaseCommand):
    help = "制作停电包（电话、预案卡、未结事项、房间清点表、空白表），不需要消息队列。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--property", default="", help="公寓代码；只有一处公寓时可以不写")
        parser.add_argument("--output", default="", help="存成这个 PDF 文件，同时算作取用")

    def handle(self, **options: Any) -> None:
        prop = _property(options["property"])
        pack = blanks.make(prop, by=None)
        rendering.render_due(timezone.now())
        pack = OutagePack.objects.select_related("job__document", "document", "property").get(
            pk=pack.pk
        )
        document = pack.job.document if pack.job else None
        if document is None:
            why = pack.job.error if pack.job else ""
            message = f"没有做成：{why or '另有文书在制作，请稍后再试。'}"
            raise CommandError(message)
        self.stdout.write(f"{pack.number}: {document.pages} 页，{document.size // 1024} kB")
        if options["output"]:
            blanks.take(pack, by=None)
            with document.file.open("rb") as stored:
                Path(options["output"]).write_bytes(stored.read())
            self.stdout.write(f"已存为 {options['output']}；空白表编号已发出。")


def _property(code: str) -> Property:
    rows = Property.objects.filter(code=code) if code else Property.objects.all()
    found = list(rows.order_by("pk")[:2])
    if len(found) != 1:
        raise CommandError("请用 --property 写明公寓代码。")
    return found[0]
