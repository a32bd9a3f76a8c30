"""`manage.py purge`: what has reached the end of its term; with --yes it goes, and is proved gone."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.models import Case, Property, User
from propdesk.core.retention import running
from propdesk.core.retention.erasing import Taken
from propdesk.core.transitions import ConflictError, RefusedInput

LIMIT = 1000
"""Cases of one house in one run: what is due after years of waiting is not taken in one night by itself."""


class Command(BaseCommand):
    """List, or purge: house by house, in batches; killed, it goes on where it was."""

    help = _("列出保存期满的个人信息；加 --yes 才清除。死亡、伤病和暂缓清除的跳过并列出。")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --property, --yes, --by, --reason, --limit and --dry-run."""
        parser.add_argument("--property", help=_("只办一座公寓（代码），默认全部"))
        parser.add_argument("--dry-run", action="store_true", help=_("只列出，不清除（默认）"))
        parser.add_argument("--yes", action="store_true", help=_("清除，不能恢复"))
        parser.add_argument("--by", metavar=_("工号"), help=_("由哪位物业经理或总物业经理决定"))
        parser.add_argument("--reason", default="", help=_("原因"))
        parser.add_argument("--limit", type=int, default=LIMIT, help=_("每座公寓最多清除多少件"))

    def handle(self, **options: Any) -> None:
        """Do each house; CommandError when anything is left that should be gone."""
        if options["yes"] and options["dry_run"]:
            raise CommandError(_("--yes 和 --dry-run 只能选一个。"))
        left = 0
        for prop in self._houses(options["property"]):
            self.stdout.write(f"{prop.name}（{prop.code}）")
            self._plan(prop)
            if options["yes"]:
                left += self._purge(prop, options)
        if not options["yes"]:
            self.stdout.write(
                _("只是列出，什么也没有改动。要清除请加 --yes --by 工号 --reason 原因。")
            )
        if left:
            raise CommandError(_("清除以后还有 %(n)d 处残留，见上面所列。") % {"n": left})

    def _houses(self, code: str | None) -> list[Property]:
        rows = Property.objects.select_related("settings").order_by("code")
        found = list(rows.filter(code=code) if code else rows)
        if code and not found:
            raise CommandError(_("没有代码为 %(code)s 的公寓。") % {"code": code})
        return found

    def _plan(self, prop: Property) -> None:
        found = running.plan(prop, timezone.now())
        labels = dict(Case.Kind.choices)
        for kind, count in sorted(found.kinds.items()):
            self._line(_("到期：%(kind)s %(n)d 件"), kind=labels[kind], n=count)
        if found.logs:
            self._line(_("到期：值班日志 %(n)d 条"), n=found.logs)
        if not found.cases and not found.logs:
            self._line(_("没有到期的。"))
        for said, numbers, count in (
            (_("跳过，死亡或伤病，长期保存：%(numbers)s"), found.lasting, found.lasting_count),
            (_("跳过，暂缓清除：%(numbers)s"), found.held, found.held_count),
        ):
            if numbers:
                more = _(" 等，共 %(n)d 件") % {"n": count} if count > len(numbers) else ""
                self._line(said, numbers="、".join(numbers) + more)

    def _purge(self, prop: Property, options: dict[str, Any]) -> int:
        by = User.objects.filter(username=options["by"] or "", is_active=True).first()
        if by is None:
            raise CommandError(_("请用 --by 写明由谁决定（在职员工的工号）。"))
        try:
            run, whole, proof = running.purge(
                prop, by=by, reason=options["reason"], limit=options["limit"], tell=self._batch
            )
        except PermissionDenied as denied:
            raise CommandError(f"{prop.code}：{denied}") from denied
        except (ConflictError, RefusedInput) as refused:
            raise CommandError(str(refused)) from refused
        self._line(
            _("已清除 %(cases)d 件：%(people)d 人，%(rows)d 行，%(files)d 个文件。"),
            cases=len(whole.cases),
            people=whole.people,
            rows=whole.rows,
            files=whole.files,
        )
        if whole.broken:
            self._line(_("跳过，留痕有不符，先核对：%(numbers)s"), numbers="、".join(whole.broken))
        if whole.passed:
            self._line(
                _("跳过，有人正在办理或数据库不让清除，见日志：%(numbers)s"),
                numbers="、".join(whole.passed),
            )
        for where, count in sorted(proof.left.items()):
            self._line(_("残留：%(where)s %(n)d 处"), where=where, n=count)
        for where, count in sorted(proof.elsewhere.items()):
            self._line(
                _("同样的字样还在没有到期的资料里：%(where)s %(n)d 行"), where=where, n=count
            )
        self._line(_("核对：残留 %(n)d 处。"), n=run.left)
        return proof.total

    def _batch(self, taken: Taken) -> None:
        self._line(_("……又清除 %(n)d 件"), n=len(taken.cases))

    def _line(self, text: str, **words: Any) -> None:
        self.stdout.write("  " + (text % words if words else text))
