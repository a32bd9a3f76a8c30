"""The web application for granian or any other WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

# Views publish tasks; without the application they would look for a broker elsewhere.
from propdesk.celery import app as celery_app

__all__ = ["application", "celery_app"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propdesk.settings")

application = get_wsgi_application()
