
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_guards'),
    ]

    operations = [
        # Not checked against old rows: they stay as they were signed, and move on (see the model).
        AddConstraintNotValid(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "submitted"]), _negated=True)
                | models.Q(
                    ("occurred_at__lte", models.F("discovered_at")),
                    ("discovered_at__lte", models.F("reported_at")),
                    ("occurred_at__lte", models.F("reported_at")),
                ),
                name="core_report_times_in_order",
                violation_error_message="发生、发现、报告的时间要依次不早于前一个。",
            ),
        ),
    ]
