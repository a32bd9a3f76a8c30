"""Run every sweep once, make every waiting paper and a missing backup, without broker or beat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from propdesk.core import rendering, sweeps
from propdesk.core.backup import nightly


class Command(BaseCommand):
    help = "把所有到期事项、通知、待制的文书和欠下的备份处理一遍，不需要消息队列。"

    def handle(self, **_options: Any) -> None:
        now = timezone.now()
        for name, count in sweeps.run_all(now).items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write(f"core.render: {rendering.render_due(now)}")
        self.stdout.write(f"core.backup: {nightly.run_if_due(now)}")
