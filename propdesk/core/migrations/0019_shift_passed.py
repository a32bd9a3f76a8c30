from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("core", "0018_print_hashes")]

    operations = [
        *(
            migrations.AddField(model, name, models.DateTimeField(null=True))
            for model in ("shift", "historicalshift")
            for name in ("came_at", "left_at")
        ),
        AddIndexConcurrently(
            model_name="shift",
            index=models.Index(
                condition=models.Q(("cancelled_at", None)),
                fields=["role", "ends_at"],
                name="core_shift_ending",
            ),
        ),
    ]
