from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("emergencies", "0006_slips_settled")]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("acked_at", None), ("needs_ack", True)),
                fields=["role", "event"],
                name="emergencies_call_waiting",
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("status", "running")),
                fields=["case"],
                name="emergencies_event_runs",
            ),
        ),
        RemoveIndexConcurrently(model_name="event", name="emergencies_event_running"),
    ]
