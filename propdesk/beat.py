"""The clock as a Celery application of its own: it sends names on time and loads no Django app.

The full application would hold some 40 MB more for as long as the site runs.
"""

from celery import Celery

app = Celery("propdesk", fixups=[])
app.config_from_object("propdesk.settings", namespace="CELERY")
