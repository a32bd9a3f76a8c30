"""Run Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

# Commands publish tasks too; without the application they would look for a broker elsewhere.
from propdesk.celery import app

__all__ = ["app"]

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propdesk.settings")
    execute_from_command_line(sys.argv)
