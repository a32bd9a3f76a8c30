from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_labels")]

    operations = [
        migrations.AddIndex(
            model_name="promise",
            index=models.Index(fields=["-due_at", "-id"], name="incidents_promise_due"),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(fields=["-asked_at", "-id"], name="incidents_callback_asked"),
        ),
    ]
