from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Nobody who writes waits for an index.
    atomic = False

    dependencies = [("core", "0014_search_terms")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("is_open", False)),
                fields=["property", "kind", "-closed_at", "-id"],
                name="core_case_settled",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("channel", "inbox")),
                fields=["property", "-created_at", "-id"],
                name="core_delivery_told",
            ),
        ),
    ]
