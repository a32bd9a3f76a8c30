"""Rewrite the search rows: after an upgrade that changed what they hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emergencies.workflow.starting import entries as events
from incidents.workflow.record import entries as complaints
from lostfound.workflow import finding
from propdesk.core.models import Case, Property
from propdesk.core.search_rewriting import Entries, rewrite

REGISTERS: dict[str, Entries] = {
    Case.Kind.COMPLAINT: complaints,
    Case.Kind.FOUND: finding.things,
    Case.Kind.LOST: finding.reports,
    Case.Kind.DISPOSAL: finding.batches,
    Case.Kind.STOCKTAKE: finding.counts,
    Case.Kind.EVENT: events,
}


class Command(BaseCommand):
    help = "重写检索内容（升级后用）；可随时中断，从上次写到的地方继续，重复执行没有害处。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--property", default="", help="公寓代码；不写就是全部公寓")
        parser.add_argument("--after", type=int, default=0, help="从这个内部编号之后继续")

    def handle(self, **options: Any) -> None:
        code, after = options["property"], options["after"]
        houses = Property.objects.filter(code=code) if code else Property.objects.all()
        found = list(houses.order_by("pk"))
        if not found:
            raise CommandError("没有这个公寓代码。")
        if after and len(found) > 1:
            raise CommandError("从中间继续时，请用 --property 写明公寓代码。")
        for prop in found:
            total = 0
            for last, count in rewrite(prop, REGISTERS, after):
                total += count
                self.stdout.write(f"{prop.code}: 已重写 {total} 件，写到 {last}")
            self.stdout.write(f"{prop.code}: 完成，共 {total} 件。")
