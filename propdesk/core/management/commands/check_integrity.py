"""Verify the audit chain of every case and the bytes of every sealed paper."""

import hashlib
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from propdesk.core import audit
from propdesk.core.models import Case, Document


class Command(BaseCommand):
    help = "逐件核对留痕链与封存文书；有不符即列出并以错误结束。"

    def handle(self, **_options: Any) -> None:
        found = 0
        for case in Case.objects.order_by("pk").iterator(chunk_size=500):
            for problem in audit.problems(case):
                found += 1
                self.stdout.write(f"{case.number}: {problem}")
        for document in Document.objects.filter(sealed=True).iterator(chunk_size=100):
            with document.file.open("rb") as stored:
                if hashlib.sha256(stored.read()).hexdigest() != document.sha256:
                    found += 1
                    self.stdout.write(f"{document.number}: 封存文书被改动")
        if found:
            message = f"发现 {found} 处不符。"
            raise CommandError(message)
        self.stdout.write("全部相符。")
