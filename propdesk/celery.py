"""The Celery application. The queue only wakes things up: the database is the only truth."""

import gc
import os

from celery import Celery
from celery.signals import worker_before_create_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propdesk.settings")

app = Celery("propdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_before_create_process.connect
def _share_memory(**_kwargs: object) -> None:
    """Keep the garbage collector off what parent and child share, or it would be copied."""
    gc.collect()
    gc.freeze()
