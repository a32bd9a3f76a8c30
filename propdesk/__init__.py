"""PropDesk: settings and composition; the Celery application is loaded with Django."""

from propdesk.celery import app as celery_app

__all__ = ["celery_app"]
