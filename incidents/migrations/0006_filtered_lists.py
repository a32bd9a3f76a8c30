from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

GRAVE = models.Q(("severity__in", ["serious", "major"]))
NEWEST = ["-received_at", "-case"]


def index(name, *fields, condition=None):
    """One more index of complaints, the newest first."""
    made = models.Index(fields=[*fields, *NEWEST], condition=condition, name=name)
    return AddIndexConcurrently(model_name="complaint", index=made)


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("incidents", "0005_period_indexes")]

    operations = [
        index("incidents_newest_of_kind", "category"),
        index("incidents_newest_grave", "severity", condition=GRAVE),
        index("incidents_newest_grave_kind", "severity", "category", condition=GRAVE),
        index("incidents_newest_voided", condition=models.Q(("status", "voided"))),
        index("incidents_newest_owned", "owner"),
    ]
