from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

NAME = "core_propertysettings_keep"


class Migration(migrations.Migration):
    # Validated in a transaction of its own, so that nobody who saves a setting waits for it.
    atomic = False

    dependencies = [("core", "0024_login_events")]

    operations = [
        AddConstraintNotValid(
            "propertysettings",
            models.CheckConstraint(
                name=NAME, condition=Q(keep_cases_years__gte=3, keep_shifts_years__gte=1)
            ),
        ),
        ValidateConstraint("propertysettings", NAME),
    ]
