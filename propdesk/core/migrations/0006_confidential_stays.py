from django.db import migrations

from propdesk.core.guards import refused


class Migration(migrations.Migration):
    dependencies = [("core", "0005_people_sign_and_lists")]

    operations = [
        refused(
            "core_case", "OLD.restricted AND NOT NEW.restricted", "core_case_stays_confidential"
        ),
    ]
