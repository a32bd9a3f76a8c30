import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

COLUMN = "ALTER TABLE core_auditentry ADD COLUMN IF NOT EXISTS property_id bigint"
KEY = """
ALTER TABLE core_auditentry
  DROP CONSTRAINT IF EXISTS core_auditentry_property_id_fk,
  ADD CONSTRAINT core_auditentry_property_id_fk FOREIGN KEY (property_id)
    REFERENCES core_property (id) DEFERRABLE INITIALLY DEFERRED NOT VALID
"""
CHECK = "ALTER TABLE core_auditentry VALIDATE CONSTRAINT core_auditentry_property_id_fk"


class Migration(migrations.Migration):
    # Nobody who writes waits while the acts of all years are looked through. These keep no house:
    # an open board asks for the newest alone (ADR 0031).
    atomic = False

    dependencies = [("core", "0015_period_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(COLUMN, "ALTER TABLE core_auditentry DROP COLUMN property_id"),
                migrations.RunSQL(KEY, migrations.RunSQL.noop),
                migrations.RunSQL(CHECK, migrations.RunSQL.noop),
            ],
            [
                migrations.AddField(
                    model_name="auditentry",
                    name="property",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.property",
                    ),
                )
            ],
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("property__isnull", False)),
                fields=["property", "-id"],
                name="core_auditentry_newest",
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("is_open", True)),
                fields=["property", "kind", "id"],
                include=["restricted"],
                name="core_case_open_ids",
            ),
        ),
        RemoveIndexConcurrently(model_name="case", name="core_case_open"),
    ]
