from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("incidents", "0004_labels")]

    operations = [
        AddIndexConcurrently(
            model_name="promise",
            index=models.Index(fields=["-due_at", "-id"], name="incidents_promise_due"),
        ),
        AddIndexConcurrently(
            model_name="promise",
            index=models.Index(
                condition=models.Q(("seq__gt", 1)),
                fields=["complaint", "cycle"],
                name="incidents_promise_moved",
            ),
        ),
        AddIndexConcurrently(
            model_name="callback",
            index=models.Index(fields=["-asked_at", "-id"], name="incidents_callback_asked"),
        ),
    ]
