"""Three-line tasks: beat and workers only wake what is true in the database anyway."""

from celery import shared_task
from django.utils import timezone

from lostfound import workflow


@shared_task(name="lostfound.match")
def match() -> None:
    workflow.refresh_matches(timezone.now())
