from django.db import migrations, models

from propdesk.core.guards import frozen

FIELD = models.BooleanField(default=False, verbose_name="只到有人接手")


class Migration(migrations.Migration):
    dependencies = [("emergencies", "0004_nobody_forgotten")]

    operations = [
        migrations.AddField("reader", "is_brief", FIELD),
        migrations.AddField("historicalreader", "is_brief", FIELD.clone()),
        migrations.AddConstraint(
            "reader",
            models.UniqueConstraint(
                fields=["event"],
                condition=models.Q(("ended_at", None), ("is_brief", True)),
                name="emergencies_reader_brief_one",
            ),
        ),
        frozen("emergencies_reader", ["is_brief"], "TRUE", "emergencies_reader_brief_frozen"),
    ]
