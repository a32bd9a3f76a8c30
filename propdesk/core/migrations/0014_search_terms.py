"""Details and terms in the search rows (ADR 0034).

Words of things of before become details, found by readers of the details alone, as ever. A row
gets its terms, and loses its telephones, when its case is next written.
"""

from django.db import migrations, models

CLOSE = """
UPDATE core_searchtext s SET details = s.text, text = lower(c.number)
FROM core_case c WHERE c.id = s.case_id AND c.kind = 'found'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0013_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="searchtext",
            name="details",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.RunSQL(CLOSE, migrations.RunSQL.noop),
    ]
