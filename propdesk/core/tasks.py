"""Three-line tasks: beat and workers only wake what is true in the database anyway."""

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone

from propdesk.core import rendering, sweeps, wake
from propdesk.core.backup import nightly
from propdesk.core.channels import relay


@shared_task(name="core.tick")
def tick() -> None:
    now = timezone.now()
    sweeps.run_all(now)
    if rendering.is_waiting(now):
        wake.now("core.render")
    if nightly.is_due(now):
        wake.now("core.backup")


@shared_task(name="core.backup", time_limit=6 * 3600, soft_time_limit=6 * 3600 - 60)
def backup() -> None:
    nightly.run_if_due(timezone.now())


@shared_task(name="core.relay")
def relay_notices() -> None:
    relay.deliver(timezone.now())


@shared_task(name="core.render")
def render() -> None:
    rendering.render_due(timezone.now())


@worker_ready.connect
def catch_up(**_kwargs: object) -> None:
    """A worker that was dead starts with what became due meanwhile."""
    wake.now("core.tick")
