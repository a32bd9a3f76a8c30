from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_calendar_feed")]

    operations = [
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(fields=["property", "-case"], name="desk_handover_in_turn"),
        ),
    ]
