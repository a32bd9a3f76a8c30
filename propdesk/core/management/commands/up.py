"""`manage.py up`: the whole system with one command."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from propdesk.localstack import launch, listen
from propdesk.localstack.errors import StartError


class Command(BaseCommand):
    """Start database, broker, web server, workers and clock, and keep them running."""

    help = "一条命令启动全部：数据库、消息队列、网站、后台任务和定时器。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --host, --port, --no-demo and --tls."""
        listen.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Replace this process by the supervisor."""
        arguments = ["--host", options["host"], "--port", str(options["port"])]
        arguments += ["--no-demo"] if options["no_demo"] else []
        arguments += ["--tls"] if options["tls"] else []
        try:
            launch.run_supervisor(arguments)
        except StartError as error:
            raise CommandError(str(error)) from error
