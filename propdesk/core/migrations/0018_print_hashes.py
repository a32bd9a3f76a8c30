from django.db import migrations, models

from propdesk.core.guards import frozen


class Migration(migrations.Migration):
    dependencies = [("core", "0017_wider_person_changes")]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="print_sha256",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        frozen("core_attachment", ["print_sha256"], "TRUE", "core_attachment_print_frozen"),
    ]
