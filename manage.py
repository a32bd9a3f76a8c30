"""Run Django's command line for this project."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, connection

# Commands publish tasks too; without the application they would look for a broker elsewhere.
from propdesk.celery import app

__all__ = ["app"]


def main(arguments: list[str]) -> None:
    """Run a command; what the person at the terminal can put right is a sentence, no traceback."""
    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        if "--traceback" in arguments:
            raise
        sys.exit(f"出错：{error}")
    except OperationalError:
        if "--traceback" in arguments or connection.connection is not None:
            raise
        sys.exit(
            "出错：连不上数据库。script/server 在运行吗？"
            "这个终端里的 PROPDESK_HOME、DATABASE_URL 要与启动时一样；root 启动的，也用 root 执行。"
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propdesk.settings")
    main(sys.argv)
